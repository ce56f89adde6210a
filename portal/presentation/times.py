"""Times in words, from a viewpoint: the moment and the zone of one reader. No function looks at a
clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import inf
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_datetime_format,
    get_timezone_location,
    get_timezone_name,
)

from portal.translation import _, current, language, ngettext

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
Unit = Literal["minute", "hour", "day", "month", "year"]
# As CLDR's patterns count them.
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "month": 2_592_000, "year": 31_536_000}
_DUE_LOOKS = {
    "overdue": ("bad", "exclamation-triangle"),
    "today": ("warn", "clock"),
    "later": ("neutral", "calendar"),
}
# How this product writes days in English, by CLDR's names of patterns; other languages have theirs.
_ENGLISH = {
    "yMMMd": "d MMM y",
    "MMMEd": "EEE d MMM",
    "yMMMEd": "EEE d MMM y",
    "yMMMM": "MMMM y",
    "yMMMMEEEEd": "EEEE d MMMM y",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline as people read it. `kind` is overdue, today, later or none; `length` is the
    time left or over, in hours within a day of it; `moment` and `today` are on the reader's clock,
    `left` is how long it is from now until then."""

    kind: str
    length: str = ""
    moment: datetime | None = None
    today: date | None = None
    left: timedelta = timedelta()

    @property
    def wait(self) -> str:
        """How long until then as `in 4 h`, by days after today; empty where it is over."""
        if self.moment is None or self.today is None or self.kind == "overdue":
            return ""
        days = (self.moment.date() - self.today).days
        return _directed("day", days) if days else _directed(*_largest(self.left))

    @property
    def tone(self) -> str:
        """bad, warn or neutral."""
        return _DUE_LOOKS.get(self.kind, ("neutral", ""))[0]

    @property
    def sign(self) -> str:
        """The icon that says the same as the tone; empty without a deadline."""
        return _DUE_LOOKS.get(self.kind, ("neutral", ""))[1]

    @property
    def short(self) -> str:
        """`1 day overdue`, `4 h left`, for lists."""
        if self.kind == "none":
            return _("no deadline")
        if self.kind == "overdue":
            return _("%(length)s overdue", length=self.length)
        return _("%(length)s left", length=self.length)

    @property
    def long(self) -> str:
        """`Due today at 19:50, in 4 h`, `Due Wed 2 Dec, in 3 days`, for the page of one request."""
        if self.moment is None or self.today is None:
            return _("No deadline")
        if self.kind == "overdue":
            return self.short
        days = (self.moment.date() - self.today).days
        words = _rounded(self.moment, self.today)
        if days == 1:
            return _("Due %(moment)s", moment=words)
        return _("Due %(moment)s, %(wait)s", moment=words, wait=self.wait)


def iso_utc(at: datetime) -> str:
    """ISO 8601 in UTC to the second, for `<time datetime>`."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def day(at: date) -> str:
    """`6 Oct 2026`. A datetime must already be in the reader's zone."""
    return _written(at, "yMMMd")


def month(at: date) -> str:
    """`October 2026`."""
    return _written(at, "yMMMM")


def _written(at: date, pattern: str) -> str:
    return _in_language(date(at.year, at.month, at.day), pattern, current().code)


@lru_cache(maxsize=8192)
def _in_language(at: date, pattern: str, code: str) -> str:
    locale = language(code).locale
    if locale.language == "en":
        return format_date(at, _ENGLISH[pattern], locale)
    if pattern == "yMMMMEEEEd":
        return format_date(at, "full", locale)
    return str(format_skeleton(pattern, at, locale=locale))


def absolute(at: datetime, zone: ZoneInfo) -> str:
    """`6 Oct 2026, 20:20` on the reader's clock."""
    local = at.astimezone(zone)
    return together(day(local), clock(local))


def exact(at: datetime, zone: ZoneInfo) -> str:
    """`6 Oct 2026, 20:20:17 CEST`: to the second and with the zone, for proof."""
    local = at.astimezone(zone)
    return f"{together(day(local), clock(local, seconds=True))} {local.tzname()}"


