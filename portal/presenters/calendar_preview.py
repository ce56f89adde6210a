"""What a change of a calendar would make of coming due dates, before it is saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.domain.time.working_time import zone_of
from portal.presenters.due_dates import LATE_IN_THE_DAY, moment
from portal.queries import calendars
from portal.queries.calendars import CalendarRecord, TypeCalendar
from portal.services.due_dates import Hours, StageDue, due_dates, hours_in
from portal.translation import _

MOST_TYPES = 20


@dataclass(frozen=True, slots=True)
class ShiftedStage:
    """A stage that would be due at another time: what opens when, and both times in words."""

    what: str
    opens: str
    before: str
    after: str


def moved(record: CalendarRecord, content: Mapping[str, Any], now: datetime) -> list[ShiftedStage]:
    """The stages that would be due otherwise if they opened now, or late on the day before the
    first day that is off by one of the two only. Raises InvalidPolicy."""
    old, new = hours_in(record.columns, now), hours_in(content, now)
    others = {each.id: each for each in calendars.all_of_them() if each.id != record.id}
    kinds = [each for each in calendars.types() if each.policy_version_id][:MOST_TYPES]
    return [
        row
        for opens in _moments(old, new, now)
        for kind in kinds
        for row in _rows(kind, others.get(kind.calendar_id or ""), record, (old, new), opens)
    ]


def _moments(old: Hours, new: Hours, now: datetime) -> Iterator[datetime]:
    yield now
    zone = zone_of(new.calendar)
    today = now.astimezone(zone).date()
    days = sorted(day for day in old.names.keys() ^ new.names.keys() if day > today)
    if days:
        before = days[0] - timedelta(days=1)
        yield datetime.combine(before, LATE_IN_THE_DAY, zone).astimezone(UTC)


def _rows(
    kind: TypeCalendar,
    other: CalendarRecord | None,
    record: CalendarRecord,
    sides: tuple[Hours, Hours],
    opens: datetime,
) -> Iterator[ShiftedStage]:
    elsewhere = None if other is None else hours_in(other.columns, opens)
    before, after = (
        due_dates(
            str(kind.policy_version_id),
            kind.workflow,
            side if kind.calendar_id == record.id else elsewhere,
            side if record.people else None,
            opens,
        )
        for side in sides
    )
    for was, then in zip(before, after, strict=True):
        if was.plan.due_at != then.plan.due_at:
            what = f"{kind.name}, {was.stage.name}"
            yield ShiftedStage(
                what, moment(opens, zone_of(sides[1].calendar)), _due(was), _due(then)
            )


def _due(stage: StageDue) -> str:
    if stage.plan.due_at is None or stage.hours is None:
        return _("not due")
    return moment(stage.plan.due_at, zone_of(stage.hours.calendar))
