"""Calendars for administrators: working hours and days off."""

from dataclasses import asdict
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
from wtforms.form import BaseForm

from portal.domain.errors import InvalidPolicy
from portal.domain.people.permissions import Permission
from portal.domain.time.calendars import week_words
from portal.forms.calendar import calendar_form, hours_of
from portal.pages.admin import blueprint
from portal.presenters import calendars as calendar_words
from portal.presenters.answer import command_key, new_key
from portal.presenters.calendar_preview import ShiftedStage, moved
from portal.queries import calendars
from portal.queries.calendars import CalendarRecord
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import accounts
from portal.services import calendars as service
from portal.services.calendars import CalendarContent, CalendarMoved, CalendarRefused
from portal.translation import _, lazy

# What a new calendar begins with.
USUAL = {str(day): [["09:00", "17:00"]] for day in range(1, 6)}
STAYS = lazy("Existing deadlines do not change.")
MOVED = lazy(
    "{} changed this calendar while you had it open: {}. Save again to replace it with yours."
)


@blueprint.get("/admin/calendars")
@requires(Permission.ADMINISTER)
def list_calendars() -> ResponseReturnValue:
    """Every calendar, and what goes by it."""
    return render_template(
        "pages/calendars/list.html",
        rows=[
            (each, week_words(each.hours, _), _holidays(each)) for each in calendars.all_of_them()
        ],
        types=calendars.types(),
        deleted=[(each, calendar_words.done(each)) for each in calendars.deleted()],
        every_hour=calendar_words.EVERY_HOUR,
    )


@blueprint.get("/admin/calendars/new")
@requires(Permission.ADMINISTER)
def new_calendar() -> ResponseReturnValue:
    """An empty calendar."""
    return _page(None, _form())


@blueprint.post("/admin/calendars/new")
@requires(Permission.ADMINISTER)
def add_calendar() -> ResponseReturnValue:
    """Make it. The form's key becomes its id, so that sending twice makes one."""
    form, key = _form(), command_key()
    if not form.validate():
        return _page(None, form, 422)
    try:
        service.add(key, _content(form), me().id)
    except CalendarRefused as refused:
        form["name"].errors = [str(refused)]
        return _page(None, form, 422)
    flash(_("Calendar %(name)s added.", name=form["name"].data), "success")
    return redirect(url_for("admin.show_calendar", calendar_id=key), 303)


@blueprint.get("/admin/calendars/<uuid:calendar_id>")
@requires(Permission.ADMINISTER)
def show_calendar(calendar_id: UUID) -> ResponseReturnValue:
    """One calendar: what it says, ready to be changed, and what was changed before."""
    record = _found(calendar_id)
    return _page(record, _form(record))


@blueprint.post("/admin/calendars/<uuid:calendar_id>")
@requires(Permission.ADMINISTER)
def change_calendar(calendar_id: UUID) -> ResponseReturnValue:
    """Change it, unless somebody else did meanwhile: then that is shown first. With `look`, only
    show what it would mean."""
    record, form = _found(calendar_id), _form()
    if not form.validate():
        return _page(record, form, 422, seen=_seen())
    try:
        if "look" in request.form:
            rows = moved(record, asdict(_content(form)), me().now)
            return _page(record, form, seen=_seen(), preview=rows)
        changed = service.change(record.id, _content(form), _seen(), me().id)
    except CalendarMoved:
        news = calendars.changes_of(record.id)[:1]
        told = [MOVED.format(each.actor, _within(calendar_words.done(each))) for each in news]
        return _page(_found(calendar_id), form, 409, trouble=told)
    except (CalendarRefused, InvalidPolicy) as refused:
        form["name"].errors = [str(refused)]
        return _page(record, form, 422, seen=_seen())
    except LookupError:  # deleted in this very moment
        abort(404)
    flash(
        _("Calendar saved. %(stays)s", stays=STAYS) if changed else _("Nothing changed."), "success"
    )
    return redirect(url_for("admin.show_calendar", calendar_id=calendar_id), 303)


@blueprint.get("/admin/calendars/<uuid:calendar_id>/delete")
@requires(Permission.ADMINISTER)
def ask_to_delete_calendar(calendar_id: UUID) -> ResponseReturnValue:
    """What deleting it means, or why it cannot be."""
    return render_template("pages/calendars/delete.html", calendar=_found(calendar_id))


@blueprint.post("/admin/calendars/<uuid:calendar_id>/delete")
@requires(Permission.ADMINISTER)
def delete_calendar(calendar_id: UUID) -> ResponseReturnValue:
    """Delete it, if nothing goes by it."""
    try:
        service.delete(str(calendar_id), me().id)
    except CalendarRefused as refused:
        flash(str(refused), "error")
        return redirect(url_for("admin.ask_to_delete_calendar", calendar_id=calendar_id), 303)
    flash(_("Calendar deleted."), "success")
    return redirect(url_for("admin.list_calendars"), 303)


def _form(record: CalendarRecord | None = None) -> BaseForm:
    typed = request.form if request.method == "POST" else None
    stored = record.columns if record is not None else {"hours": USUAL}
    zones = accounts.time_zones()
    return calendar_form(zones, calendar_words.offered_countries(), service.parts_of, typed, stored)


def _content(form: BaseForm) -> CalendarContent:
    return CalendarContent(
        name=form["name"].data,
        time_zone=form["time_zone"].data,
        hours=hours_of(form),
        country=form["country"].data or None,
        subdivision=form["subdivision"].data or None,
        closed_days=form["closed_days"].data or {},
        worked_days=sorted(form["worked_days"].data or {}),
    )


def _found(calendar_id: UUID) -> CalendarRecord:
    return calendars.find(str(calendar_id)) or abort(404)


def _seen() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _within(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _holidays(record: CalendarRecord) -> str:
    return calendar_words.place_words(record.country, record.subdivision)


def _page(
    record: CalendarRecord | None,
    form: BaseForm,
    status: int = 200,
    *,
    seen: int | None = None,
    trouble: list[str] | None = None,
    preview: list[ShiftedStage] | None = None,
) -> ResponseReturnValue:
    changes = calendars.changes_of(record.id) if record is not None else ()
    page = render_template(
        "pages/calendars/form.html",
        calendar=record,
        form=form,
        key=request.form.get("command_id") or new_key(),
        version=seen if seen is not None else record.version if record is not None else 0,
        trouble=trouble or [],
        preview=preview,
        coming=_coming(record),
        people=calendars.people_of(record.id) if record is not None else (),
        changes=[(each, calendar_words.done(each)) for each in changes],
    )
    return make_response(page, status)


def _coming(record: CalendarRecord | None) -> list[Any]:
    if record is None:
        return []
    try:
        return service.coming_days_off(record.columns, me().now.date())
    except InvalidPolicy:
        return []
