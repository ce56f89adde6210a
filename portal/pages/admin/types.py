"""Request types for administrators: the list, one type with its versions, its draft's course."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.policy.types import TypeContent, changes
from portal.forms.request_form import RequestForm
from portal.forms.types import Choosable, NewTypeForm, TextsForm
from portal.pages.admin import blueprint
from portal.pages.requests.request_form_io import surroundings
from portal.presenters import types as words
from portal.presenters.answer import command_key, new_key
from portal.queries import people, request_types, staff
from portal.queries import request as requests
from portal.queries.request_types import AdminType, DraftRecord
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import types as service
from portal.services.types import Act, DraftMoved, Edit, TypeRefused
from portal.translation import _, lazy

MOVED = lazy("Someone else changed this draft while you had it open.")
LONGEST_REASON = 1000


@blueprint.get("/admin/types")
@requires(Permission.EDIT_TYPES)
def list_types() -> ResponseReturnValue:
    """Every type: live, draft, retired."""
    rows = request_types.all_of_them()
    parts = [(state, [each for each in rows if each.state == state]) for state in
             ("live", "draft", "retired")]  # fmt: skip
    return render_template("pages/types/list.html", parts=parts, rows=rows)


@blueprint.get("/admin/types/new")
@requires(Permission.EDIT_TYPES)
def new_type() -> ResponseReturnValue:
    """The form for a new one."""
    return render_template("pages/types/new.html", form=NewTypeForm(), key=new_key())


@blueprint.post("/admin/types/new")
@requires(Permission.EDIT_TYPES)
def add_type() -> ResponseReturnValue:
    """Make it, with an empty draft."""
    form, act = NewTypeForm(request.form), acting()
    if form.validate():
        try:
            code = service.make(form.name.data, form.prefix.data, form.description.data, act)
        except TypeRefused as refused:
            form.prefix.errors = [str(refused)]
        else:
            flash(_("Type added. Now say what its form asks for."), "success")
            return redirect(url_for(".show_type", code=code), 303)
    return make_response(render_template("pages/types/new.html", form=form, key=act.key), 422)


@blueprint.get("/admin/types/<code>")
@requires(Permission.EDIT_TYPES)
def show_type(code: str) -> ResponseReturnValue:
    """The version in force beside the draft, what is left to do, and what was done."""
    kind = found(code)
    draft = kind.draft
    before = kind.live.content if kind.live else None
    return render_template(
        "pages/types/show.html",
        kind=kind,
        differences=differences(before, draft.content) if draft and before else None,
        tasks=words.tasks(draft, service.problems(draft.content)) if draft else [],
        done=[(each, words.done(each)) for each in request_types.changes_of(kind.id)],
        key=new_key(),
    )


@blueprint.get("/admin/types/<code>/versions/<int:number>")
@requires(Permission.EDIT_TYPES)
def show_type_version(code: str, number: int) -> ResponseReturnValue:
    """What one published version says."""
    kind = found(code)
    version = kind.version(number) or abort(404)
    older = kind.version(number - 1)
    return render_template(
        "pages/types/version.html",
        kind=kind,
        version=version,
        route=words.route(version.content, names_in(version.content)),
        differences=differences(older.content, version.content) if older else None,
        key=new_key(),
    )


@blueprint.post("/admin/types/<code>/draft")
@requires(Permission.EDIT_TYPES)
def start_type_draft(code: str) -> ResponseReturnValue:
    """Begin a draft with what a version says; one that is there stays."""
    text = request.form.get("version", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    try:
        service.start_draft(code, number, acting())
    except LookupError:
        abort(404)
    return redirect(url_for(".show_type", code=code), 303)


@blueprint.get("/admin/types/<code>/draft/texts")
@requires(Permission.EDIT_TYPES)
def show_type_texts(code: str) -> ResponseReturnValue:
    """What the draft calls the type."""
    kind, draft = drafted(code)
    form = TextsForm(name=draft.content.name, description=draft.content.description)
    return page("texts", kind, form=form)


@blueprint.post("/admin/types/<code>/draft/texts")
@requires(Permission.EDIT_TYPES)
def change_type_texts(code: str) -> ResponseReturnValue:
    """Change them."""
    kind, _draft = drafted(code)
    form = TextsForm(request.form)
    if not form.validate():
        return page("texts", kind, 422, form=form)
    texts = {"name": form.name.data, "description": form.description.data}
    return after_edit(
        kind,
        lambda content: replace(content, **texts),
        lambda told: page("texts", found(code), 409, form=form, told=told),
        url_for(".show_type", code=code),
    )


@blueprint.get("/admin/types/<code>/draft/preview")
@requires(Permission.EDIT_TYPES)
def preview_type(code: str) -> ResponseReturnValue:
    """The draft's form as people will see it, and its route. Nothing can be sent from here."""
    kind, draft = drafted(code)
    form = RequestForm(draft.content.form, surroundings(suggest=False))
    form.process(None)
    route = words.route(draft.content, names_in(draft.content))
    return page("preview", kind, form=form, route=route)


