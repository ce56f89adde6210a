"""The route of a request type's draft: drawn stages, and each stage in short pages."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import abort, make_response, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.people.permissions import Permission
from portal.domain.policy import bands, conditions
from portal.domain.policy import types as domain
from portal.domain.policy.conditions import Condition
from portal.domain.policy.forms import FormField, named_in
from portal.domain.policy.policy import Stage
from portal.domain.policy.types import TypeContent
from portal.forms import type_conditions as rows
from portal.forms import type_route as forms
from portal.forms.type_askers import askers_form, read_askers
from portal.forms.type_bands import bands_form, read_bands
from portal.forms.type_example import example_form, read_by_route, read_example
from portal.forms.type_route import Choosable
from portal.forms.type_try import ASKER
from portal.pages.admin import blueprint
from portal.pages.admin.type_conditions import (
    ConditionOf,
    condition_page,
    keep_condition,
    sentence_of,
)
from portal.pages.admin.types import after_edit, choosable, drafted, found, page, tasks_of
from portal.pages.requests.request_form_io import surroundings
from portal.presentation.conditions import subjects
from portal.presenters import drawn_routes
from portal.presenters import types as words
from portal.presenters.drawn_routes import Example
from portal.presenters.types import StageShown
from portal.queries import people, request_types, staff
from portal.queries.people import names_of
from portal.queries.request_types import AdminType
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import organisation_settings, type_files, type_tries
from portal.services import types as service
from portal.translation import _

STEPS = {"up": -1, "down": 1}


@blueprint.get("/admin/types/<code>/draft/route")
@requires(Permission.EDIT_TYPES)
def show_type_route(code: str) -> ResponseReturnValue:
    """The drawn route, and the form for one more stage."""
    kind, _draft = drafted(code)
    found = _example(kind)
    return _route(kind, 422 if found["example"].errors else 200, **found)


@blueprint.get("/admin/types/<code>/draft/route.svg")
@requires(Permission.EDIT_TYPES)
def draw_type_route(code: str) -> ResponseReturnValue:
    """The same as a drawing, with the example of the page where there is one."""
    kind, draft = drafted(code)
    stages = words.route(draft.content, words.names_in(draft.content))
    return drawing(f"{kind.code}-draft", draft.content.name, stages, _example(kind)["shown"])


@blueprint.get("/admin/types/<code>/versions/<int:number>.svg")
@requires(Permission.EDIT_TYPES)
def draw_type_version(code: str, number: int) -> ResponseReturnValue:
    """The route of a published version as a drawing."""
    kind = found(code)
    version = kind.version(number) or abort(404)
    title = _("%(name)s, version %(number)s", name=version.content.name, number=number)
    stages = words.route(version.content, words.names_in(version.content))
    return drawing(f"{kind.code}-{number}", title, stages)


@blueprint.get("/admin/types/gallery/<name>.svg")
@requires(Permission.EDIT_TYPES)
def draw_type_of_gallery(name: str) -> ResponseReturnValue:
    """The route of a type of the gallery as a drawing."""
    file = type_files.gallery(organisation_settings.currency()).get(name) or abort(404)
    return drawing(name, words.of_gallery(file).name, words.route_of_file(file))


def drawing(
    name: str, title: str, stages: Sequence[StageShown], shown: Example | None = None
) -> ResponseReturnValue:
    """A route as a file."""
    answer = make_response(drawn_routes.svg(title, stages, shown))
    answer.mimetype = "image/svg+xml"
    answer.headers["Content-Disposition"] = f"inline; filename={name}.svg"
    return answer


def _example(kind: AdminType) -> dict[str, Any]:
    """The form of example values, and the route for those that were given."""
    content = kind.draft.content if kind.draft else TypeContent(name=kind.name)
    fields = read_by_route(content, request_types.departments())
    typed = request.args if ASKER in request.args else None
    form = example_form(fields, surroundings(suggest=True), typed)
    if typed is None or not form.validate():
        return {"example": form, "shown": None, "svg_query": ""}
    invented = read_example(form, fields, content, me().id)
    compared = subjects(content, request_types.departments())
    asked = invented.content
    values = {**asked.fields, "amount": asked.amount, "priority": invented.priority.value,
              "department": staff.department_code_of(invented.asker_id)}  # fmt: skip
    named = words.names_in(content) | names_of(named_in(content.form, asked.fields))
    entries = type_tries.route(content, kind.code, invented, me().now)
    shown = drawn_routes.example(content, compared, values, named, entries)
    return {"example": form, "shown": shown, "svg_query": request.query_string.decode()}


@blueprint.post("/admin/types/<code>/draft/route")
@requires(Permission.EDIT_TYPES)
def change_type_route(code: str) -> ResponseReturnValue:
    """Move a stage (`up`, `down`), remove one (`remove`), or add one."""
    kind, draft = drafted(code)
    here = url_for(".show_type_route", code=code)
    again = lambda told: _route(found(code), 409, told=told)  # noqa: E731
    for name, by in STEPS.items():
        if key := request.form.get(name):
            return after_edit(kind, partial(domain.moved, key=key, by=by), again, here)
    if key := request.form.get("remove"):
        return after_edit(kind, partial(domain.without_stage, key=key), again, here)
    form = forms.new_stage_form(draft.content, request.form)
    if not form.validate():
        return _route(kind, 422, form=form)
    made, before = forms.new_stage(form, draft.content), form["before"].data
    return after_edit(
        kind,
        lambda content: domain.with_stage(content, made, domain.place_of(content, before)),
        lambda told: _route(found(code), 409, form=form, told=told),
        url_for(".show_type_stage", code=code, key=made.key),
        here,
    )


@blueprint.get("/admin/types/<code>/draft/bands")
@requires(Permission.EDIT_TYPES)
def show_type_bands(code: str) -> ResponseReturnValue:
    """Who is asked by amount: the table from which stages are made."""
    kind, draft = drafted(code)
    table = bands.bands_in(draft.content)
    return _bands(kind, bands_form(table, draft.content, choosable(), None))


@blueprint.post("/admin/types/<code>/draft/bands")
@requires(Permission.EDIT_TYPES)
def change_type_bands(code: str) -> ResponseReturnValue:
    """Make the stages of the table; `more` comes back for another row."""
    kind, draft = drafted(code)
    old = bands.bands_in(draft.content)
    form = bands_form(old, draft.content, choosable(), request.form)
    table, wrong = read_bands(form, old, draft.content) if form.validate() else (old, [])
    if wrong or form.errors:
        return _bands(kind, form, 422, told=wrong)
    more = url_for(".show_type_bands", code=code)
    return after_edit(
        kind,
        lambda content: words.in_words(bands.with_bands(content, table)),
        lambda told: _bands(found(code), form, 409, told=told),
        more if "more" in request.form else url_for(".show_type_route", code=code),
    )


@blueprint.get("/admin/types/<code>/draft/askers")
@requires(Permission.EDIT_TYPES)
def show_type_askers(code: str) -> ResponseReturnValue:
    """Who may ask."""
    kind, draft = drafted(code)
    return page("askers", kind, form=askers_form(draft.content.policy.askers, choosable(), None))


@blueprint.post("/admin/types/<code>/draft/askers")
@requires(Permission.EDIT_TYPES)
def change_type_askers(code: str) -> ResponseReturnValue:
    """Change that."""
    kind, draft = drafted(code)
    form = askers_form(draft.content.policy.askers, choosable(), request.form)
    if not form.validate():
        return page("askers", kind, 422, form=form)
    askers = read_askers(form)
    return after_edit(
        kind,
        lambda content: replace(content, policy=replace(content.policy, askers=askers)),
        lambda told: page("askers", found(code), 409, form=form, told=told),
        url_for(".show_type", code=code),
    )


@blueprint.get("/admin/types/<code>/draft/policy")
@requires(Permission.EDIT_TYPES)
def show_type_policy(code: str) -> ResponseReturnValue:
    """What holds for every stage."""
    kind, draft = drafted(code)
    form = forms.policy_form(draft.content.policy, draft.content, choosable(), None)
    return _page("policy", kind, form)


@blueprint.post("/admin/types/<code>/draft/policy")
@requires(Permission.EDIT_TYPES)
def change_type_policy(code: str) -> ResponseReturnValue:
    """Change it."""
    kind, draft = drafted(code)
    policy = draft.content.policy
    form = forms.policy_form(policy, draft.content, choosable(), request.form)
    if not form.validate():
        return _page("policy", kind, form, 422)
    changed = forms.changed_policy(policy, form)
    names = ("fallback", "undo_seconds", "decide_by_token")
    kept: dict[str, Any] = {name: getattr(changed, name) for name in names}
    return after_edit(
        kind,
        lambda content: replace(content, policy=replace(content.policy, **kept)),
        lambda told: _page("policy", found(code), form, 409, told=told),
        url_for(".show_type_route", code=code),
    )


@blueprint.get("/admin/types/<code>/draft/route/<key>")
@requires(Permission.EDIT_TYPES)
def show_type_stage(code: str, key: str) -> ResponseReturnValue:
    """Who is asked in a stage, and how many have to approve."""
    return _show(code, key, "stage", forms.stage_form)


@blueprint.post("/admin/types/<code>/draft/route/<key>")
@requires(Permission.EDIT_TYPES)
def change_type_stage(code: str, key: str) -> ResponseReturnValue:
    """Change that; `more` comes back to the page, for another row."""
    return _change(code, key, "stage", forms.stage_form, forms.changed_stage)


@blueprint.get("/admin/types/<code>/draft/route/<key>/clocks")
@requires(Permission.EDIT_TYPES)
def show_type_clocks(code: str, key: str) -> ResponseReturnValue:
    """A stage's reminders, escalations and expiry."""
    return _show(code, key, "clocks", forms.clocks_form)


