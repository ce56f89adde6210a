"""What else lies in the days that a request asks for: the person's own leave, and the team's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from portal.domain.time.day_ranges import DayRange, ranges_in
from portal.presentation import labels
from portal.presentation.labels import range_words
from portal.queries import leave
from portal.queries.leave import Leave
from portal.queries.request import RequestRecord
from portal.translation import _


@dataclass(frozen=True, slots=True)
class LeaveBeside:
    """Sentences about the person's other leave in these days, with the address of each request, and
    who of the team is away in them: names and days."""

    own: tuple[tuple[str, str], ...] = ()
    team: tuple[tuple[str, str], ...] = ()
    is_about_days: bool = False


def warnings(values: Mapping[str, Any], person_id: str) -> tuple[str, ...]:
    """Other open or approved leave in the days of a new request, a sentence each."""
    return tuple(
        overlap_words(each)
        for given in ranges_in(values)
        for each in leave.others_of(person_id, given)
    )


def beside(record: RequestRecord, *, team: bool) -> LeaveBeside:
    """The same for a request that is there; with `team`, also who else is away."""
    given = ranges_in(record.fields)
    person = record.on_behalf_of or record.requester_id
    others = [each for one in given for each in leave.others_of(person, one, record.id)]
    away = [each for one in given for each in leave.team_of(person, one)] if team else []
    return LeaveBeside(
        own=tuple((overlap_words(e), url_for("requests.show", number=e.number)) for e in others),
        team=tuple(dict.fromkeys((each.name, _days(each.range, each)) for each in away)),
        is_about_days=bool(given),
    )


def overlap_words(each: Leave) -> str:
    """A sentence about one request."""
    status = labels.status(each.status).words
    return _("Overlaps with %(number)s, %(title)s: %(days)s (%(status)s).", number=each.number,
             title=each.title, days=range_words(each.range), status=status)  # fmt: skip


def _days(given: DayRange, each: Leave) -> str:
    words = range_words(given)
    if not each.status:
        return words
    status = labels.status(each.status).words
    return _("%(days)s (%(status)s)", days=words, status=status)