def clock(local: datetime | time, *, seconds: bool = False) -> str:
    """`20:20`, or `20:20:17`: hours of a day as the language writes them."""
    if current().is_english:
        return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    locale = current().locale
    # Without its zone: Babel would take the time to UTC.
    return str(
        format_time(local.replace(tzinfo=None), "medium" if seconds else "short", locale=locale)
    )


def together(day_words: str, clock_words: str) -> str:
    """A day and a time of it: `6 Oct 2026, 20:20`."""
    pattern = str(get_datetime_format("medium", locale=current().locale)).replace("'", "")
    return pattern.replace("{1}", day_words).replace("{0}", clock_words)


def calendar_day(at: date, today: date) -> str:
    """`Wed 2 Dec`; the year only if it is not this one: `Fri 15 Jan 2027`."""
    return _written(at, "MMMEd" if at.year == today.year else "yMMMEd")


def weekday_and_day(at: date) -> str:
    """`Thu 24 Dec 2026`."""
    return _written(at, "yMMMEd")


def rounded(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment as people can use it: `Wed 2 Dec`, `today at 17:00`, `tomorrow at 09:00`."""
    return _rounded(at.astimezone(zone), now.astimezone(zone).date())


def weekday(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The day alone: `Wed 2 Dec`."""
    return calendar_day(at.astimezone(zone).date(), now.astimezone(zone).date())


def until(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The last day of what ends with a day: `Wed 9 Dec`; else its moment: `Wed 9 Dec at 14:30`."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.time() == time.min:
        return calendar_day(local.date() - _DAY, today)
    return _at(calendar_day(local.date(), today), local)


def _at(words: str, local: datetime) -> str:
    return _("%(day)s at %(time)s", day=words, time=clock(local))


def _rounded(local: datetime, today: date) -> str:
    days = (local.date() - today).days
    if days == 0:
        return _("today at %(time)s", time=clock(local))
    if days == 1:
        return _("tomorrow at %(time)s", time=clock(local))
    return calendar_day(local.date(), today)


def ahead(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The same with how long it is until then: `Wed 2 Dec, in 3 days`, `today at 17:00, in 4 h`."""
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    words = rounded(at, now, zone)
    if days > 1:
        return _("%(moment)s, %(wait)s", moment=words, wait=_directed("day", days))
    if days == 0 and at > now:
        return _("%(moment)s, %(wait)s", moment=words, wait=_directed(*_largest(at - now)))
    return words


def ago(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Since when: `Fri 27 Nov (2 days)`, `today at 09:40`."""
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    words = rounded(at, now, zone)
    return words if days < 1 else f"{words} ({_days(days)})"


def about(of: timedelta) -> str:
    """A usual length, rounded to what people can use: `2 days`, `18 hours`."""
    return length(timedelta(days=round(of / _DAY))) if of >= _DAY else length(of)


def length(of: timedelta) -> str:
    """A length of time as people say it: `4 days`, `3 hours`, `less than an hour`."""
    hours = of // _HOUR
    if hours < 1:
        return _("less than an hour")
    if hours < 24:
        return ngettext("%(n)s hour", "%(n)s hours", hours)
    return _days(hours // 24)


def _days(number: int) -> str:
    return _spanned("day", number)


def day_heading(at: date, zone: ZoneInfo | None = None) -> str:
    """`Thursday 8 October 2026`."""
    local = at.astimezone(zone) if isinstance(at, datetime) and zone else at
    return _written(local, "yMMMMEEEEd")


def span(length: timedelta) -> str:
    """A length of time in its largest sensible unit, rounded down: `28 h`, `2 days`."""
    return _spanned(*_largest(length))


def _largest(length: timedelta) -> tuple[Unit, int]:
    """The largest sensible unit of a length, and how many of it; no seconds are less than a
    minute."""
    length = abs(length)
    if length < _HOUR:
        return "minute", length // _MINUTE
    if length < 2 * _DAY:
        return "hour", length // _HOUR
    days = length // _DAY
    if days < 60:
        return "day", days
    return ("month", days // 30) if days < 730 else ("year", days // 365)


def _spanned(unit: Unit, number: int) -> str:
    return _spanned_in(current().code, unit, number)


@lru_cache(maxsize=4096)
def _spanned_in(_language: str, unit: Unit, number: int) -> str:
    if unit == "minute":
        if not number:
            return _("under 1 min")
        return ngettext("%(n)s min", "%(n)s min", number)
    if unit == "hour":
        return ngettext("%(n)s h", "%(n)s h", number)
    if unit == "day":
        return ngettext("%(n)s day", "%(n)s days", number)
    if unit == "month":
        return ngettext("%(n)s month", "%(n)s months", number)
    return ngettext("%(n)s year", "%(n)s years", number)


def _directed(unit: Unit, number: int, *, ahead: bool = True) -> str:
    """`in 4 h`, `2 days ago`. Others bend the unit after such a word: theirs are CLDR's."""
    if current().is_english or not number:
        length = _spanned(unit, number)
        return _("in %(length)s", length=length) if ahead else _("%(length)s ago", length=length)
    of = timedelta(seconds=number * _SECONDS[unit])
    return str(
        format_timedelta(
            of if ahead else -of, unit, threshold=inf, add_direction=True, locale=current().locale
        )
    )


def relative(at: datetime, now: datetime) -> str:
    """`2 days ago`, `in 4 h`, or `just now` within a minute either way."""
    if abs(at - now) < _MINUTE:
        return _("just now")
    return _directed(*_largest(at - now), ahead=at > now)


def due(at: datetime | None, now: datetime, zone: ZoneInfo) -> Due:
    """How a deadline stands. Overdue from the moment itself; today is the reader's calendar day."""
    if at is None:
        return Due("none")
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    kind = "overdue" if at <= now else "today" if local.date() == today else "later"
    days = (local.date() - today).days if at > now else (now - at) // _DAY
    length = _days(days) if abs(at - now) >= _DAY else span(at - now)
    return Due(kind, length, local, today, at - now)


def zone_name(zone: ZoneInfo, now: datetime, *, short: bool = False) -> str:
    """`Berlin time (CEST, UTC+2)`, short `Berlin time (CEST)`, or `UTC`: as in force at `now`."""
    local = now.astimezone(zone)
    offset = _offset_words(local.utcoffset() or timedelta())
    place = zone.key.rpartition("/")[2].replace("_", " ")
    if not current().is_english and "/" in zone.key:
        place = get_timezone_location(zone, locale=current().locale, return_city=True)
    if place in {"UTC", "GMT"}:
        return "UTC"
    abbreviation = _abbreviated(local.tzname() or "", local)
    named = abbreviation.isalpha() and abbreviation != offset
    if not named:
        return _("%(place)s time (%(offset)s)", place=place, offset=offset)
    if short:
        return _("%(place)s time (%(offset)s)", place=place, offset=abbreviation)
    return _("%(place)s time (%(offset)s)", place=place, offset=f"{abbreviation}, {offset}")


def _abbreviated(usual: str, local: datetime) -> str:
    """What the reader's language calls the zone (German: MEZ); where it says the distance from UTC
    only, what English does."""
    if current().is_english:
        return usual
    found = get_timezone_name(local, width="short", locale=current().locale)
    return found if found.isalpha() else usual


def _offset_words(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """One reader at one moment. A page is drawn from a single viewpoint, so its times agree."""

    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


ViewpointSource = Callable[[], Viewpoint]


def zone_named(name: str | None) -> ZoneInfo:
    """The zone of that name; UTC when it is missing or unknown, for a page must still be drawn."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def utc_viewpoint() -> Viewpoint:
    """For pages without a signed-in person."""
    return Viewpoint(now=datetime.now(UTC))
