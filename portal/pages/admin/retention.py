"""What is kept and for how long: the retention of types, legal holds, and erasing by hand."""

from datetime import datetime, time, timedelta
from hashlib import sha256
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.people.permissions import Permission
from portal.domain.proof.retention import HoldScope, Retention
from portal.forms.fields import uuid_of
from portal.forms.retention import WhyForm, days_form, hold_form
from portal.pages.admin import blueprint
from portal.pages.requests.show import visible
from portal.presentation.times import zone_named
from portal.presenters import retention as words
from portal.presenters.answer import command_key, new_key
from portal.queries import kept, people, retention
from portal.queries.people import PersonRecord
from portal.queries.request import RequestRecord
from portal.queries.retention import HoldRecord
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import retention as service
from portal.services.retention import (
    HoldGone,
    HoldRejected,
    KeptAllTheSame,
    NewHold,
    PersonStays,
    RetentionMoved,
)
from portal.translation import _


@blueprint.get("/admin/retention")
@requires(Permission.READ_AUDIT)
def show_retention() -> ResponseReturnValue:
    """Legal holds, how long each type keeps what, and when the clean-up ran."""
    return render_template(
        "pages/retention/show.html",
        holds=retention.holds(standing=True),
        ended=retention.holds(standing=False),
        types=retention.types(),
        cleaned=retention.cleaned_up(),
        words=words,
        scopes=tuple(HoldScope),
    )


@blueprint.get("/admin/retention/types")
@requires(Permission.ADMINISTER)
def edit_retention() -> ResponseReturnValue:
    """How long each type keeps texts and files, to be changed."""
    return _days(days_form(_types()), _types())