@blueprint.post("/admin/types/<code>/draft/route/<key>/clocks")
@requires(Permission.EDIT_TYPES)
def change_type_clocks(code: str, key: str) -> ResponseReturnValue:
    """Change them."""
    return _change(code, key, "clocks", forms.clocks_form, forms.changed_clocks)


@blueprint.get("/admin/types/<code>/draft/route/<key>/condition")
@requires(Permission.EDIT_TYPES)
def show_type_condition(code: str, key: str) -> ResponseReturnValue:
    """When a stage is asked: rows of field, comparison and value."""
    kind, draft = drafted(code)
    stage = draft.content.stage(key) or abort(404)
    about = _about_stage(kind, stage)
    seen = rows.shown(stage.when, about.fields, people, request.args.get("more", ""))
    return condition_page(kind, about, seen)


@blueprint.post("/admin/types/<code>/draft/route/<key>/condition")
@requires(Permission.EDIT_TYPES)
def change_type_condition(code: str, key: str) -> ResponseReturnValue:
    """Keep the rows, and the expression and the sentence that follow from them."""
    kind, draft = drafted(code)
    stage = draft.content.stage(key) or abort(404)
    about = _about_stage(kind, stage)

    def edited(content: TypeContent, condition: Condition) -> TypeContent:
        return _with_parts(content, key, _parts(condition, about.fields, content))

    return keep_condition(kind, about, edited)


