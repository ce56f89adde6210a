"""When a request may be finished, in words: a range with its basis, or why there is none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.domain.time.expected_finish import LEAST, QUICK, SLOW, Expected, Unsaid
from portal.presentation.times import day

# Over a longer range the time of day would only pretend to be exact.
LONG = timedelta(hours=30)


@dataclass(frozen=True, slots=True)
class Expectation:
    """`range`: "between 26 Nov 2026 and 1 Dec 2026", or the honest absence of one; `basis`: from
    what it was said."""

    range: str
    basis: str


def expectation(found: Expected | Unsaid, zone: ZoneInfo) -> Expectation:
    """The words, on the reader's clock."""
    if isinstance(found, Expected):
        return Expectation(_range(found.low, found.high, zone), _basis(found, zone))
    if found.is_longer:
        nearly = found.shorter < found.count
        before = f"{found.shorter} of the {found.count}" if nearly else f"all {found.count}"
        basis = f"The stage “{found.stage}” has waited longer than {before} before it."
        return Expectation("Cannot be said any more", basis)
    return Expectation("Too few to say", _too_few(found))


def _range(low: datetime, high: datetime, zone: ZoneInfo) -> str:
    first, last = low.astimezone(zone), high.astimezone(zone)
    if first.date() == last.date():
        if first.strftime("%H:%M") == last.strftime("%H:%M"):
            return f"about {day(first)}, {first:%H:%M}"
        return f"{day(first)}, between {first:%H:%M} and {last:%H:%M}"
    if high - low < LONG:
        return f"between {day(first)}, {first:%H:%M} and {day(last)}, {last:%H:%M}"
    return f"between {day(first)} and {day(last)}"


def _basis(found: Expected, zone: ZoneInfo) -> str:
    since = f" since {found.since.astimezone(zone):%B %Y}" if found.since else ""
    return (
        f"From {found.count} requests of this type{since}: each stage between the "
        f"{QUICK}th and the {SLOW}th percentile, with working hours and known absences."
    )


def _too_few(found: Unsaid) -> str:
    often = {0: "never ended", 1: "ended once"}.get(found.count, f"ended {found.count} times")
    return f"The stage “{found.stage}” has {often} before; a range takes {LEAST}."
