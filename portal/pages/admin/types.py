"""Request types for administrators: the list, one type with its versions, its draft's course."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.folding import folded
from portal.domain.people.permissions import Permission
from portal.domain.policy.types import TypeContent
from portal.forms.fields import storable
from portal.forms.request_form import RequestForm
from portal.forms.type_fields import KINDS
from portal.forms.type_route import Choosable
from portal.forms.types import NewTypeForm, ScheduleForm, TextsForm, gallery_form
from portal.pages.admin import blueprint
from portal.pages.admin.past import draw_type_then
from portal.pages.layout_context import viewpoint
from portal.pages.past import picker
from portal.pages.requests.attachments import store
from portal.pages.requests.request_form_io import surroundings
from portal.presentation.labels import role
from portal.presenters import type_differences, type_tasks
from portal.presenters import types as words
from portal.presenters.answer import command_key, new_key
from portal.presenters.type_differences import DifferenceShown
from portal.presenters.type_tasks import DraftTask
from portal.queries import back_tests, people, request_types, staff, type_readers
from portal.queries.people import names_of
from portal.queries.request_types import AdminType, DraftOfType
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import organisation_settings, type_files
from portal.services import types as service
from portal.services.type_checks import Examination
from portal.services.type_files import FileRefused, TypeFile
from portal.services.types import DraftAct, DraftMoved, Edit, TypeRefused
from portal.translation import _, current, language_name, lazy, offered_here

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
    return _new(NewTypeForm(), new_key())


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
    return _new(form, act.key, 422)


@blueprint.get("/admin/types/gallery/<name>")
@requires(Permission.EDIT_TYPES)
def show_type_of_gallery(name: str) -> ResponseReturnValue:
    """A type of the gallery, drawn, and who takes the places of its groups here."""
    file = type_files.gallery(organisation_settings.currency()).get(name) or abort(404)
    own, languages = staff.groups(), _languages_of(file)
    form = gallery_form(file.groups, own, languages)
    said = {"name": service.in_our_language(file).name, "prefix": file.prefix}
    form.process(None, data={**said, "languages": [*languages]} | {
        f"group_{code}": code for code in file.groups if code in own})  # fmt: skip
    return _gallery(name, file, form, new_key())


@blueprint.post("/admin/types/gallery/<name>")
@requires(Permission.EDIT_TYPES)
def take_type_from_gallery(name: str) -> ResponseReturnValue:
    """Make a type of it, with a draft."""
    file = type_files.gallery(organisation_settings.currency()).get(name) or abort(404)
    form, act = gallery_form(file.groups, staff.groups(), _languages_of(file)), acting()
    form.process(request.form)
    if form.validate():
        taken = service.FromGallery(
            file=file, name=form["name"].data, prefix=form["prefix"].data,
            groups={code: form[f"group_{code}"].data for code in file.groups},
            languages=form["languages"].data if "languages" in form else (),
        )  # fmt: skip
        try:
            code = service.take_from_gallery(taken, act, words.in_words)
        except TypeRefused as refused:
            form["prefix"].errors = [str(refused)]
        else:
            flash(_("Type added. Look at its form and route, then publish it."), "success")
            return redirect(url_for(".show_type", code=code), 303)
    return _gallery(name, file, form, act.key, 422)


@blueprint.get("/admin/types/import")
@requires(Permission.EDIT_TYPES)
def ask_for_type_file() -> ResponseReturnValue:
    """The form for a file."""
    return render_template("pages/types/import.html", text="", problem="", key=new_key())


@blueprint.post("/admin/types/import")
@requires(Permission.EDIT_TYPES)
def import_type() -> ResponseReturnValue:
    """Make a draft of a file's text; what was pasted stays where something is wrong."""
    text, act = storable(request.form.get("text", "")), acting()
    try:
        code = service.take_file(text, act, words.in_words)
    except (FileRefused, TypeRefused) as refused:
        problem = str(refused)
    else:
        flash(_("Draft made from the file."), "success")
        return redirect(url_for(".show_type", code=code), 303)
    drawn = render_template("pages/types/import.html", text=text, problem=problem, key=act.key)
    return make_response(drawn, 422)


@blueprint.get("/admin/types/<code>/versions/<int:number>.yaml")
@requires(Permission.EDIT_TYPES)
def export_type(code: str, number: int) -> ResponseReturnValue:
    """A published version as a file."""
    kind = found(code)
    version = kind.version(number) or abort(404)
    answer = make_response(service.file_of(kind, version.content))
    answer.mimetype = "application/yaml"
    name = f"{kind.code}-{number}.yaml"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


