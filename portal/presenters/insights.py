"""Insights as a page and as files: figures in words, charts, and the table beside each chart."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.domain.errors import DomainError
from portal.domain.policy.policy import WHOLE_DAY, WORKING_DAY
from portal.domain.time.spent import Use, life_of, share
from portal.presentation.charts import Columns, Mark, columns, placed
from portal.presentation.labels import decimal, figure, percent, working_days
from portal.presentation.times import day
from portal.queries import insights
from portal.queries.audit import EventRecord
from portal.queries.insights import FigureScope, Middles, Totals, midnight
from portal.translation import _, lazy, ngettext

WEEKS = (4, 12, 26, 52)
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
USUAL = 12
# Nine of ten requests should be decided within their type's target.
GOAL = 90
BINS = 10
NAMES = ("time", "weeks", "stages", "load", "uses", "open", "unopened")


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure on top of the page. `tone`: "ok", "warn" or "bad" where the note judges."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""
    icon: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class FigureTable:
    """What a chart shows as rows of text and numbers, the first column a heading."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True, slots=True)
class MeasuredBar:
    """A row of bars: widths in per cent of the longest; `end`: where the thin line ends."""

    name: str
    note: str
    width: float
    late: float
    end: float
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its table. `legend`: (look, words)."""

    name: str
    title: str
    note: str
    table: FigureTable
    legend: tuple[tuple[str, str], ...] = ()
    plot: Columns | None = None
    bars: tuple[MeasuredBar, ...] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class InsightsPage:
    """The whole page."""

    summary: str
    figures: tuple[KeyFigure, ...]
    charts: tuple[Chart, ...]
    more: tuple[tuple[str, str], ...] = field(default=())
    due: int = 0


def scope_of(
    weeks: int, zone: ZoneInfo, now: datetime, people: tuple[str, ...] | None
) -> FigureScope:
    """So many calendar weeks of the reader's zone, the present one as far as it has come."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    return FigureScope(
        start=midnight(monday, zone),
        end=midnight(today + timedelta(days=1), zone),
        zone=zone.key,
        people=people,
    )


def month_named(text: str, now: datetime, zone: ZoneInfo) -> date | None:
    """The month that an address names, such as 2026-11, from 2000 up to the present one."""
    found = MONTH.fullmatch(text)
    if found is None or not 2000 <= int(found[1]) <= 2200 or not 1 <= int(found[2]) <= 12:
        return None
    month = date(int(found[1]), int(found[2]), 1)
    return month if month <= now.astimezone(zone).date() else None


def shown(scope: FigureScope, zone: ZoneInfo, late_url: str) -> InsightsPage:
    """Everything that the page says of the scope."""
    totals, before = insights.totals(scope), insights.middles(scope.before)
    ages = insights.open_by_age(scope)
    target = _target(scope)
    dates = {"start": _local(scope.start, zone), "end": _local(scope.end - _MOMENT, zone)}
    summary = ngettext(
        "%(n)s request decided, %(start)s to %(end)s.",
        "%(n)s requests decided, %(start)s to %(end)s.",
        totals.decided,
        n=figure(totals.decided),
        **dates,
    )
    return InsightsPage(
        summary=summary,
        figures=tuple(_key_figures(totals, before, ages, target, late_url)),
        charts=(
            _time_chart(totals, target),
            _weeks_chart(scope, zone),
            _stages_chart(scope),
            _load_chart(scope),
            _uses_chart(totals),
            _open_chart(ages),
            _unopened_chart(scope),
        ),
        more=tuple(_more(totals)),
        due=insights.due(),
    )


def chart(name: str, scope: FigureScope, zone: ZoneInfo) -> Chart:
    """One of the charts, by its name of `NAMES`; asks for nothing else."""
    match name:
        case "time":
            return _time_chart(insights.totals(scope), _target(scope))
        case "weeks":
            return _weeks_chart(scope, zone)
        case "stages":
            return _stages_chart(scope)
        case "load":
            return _load_chart(scope)
        case "uses":
            return _uses_chart(insights.totals(scope))
        case "open":
            return _open_chart(insights.open_by_age(scope))
    return _unopened_chart(scope)


_MOMENT = timedelta(seconds=1)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return day(at.astimezone(zone).date())