def _about_stage(kind: AdminType, stage: Stage) -> ConditionOf:
    content = kind.draft.content if kind.draft else TypeContent(name=kind.name)
    stage = words.as_read(content).stage(stage.key) or stage
    said = stage.condition_text or stage.condition
    told = _("%(name)s is asked if %(words)s.", name=stage.name, words=said) if said else ""
    return ConditionOf(
        title=_("When is %(name)s asked?", name=stage.name),
        url=url_for(".change_type_condition", code=kind.code, key=stage.key),
        back=url_for(".show_type_route", code=kind.code),
        back_label=_("Route"),
        fields=subjects(content, request_types.departments()),
        when=stage.when,
        words=told,
        expression=stage.condition or "",
        without=_("Without rows the stage is always asked."),
        never=_("Always ask this stage"),
        live=_in_force(kind, stage.key),
        lead=_lead(kind, content, stage.key),
    )


def _lead(kind: AdminType, content: TypeContent, key: str) -> str:
    keys = [each.key for each in content.policy.stages]
    return _(
        "Stage %(number)s of %(count)s in the draft of version %(version)s, revision %(revision)s."
        " If the condition is not true, the stage is skipped and the request says why.",
        number=keys.index(key) + 1,
        count=len(keys),
        version=kind.next_number,
        revision=kind.draft.revision if kind.draft else 0,
    )