@blueprint.get("/admin/types/<code>")
@requires(Permission.EDIT_TYPES)
def show_type(code: str) -> ResponseReturnValue:
    """The version in force beside the draft, what is left to do, and what was done; or the type as
    it stood at `at`."""
    kind = found(code)
    if "at" in request.args:
        return draw_type_then(kind)
    draft = kind.draft
    before = kind.live.content if kind.live else None
    return render_template(
        "pages/types/show.html",
        kind=kind,
        differences=differences(before, draft.content) if draft and before else None,
        tasks=tasks_of(kind),
        done=[(each, words.done(each)) for each in request_types.changes_of(kind.id)],
        readers=type_readers.groups_of(kind.code),
        past_form=picker(),
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
        kinds=KINDS,
        route=words.route(version.content, words.names_in(version.content)),
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
    """The draft's form as people who read this language will see it, and its route. Nothing can be
    sent from here."""
    kind, draft = drafted(code)
    content = words.as_read(draft.content.in_language(current().code))
    form = RequestForm(content.form, surroundings(suggest=False))
    form.process(None)
    route = words.route(content, words.names_in(content))
    return page("preview", kind, form=form, route=route, store=store(), shown=content)


@blueprint.get("/admin/types/<code>/draft/checks")
@requires(Permission.EDIT_TYPES)
def check_type(code: str) -> ResponseReturnValue:
    """What blocks the publication, and what needs a reason."""
    kind, draft = drafted(code)
    found = service.examine(draft.content)
    return page(
        "checks", kind, tasks=tasks_of(kind, found), found=found, problems=found.problems,
        reasons=draft.reasons,
    )  # fmt: skip


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
    kind, _draft = drafted(code)
    return _reviewed(kind, ScheduleForm())


def _reviewed(kind: AdminType, form: ScheduleForm, status: int = 200) -> ResponseReturnValue:
    draft = kind.draft or abort(404)
    before = kind.live.content if kind.live else TypeContent(name=draft.content.name)
    return page(
        "review",
        kind,
        status,
        form=form,
        test=back_tests.newest(kind.id),
        differences=differences(before, draft.content),
        standing=service.open_problems(draft.content, draft.reasons),
        mine=me().id in {*draft.editors, draft.sent_by_id},
        alone=current_settings().publish_alone and service.is_alone(me().id),
    )


@blueprint.post("/admin/types/<code>/draft/review")
@requires(Permission.EDIT_TYPES)
def send_type_for_review(code: str) -> ResponseReturnValue:
    """Send it to a second person for review."""
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
    """Let new requests follow it: now, or from a day on."""
    if request.form.get("when") == "later":
        return _schedule(code)
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


def _schedule(code: str) -> ResponseReturnValue:
    """Keep the day on which a worker is to publish the draft."""
    kind, _draft = drafted(code)
    form = ScheduleForm(request.form)
    view = viewpoint()
    if not form.validate() or form.day.data <= view.now.astimezone(view.zone).date():
        form.day.errors = form.day.errors or [_("Enter a day after today.")]
        return _reviewed(kind, form, 422)
    at = datetime.combine(form.day.data, time(), view.zone).astimezone(UTC)
    alone = current_settings().publish_alone
    step = partial(service.schedule, at=at, alone_may=alone)
    return _step(code, lambda c, act: step(c, act=act), _("The day is set. A worker publishes it."))


@blueprint.post("/admin/types/<code>/draft/unschedule")
@requires(Permission.PUBLISH_TYPES)
def unschedule_type(code: str) -> ResponseReturnValue:
    """Take the day of publishing back."""
    return _step(code, service.unschedule, _("The day is taken back."))


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


def _new(form: NewTypeForm, key: str, status: int = 200) -> ResponseReturnValue:
    files = type_files.gallery(organisation_settings.currency())
    offered = {name: words.of_gallery(file) for name, file in files.items()}
    drawn = render_template(
        "pages/types/new.html",
        form=form,
        key=key,
        routes={name: words.route_of_file(file) for name, file in files.items()},
        gallery=dict(sorted(offered.items(), key=lambda each: folded(each[1].name))),
    )
    return make_response(drawn, status)


def _languages_of(file: TypeFile) -> dict[str, str]:
    """The languages beside the organisation's in which a type of the gallery can be kept, by
    code."""
    codes = {code for by in service.in_our_language(file).translations.values() for code in by}
    return {code: language_name(code) for code in offered_here() if code in codes}


def _gallery(
    name: str, file: TypeFile, form: BaseForm, key: str, status: int = 200
) -> ResponseReturnValue:
    route = words.route_of_file(file)
    drawn = render_template(
        "pages/types/gallery.html", name=name, content=words.of_gallery(file), form=form,
        route=route, key=key, groups=file.groups, has_groups=bool(staff.groups()),
    )  # fmt: skip
    return make_response(drawn, status)


def found(code: str) -> AdminType:
    """The type of that code, or 404."""
    return request_types.of_administrators(code) or abort(404)


def drafted(code: str) -> tuple[AdminType, DraftOfType]:
    """The type of that code with its draft, or 404."""
    kind = found(code)
    return kind, kind.draft or abort(404)


def acting() -> DraftAct:
    """Who sends which form, drawn at which revision."""
    text = request.form.get("revision", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return DraftAct(key=command_key(), actor_id=me().id, seen=seen)


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
    if status == 422 and request.method == "POST":
        revision = acting().seen
    values = {"told": [], "key": request.form.get("command_id") or new_key(), **values}
    if "tasks" not in values:
        values["tasks"] = tasks_of(kind)
    template = f"pages/types/{name}.html"
    drawn = render_template(
        template, kind=kind, draft=kind.draft, revision=revision, here=name, **values
    )
    return make_response(drawn, status)


def tasks_of(kind: AdminType, found: Examination | None = None) -> list[DraftTask]:
    """What is left to do of the draft; `found`: where it was examined already."""
    draft = kind.draft
    if draft is None:
        return []
    live = kind.live.number if kind.live else None
    test = back_tests.newest(kind.id) if kind.live else None
    return type_tasks.tasks(draft, found or service.glance(draft.content), test, live)


def choosable() -> Choosable:
    """Whom rules may name."""
    return Choosable(
        groups=staff.groups(),
        departments=request_types.departments(),
        roles={each: role(each) for each in request_types.roles()},
        people=people,
    )


def differences(before: TypeContent, after: TypeContent) -> list[DifferenceShown]:
    """What the one says otherwise than the other."""
    gone = words.people_named(before) - words.people_named(after)
    return type_differences.shown(before, after, words.names_in(after) | names_of(gone))


def _step(code: str, take: Callable[[str, DraftAct], None], told: str) -> ResponseReturnValue:
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
