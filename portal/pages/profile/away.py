"""Absences: one's own and, for administrators, anybody's; looked at, then set, then ended."""

from dataclasses import dataclass
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

from portal.domain.people.absence import period
from portal.domain.people.permissions import Permission
from portal.forms.away import away_form
from portal.pages.profile import blueprint
from portal.presentation.money import money
from portal.presentation.times import zone_named
from portal.presenters.answer import command_key, new_key
from portal.queries import away, people, staff
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import absences as service
from portal.services.absences import AbsenceRefused, NewAbsence, OpenTask, OtherAbsence, preview
from portal.translation import _


@dataclass(frozen=True, slots=True)
class AbsencePage:
    """Whose absence it is. `url`: the page's address; `check_url`: the preview's."""

    person_id: str
    name: str
    zone: str
    is_me: bool
    url: str
    check_url: str

    @property
    def whose(self) -> str:
        """How sentences call this person."""
        return _("you") if self.is_me else self.name


@blueprint.get("/away")
@requires(Permission.DECIDE_OWN_TASKS)
def show_away() -> ResponseReturnValue:
    """The reader's absences, the people they act for, and the form."""
    return _page(_mine(), _prefilled(_mine()))


@blueprint.get("/away/check")
@requires(Permission.DECIDE_OWN_TASKS)
def check_away() -> ResponseReturnValue:
    """What the absence would make of the open tasks. Changes nothing."""
    return _check(_mine())


@blueprint.post("/away")
@requires(Permission.DECIDE_OWN_TASKS)
def set_away() -> ResponseReturnValue:
    """Go away as looked at."""
    return _set(_mine())


@blueprint.post("/away/<uuid:delegation_id>/end")
@requires(Permission.DECIDE_OWN_TASKS)
def end_away(delegation_id: UUID) -> ResponseReturnValue:
    """End an absence early: one's own, or anybody's for an administrator."""
    is_admin = me().may(Permission.ADMINISTER)
    try:
        whose = service.end(str(delegation_id), me().id, is_admin=is_admin)
    except LookupError:
        abort(404)
    flash(_("Absence ended. Open tasks come back in a moment."), "success")
    mine = whose == me().id
    place = (
        url_for("profile.show_away") if mine else url_for("profile.show_away_of", person_id=whose)
    )
    return redirect(place, 303)


@blueprint.get("/admin/people/<uuid:person_id>/away")
@requires(Permission.ADMINISTER)
def show_away_of(person_id: UUID) -> ResponseReturnValue:
    """Somebody's absences, for an administrator."""
    return _page(_theirs(person_id), _prefilled(_theirs(person_id)))


@blueprint.get("/admin/people/<uuid:person_id>/away/check")
@requires(Permission.ADMINISTER)
def check_away_of(person_id: UUID) -> ResponseReturnValue:
    """What somebody's absence would make of their open tasks. Changes nothing."""
    return _check(_theirs(person_id))


@blueprint.post("/admin/people/<uuid:person_id>/away")
@requires(Permission.ADMINISTER)
def set_away_of(person_id: UUID) -> ResponseReturnValue:
    """Let somebody be represented."""
    return _set(_theirs(person_id))


def _mine() -> AbsencePage:
    person = me()
    here, checking = url_for("profile.show_away"), url_for("profile.check_away")
    return AbsencePage(person.id, person.name, person.time_zone, True, here, checking)


def _theirs(person_id: UUID) -> AbsencePage:
    found = staff.profile(str(person_id))
    if found is None:
        abort(404)
    here = url_for("profile.show_away_of", person_id=person_id)
    checking = url_for("profile.check_away_of", person_id=person_id)
    return AbsencePage(found.id, found.name, found.time_zone, False, here, checking)


def _form(desk: AbsencePage, typed: "MultiDict[str, str] | None") -> BaseForm:
    types = away.types()
    currencies = [each.currency for each in types if each.currency]
    return away_form(
        desk.whose,
        people,
        people.suggested(desk.person_id, deciding=True),
        {each.code: each.name for each in types},
        list(dict.fromkeys(currencies)),
        me().now.astimezone(zone_named(desk.zone)).date(),
        typed,
    )


def _prefilled(desk: AbsencePage) -> BaseForm:
    """The form as the address has it, for somebody who comes back from the preview."""
    return _form(desk, request.args or None)


def _page(desk: AbsencePage, form: BaseForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "pages/away/show.html",
        desk=desk,
        form=form,
        absences=away.of(desk.person_id),
        acting=away.acting(desk.person_id),
        types={each.code: each.name for each in away.types()},
        most=away.SHOWN,
    )
    return make_response(page, status)


def _check(desk: AbsencePage) -> ResponseReturnValue:
    form = _form(desk, request.args)
    found = _wish(desk, form)
    if found is None:
        return _page(desk, form, 422)
    wish, others = found
    delegate = people.find(wish.delegate_id)
    if delegate is None:
        abort(404)
    ahead = preview(wish, delegate.name)
    return render_template(
        "pages/away/check.html",
        desk=desk,
        form=form,
        wish=wish,
        delegate=delegate,
        others=others,
        preview=ahead,
        moving=[_row(task) for task in ahead.moving],
        begins_now=wish.period.starts_at <= me().now,
        acting=away.acting(desk.person_id),
        types={each.code: each.name for each in away.types()},
        key=new_key(),
    )


def _row(task: OpenTask) -> tuple[str, str, str]:
    amount = money(task.amount, task.currency) if task.amount is not None and task.currency else ""
    return f"{task.number} {task.title}", task.requester_name, amount


def _set(desk: AbsencePage) -> ResponseReturnValue:
    form, key = _form(desk, _sent()), command_key()
    found = _wish(desk, form, key)
    if found is None:
        return _page(desk, form, 422)
    wish, _others = found
    try:
        service.set_absence(wish, key, me().id)
    except AbsenceRefused as refused:
        _blame(form, refused)
        return _page(desk, form, 422)
    delegate = people.find(wish.delegate_id)
    name = _("Somebody") if delegate is None else delegate.name
    told = (
        _("%(name)s decides for you in that time.", name=name)
        if desk.is_me
        else _("%(name)s decides for %(whom)s in that time.", name=name, whom=desk.name)
    )
    flash(told, "success")
    return redirect(desk.url, 303)


def _sent() -> "MultiDict[str, str]":
    """What the preview sent: the delegate by name, and by id, which tells namesakes apart."""
    sent = MultiDict(request.form)
    sent.setlist("person", [*sent.getlist("person")[:1], *sent.getlist("delegate")[:1]])
    return sent


def _wish(
    desk: AbsencePage, form: BaseForm, key: str | None = None
) -> tuple[NewAbsence, tuple[OtherAbsence, ...]] | None:
    """The absence that a form asks for; None, with errors in the form, where it cannot be."""
    if not form.validate():
        return None
    times = period(form["first"].data, form["last"].data, zone_named(desk.zone), me().now)
    amount = form["amount"].data
    wish = NewAbsence(
        delegator_id=desk.person_id,
        delegate_id=form["person"].data,
        period=times,
        type_codes=tuple(form["types"].data) or None,
        max_amount=amount,
        currency=form["amount"].currency if amount is not None else None,
        reason=form["reason"].data or "",
    )
    if key is not None and service.is_set(key):
        return wish, ()
    try:
        return wish, service.check(wish)
    except AbsenceRefused as refused:
        _blame(form, refused)
        return None


def _blame(form: BaseForm, refused: AbsenceRefused) -> None:
    form[refused.field].errors = [str(refused)]
