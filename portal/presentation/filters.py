"""The words that templates know: filters and globals, bound to the reader's viewpoint."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from markupsafe import Markup, escape

from portal.domain.notices.troubles import recognised
from portal.presentation import bulk, labels, times
from portal.presentation.expecting import expectation
from portal.presentation.labels import said
from portal.presentation.money import file_size, money
from portal.presentation.times import Viewpoint, ViewpointSource
from portal.translation import current, tell

# A host follows: `https://` alone is no address, and neither is what begins within a word.
ADDRESS = re.compile(r"(?<!\w)https?://\w[^\s<>\"]*", re.IGNORECASE)
LINK = Markup('<a href="{0}" rel="nofollow noopener ugc">{0}</a>')
# What stands at a text that people typed: in whichever direction it was written, and in no language
# that we know, so that screen readers do not read it as one of the interface.
TYPED = Markup(' lang="" dir="auto"')
SENTENCE_ENDS = frozenset(".,;:!?'")
CLOSING = {")": "(", "]": "[", "}": "{"}


def time_tag(at: date | None, mode: str, viewpoint: ViewpointSource) -> Markup:
    """`<time datetime>` in UTC around words for the reader.

    `mode`: rounded ("Wed 2 Dec", an hour only for today and tomorrow), ahead (the same with how
    long until then), ago (with how long since), weekday (the day alone), relative,
    absolute, both, exact (to the second, with the zone), clock (seconds, for
    rows under a day heading), hour (hours and minutes alone) or date. None is an en dash.
    """
    if at is None:
        return Markup("–")
    if not isinstance(at, datetime):
        today = viewpoint().now.date()
        words = times.calendar_day(at, today) if mode in ("rounded", "weekday") else times.day(at)
        return _time(at.isoformat(), words)
    return _time(times.iso_utc(at), _moment_words(at, mode, viewpoint()))


def until_tag(at: datetime, view: Viewpoint) -> Markup:
    """`Wed 9 Dec`: the last day of something on the reader's clock, or a moment of it."""
    return _time(times.iso_utc(at), times.until(at, view.now, view.zone))


def _time(machine: str, words: str) -> Markup:
    # Both are made of digits and this package's own words: nothing in them can be markup.
    return Markup(f'<time datetime="{machine}">{words}</time>')  # noqa: S704


def _moment_words(at: datetime, mode: str, view: Viewpoint) -> str:
    return MODES[mode](at, view) if mode in MODES else times.absolute(at, view.zone)


MODES: dict[str, Callable[[datetime, Viewpoint], str]] = {
    "relative": lambda at, view: times.relative(at, view.now),
    "rounded": lambda at, view: times.rounded(at, view.now, view.zone),
    "ahead": lambda at, view: times.ahead(at, view.now, view.zone),
    "ago": lambda at, view: times.ago(at, view.now, view.zone),
    "weekday": lambda at, view: times.weekday(at, view.now, view.zone),
    "both": lambda at, view: f"{times.absolute(at, view.zone)} ({times.relative(at, view.now)})",
    "exact": lambda at, view: times.exact(at, view.zone),
    "audit": lambda at, view: times.exact(at, view.zone),
    "hour": lambda at, view: times.clock(at.astimezone(view.zone)),
    "clock": lambda at, view: times.clock(at.astimezone(view.zone), seconds=True),
    "date": lambda at, view: times.day(at.astimezone(view.zone)),
}


def money_tag(minor: int | None, currency: str | None) -> Markup:
    """The amount in tabular figures that never break over two lines; empty without an amount."""
    if minor is None or not currency:
        return Markup("")
    return _money_tag(minor, currency, current().code)


@lru_cache(maxsize=4096)
def _money_tag(minor: int, currency: str, _language: str) -> Markup:
    return Markup('<span class="money">{}</span>').format(money(minor, currency))


def paragraphs(text: str) -> Markup:
    """Text that people typed, with its line breaks and nothing else of it."""
    lines = [escape(line) for line in text.strip().splitlines()]
    return Markup("<br>").join(lines)


def linked(text: str) -> Markup:
    """The same, with its web addresses as links that lend the portal's good name to nobody."""
    return Markup("<br>").join(_linked(line) for line in text.strip().splitlines())


def _linked(line: str) -> Markup:
    parts, end = Markup(""), 0
    for found in ADDRESS.finditer(line):
        address = _without_ending(found.group())
        parts += escape(line[end : found.start()]) + LINK.format(address)
        end = found.start() + len(address)
    return parts + escape(line[end:])


def _without_ending(address: str) -> str:
    """The address without what ends the sentence around it, such as a full stop or a bracket."""
    while address[-1] in SENTENCE_ENDS or (
        address[-1] in CLOSING and address.count(address[-1]) > address.count(CLOSING[address[-1]])
    ):
        address = address[:-1]
    return address


def trouble(kept: str | None) -> str:
    """Why a message did not go out, in the reader's language; what is none of ours as it is."""
    found = recognised(kept) if kept else None
    return tell(found) if found else kept or ""


def now(viewpoint: ViewpointSource) -> Callable[[], datetime]:
    """The moment of the page, as templates ask for it."""
    return lambda: viewpoint().now


_OF_LABELS: dict[str, Any] = {
    "status_label": labels.status,
    "priority_label": labels.priority,
    "decision_label": labels.decision,
    "people_count": labels.people,
    "listed": labels.listed,
    "some": labels.some,
    "requests_words": bulk.requests_words,
    "count_words": labels.count,
    "figure": labels.figure,
    "role_label": labels.role,
    "words": labels.words_of,
    "told": labels.told,
}


def filters(viewpoint: ViewpointSource) -> dict[str, Any]:
    """All filters by name."""

    def when(at: date | None, mode: str = "absolute") -> Markup:
        return time_tag(at, mode, viewpoint)

    def waiting(at: datetime) -> Markup:
        return _time(times.iso_utc(at), times.span(viewpoint().now - at))

    def due(at: datetime | None) -> times.Due:
        view = viewpoint()
        return times.due(at, view.now, view.zone)

    return {
        "when": when,
        "until": lambda at: until_tag(at, viewpoint()),
        "waiting": waiting,
        "expectation": lambda found: expectation(found, viewpoint()),
        "money": money_tag,
        "money_words": money,
        "reason_words": said,
        "translated": tell,
        "trouble": trouble,
        "due_state": due,
        "day_heading": lambda at: times.day_heading(at, viewpoint().zone),
        "length_words": times.length,
        "file_size": file_size,
        "paragraphs": paragraphs,
        "linked": linked,
        **_OF_LABELS,
        "runs": runs,
    }


def runs(items: Iterable[Any], name: str) -> list[tuple[Any, list[Any]]]:
    """Items in their order, those that follow each other with the same value of that attribute
    together; the value with each."""
    return [(value, list(run)) for value, run in groupby(items, key=attrgetter(name))]


def zone_words(viewpoint: ViewpointSource) -> Callable[..., str]:
    """A function that names the reader's time zone, long or short."""

    def words(*, short: bool = False) -> str:
        view = viewpoint()
        return times.zone_name(view.zone, view.now, short=short)

    return words