def _target(scope: FigureScope) -> int | None:
    """The target that all of the scope have in common: that of its one type."""
    return insights.targets().get(scope.type_code) if scope.type_code else None


def _key_figures(
    totals: Totals, before: Middles, ages: insights.OpenAge, target: int | None, late_url: str
) -> Sequence[KeyFigure]:
    return (
        _median(totals, before),
        _slow(totals, before, target),
        _on_time(totals),
        KeyFigure(
            _("Open now"),
            figure(ages.total),
            note=ngettext("%(n)s overdue", "%(n)s overdue", ages.late, n=figure(ages.late))
            if ages.late
            else "",
            tone="bad" if ages.late else "",
            icon="clock" if ages.late else "",
            url=late_url if ages.late else "",
        ),
    )


_UNIT = lazy("working days")
_NONE = lazy("–")


def _median(totals: Totals, before: Middles) -> KeyFigure:
    label = _("Median time to decide")
    if totals.median is None:
        return KeyFigure(label, str(_NONE))
    return replace(
        _compared(totals.median, before.median),
        label=label,
        value=working_days(totals.median),
        unit=str(_UNIT),
    )


def _slow(totals: Totals, before: Middles, target: int | None) -> KeyFigure:
    label = _("90th percentile")
    if totals.slow is None:
        return KeyFigure(label, str(_NONE))
    figure = _compared(totals.slow, before.slow)
    if target is not None:
        over = totals.slow - target
        words = (
            _(
                "%(days)s over the target of %(target)s",
                days=working_days(over),
                target=working_days(target),
            )
            if over > 0
            else _("Within the target of %(target)s", target=working_days(target))
        )
        tone, sign = ("warn", "exclamation-triangle") if over > 0 else ("ok", "check")
        figure = KeyFigure("", "", note=words, tone=tone, icon=sign)
    return replace(figure, label=label, value=working_days(totals.slow), unit=str(_UNIT))


def _compared(now: float, before: float | None) -> KeyFigure:
    """The change since the period before, as a note."""
    if before is None:
        return KeyFigure("", "", note=_("Nothing decided in the period before"))
    change = working_days(abs(now - before))
    if change == decimal(0):
        return KeyFigure("", "", note=_("As in the period before"))
    if now < before:
        note = _("%(days)s faster than in the period before", days=change)
        return KeyFigure("", "", note=note, tone="ok", icon="arrow-down")
    note = _("%(days)s slower than in the period before", days=change)
    return KeyFigure("", "", note=note, tone="warn", icon="arrow-up")


def _on_time(totals: Totals) -> KeyFigure:
    label, kept = _("Decided on time"), share(totals.in_time, totals.targeted)
    if kept is None:
        return KeyFigure(label, str(_NONE), note=_("No type here has a target"))
    if kept >= GOAL:
        note = _("At or above the goal of %(goal)s", goal=percent(GOAL))
        return KeyFigure(label, percent(kept), note=note, tone="ok", icon="check")
    note = ngettext(
        "%(n)s point under the goal of %(goal)s",
        "%(n)s points under the goal of %(goal)s",
        GOAL - kept,
        goal=percent(GOAL),
    )
    return KeyFigure(label, percent(kept), note=note, tone="warn", icon="exclamation-triangle")


def _more(totals: Totals) -> Sequence[tuple[str, str]]:
    """Figures that need no chart."""
    first = share(totals.first_pass, totals.decided)
    if first is None or totals.median_elapsed is None or totals.slow_elapsed is None:
        return ()
    return (
        (_("Decided in the first round, never sent back"), percent(first)),
        (_("Rounds per request"), decimal(totals.rounds / totals.decided)),
        (_("Escalations per request"), decimal(totals.escalations / totals.decided)),
        (_("Median in calendar days"), decimal(totals.median_elapsed / WHOLE_DAY)),
        (_("90th percentile in calendar days"), decimal(totals.slow_elapsed / WHOLE_DAY)),
        (_("Closed without a decision"), figure(totals.others)),
    )