@blueprint.post("/admin/retention/types")
@requires(Permission.ADMINISTER)
def change_retention() -> ResponseReturnValue:
    """Keep what was typed, once what it would erase tonight was agreed to."""
    known = _types()
    form, seen = days_form(known, request.form), _seen(known)
    if not form.validate():
        return _days(form, seen, 422)
    wanted = {code: _wanted(form, code) for code in known}
    gone = {
        code: count
        for code, each in wanted.items()
        if each != known[code] and (count := retention.over_now(code, each))
    }
    if gone and (request.form.get("sure") != _mark(wanted) or not me().is_recent):
        return _days(form, seen, gone=gone, sure=_mark(wanted))
    try:
        changed = service.set_days(wanted, seen, me().id)
    except RetentionMoved:
        moved = _("Somebody changed this meanwhile. Save again to replace it with yours.")
        return _days(form, _types(), 409, trouble=[moved])
    flash(_("Changes saved.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("admin.show_retention"), 303)


@blueprint.get("/admin/holds/new/<scope>")
@requires(Permission.ADMINISTER)
def new_hold(scope: str) -> ResponseReturnValue:
    """An empty hold, or on what the address names."""
    which = _scope(scope)
    person = people.find(uuid_of(request.args.get("person")) or new_key())
    return _hold_page(which, _hold_form(which, number=request.args.get("number", "")), person)


@blueprint.post("/admin/holds/new/<scope>")
@requires(Permission.ADMINISTER)
def place_hold(scope: str) -> ResponseReturnValue:
    """Place it. The form's key becomes its id, so that sending twice places one."""
    which, key = _scope(scope), command_key()
    form, person = _hold_form(which, typed=True), None
    if "person" in form:
        # Whoever left is no longer found by name: their own page names them.
        person = people.find(uuid_of(request.form.get("person_id")) or key)
        if person is not None:
            del form["person"]
    if not form.validate():
        return _hold_page(which, form, person, 422)
    typed = person.id if person is not None else form[SUBJECTS[which]].data
    until = _end_of(form["until"].data)
    try:
        service.place(NewHold(which, typed, form["reason"].data, until), key, me().id)
    except HoldRejected as rejected:
        form[rejected.field].errors = [_(str(rejected))]
        return _hold_page(which, form, person, 422)
    flash(_("The legal hold is placed. Nothing it covers is erased."), "success")
    return redirect(url_for("admin.show_retention"), 303)


@blueprint.get("/admin/holds/<uuid:hold_id>/lift")
@requires(Permission.ADMINISTER)
def ask_to_lift(hold_id: UUID) -> ResponseReturnValue:
    """What lifting it means."""
    return _lift_page(_hold(hold_id), WhyForm())


@blueprint.post("/admin/holds/<uuid:hold_id>/lift")
@requires(Permission.ADMINISTER)
def lift_hold(hold_id: UUID) -> ResponseReturnValue:
    """Lift it, by somebody who proved who they are."""
    hold, form = _hold(hold_id), WhyForm(request.form)
    if not form.validate() or not me().is_recent:
        return _lift_page(hold, form, 422)
    try:
        service.lift(hold.id, form.reason.data or "", me().id)
    except HoldGone:
        flash(_("This legal hold was lifted already."), "info")
    else:
        flash(_("The legal hold is lifted."), "success")
    return redirect(url_for("admin.show_retention"), 303)


@blueprint.get("/admin/requests/<number>/erase")
@requires(Permission.ADMINISTER)
def ask_to_erase(number: str) -> ResponseReturnValue:
    """What would be erased of a request, and what cannot be reached."""
    return _erase_page(visible(number), WhyForm())


@blueprint.post("/admin/requests/<number>/erase")
@requires(Permission.ADMINISTER)
def erase_request(number: str) -> ResponseReturnValue:
    """Erase texts and files, by somebody who proved who they are."""
    record, form = visible(number), WhyForm(request.form)
    if not form.validate() or not me().is_recent:
        return _erase_page(record, form, 422)
    try:
        found = service.erase_request(record.id, form.reason.data or "", current_settings())
    except KeptAllTheSame:
        return _erase_page(record, form, 409)
    flash(_("Erased, and recorded.") if found else _("There was nothing left to erase."), "success")
    return redirect(url_for("requests.show", number=record.number), 303)


@blueprint.get("/admin/people/<uuid:person_id>/erase")
@requires(Permission.ADMINISTER)
def ask_to_erase_person(person_id: UUID) -> ResponseReturnValue:
    """What of somebody's personal data goes, what stays and why, and what cannot be reached."""
    return _person_page(_somebody(person_id), WhyForm())


@blueprint.post("/admin/people/<uuid:person_id>/erase")
@requires(Permission.ADMINISTER)
def erase_person(person_id: UUID) -> ResponseReturnValue:
    """Erase them, by somebody who proved who they are. The form's key becomes the act's id."""
    person, form = _somebody(person_id), WhyForm(request.form)
    if not form.validate() or not me().is_recent:
        return _person_page(person, form, 422)
    why = form.reason.data or ""
    try:
        done = service.erase_person(person.id, command_key(), why, current_settings())
    except PersonStays:
        return _person_page(person, form, 409)
    label = _somebody(person_id).name
    flash(
        _("Erased, and recorded. %(label)s stands in place of the name.", label=label)
        if done else _("Their personal data were erased already."),
        "success" if done else "info",
    )  # fmt: skip
    return redirect(url_for("admin.show_person", person_id=person.id), 303)


SUBJECTS = {HoldScope.REQUEST: "number", HoldScope.PERSON: "person", HoldScope.TYPE: "type"}


def _somebody(person_id: UUID) -> PersonRecord:
    found = people.find(str(person_id))
    if found is None:
        abort(404)
    return found


def _person_page(person: PersonRecord, form: WhyForm, status: int = 200) -> ResponseReturnValue:
    seen = retention.person(person.id)
    page = render_template(
        "pages/retention/erase_person.html",
        person=person,
        form=form,
        bars=[words.bar_words(each) for each in seen.bars()] if seen else [],
        is_erased=seen is None,
        left_at=seen.left_at if seen else None,
        parts=kept.counts(person.id),
        most=kept.AT_ONCE,
        words=words,
        unreachable=words.unreachable_of_person(),
        key=command_key() if request.method == "POST" else new_key(),
        lacks_proof=not me().is_recent,
    )
    return make_response(page, status)


def _types() -> dict[str, Retention]:
    return {each.code: each.retention for each in retention.types()}


def _wanted(form: BaseForm, code: str) -> Retention:
    return Retention(*(form[f"{what}-{code}"].data for what in ("texts", "files", "requests")))


def _seen(known: dict[str, Retention]) -> dict[str, Retention]:
    """What the form was drawn with; of a type that it does not name, nothing."""
    given = {code: request.form.get(f"seen-{code}", "") for code in known}
    return {code: words.retention_of(text) for code, text in given.items()}


def _mark(wanted: dict[str, Retention]) -> str:
    """What says that these very values were agreed to."""
    return sha256(repr(sorted(wanted.items(), key=lambda each: each[0])).encode()).hexdigest()[:16]


def _days(
    form: BaseForm, seen: dict[str, Retention], status: int = 200, *,
    gone: dict[str, int] | None = None, sure: str = "", trouble: list[str] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    page = render_template(
        "pages/retention/types.html",
        form=form,
        types=retention.types(),
        seen={code: words.seen_of(each) for code, each in seen.items()},
        gone=gone or {},
        sure=sure,
        trouble=trouble or [],
        most=retention.COUNTED,
        lacks_proof=bool(gone) and not me().is_recent,
    )
    return make_response(page, status)


def _scope(name: str) -> HoldScope:
    if name not in set(HoldScope):
        abort(404)
    return HoldScope(name)


def _hold_form(scope: HoldScope, *, typed: bool = False, number: str = "") -> BaseForm:
    names = people.suggested("") if scope is HoldScope.PERSON else ()
    types = {each.code: each.name for each in retention.types()}
    given = request.form if typed else None
    return hold_form(scope, people, names, types, given, number=number[:40])


def _hold_page(
    scope: HoldScope, form: BaseForm, person: people.PersonRecord | None, status: int = 200
) -> ResponseReturnValue:
    if person is not None and "person" in form:
        del form["person"]
    page = render_template(
        "pages/retention/hold.html", form=form, scope=scope, person=person, words=words,
        key=request.form.get("command_id") or new_key(),
    )  # fmt: skip
    return make_response(page, status)


def _end_of(day: datetime | None) -> datetime | None:
    """The end of a day where the administrator is."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), zone_named(me().time_zone))


def _hold(hold_id: UUID) -> HoldRecord:
    found = retention.hold(str(hold_id))
    if found is None:
        abort(404)
    return found


def _lift_page(hold: HoldRecord, form: WhyForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "pages/retention/lift.html", hold=hold, form=form, words=words,
        lacks_proof=not me().is_recent,
    )  # fmt: skip
    return make_response(page, status)


def _erase_page(record: RequestRecord, form: WhyForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "pages/retention/erase.html",
        record=record,
        form=form,
        holds=retention.holds_of_request(record.id),
        words=words,
        unreachable=words.unreachable(),
        is_open=record.closed_at is None,
        lacks_proof=not me().is_recent,
        refused=status == 409,
    )
    return make_response(page, status)