@blueprint.get("/admin/types/<code>/draft/checks")
@requires(Permission.EDIT_TYPES)
def check_type(code: str) -> ResponseReturnValue:
    """What blocks the publication, and what needs a reason."""
    kind, draft = drafted(code)
    return page("checks", kind, problems=service.problems(draft.content), reasons=draft.reasons)


@blueprint.post("/admin/types/<code>/draft/checks")
@requires(Permission.EDIT_TYPES)
def accept_type_warnings(code: str) -> ResponseReturnValue:
    """Keep the reasons for which warnings are accepted."""
    kind, draft = drafted(code)
    warnings = [each for each in service.problems(draft.content) if each.is_warning]
    given = {
        each.code: " ".join(request.form.get(f"reason_{n}", "").split())[:LONGEST_REASON]
        for n, each in enumerate(warnings)
        if request.form.get(f"code_{n}") == each.code
    }
    service.accept(kind.code, acting(), {key: text for key, text in given.items() if text})
    flash(_("Reasons saved."), "success")
    return redirect(url_for(".check_type", code=code), 303)


@blueprint.get("/admin/types/<code>/draft/review")
@requires(Permission.EDIT_TYPES)
def review_type(code: str) -> ResponseReturnValue:
    """What changes, who looked at it, and what publishing means."""
    kind, draft = drafted(code)
    before = kind.live.content if kind.live else TypeContent(name=draft.content.name)
    return page(
        "review",
        kind,
        differences=differences(before, draft.content),
        standing=service.open_problems(draft.content, draft.reasons),
        mine=me().id in {*draft.editors, draft.sent_by_id},
        alone=current_settings().publish_alone and service.is_alone(me().id),
    )


@blueprint.post("/admin/types/<code>/draft/review")
@requires(Permission.EDIT_TYPES)
def send_type_for_review(code: str) -> ResponseReturnValue:
    """Ask somebody else to look at it."""
    return _step(code, service.send_for_review, _("Sent for review."))


@blueprint.post("/admin/types/<code>/draft/approve")
@requires(Permission.PUBLISH_TYPES)
def approve_type(code: str) -> ResponseReturnValue:
    """Say that it may be published as it is."""
    return _step(code, service.approve, _("Draft approved. It can be published now."))


@blueprint.post("/admin/types/<code>/draft/return")
@requires(Permission.EDIT_TYPES)
def return_type(code: str) -> ResponseReturnValue:
    """End the review without an approval."""
    return _step(code, service.take_back, _("Review ended. The draft can be changed."))


@blueprint.post("/admin/types/<code>/draft/publish")
@requires(Permission.PUBLISH_TYPES)
def publish_type(code: str) -> ResponseReturnValue:
    """Let new requests follow it."""
    try:
        number = service.publish(code, acting(), alone_may=current_settings().publish_alone)
    except DraftMoved:
        return _moved(code)
    except TypeRefused as refused:
        flash(str(refused), "error")
        return redirect(url_for(".review_type", code=code), 303)
    except LookupError:
        abort(404)
    told = _("Version %(number)s is live. New requests follow it from now on.", number=number)
    flash(told, "success")
    return redirect(url_for(".show_type", code=code), 303)


@blueprint.get("/admin/types/<code>/draft/discard")
@requires(Permission.EDIT_TYPES)
def ask_to_discard_type(code: str) -> ResponseReturnValue:
    """Whether the draft is to go."""
    kind, _draft = drafted(code)
    return page("discard", kind)


