"""Next due dates in words: each time in the calendar's zone, and why it falls just then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.domain.policy.policy import Stage, StageKind, WorkingTime
from portal.domain.time.explanations import ClockChange, DaysOff, clock_changes
from portal.domain.time.working_time import zone_of
from portal.presentation import times
from portal.services.due_dates import Hours, StageDue

MOST_REASONS = 12
LOOK_AHEAD = timedelta(days=400)
LATE_IN_THE_DAY = time(16, 55)


@dataclass(frozen=True, slots=True)
class DueLine:
    """What happens, after how much time, and when; `there`: on the calendar's clock, which shows
    the same as the reader's or not."""

    what: str
    after: str
    at: datetime
    there: str
    is_same: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageLines:
    """A stage: whose working time it goes by, when it is asked at all, and its times."""

    name: str
    whose: str
    when: str
    lines: tuple[DueLine, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A moment worth a look, and its day and time for the form."""

    label: str
    on: str
    at: str


def stage_lines(
    due: StageDue, opens: datetime, names: Mapping[str, str], reader: ZoneInfo
) -> StageLines:
    """A stage's times. `names` of the calendars: "type", "place"; `reader`: the reader's zone."""
    stage, plan = due.stage, due.plan
    when = f"Only {stage.condition_text}." if stage.condition_text else ""
    if stage.kind is StageKind.NOTIFY:
        return StageLines(stage.name, "Tells people and waits for nobody.", when, ())
    afters = sorted(stage.remind_after), [level.after for level in stage.escalate]
    moments: list[tuple[str, int | None, datetime]] = [
        *(("Reminder", after, at) for after, at in zip(afters[0], plan.reminders, strict=False)),
        *(
            (f"Escalation {level.level}", after, level.at)
            for after, level in zip(afters[1], plan.escalations, strict=False)
        ),
    ]
    if plan.expires_at is not None:
        moments.append(("Expires", stage.expire_after, plan.expires_at))
    ordered = sorted(moments, key=lambda each: each[2])
    return StageLines(
        stage.name,
        _whose(stage, due.hours, names, opens),
        when,
        tuple(_line(*each, due, opens, reader) for each in ordered),
    )


def examples(hours: Hours | None, zone: ZoneInfo, now: datetime) -> list[Example]:
    """Late on a Friday, and on the days before the next holiday and the next change of clocks."""
    today = now.astimezone(zone).date()
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    days = [("Friday", friday)]
    if hours is not None:
        week = hours.calendar.hours
        coming = sorted(day for day in hours.names if day > today and week[day.weekday()])
        days += [
            (f"Before {hours.names[day] or 'a closed day'}", _before(day)) for day in coming[:1]
        ]
    changes = clock_changes(zone, now, now + LOOK_AHEAD)
    days += [("Before the clocks change", _before(each.day)) for each in changes[:1]]
    late = f"{LATE_IN_THE_DAY:%H:%M}"
    return [
        Example(f"{label}: {_short(day)}, {late}", day.isoformat(), late) for label, day in days
    ]


def moment(at: datetime, zone: ZoneInfo) -> str:
    """ "Thu 24 Dec 2026, 17:00"."""
    return f"{at.astimezone(zone):%a} {times.absolute(at, zone)}"


def _line(
    what: str, after: int | None, at: datetime, due: StageDue, opens: datetime, reader: ZoneInfo
) -> DueLine:
    hours = due.hours
    there = reader if hours is None else zone_of(hours.calendar)
    reasons = () if hours is None else _reasons(hours, opens, at)
    return DueLine(
        what, _after(after, hours), at, moment(at, there), same_clock(there, reader, at), reasons
    )


def _after(minutes: int | None, hours: Hours | None) -> str:
    """ "after 8 h of working time"; a simple request that says nothing ends after a week."""
    if minutes is None:
        return "after 7 days"
    full, rest = divmod(minutes, 60)
    length = " ".join(part for part, count in ((f"{full} h", full), (f"{rest} min", rest)) if count)
    return f"after {length}{' of working time' if hours else ', every hour counts'}"


def _whose(stage: Stage, hours: Hours | None, names: Mapping[str, str], opens: datetime) -> str:
    if stage.elapsed or (hours is None and stage.working_time is WorkingTime.TYPE):
        return "Every hour of every day counts."
    clock = f", {times.zone_name(zone_of(hours.calendar), opens)}" if hours else ""
    if stage.working_time is WorkingTime.TYPE:
        return f"By the request type's calendar: {names['type']}{clock}."
    if "place" in names:
        return f"By the approver's place: {names['place']}{clock}."
    return (
        "By each approver's place; this is for somebody without one: "
        f"{names.get('type', 'every hour counts')}{clock}."
    )


def _reasons(hours: Hours, opens: datetime, at: datetime) -> tuple[str, ...]:
    found = hours.skipped(opens, at)
    words = [_off(each) for each in found.days_off]
    words = words[:MOST_REASONS] + (
        [f"{len(words) - MOST_REASONS} more spans of days off"] if len(words) > MOST_REASONS else []
    )
    if found.nights:
        words.append("1 night" if found.nights == 1 else f"{found.nights} nights")
    return (*words, *(_change(each) for each in found.clock_changes))


def _off(days: DaysOff) -> str:
    """ "Fri 25 Dec to Sun 27 Dec: Christmas Day, days off"."""
    names = [f"{name} ({_short(day)})" for day, name in days.names.items() if name]
    if days.first == days.last:
        return f"{_short(days.first)}: {next(iter(days.names.values()), '') or 'a day off'}"
    span = f"{_short(days.first)} to {_short(days.last)}"
    return f"{span}: {', '.join([*names, 'days off']) if names else 'days off'}"


def _change(change: ClockChange) -> str:
    way = "forward" if change.by > timedelta() else "back"
    return f"{_short(change.day)}: clocks go {way} by {times.span(change.by)}"


def _short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _before(day: date) -> date:
    return day - timedelta(days=1)


def same_clock(one: ZoneInfo, other: ZoneInfo, at: datetime) -> bool:
    """Whether clocks show the same in both zones at that moment."""
    return at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()
