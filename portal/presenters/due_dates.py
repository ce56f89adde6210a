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
from portal.translation import _, ngettext, own

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
class ExampleMoment:
    """A moment worth a look, and its day and time for the form."""

    label: str
    on: str
    at: str


def stage_lines(
    due: StageDue, opens: datetime, names: Mapping[str, str], reader: ZoneInfo
) -> StageLines:
    """A stage's times. `names` of the calendars: "type", "place"; `reader`: the reader's zone."""
    stage, plan = due.stage, due.plan
    when = _only(stage)
    if stage.kind is StageKind.NOTIFY:
        return StageLines(own(stage.name), _("Tells people and waits for nobody."), when, ())
    afters = sorted(stage.remind_after), [level.after for level in stage.escalate]
    moments: list[tuple[str, int | None, datetime]] = [
        *((_("Reminder"), after, at) for after, at in zip(afters[0], plan.reminders, strict=False)),
        *(
            (_("Escalation %(level)s", level=level.level), after, level.at)
            for after, level in zip(afters[1], plan.escalations, strict=False)
        ),
    ]
    if plan.expires_at is not None:
        moments.append((_("Expires"), stage.expire_after, plan.expires_at))
    ordered = sorted(moments, key=lambda each: each[2])
    return StageLines(
        own(stage.name),
        _whose(stage, due.hours, names, opens),
        when,
        tuple(_line(*each, due, opens, reader) for each in ordered),
    )


def _only(stage: Stage) -> str:
    """When it is asked at all; nothing where it always is."""
    words = own(stage.condition_text)
    if not words:
        return ""
    return (
        _("Only if %(condition)s.", condition=words)
        if stage.when
        else _("Only %(condition)s.", condition=words)
    )


def examples(hours: Hours | None, zone: ZoneInfo, now: datetime) -> list[ExampleMoment]:
    """Late on a Friday, and on the days before the next holiday and the next change of clocks."""
    today = now.astimezone(zone).date()
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    days = [(_("Friday"), friday)]
    if hours is not None:
        week = hours.calendar.hours
        coming = sorted(day for day in hours.names if day > today and week[day.weekday()])
        days += [
            (_("Before %(day)s", day=hours.names[day] or _("a closed day")), _before(day))
            for day in coming[:1]
        ]
    changes = clock_changes(zone, now, now + LOOK_AHEAD)
    days += [(_("Before the clocks change"), _before(each.day)) for each in changes[:1]]
    late, words = f"{LATE_IN_THE_DAY:%H:%M}", times.clock(LATE_IN_THE_DAY)
    return [
        ExampleMoment(f"{label}: {_short(day)}, {words}", day.isoformat(), late)
        for label, day in days
    ]


def moment(at: datetime, zone: ZoneInfo) -> str:
    """ "Thu 24 Dec 2026, 17:00"."""
    local = at.astimezone(zone)
    return times.together(times.weekday_and_day(local), times.clock(local))


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
        return _("after 7 days")
    full, rest = divmod(minutes, 60)
    parts = (
        (ngettext("%(n)s h", "%(n)s h", full), full),
        (ngettext("%(n)s min", "%(n)s min", rest), rest),
    )
    length = " ".join(part for part, count in parts if count)
    if hours:
        return _("after %(length)s of working time", length=length)
    return _("after %(length)s, every hour counts", length=length)


def _whose(stage: Stage, hours: Hours | None, names: Mapping[str, str], opens: datetime) -> str:
    if stage.elapsed or (hours is None and stage.working_time is WorkingTime.TYPE):
        return _("Every hour of every day counts.")
    clock = f", {times.zone_name(zone_of(hours.calendar), opens)}" if hours else ""
    if stage.working_time is WorkingTime.TYPE:
        return _("By the request type's calendar: %(name)s.", name=names["type"] + clock)
    if "place" in names:
        return _("By the approver's place: %(name)s.", name=names["place"] + clock)
    return _(
        "By each approver's place; this is for somebody without one: %(name)s.",
        name=(names.get("type") or _("every hour counts")) + clock,
    )


def _reasons(hours: Hours, opens: datetime, at: datetime) -> tuple[str, ...]:
    found = hours.skipped(opens, at)
    words = [_off(each) for each in found.days_off]
    more = len(words) - MOST_REASONS
    if more > 0:
        rest = ngettext("%(n)s more span of days off", "%(n)s more spans of days off", more)
        words = [*words[:MOST_REASONS], rest]
    if found.nights:
        words.append(ngettext("%(n)s night", "%(n)s nights", found.nights))
    return (*words, *(_change(each) for each in found.clock_changes))


def _off(days: DaysOff) -> str:
    """ "Fri 25 Dec to Sun 27 Dec: Christmas Day, days off"."""
    names = [f"{name} ({_short(day)})" for day, name in days.names.items() if name]
    if days.first == days.last:
        return f"{_short(days.first)}: {next(iter(days.names.values()), '') or _('a day off')}"
    span = _("%(first)s to %(last)s", first=_short(days.first), last=_short(days.last))
    return f"{span}: {', '.join([*names, _('days off')])}"


def _change(change: ClockChange) -> str:
    values = {"day": _short(change.day), "length": times.span(change.by)}
    if change.by > timedelta():
        return _("%(day)s: clocks go forward by %(length)s", **values)
    return _("%(day)s: clocks go back by %(length)s", **values)


def _short(day: date) -> str:
    return times.calendar_day(day, day)


def _before(day: date) -> date:
    return day - timedelta(days=1)


def same_clock(one: ZoneInfo, other: ZoneInfo, at: datetime) -> bool:
    """Whether clocks show the same in both zones at that moment."""
    return at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()
