"""The statements behind the history; each is read from an index, whatever is asked for."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from portal.domain.request.state import Status
from portal.extensions import Question
from portal.models import Participant, Request
from portal.queries.request import Reader

SHORTEST_WORD = 2
MOST_WORDS = 8
WINDOW = 5_000
_NUMBER = re.compile(r"[A-Za-z]{1,8}-\d+")
# 6,336.00, 6.336,00, 6'336 and 6336.50: grouped by threes, or with one or two digits at the end.
_AMOUNT = re.compile(
    r"(?<![\w.,])(?P<whole>\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+|\d+(?=[.,]\d{1,2}(?![\w.,])))"
    r"(?:[.,]\d{1,2})?(?![\w]|[.,]\d)"
)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A request in the list: the columns of `portal.requests` of these names. `amount` is in minor
    units."""

    id: str
    number: str
    title: str
    type_name: str
    requester_name: str
    amount: int | None
    currency: str | None
    status: str
    stage_name: str | None
    submitted_at: datetime
    closed_at: datetime | None
    type_code: str = ""
    policy_version_id: str = ""


COLUMNS = tuple(getattr(Request, each.name) for each in fields(HistoryRow))


@dataclass(frozen=True, slots=True)
class HistoryCursor:
    """A row's place in the order."""

    submitted_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page lies: behind `before` (older), before `after` (newer), or at the beginning."""

    before: HistoryCursor | None = None
    after: HistoryCursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked for. `requesters` are ids, any of them. `since` and `until` bound the
    submission; `until` itself is outside. `among`: of these types alone. `query`: what the text
    asks for, where it was read already."""

    status: Status | None = None
    type_code: str | None = None
    requesters: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    among: tuple[str, ...] | None = None
    query: str | None = None

    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return any(getattr(self, entry.name) for entry in fields(self))

    @property
    def has_lists(self) -> bool:
        """Whether the statement depends on how many types or people are asked for."""
        several = self.requesters is not None and len(self.requesters) != 1
        return several or self.among is not None


# By which of their values there are: the rest of a statement follows from that.
_compiled: dict[tuple[Any, ...], Question] = {}


def question(
    reader: Reader, filters: Filters, limit: int, place: PagePlace
) -> tuple[Question, dict[str, Any]]:
    """The `statement` without words and lists, compiled once for each kind of filters, and its
    values."""
    every = {
        "reader": None if reader.reads_all else reader.id,
        "status": filters.status and filters.status.value,
        "type_code": filters.type_code,
        "requester": filters.requesters[0] if filters.requesters else None,
        "since": filters.since,
        "until": filters.until,
        "before": place.before and place.before.submitted_at,
        "before_id": place.before and place.before.id,
        "after": place.after and place.after.submitted_at,
        "after_id": place.after and place.after.id,
    }
    values = {name: value for name, value in every.items() if value is not None}
    kind = (limit, *values)
    if kind not in _compiled:
        _compiled[kind] = Question(statement(reader, filters, None, limit, place))
    return _compiled[kind], values


def statement(
    reader: Reader, filters: Filters, query: str | None, limit: int, place: PagePlace
) -> Select[*tuple[Any, ...]]:
    """A page by the order's own index: of all requests, or of the reader's own."""
    fits = [*_on_request(filters), *matching(filters.text, query)]
    if reader.reads_all:
        return _cut(select(*COLUMNS).where(*fits), filters, place, limit)
    # The offset keeps it from reading all requests: the person's rows are few, and come in order.
    mine = select(*COLUMNS).where(Request.id == Participant.request_id, *fits).offset(0)
    one = mine.correlate(Participant).lateral("one")
    theirs = select(one).select_from(Participant).join(one, true())
    order = Participant.submitted_at, Participant.request_id
    mine_alone = Participant.user_id == _named("reader", reader.id, Uuid(as_uuid=False))
    return _cut(theirs.where(mine_alone), filters, place, limit, order)


def among_newest(
    filters: Filters, query: str, limit: int, place: PagePlace
) -> Select[*tuple[Any, ...]]:
    """The matches within the next `WINDOW` requests that fit the other filters."""
    near = _cut(select(Request).where(*_on_request(filters)), filters, place, WINDOW)
    window = aliased(Request, near.subquery("near"))
    columns = [getattr(window, column.key) for column in COLUMNS]
    fits = matching(filters.text, query, window)
    order = window.submitted_at, window.id
    return _cut(select(*columns).where(*fits), Filters(), place, limit, order)


def by_words(
    filters: Filters, query: str, limit: int, place: PagePlace
) -> Select[*tuple[Any, ...]]:
    """All matches by the words' own index first, then everything else."""
    hits = select(Request).where(*matching("", query)).cte("hits").prefix_with("MATERIALIZED")
    found = aliased(Request, hits)
    columns = [getattr(found, column.key) for column in COLUMNS]
    fits = [*_on_request(filters, found), *_number(filters.text, found)]
    order = found.submitted_at, found.id
    return _cut(select(*columns).where(*fits), filters, place, limit, order)


