"""People and groups, for administrators: found, looked at, and changed one thing at a time."""

from typing import Any
from uuid import UUID

from flask import (
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.domain.people.organisation import chart, circles
from portal.domain.people.permissions import Permission
from portal.forms.fields import examine, uuid_of
from portal.forms.people_change import ChangeForm, Offered, manager_form, record_form
from portal.pages.admin import blueprint, successors
from portal.pages.admin.past import draw_person_then
from portal.pages.past import picker
from portal.pages.second_step import confirm_first
from portal.presentation.labels import listed, role
from portal.presenters import people as people_words
from portal.presenters.answer import command_key, new_key
from portal.queries import calendars, gaps, organisation, people, staff
from portal.queries import password_links as entries
from portal.queries.people import names_of
from portal.queries.staff import StaffRecord
from portal.security.guards import requires
from portal.security.sessions import click, current_settings, me
from portal.services import accounts, leaving, password_links, second_factors
from portal.services import people as service
from portal.services import staff as records
from portal.services.errors import Refused
from portal.services.people import PeopleRefused, PersonAct, PersonChange, effects_of
from portal.services.staff import Details, FieldRefused, RecordMoved
from portal.translation import _, language_name, ngettext

LONGEST_SEARCH = 100
CHART_LEVELS = 4
NOBODY = "nobody"
# What these acts are about is named by a code.
_BY_CODE = {
    PersonAct.JOIN: staff.groups,
    PersonAct.LEAVE: staff.groups,
    PersonAct.HEAD: staff.department_codes,
    PersonAct.NO_HEAD: staff.department_codes,
}


@blueprint.get("/admin/people")
@requires(Permission.MANAGE_PEOPLE)
def list_people() -> ResponseReturnValue:
    """Everybody, by name."""
    text = examine(request.args.get("q", "")).text[:LONGEST_SEARCH]
    inactive = request.args.get("show") == "inactive"
    rows, following = staff.page_of(text, inactive=inactive, after=_cursor())
    behind = f"{following.id}.{following.key}" if following else ""
    return render_template(
        "pages/people/list.html",
        rows=rows,
        text=text,
        inactive=inactive,
        next_url=_list_url(text, inactive, behind) if behind else None,
        first_url=_list_url(text, inactive) if "after" in request.args else None,
    )


@blueprint.get("/admin/people/chart")
@requires(Permission.MANAGE_PEOPLE)
def show_chart() -> ResponseReturnValue:
    """Who reports to whom; circles, and people without a manager, by name."""
    everybody, top = staff.everybody(), uuid_of(request.args.get("top"))
    if top is not None and top not in everybody:
        abort(404)
    above = {person_id: each.manager_id for person_id, each in everybody.items()}
    return render_template(
        "pages/people/chart.html",
        everybody=everybody,
        branches=chart(above, CHART_LEVELS, top),
        top=top,
        circles=circles(above),
        adrift=gaps.without_manager(),
    )


@blueprint.get("/admin/people/new")
@requires(Permission.MANAGE_PEOPLE)
def new_person() -> ResponseReturnValue:
    """An empty record."""
    usual = organisation.settings()
    zone = usual.get("time_zone") or me().time_zone
    place = usual.get("calendar_id") or ""
    return _record(None, record_form(_offered(), None, time_zone=zone, place=place))


@blueprint.post("/admin/people/new")
@requires(Permission.MANAGE_PEOPLE)
def add_person() -> ResponseReturnValue:
    """Add somebody. The form's key becomes their id, so that sending twice adds one."""
    form, key = record_form(_offered(), request.form), command_key()
    if not form.validate():
        return _record(None, form, 422)
    try:
        records.add(key, _details(form), _beside(form, key), me().id)
    except FieldRefused as refused:
        form[refused.field].errors = [str(refused)]
        return _record(None, form, 422)
    except PeopleRefused as refused:
        return _record(None, form, 422, str(refused))
    flash(_("%(name)s was added. No message was sent.", name=form["name"].data), "success")
    return redirect(url_for("admin.show_person", person_id=key), 303)


@blueprint.get("/admin/people/<uuid:person_id>/edit")
@requires(Permission.MANAGE_PEOPLE)
def edit_person(person_id: UUID) -> ResponseReturnValue:
    """The record as it is written."""
    person = _person(person_id)
    return _record(person, _record_form(person))


@blueprint.post("/admin/people/<uuid:person_id>/edit")
@requires(Permission.MANAGE_PEOPLE)
def rewrite_person(person_id: UUID) -> ResponseReturnValue:
    """Write something else."""
    person = _person(person_id)
    form, seen = _record_form(person, request.form), request.form.get("seen", "")
    if not form.validate():
        return _record(person, form, 422)
    try:
        made = records.change(person.id, _details(form), seen, me().id)
    except FieldRefused as refused:
        form[refused.field].errors = [str(refused)]
        return _record(person, form, 422)
    except PeopleRefused as refused:
        return _record(person, form, 422, str(refused))
    except RecordMoved:
        return _record(person, form, 409, _moved(person))
    flash(_("Changes saved.") if made else _("Nothing was changed."), "success")
    return redirect(url_for("admin.show_person", person_id=person.id), 303)


@blueprint.get("/admin/people/<uuid:person_id>")
@requires(Permission.MANAGE_PEOPLE)
def show_person(person_id: UUID) -> ResponseReturnValue:
    """One person: standing, groups, and everything that was changed; or as they stood at `at`."""
    person = _person(person_id)
    return draw_person_then(person) if "at" in request.args else _page(person)


@blueprint.get("/admin/people/<uuid:person_id>/change")
@requires(Permission.MANAGE_PEOPLE)
def check_person(person_id: UUID) -> ResponseReturnValue:
    """What a change would make of the open tasks. Changes nothing."""
    person, act = _person(person_id), _act(request.args)
    form = _manager_form(person, request.args)
    if act is PersonAct.MANAGER and "value" not in request.args:
        if not form.validate():
            return _page(person, form, 422)
        value: str | tuple[str, ...] = form["person"].data or ""
    else:
        value = _value(act, request.args)
    seen = request.args.get("seen")
    wish = PersonChange(person_id=person.id, act=act, value=value, actor_id=me().id, seen=seen)
    if act is not PersonAct.DEACTIVATE or "person" not in request.args:
        return _ask(person, wish)
    heirs = successors.form_of(person, request.args)
    if heirs.validate():
        chosen = {each.name: each.data for each in heirs if each.data}
        wish = successors.with_heirs(wish, chosen)
    return _ask(person, wish, heirs=heirs)


@blueprint.post("/admin/people/<uuid:person_id>/change")
@requires(Permission.MANAGE_PEOPLE)
def change_person(person_id: UUID) -> ResponseReturnValue:
    """Make the change."""
    person, act = _person(person_id), _act(request.form)
    form = ChangeForm(request.form)
    wish = PersonChange(
        person_id=person.id,
        act=act,
        value=_value(act, request.form),
        actor_id=me().id,
        reason=form.reason.data or "",
        seen=request.form.get("seen"),
    )
    if act is PersonAct.DEACTIVATE:
        wish = successors.with_heirs(wish, successors.posted(request.form))
    words = people_words.question(act, person, _name_of(wish))
    if not form.validate() or not _made(wish, form):
        return _ask(person, wish, form)
    flash(words.done, "success")
    return redirect(url_for("admin.show_person", person_id=person.id), 303)


def _made(wish: PersonChange, form: ChangeForm) -> bool:
    """Make the change; False where it cannot be, and the form says why."""
    try:
        if wish.act is PersonAct.DEACTIVATE:
            leaving.leave(wish, click(), edits_types=me().may(Permission.EDIT_TYPES))
        else:
            service.change(wish)
    except Refused as refused:
        form.reason.errors = [successors.trouble_with(refused)]
    except PeopleRefused as refused:
        form.reason.errors = [str(refused)]
    return not form.errors


@blueprint.post("/admin/people/<uuid:person_id>/password-link")
@requires(Permission.MANAGE_PEOPLE)
def make_password_link(person_id: UUID) -> ResponseReturnValue:
    """Mail somebody a link to set their password, or show one to be handed over: once, here."""
    person, by_mail = _person(person_id), request.form.get("by") == "mail"
    settings = current_settings()
    try:
        token = password_links.hand_out(person.id, me().id, settings.secret_key, by_mail=by_mail)
    except PeopleRefused as refused:
        flash(str(refused), "error")
        return redirect(url_for("admin.show_person", person_id=person.id), 303)
    if not by_mail:
        link = f"{settings.public_url}{url_for('passwords.follow', token=token)}"
        return render_template("pages/people/password_link.html", person=person, link=link)
    flash(_("A link is on its way to %(email)s.", email=person.email), "success")
    return redirect(url_for("admin.show_person", person_id=person.id), 303)


@blueprint.post("/admin/people/<uuid:person_id>/second-factor")
@requires(Permission.ADMINISTER)
def reset_second_factor(person_id: UUID) -> ResponseReturnValue:
    """Take the second factors of somebody who lost them."""
    person = _person(person_id)
    there = url_for("admin.show_person", person_id=person.id)
    if not me().is_recent:
        return confirm_first(there)
    try:
        second_factors.reset(person.id, me().id)
    except PeopleRefused as refused:
        flash(str(refused), "error")
    else:
        flash(_("%(name)s signs in by password alone until they add one.", name=person.name))
    return redirect(there, 303)


@blueprint.get("/admin/invitations")
@requires(Permission.MANAGE_PEOPLE)
def show_invitations() -> ResponseReturnValue:
    """Who cannot sign in yet, and how far their invitations are."""
    return render_template(
        "pages/people/invitations.html",
        rows=[(each, people_words.entry(each)) for each in entries.waiting()],
        total=entries.count_waiting(),
        mail=bool(current_settings().mail.host),
    )


@blueprint.post("/admin/invitations")
@requires(Permission.MANAGE_PEOPLE)
def send_invitations() -> ResponseReturnValue:
    """Mail an invitation to everybody who was ticked."""
    wanted = [each for each in map(uuid_of, request.form.getlist("person")) if each]
    if not current_settings().mail.host:
        flash(_("This installation sends no email. Copy a link on a person's page."), "error")
    elif not wanted:
        flash(_("Choose at least one person."), "error")
    else:
        try:
            number = password_links.invite(wanted, me().id, current_settings().secret_key)
        except PeopleRefused as refused:
            abort(403, str(refused))
        words = ngettext("%(n)s invitation is on its way.", "%(n)s invitations are on their way.",
                         number)  # fmt: skip
        flash(words, "success")
    return redirect(url_for("admin.show_invitations"), 303)


def _list_url(text: str, inactive: bool, after: str = "") -> str:
    show = "inactive" if inactive else None
    return url_for("admin.list_people", q=text or None, show=show, after=after or None)


def _person(person_id: UUID) -> StaffRecord:
    found = staff.profile(str(person_id))
    if found is None:
        abort(404)
    return found


def _act(given: "MultiDict[str, str]") -> PersonAct:
    name = given.get("act", "")
    if name not in {act.value for act in PersonAct}:
        abort(404)
    return PersonAct(name)


def _value(act: PersonAct, given: "MultiDict[str, str]") -> str | tuple[str, ...]:
    """The group's code, the manager's id, or the roles; only what there is."""
    if act is PersonAct.ROLES:
        wanted = set(given.getlist("value"))
        if unknown := wanted - set(service.known_roles()):
            abort(
                422, _("There is no such role: %(names)s.", names=", ".join(sorted(unknown))[:100])
            )
        return tuple(sorted(wanted))
    value = given.get("value", "")
    if act in _BY_CODE and value not in _BY_CODE[act]():
        abort(404)
    if act is PersonAct.PLACE and value and value not in calendars.names():
        abort(404)
    if act is PersonAct.MANAGER and value:
        try:
            return str(UUID(value))
        except ValueError:
            abort(404)
    return value


def _name_of(wish: PersonChange) -> str:
    if isinstance(wish.value, tuple):
        return listed([role(each) for each in wish.value]) or _("none")
    if wish.act is PersonAct.PLACE:
        return str(calendars.names().get(wish.value, people_words.NO_PLACE))
    if wish.act in _BY_CODE:
        return _BY_CODE[wish.act]().get(wish.value, wish.value)
    found = people.find(wish.value) if wish.value else None
    return NOBODY if found is None else found.name


def _ask(
    person: StaffRecord,
    wish: PersonChange,
    form: ChangeForm | None = None,
    heirs: BaseForm | None = None,
) -> ResponseReturnValue:
    is_wrong = form is not None or (heirs is not None and bool(heirs.errors))
    status, trouble = 422 if is_wrong else 200, ""
    try:
        effects = effects_of(wish)
        leaving.look_at(wish)
    except Refused as refused:
        effects, trouble, status = None, successors.trouble_with(refused), 422
    except PeopleRefused as refused:
        effects, trouble, status = None, str(refused), 422
    page = render_template(
        "pages/people/change.html",
        person=person,
        wish=wish,
        values=[wish.value] if isinstance(wish.value, str) else list(wish.value),
        words=people_words.question(wish.act, person, _name_of(wish)),
        form=form or ChangeForm(),
        effects=effects,
        trouble=trouble,
        **(
            successors.shown(person, wish, heirs)
            if wish.act is PersonAct.DEACTIVATE
            else successors.NOBODY
        ),
    )
    return make_response(page, status)


def _page(
    person: StaffRecord, form: BaseForm | None = None, status: int = 200
) -> ResponseReturnValue:
    changes, following = staff.changes_of(person.id, _before())
    names = names_of(people_words.people_in(changes))
    here = url_for("admin.show_person", person_id=person.id)
    page = render_template(
        "pages/people/show.html",
        person=person,
        ties=None if person.is_active else gaps.ties_of(person.id),
        managed=staff.managed(person.id),
        form=form or _manager_form(person, None),
        roles=service.known_roles(person.roles),
        places=calendars.names(),
        language_name=language_name(person.locale) if person.locale else _("Same as the browser"),
        entry=(found := entries.entry_of(person.id)) and people_words.entry(found),
        has_password=found is not None and found.has_password,
        has_factor=second_factors.held_by(person.id).any,
        mail=bool(current_settings().mail.host),
        groups={k: v for k, v in staff.groups().items() if k not in person.groups},
        changes=[(each, people_words.done(each, names)) for each in changes],
        older_url=f"{here}?before={following}" if following else None,
        past_form=picker(),
    )
    return make_response(page, status)


def _offered(person: StaffRecord | None = None) -> Offered:
    """What the record's form offers: for a new person, all; what stands is offered again."""
    zones, codes = accounts.time_zones(), current_settings().languages
    if person is not None:
        zones = tuple(dict.fromkeys((person.time_zone, *zones)))
        codes = tuple(dict.fromkeys((*codes, *filter(None, [person.locale]))))
    roles = service.known_roles() if me().may(Permission.ADMINISTER) else []
    return Offered(
        departments=staff.departments(),
        zones=zones,
        languages={code: language_name(code) for code in codes},
        places=calendars.names(),
        roles={each: role(each) for each in roles},
        people=people if person is None else None,
        names=people.suggested("") if person is None else (),
    )


def _record_form(person: StaffRecord, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
    names = Details.__dataclass_fields__
    return record_form(_offered(person), typed, **{name: getattr(person, name) for name in names})


def _details(form: BaseForm) -> Details:
    values: dict[str, Any] = {n: form[n].data or None for n in Details.__dataclass_fields__}
    return Details(**values | {"locale": form["locale"].data or ""})


def _beside(form: BaseForm, person_id: str) -> list[PersonChange]:
    """What a new person is given beside their record."""
    values = {
        PersonAct.MANAGER: form["manager"].data or "",
        PersonAct.PLACE: form["place"].data,
        PersonAct.ROLES: tuple(form["roles"].data or ()) if "roles" in form else (),
    }
    actor = me().id
    return [
        PersonChange(person_id=person_id, act=act, value=value, actor_id=actor)
        for act, value in values.items()
        if value
    ]


def _moved(person: StaffRecord) -> str:
    """What somebody else changed meanwhile, in words."""
    changes, _following = staff.changes_of(person.id)
    if not changes:
        return _("This page was open too long. Check the record and save again.")
    names = names_of(people_words.people_in(changes[:1]))
    who, words = changes[0].actor or _("The server"), people_words.done(changes[0], names)
    return _(
        "%(who)s changed this record meanwhile: %(words)s. Save again to replace it with yours.",
        who=who,
        words=words,
    )


def _record(
    person: StaffRecord | None, form: BaseForm, status: int = 200, trouble: str = ""
) -> ResponseReturnValue:
    names = Details.__dataclass_fields__
    seen = person and Details(**{name: getattr(person, name) for name in names}).mark
    page = render_template(
        "pages/people/record.html",
        person=person,
        managed=person and staff.managed(person.id),
        form=form,
        key=request.form.get("command_id") or new_key(),
        seen=request.form.get("seen", seen) if status == 422 else seen,
        trouble=[trouble] if trouble else [],
    )
    return make_response(page, status)


def _manager_form(person: StaffRecord, typed: "MultiDict[str, str] | None") -> BaseForm:
    return manager_form(people, people.suggested(person.id), typed)


def _cursor() -> tuple[str, str] | None:
    key, _, name = request.args.get("after", "").partition(".")
    try:
        return name, str(UUID(key))
    except ValueError:
        return None


def _before() -> str | None:
    try:
        return str(UUID(request.args.get("before", "")))
    except ValueError:
        return None
