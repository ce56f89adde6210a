"""Working hours and days off as people write them, and what can happen to a calendar."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from portal.domain.marked import msgid, sentence

DAY_NAMES = (
    msgid("Monday"), msgid("Tuesday"), msgid("Wednesday"), msgid("Thursday"), msgid("Friday"),
    msgid("Saturday"), msgid("Sunday"),
)  # fmt: skip
CLOSED = msgid("closed")
# One day, two, more.
_BETWEEN = ("%(first)s", msgid("%(first)s and %(last)s"), msgid("%(first)s to %(last)s"))
MOST_HOURS = 8
MOST_DAYS = 400
LONGEST_NAME = 80

Written = list[list[str]]  # as the table has it: [["08:00", "12:00"], ["13:00", "17:00"]]


class CalendarChangeKind(StrEnum):
    """A change to a calendar, as `portal.calendar_changes` keeps it. TYPE: a request type goes by
    it from now on, or no longer."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"
    TYPE = "type_changed"


def read_hours(text: str) -> Written:
    """ "8-12, 13:00-17:30" as intervals of one day. Raises ValueError: how to put it right."""
    intervals = [_interval(part) for part in re.split(r"[,;\n]", text) if part.strip()]
    if len(intervals) > MOST_HOURS:
        raise _wrong(msgid("%(label)s must have at most %(most)s intervals."), most=MOST_HOURS)
    for before, after in pairwise(intervals):
        if after[0] < before[1]:
            raise _wrong(
                msgid(
                    "%(label)s must not overlap, and be in order: %(before)s and %(after)s do not"
                    " go together."
                ),
                before=_words(before),
                after=_words(after),
            )
    return intervals


def hours_words(intervals: Sequence[Sequence[str]], translate: Callable[[str], str] = str) -> str:
    """ "08:00–12:00, 13:00–17:30", or "closed"."""
    return ", ".join(_words(each) for each in intervals) or translate(CLOSED)


def week_words(
    hours: Mapping[str, Sequence[Sequence[str]]], translate: Callable[[str], str] = str
) -> list[str]:
    """ "Monday to Friday 08:00–17:00" and so on: days in a row with the same hours stand together;
    days off are left out."""
    days = [hours_words(hours.get(str(number), ())) for number in range(1, 8)]
    lines, first = [], 0
    for last, words in enumerate(days):
        if last < 6 and days[last + 1] == words:
            continue
        if words != CLOSED:
            between = _BETWEEN[min(last - first, 2)]
            names = {"first": translate(DAY_NAMES[first]), "last": translate(DAY_NAMES[last])}
            lines.append(f"{translate(between) % names} {words}")
        first = last + 1
    return lines


def read_days(text: str) -> dict[str, str]:
    """A day on each line, with its name behind it: names by ISO date. Raises ValueError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_DAYS:
        raise _wrong(msgid("%(label)s must have at most %(most)s lines."), most=MOST_DAYS)
    days: dict[str, str] = {}
    for line in lines:
        written, _, name = line.partition(" ")
        day = _day(written)
        if day in days:
            raise _wrong(
                msgid("%(label)s must have each day once: %(day)s stands there twice."), day=day
            )
        if len(name) > LONGEST_NAME:
            raise _wrong(
                msgid("%(label)s must have names of at most %(most)s characters: see %(day)s."),
                most=LONGEST_NAME,
                day=day,
            )
        days[day] = name.strip()
    return dict(sorted(days.items()))


def days_text(days: Mapping[str, str] | Iterable[str]) -> str:
    """What `read_days` reads."""
    names = days if isinstance(days, Mapping) else dict.fromkeys(days, "")
    return "\n".join(f"{day} {name}".strip() for day, name in sorted(names.items()))


def _day(written: str) -> str:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise _wrong(
            msgid(
                "%(label)s must have lines such as “2026-12-24 Christmas Eve”; this one begins with"
                " no day: %(line)s"
            ),
            line=written[:LONGEST_NAME],
        ) from None
    if not 1970 <= day.year <= 2200:
        raise _wrong(
            msgid("%(label)s must have days between 1970 and 2200: %(day)s is not."), day=day
        )
    return day.isoformat()


def _interval(part: str) -> list[str]:
    ends = re.split(r"\s*(?:-|\u2013|\u2014|\bto\b)\s*", part.strip())
    if len(ends) != 2:
        raise _wrong(
            msgid("%(label)s must be written like 08:00-12:00, 13:00-17:00; “%(part)s” is not."),
            part=part.strip()[:40],
        )
    opens, closes = (_clock(end) for end in ends)
    if opens >= closes:
        raise _wrong(
            msgid(
                "%(label)s must end later than it begins: %(opens)s–%(closes)s does not. For a"
                " night write until 24:00, and from 00:00 on the next day."
            ),
            opens=opens,
            closes=closes,
        )
    return [opens, closes]


def _clock(text: str) -> str:
    """ "8", "8:00", "08.00" and "24:00" as two digits each."""
    found = re.fullmatch(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?", text)
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise _wrong(
            msgid("%(label)s must have times from 00:00 to 24:00; “%(time)s” is none."),
            time=text[:20],
        )
    return f"{hour:02}:{minute:02}"


def _wrong(text: str, /, **values: Any) -> ValueError:
    """A sentence with a place for the label of what was typed."""
    return ValueError(sentence(text, label="%(label)s", **values))


def _words(interval: Sequence[str]) -> str:
    return "–".join(interval)