def cut_by_place(
    rows: Select[*tuple[Any, ...]], place: PagePlace, limit: int, order: tuple[Any, Any]
) -> Select[*tuple[Any, ...]]:
    """The page of these rows behind or before the place, the nearest first."""
    if place.before is not None:
        rows = rows.where(tuple_(*order) < _values("before", place.before))
    if place.after is not None:
        rows = rows.where(tuple_(*order) > _values("after", place.after))
        return rows.order_by(*order).limit(limit)
    return rows.order_by(*(column.desc() for column in order)).limit(limit)


def _cut(
    rows: Select[*tuple[Any, ...]],
    filters: Filters,
    place: PagePlace,
    limit: int,
    order: tuple[Any, Any] = (Request.submitted_at, Request.id),
) -> Select[*tuple[Any, ...]]:
    """The page of these rows behind or before the place, in the order of the list."""
    return cut_by_place(rows.where(*_in_time(filters, order[0])), place, limit, order)


def _on_request(filters: Filters, row: Any = Request) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.status is not None:
        conditions.append(row.status == _named("status", filters.status.value, row.status.type))
    if filters.type_code is not None:
        conditions.append(
            row.type_code == _named("type_code", filters.type_code, row.type_code.type)
        )
    if filters.among is not None:
        conditions.append(row.type_code.in_(filters.among))
    if filters.requesters is not None and len(filters.requesters) == 1:
        conditions.append(
            row.requester_id == _named("requester", filters.requesters[0], row.requester_id.type)
        )
    elif filters.requesters is not None:
        conditions.append(row.requester_id.in_(filters.requesters))
    return conditions


def _in_time(filters: Filters, at: Any) -> list[ColumnElement[bool]]:
    bounds = []
    if filters.since is not None:
        bounds.append(at >= _named("since", filters.since, at.type))
    if filters.until is not None:
        bounds.append(at < _named("until", filters.until, at.type))
    return bounds


def matching(text: str, query: str | None, row: Any = Request) -> list[ColumnElement[bool]]:
    """What holds of a request whose texts have the words, and whose number is the one given."""
    if not query:
        return []
    matches = func.to_tsquery(literal_column("'portal.words'::regconfig"), query)
    return [row.search.bool_op("@@")(matches), *_number(text, row)]


def _number(text: str, row: Any = Request) -> list[ColumnElement[bool]]:
    if not _NUMBER.fullmatch(text.strip()):
        return []
    return [row.number.startswith(text.strip().upper(), autoescape=True)]


def merged(
    one: list[HistoryRow], other: list[HistoryRow], limit: int, place: PagePlace
) -> list[HistoryRow]:
    """Both lists as one in their order, each request once."""
    rows = {row.id: row for row in (*one, *other)}.values()
    found = sorted(rows, key=lambda row: (row.submitted_at, row.id), reverse=place.after is None)
    return found[:limit]


def _values(name: str, cursor: HistoryCursor) -> Any:
    at = _named(name, cursor.submitted_at, DateTime(timezone=True))
    return tuple_(at, _named(f"{name}_id", cursor.id, Uuid(as_uuid=False)))


def _named(name: str, value: Any, kind: Any) -> Any:
    """A value whose place in the statement has a name, so that it can be asked with another."""
    return bindparam(name, value, type_=kind)


def tsquery(text: str, others: Callable[[str], Iterable[str]] = lambda _word: ()) -> str | None:
    """Every word as a prefix, all of them wanted; None where no word is long enough to look for.
    `others`: what may stand in a word's place.

    Of a number such as PR-2052 only the figures: every other request begins with the same letters.
    An amount is known by its whole units, however they are grouped: 6,336.00 is 6336.
    """
    if _NUMBER.fullmatch(text.strip()):
        return f"{re.sub(r'[^0-9]', '', text)}:*"
    return " & ".join(_alternatives(word, others(word)) for word in words_in(text)) or None


def _alternatives(word: str, others: Iterable[str]) -> str:
    """A word's beginning, or one of the other texts as they stand, as PostgreSQL parts them."""
    quoted = (each.replace("\\", "").replace("'", "''") for each in others)
    found = [f"{word}:*", *(f"'{each}'" for each in quoted if len(each) >= SHORTEST_WORD)]
    return found[0] if len(found) == 1 else f"({' | '.join(found)})"


def words_in(text: str) -> list[str]:
    """The words of a search that are looked for, in small letters."""
    whole = _AMOUNT.sub(lambda found: re.sub(r"\D", "", found["whole"]), text.lower())
    words = [word for word in re.split(r"[\W_]+", whole) if len(word) >= SHORTEST_WORD]
    return words[:MOST_WORDS]