def _time_chart(totals: Totals, target: int | None) -> Chart:
    numbers = totals.histogram(WORKING_DAY, BINS)
    edge = None if target is None else target / WORKING_DAY
    looks = ["late" if edge is not None and each >= edge else "c1" for each in range(BINS + 1)]
    names = [str(each) for each in range(BINS)]
    marks = []
    if totals.median is not None:
        middle = placed(totals.median / WORKING_DAY, 0, BINS + 1)
        words = _("Median %(days)s", days=working_days(totals.median))
        marks.append(Mark("mid", words, middle))
    if edge is not None:
        words = _("Target %(days)s", days=working_days(target or 0))
        marks.append(Mark("target", words, placed(edge, 0, BINS + 1)))
    rows = [(f"{each}–{each + 1}", numbers[each]) for each in range(BINS)]
    legend = [("c1", _("Within the target")), ("late", _("Over the target"))] if edge else []
    return Chart(
        "time",
        _("Time to decide"),
        _("working days, requests"),
        FigureTable((_("Working days"), _("Requests")), (*rows, (f"{BINS}+", numbers[BINS]))),
        tuple(legend),
        columns(
            [*names, f"{BINS}+"],
            [[(look, number)] for look, number in zip(looks, numbers, strict=True)],
            marks=marks,
            at_edges=True,
        ),
        empty="" if totals.decided else _("Nothing was decided in this period."),
    )


def _weeks_chart(scope: FigureScope, zone: ZoneInfo) -> Chart:
    known = {each.monday: each for each in insights.weeks(scope)}
    monday, end = scope.start.astimezone(zone).date(), scope.end.astimezone(zone).date()
    mondays = []
    while monday < end:
        mondays.append(monday)
        monday += timedelta(weeks=1)
    nothing = insights.WeekFigure(None, 0, 0, 0)
    weeks = [known.get(each, nothing) for each in mondays]
    names = [_("W%(n)s", n=each.isocalendar().week) for each in mondays]
    words = (_("Approved"), _("Returned"), _("Rejected"))
    return Chart(
        "weeks",
        _("Decisions per week"),
        _("calendar weeks"),
        FigureTable(
            (_("Week from"), *words),
            tuple(
                (day(at), each.approved, each.returned, each.rejected)
                for at, each in zip(mondays, weeks, strict=True)
            ),
        ),
        tuple(zip(("c1", "hatch", "dots"), words, strict=True)),
        columns(
            names,
            [
                [("c1", each.approved), ("hatch", each.returned), ("dots", each.rejected)]
                for each in weeks
            ],
        ),
        empty="" if known else _("Nothing was decided in this period."),
    )


def _stages_chart(scope: FigureScope) -> Chart:
    found = insights.slowest_stages(scope)
    longest = max((each.slow for each in found), default=1) or 1
    return Chart(
        "stages",
        _("Slowest stages"),
        _("working days from asked to decided"),
        FigureTable(
            (
                _("Stage"), _("Type"), _("Decisions"), _("Median"), _("90th percentile"),
                _("Days until opened"), _("Days from opened to decided"), _("Late"),
            ),
            tuple(
                (
                    each.stage_name, each.type_name, each.decisions, working_days(each.median),
                    working_days(each.slow), _some_days(each.waiting), _some_days(each.reviewing),
                    each.late,
                )
                for each in found
            ),
        ),
        (("c1", _("Median")), ("whisker", _("to the 90th percentile"))),
        bars=tuple(
            MeasuredBar(
                each.stage_name, each.type_name, placed(each.median, 0, longest), 0,
                placed(each.slow, 0, longest), (working_days(each.median), working_days(each.slow)),
            )
            for each in found
        ),
        empty="" if found else _("Too few decisions in this period."),
    )  # fmt: skip


def _some_days(minutes: float | None) -> str:
    return str(_NONE) if minutes is None else decimal(minutes / WHOLE_DAY)


def _load_chart(scope: FigureScope) -> Chart:
    found = insights.load_by_group(scope)
    most = max((each.open for each in found), default=1)
    return Chart(
        "load",
        _("Load by group"),
        _("open tasks now"),
        FigureTable(
            (_("Group"), _("People"), _("Open"), _("Overdue")),
            tuple((each.name, each.people, each.open, each.late) for each in found),
        ),
        (("c1", _("On time")), ("late", _("Overdue"))),
        bars=tuple(
            MeasuredBar(
                each.name,
                ngettext("%(n)s person", "%(n)s people", each.people) if each.people else "",
                placed(each.open - each.late, 0, most),
                placed(each.late, 0, most),
                0,
                (figure(each.open), figure(each.late)),
            )
            for each in found
        ),
        empty="" if found else _("No group is asked at the moment."),
    )