def _in_force(kind: AdminType, key: str) -> Condition | None:
    """The rows of the stage in the live version; without any it is always asked. None where it has
    no such stage, or one whose condition was written by hand."""
    stage = kind.live.content.stage(key) if kind.live else None
    if stage is None or (stage.when is None and stage.condition):
        return None
    return stage.when or Condition()


def _parts(
    condition: Condition, fields: Sequence[FormField], content: TypeContent
) -> dict[str, Any]:
    """What a stage keeps of a condition; without rows it is always asked."""
    if condition.is_empty:
        return {"when": None, "condition": None, "condition_text": ""}
    return {
        "when": condition,
        "condition": conditions.expression(condition, fields),
        "condition_text": sentence_of(condition, content),
    }


def _with_parts(content: TypeContent, key: str, parts: dict[str, Any]) -> TypeContent:
    stage = content.stage(key)
    return domain.with_stage(content, replace(stage, **parts)) if stage else content


def _show(
    code: str, key: str, name: str, draw: Callable[[Stage, TypeContent, Choosable, Any], BaseForm]
) -> ResponseReturnValue:
    kind, draft = drafted(code)
    stage = draft.content.stage(key) or abort(404)
    return _page(name, kind, draw(stage, draft.content, choosable(), None), stage=stage)


def _change(
    code: str,
    key: str,
    name: str,
    draw: Callable[[Stage, TypeContent, Choosable, Any], BaseForm],
    read: Callable[[Stage, BaseForm], Stage],
) -> ResponseReturnValue:
    kind, draft = drafted(code)
    stage = draft.content.stage(key) or abort(404)
    form = draw(stage, draft.content, choosable(), request.form)
    if not form.validate():
        return _page(name, kind, form, 422, stage=stage)
    changed = read(stage, form)
    back = url_for(".show_type_route", code=code)
    return after_edit(
        kind,
        lambda content: domain.with_stage(content, changed),
        lambda told: _page(name, found(code), form, 409, stage=stage, told=told),
        request.path if "more" in request.form else back,
    )


def _page(
    name: str, kind: AdminType, form: BaseForm, status: int = 200, **values: Any
) -> ResponseReturnValue:
    return page(name, kind, status, form=form, names=people.suggested(me().id, deciding=True),
                **values)  # fmt: skip


def _bands(
    kind: AdminType, form: BaseForm, status: int = 200, **values: Any
) -> ResponseReturnValue:
    amount = bands.amount_field(kind.draft.content) if kind.draft else None
    return _page("bands", kind, form, status, amount=amount, **values)


def _route(kind: AdminType, status: int = 200, **values: Any) -> ResponseReturnValue:
    content = kind.draft.content if kind.draft else TypeContent(name=kind.name)
    found_wrong = service.glance(content)
    live = kind.live.content if kind.live else None
    stages = words.route(content, words.names_in(content), found_wrong.problems, live)
    if "example" not in values:
        values |= _example(kind)
    if "form" not in values:
        values["form"] = forms.new_stage_form(content, before=request.args.get("before", ""))
    return page("route", kind, status, stages=stages, tasks=tasks_of(kind, found_wrong), **values)