@blueprint.post("/admin/types/<code>/draft/discard")
@requires(Permission.EDIT_TYPES)
def discard_type(code: str) -> ResponseReturnValue:
    """Give it up; a type that was never published goes with it."""
    try:
        gone = service.discard(code, acting())
    except DraftMoved:
        return _moved(code)
    except LookupError:
        gone = request_types.of_administrators(code) is None
    flash(_("Draft discarded."), "success")
    to = url_for(".list_types") if gone else url_for(".show_type", code=code)
    return redirect(to, 303)


@blueprint.get("/admin/types/<code>/retire")
@requires(Permission.PUBLISH_TYPES)
def ask_to_retire_type(code: str) -> ResponseReturnValue:
    """What retiring it means."""
    return render_template("pages/types/retire.html", kind=found(code), key=new_key())


@blueprint.post("/admin/types/<code>/retire")
@requires(Permission.PUBLISH_TYPES)
def retire_type(code: str) -> ResponseReturnValue:
    """No new requests of it, or (with `again`) offer it again."""
    kind, again = found(code), "again" in request.form
    (service.restore if again else service.retire)(code, acting())
    told = _("%(name)s is offered again.") if again else _("%(name)s is retired.")
    flash(told % {"name": kind.name}, "success")
    return redirect(url_for(".show_type", code=code), 303)


def found(code: str) -> AdminType:
    """The type of that code, or 404."""
    return request_types.of_administrators(code) or abort(404)


def drafted(code: str) -> tuple[AdminType, DraftRecord]:
    """The type of that code with its draft, or 404."""
    kind = found(code)
    return kind, kind.draft or abort(404)


def acting() -> Act:
    """Who sends which form, drawn at which revision."""
    text = request.form.get("revision", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return Act(key=command_key(), actor_id=me().id, seen=seen)


def after_edit(
    kind: AdminType,
    edit: Edit,
    again: Callable[[list[str]], ResponseReturnValue],
    url: str,
    unchanged_url: str = "",
) -> ResponseReturnValue:
    """Change the draft and go on to `url` (to `unchanged_url` where the form was sent before);
    where somebody else was faster, `again` draws the page with what they did, and what was typed
    stays."""
    try:
        changed = service.edit(kind.code, acting(), edit)
    except DraftMoved:
        newer = words.since(request_types.changes_of(kind.id), acting().seen)
        return again([*newer, _("Save again to add your change to theirs.")])
    except LookupError:
        abort(404)
    flash(_("Draft saved.") if changed else _("Nothing changed."), "success")
    return redirect(url if changed else unchanged_url or url, 303)


def page(name: str, kind: AdminType, status: int = 200, **values: Any) -> ResponseReturnValue:
    """A page of a draft; `told`: what others did meanwhile."""
    revision = kind.draft.revision if kind.draft else 0
    if status == 422:
        revision = acting().seen
    values = {"told": [], "key": request.form.get("command_id") or new_key(), **values}
    template = f"pages/types/{name}.html"
    drawn = render_template(
        template, kind=kind, draft=kind.draft, revision=revision, here=name, **values
    )
    return make_response(drawn, status)


def choosable() -> Choosable:
    """Whom rules may name."""
    return Choosable(
        groups=staff.groups(),
        departments=request_types.departments(),
        roles=request_types.roles(),
        people=people,
    )


def names_in(content: TypeContent) -> dict[str, str]:
    """Names of the people and groups that rules name, as `presenters.types` wants them."""
    groups = {f"group:{code}": name for code, name in staff.groups().items()}
    return groups | requests.names_of(words.people_named(content))


def differences(before: TypeContent, after: TypeContent) -> list[str]:
    """What the one says otherwise than the other, a line each."""
    return [words.difference_words(each) for each in changes(before, after)]


def _step(code: str, take: Callable[[str, Act], None], told: str) -> ResponseReturnValue:
    try:
        take(code, acting())
        flash(told, "success")
    except DraftMoved:
        return _moved(code)
    except TypeRefused as refused:
        flash(str(refused), "error")
    except LookupError:
        abort(404)
    return redirect(url_for(".review_type", code=code), 303)


def _moved(code: str) -> ResponseReturnValue:
    """Somebody else was faster: look at the draft again."""
    newer = words.since(request_types.changes_of(found(code).id), acting().seen)
    flash(" ".join([str(MOVED), *newer[:3]]), "warning")
    return redirect(url_for(".review_type", code=code), 303)
