"""The next due dates as they will be computed, for administrators. Changes nothing."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.errors import InvalidPolicy
from portal.domain.people.permissions import Permission
from portal.forms.due_dates import due_dates_form
from portal.pages.admin import blueprint
from portal.presentation import times
from portal.presentation.times import zone_named
from portal.presenters import due_dates as words
from portal.queries import calendars, own_texts, people, staff
from portal.queries.calendars import CalendarRecord, TypeCalendar
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import due_dates as service
from portal.translation import _, lazy, tell


@blueprint.get("/admin/calendars/due")
@requires(Permission.ADMINISTER)
def show_due_dates() -> ResponseReturnValue:
    """For a request type, a place and a moment: what would happen when."""
    kinds = {each.code: each for each in calendars.types() if each.policy_version_id}
    places = calendars.names()
    form = due_dates_form(
        {code: each.name for code, each in kinds.items()},
        places,
        people,
        people.suggested(me().id),
        request.args,
    )
    if not kinds:
        return render_template("pages/due_dates/show.html", form=None)
    if not form.validate():
        return make_response(_draw(form), 422)
    try:
        return _draw(form, **_found(form, kinds[form["type"].data]))
    except InvalidPolicy as error:
        return make_response(_draw(form, trouble=tell(error.sentence)), 422)


def _found(form: BaseForm, kind: TypeCalendar) -> dict[str, Any]:
    """Everything that the page says about this choice."""
    by_type = calendars.find(kind.calendar_id) if kind.calendar_id else None
    place, note = _place(form)
    reader = zone_named(me().time_zone)
    zone = zone_named(next((each.time_zone for each in (place, by_type) if each), reader.key))
    opens = _opens(form, zone)
    hours, own = _hours(by_type, opens), _hours(place, opens)
    own_texts.show_version(str(kind.policy_version_id))
    due = service.due_dates(str(kind.policy_version_id), kind.workflow, hours, own, opens)
    if place is not None and all(each.hours is not own for each in due):
        note = f"{note} {NOT_BY_PLACES}".strip()
    names = {key: each.name for key, each in (("type", by_type), ("place", place)) if each}
    return {
        "kind": kind,
        "note": note,
        "opens": opens,
        "there": words.moment(opens, zone),
        "zone_told": times.zone_name(zone, opens),
        "both": not words.same_clock(zone, reader, opens),
        "stages": [words.stage_lines(each, opens, names, reader) for each in due],
        "examples": words.examples(_hours(place or by_type, me().now), zone, me().now),
        "chosen": {key: request.args.get(key) or None for key in CHOSEN},
    }


NOT_BY_PLACES = lazy("No stage of this type follows the approvers' locations.")
CHOSEN = ("type", "place", "person")


def _hours(record: CalendarRecord | None, now: datetime) -> service.Hours | None:
    return None if record is None else service.hours_in(record.columns, now)


def _place(form: BaseForm) -> tuple[CalendarRecord | None, str]:
    """The place that is looked at, and a word about the person."""
    if not form["person"].data:
        return (calendars.find(form["place"].data) if form["place"].data else None), ""
    person = staff.profile(form["person"].data)
    if person is None or person.place_id is None:
        name = _("This person") if person is None else person.name
        return None, _("%(name)s has no location: the request type's calendar is used.", name=name)
    return calendars.find(person.place_id), _(
        "%(name)s works by %(place)s.", name=person.name, place=person.place
    )


def _opens(form: BaseForm, zone: ZoneInfo) -> datetime:
    """The moment chosen, on the calendar's clock; what is left empty is now's."""
    now = me().now.astimezone(zone)
    day, clock = form["on"].data, form["at"].data
    if not day and not clock:
        return me().now
    chosen = datetime.combine(day or now.date(), clock or now.time(), zone)
    return chosen.astimezone(UTC)


def _draw(form: BaseForm, **found: Any) -> str:
    return render_template("pages/due_dates/show.html", form=form, **{"examples": (), **found})