_USES = (
    ("review", lazy("With the approvers")), ("settling", lazy("Decided, could be undone")),
    ("nobody", lazy("No approver found")), ("question", lazy("Waiting for information")),
    ("returned", lazy("Returned to the requester")), ("held", lazy("On hold")),
)  # fmt: skip


def _uses_chart(totals: Totals) -> Chart:
    spent: Mapping[str, int] = {name: getattr(totals, name) for name, _words in _USES}
    whole = sum(spent.values())
    used = [(str(words), spent[name]) for name, words in _USES if spent[name]]
    parts = [(words, minutes, share(minutes, whole) or 0) for words, minutes in used]
    return Chart(
        "uses",
        _("Where the time goes"),
        _("calendar time of decided requests"),
        FigureTable(
            (_("Spent on"), _("Days per request"), _("Share")),
            tuple(
                (words, decimal(minutes / WHOLE_DAY / totals.decided), percent(part))
                for words, minutes, part in parts
            ),
        ),
        bars=tuple(
            MeasuredBar(
                words, "", placed(minutes, 0, whole), 0, 0,
                (decimal(minutes / WHOLE_DAY / totals.decided), percent(part)),
            )
            for words, minutes, part in parts
        ),
        empty="" if whole and totals.decided else _("Nothing was decided in this period."),
    )  # fmt: skip


def _open_chart(ages: insights.OpenAge) -> Chart:
    named = (
        (_("Up to a day"), ages.day), (_("Up to a week"), ages.week),
        (_("Up to 30 days"), ages.month), (_("Longer"), ages.longer),
    )  # fmt: skip
    most = max(number for _name, number in named) or 1
    return Chart(
        "open",
        _("Open requests by age"),
        _("now"),
        FigureTable((_("Age"), _("Requests")), named),
        bars=tuple(
            MeasuredBar(name, "", placed(number, 0, most), 0, 0, (figure(number),))
            for name, number in named
        ),
        empty="" if ages.total else _("No request is open."),
    )


def _unopened_chart(scope: FigureScope) -> Chart:
    found = insights.hasty(scope)
    return Chart(
        "unopened",
        _("Decided without being opened"),
        _("by groups of five or more"),
        FigureTable(
            (_("Group"), _("Type"), _("Decisions"), _("Unopened")),
            tuple((x.group_name, x.type_name, x.decisions, x.unopened) for x in found),
        ),
        bars=tuple(
            MeasuredBar(
                x.group_name, x.type_name, placed(x.unopened, 0, x.decisions), 0, 0,
                (figure(x.unopened), percent(share(x.unopened, x.decisions) or 0)),
            )
            for x in found
        ),
        empty="" if found else _("No decision that is known to have been taken unopened."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpentBar:
    """A stretch of one request's life: where it stands and how wide it is, in per cent."""

    words: str
    stage: str
    look: str
    start: datetime
    end: datetime
    x: float
    width: float


_LOOKS = {Use.RETURNED: "hatch", Use.HELD: "dots", Use.QUESTION: "hatch", Use.NOBODY: "late"}


def timeline(events: Iterable[EventRecord], request_id: str, now: datetime) -> tuple[SpentBar, ...]:
    """What one request's time went into, in order; what took less than a minute is left out.
    Nothing where its events cannot be read, as of an old engine: their list says what there is."""
    try:
        life = life_of(request_id, [each.typed() for each in events], now)
    except DomainError:
        return ()
    spent = [each for each in life.spent if each.minutes]
    if not spent:
        return ()
    begin, names = spent[0].start, dict(_USES)
    whole = (spent[-1].end - begin).total_seconds()
    return tuple(
        SpentBar(
            str(names[each.use.value]), each.stage, _LOOKS.get(each.use, "c1"),
            each.start, each.end,
            placed((each.start - begin).total_seconds(), 0, whole),
            placed((each.end - each.start).total_seconds(), 0, whole),
        )
        for each in spent
    )  # fmt: skip
