"""Every event and act in the one order of the log, filtered; what is not sealed yet stands above.

Three zones follow each other, the newest first: the queue of what waits for its seal, leaves that
the index lacks still (few, and mostly none), and the index, of which each filter walks an order of
its own. A place is a leaf's number, or `q` and a place in the queue.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
    union_all,
)

from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.models import (
    AuditAct,
    AuditBlock,
    AuditEvent,
    AuditIndex,
    AuditLeaf,
    AuditQueue,
    Request,
)
from portal.models.audit import ACT_WORDS, BLOCK
from portal.queries.history_statements import matching, tsquery

PAGE = 50
COUNTED = 1_000
# How many of the newest are looked through one by one: what is not in the index, and common words.
WINDOW = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """What an auditor looks for; None and "" filter nothing, an empty tuple finds nothing. `who`
    and `for_whom`: ids of people, "system", or "" for whom nobody signed in as."""

    since: datetime | None = None
    until: datetime | None = None
    who: tuple[str, ...] | None = None
    for_whom: tuple[str, ...] | None = None
    kind: str | None = None
    request_id: str | None = None
    type_code: str | None = None
    text: str = ""

    def any(self) -> bool:
        """Whether anything is left out."""
        return self != AuditFilters()


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """A place in the order. `zone`: 0 the queue, 1 the leaves."""

    zone: int
    number: int

    def __str__(self) -> str:
        return f"{'' if self.zone else 'q'}{self.number}"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event (`seq` above 0) or an act. `number`: its leaf, or its place in the queue while
    `is_sealed` is false."""

    number: int
    subject_id: str
    seq: int
    at: datetime
    kind: str
    actor: str
    on_behalf_of: str | None
    type_code: str | None
    is_sealed: bool = True

    @property
    def place(self) -> AuditPlace:
        """Where it stands."""
        return AuditPlace(int(self.is_sealed), self.number)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Up to `PAGE` entries, the newest first; where the neighbouring pages begin."""

    entries: tuple[AuditEntry, ...]
    older: AuditPlace | None = None
    newer: AuditPlace | None = None


def page(
    filters: AuditFilters, before: AuditPlace | None = None, after: AuditPlace | None = None
) -> AuditPage:
    """The entries behind `before`, or the nearest before `after`, or the newest of all."""
    if after is not None:
        found = entries(filters, PAGE + 1, after, upwards=True)
        shown = tuple(reversed(found[:PAGE]))
        more_newer, more_older = len(found) > PAGE, bool(shown)
    else:
        found = entries(filters, PAGE + 1, before)
        shown = tuple(found[:PAGE])
        more_newer, more_older = before is not None and bool(shown), len(found) > PAGE
    return AuditPage(
        shown,
        older=shown[-1].place if more_older else None,
        newer=shown[0].place if more_newer else None,
    )


def count(filters: AuditFilters) -> int:
    """How many there are, up to one more than `COUNTED`."""
    return len(entries(filters, COUNTED + 1))


def indexed() -> int:
    """How many leaves are in the index: all below this number."""
    newest = select(func.coalesce(func.max(AuditIndex.number) + 1, 0))
    return int(db.session.execute(newest).scalar_one())


def entries(
    filters: AuditFilters,
    most: int,
    place: AuditPlace | None = None,
    *,
    upwards: bool = False,
) -> list[AuditEntry]:
    """So many behind a place, the nearest first; `upwards`: before it."""
    if any(each == () for each in (filters.who, filters.for_whom)):
        return []
    query = tsquery(filters.text)
    if filters.text and query is None:
        return []
    search = _Search(filters, query, indexed(), upwards)
    zones: list[Callable[[int, AuditPlace | None], list[AuditEntry]]] = [
        search.queued, search.fresh, search.listed,
    ]  # fmt: skip
    found: list[AuditEntry] = []
    for zone in reversed(zones) if upwards else zones:
        if len(found) < most:
            found += zone(most - len(found), place)
    return found


def ascending(filters: AuditFilters, start: int, end: int, most: int) -> list[AuditEntry]:
    """So many leaves from `start` on and below `end`, in the order of the log; all of them are in
    the index."""
    query = tsquery(filters.text)
    if any(each == () for each in (filters.who, filters.for_whom)) or (filters.text and not query):
        return []
    search = _Search(filters, query, min(end, indexed()), upwards=True)
    return search.listed(most, AuditPlace(1, start - 1))


def first_of(
    filters: AuditFilters, request_ids: Sequence[str], start: int, end: int
) -> dict[str, int]:
    """The first leaf of each of these requests that matches, between two leaves."""
    every = _events_of(filters, request_ids, start, end).subquery("every")
    rows = select(every.c.subject_id, func.min(every.c.number)).group_by(every.c.subject_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def cases(
    filters: AuditFilters, request_ids: Sequence[str], start: int, end: int
) -> list[AuditEntry]:
    """The events of these requests that match, request by request, between two leaves."""
    rows = _events_of(filters, request_ids, start, end)
    return _read(rows.order_by(AuditIndex.subject_id, AuditIndex.number))


def _events_of(
    filters: AuditFilters, request_ids: Sequence[str], start: int, end: int
) -> Select[*tuple[Any, ...]]:
    search, row = _Search(filters, None, end, upwards=True), AuditIndex
    rows = select(*_COLUMNS).where(
        row.subject_id.in_(request_ids), row.seq > 0, row.number >= start, row.number < end,
        *search.fits(row.at, row.kind, row.subject_id),
    )  # fmt: skip
    if filters.who is not None:
        rows = rows.where(row.actor.in_(filters.who))
    if filters.for_whom is not None:
        rows = rows.where(row.on_behalf_of.in_(filters.for_whom))
    return rows


@dataclass
class _Search:
    """One search over the zones; `size`: how many leaves the index has."""

    filters: AuditFilters
    query: str | None
    size: int
    upwards: bool
    bounds: tuple[int, int] = field(init=False, default=(0, 0))

    def __post_init__(self) -> None:
        self.bounds = _bounds(self.filters, self.size)

    def queued(self, most: int, place: AuditPlace | None) -> list[AuditEntry]:
        """Of what waits for its seal."""
        if place is not None and place.zone == 1 and not self.upwards:
            return []
        number = place.number if place is not None and place.zone == 0 else None
        rows = select(AuditQueue.id.label("place"), AuditQueue.subject_id, AuditQueue.seq)
        return self._unlisted(rows, AuditQueue.id, number, most, is_sealed=False)

    def fresh(self, most: int, place: AuditPlace | None) -> list[AuditEntry]:
        """Of the leaves that the index lacks."""
        if place is not None and place.zone == 0 and self.upwards:
            return []
        number = place.number if place is not None and place.zone == 1 else None
        rows = select(AuditLeaf.number.label("place"), AuditLeaf.subject_id, AuditLeaf.seq)
        rows = rows.where(AuditLeaf.number >= self.size)
        return self._unlisted(rows, AuditLeaf.number, number, most, is_sealed=True)

    def _unlisted(
        self,
        rows: Select[*tuple[Any, ...]],
        order: Any,
        number: int | None,
        most: int,
        *,
        is_sealed: bool,
    ) -> list[AuditEntry]:
        near = self._cut(rows, order, number).limit(WINDOW).subquery("near")
        at = func.coalesce(AuditEvent.at, AuditAct.at)
        kind = func.coalesce(
            AuditEvent.tag + func.coalesce(":" + AuditEvent.data["decision"].astext, ""),
            AuditAct.kind,
        )
        actor = func.coalesce(AuditEvent.actor, AuditAct.actor)
        found = (
            select(
                near.c.place, near.c.subject_id, near.c.seq, at, kind, actor,
                AuditEvent.on_behalf_of, Request.type_code, literal(is_sealed),
            )
            .select_from(near)
            .outerjoin(Request, (near.c.seq > 0) & (Request.id == near.c.subject_id))
            .outerjoin(
                AuditEvent,
                (near.c.seq > 0)
                & (AuditEvent.request_id == near.c.subject_id)
                & (AuditEvent.seq == near.c.seq)
                & (AuditEvent.at >= Request.submitted_at - text("interval '1 day'")),
            )
            .outerjoin(AuditAct, (near.c.seq == 0) & (AuditAct.id == near.c.subject_id))
            .where(
                at.is_not(None),
                *self.fits(at, kind, near.c.subject_id),
                *self._is_of(actor),
                *self._has_words(),
            )
        )  # fmt: skip
        place = near.c.place
        return _read(found.order_by(place if self.upwards else place.desc()).limit(most))

    def listed(self, most: int, place: AuditPlace | None) -> list[AuditEntry]:
        """Of the index."""
        if place is not None and place.zone == 0 and self.upwards:
            return []
        number = place.number if place is not None and place.zone == 1 else None
        if self.query is None:
            return _read(self._joined(list(self._walks(most, number)), most))
        # As in the history: a common word fills a page from the nearest entries, and only a rare
        # one is worth its index.
        found = _read(self._near(most, number))
        return found if len(found) >= most else _read(self._by_words(most, number))

    def _walks(
        self, most: int, number: int | None, subject: Any = None
    ) -> Iterator[Select[*tuple[Any, ...]]]:
        """A walk of the index for each person who is meant: each has an order of its own."""
        row = AuditIndex
        for who in self.filters.who or (None,):
            for whom in self.filters.for_whom or (None,):
                fits = self.fits(row.at, row.kind, row.subject_id)
                walk = select(*_COLUMNS).where(*_in(row.number, self.bounds), *fits)
                if who is not None:
                    walk = walk.where(row.actor == who)
                if whom is not None:
                    walk = walk.where(row.on_behalf_of == whom)
                if self.filters.type_code is not None:
                    walk = walk.where(row.type_code == self.filters.type_code)
                if subject is not None:
                    walk = walk.where(row.subject_id == subject)
                yield self._cut(walk, row.number, number).limit(most)

    def _joined(
        self, walks: Sequence[Select[*tuple[Any, ...]]], most: int
    ) -> Select[*tuple[Any, ...]]:
        if len(walks) == 1:
            return walks[0]
        every = union_all(*(each.subquery().select() for each in walks)).subquery("every")
        order = every.c.number if self.upwards else every.c.number.desc()
        return select(every).order_by(order).limit(most)

    def _near(self, most: int, number: int | None) -> Select[*tuple[Any, ...]]:
        near = self._joined(list(self._walks(WINDOW, number)), WINDOW).subquery("near")
        rows = (
            select(near)
            .outerjoin(Request, (near.c.seq > 0) & (Request.id == near.c.subject_id))
            .outerjoin(AuditAct, (near.c.seq == 0) & (AuditAct.id == near.c.subject_id))
            .where(*self._has_words())
        )
        return rows.order_by(near.c.number if self.upwards else near.c.number.desc()).limit(most)

    def _by_words(self, most: int, number: int | None) -> Select[*tuple[Any, ...]]:
        requests = select(Request.id).where(*matching(self.filters.text, self.query))
        acts = select(AuditAct.id).where(self._act_has_words())
        hits = union_all(requests, acts).cte("hits").prefix_with("MATERIALIZED")
        walks = [walk.correlate(hits).lateral() for walk in self._walks(most, number, hits.c.id)]
        found = [select(walk).select_from(hits.join(walk, true())) for walk in walks]
        every = (found[0] if len(found) == 1 else union_all(*found)).subquery("every")
        order = every.c.number if self.upwards else every.c.number.desc()
        return select(every).order_by(order).limit(most)

    def _is_of(self, actor: Any) -> list[ColumnElement[bool]]:
        """The people and the type that are wanted, where no order of the index has them."""
        wanted, holds = self.filters, []
        if wanted.who is not None:
            holds.append(actor.in_(wanted.who))
        if wanted.for_whom is not None:
            holds.append(AuditEvent.on_behalf_of.in_(wanted.for_whom))
        if wanted.type_code is not None:
            holds.append(Request.type_code == wanted.type_code)
        return holds

    def fits(self, at: Any, kind: Any, subject_id: Any) -> list[ColumnElement[bool]]:
        """What holds of an entry, whoever did it."""
        wanted, holds = self.filters, []
        if wanted.since is not None:
            holds.append(at >= wanted.since)
        if wanted.until is not None:
            holds.append(at < wanted.until)
        if wanted.kind is not None:
            holds.append(kind == wanted.kind)
        if wanted.request_id is not None:
            holds.append(subject_id == wanted.request_id)
        return holds

    def _has_words(self) -> list[ColumnElement[bool]]:
        if self.query is None:
            return []
        of_request = reduce(lambda a, b: a & b, matching(self.filters.text, self.query))
        return [or_(of_request, self._act_has_words())]

    def _act_has_words(self) -> ColumnElement[bool]:
        """An act has the words; but for looks and files, whose words are those looked for."""
        words = func.to_tsquery(literal_column("'portal.words'::regconfig"), self.query)
        said: ColumnElement[Any] = literal_column(ACT_WORDS.replace("data", "audit_acts.data", 1))
        looks = (ActKind.AUDIT_VIEWED.value, ActKind.EXPORTED.value)
        return said.bool_op("@@")(words) & AuditAct.kind.not_in(looks)

    def _cut(
        self, rows: Select[*tuple[Any, ...]], order: Any, number: int | None
    ) -> Select[*tuple[Any, ...]]:
        if number is not None:
            rows = rows.where(order > number if self.upwards else order < number)
        return rows.order_by(order if self.upwards else order.desc())


_COLUMNS = (
    AuditIndex.number, AuditIndex.subject_id, AuditIndex.seq, AuditIndex.at, AuditIndex.kind,
    AuditIndex.actor, AuditIndex.on_behalf_of, AuditIndex.type_code,
)  # fmt: skip


def _read(rows: Select[*tuple[Any, ...]]) -> list[AuditEntry]:
    return [AuditEntry(*row) for row in db.session.execute(rows)]


def _in(number: Any, bounds: tuple[int, int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return number >= bounds[0], number < bounds[1]


def _bounds(filters: AuditFilters, size: int) -> tuple[int, int]:
    """Between which leaves all lie that are of these days: from the blocks, which are few."""
    if filters.since is None and filters.until is None:
        return 0, size
    first, last = func.min(AuditBlock.block), func.max(AuditBlock.block)
    later = [AuditBlock.last_at >= filters.since] if filters.since else []
    earlier = [AuditBlock.first_at < filters.until] if filters.until else []
    blocks = select(func.coalesce(first, 0), func.coalesce(last, -1)).where(*later, *earlier)
    lowest, highest = db.session.execute(blocks).one()
    return lowest * BLOCK, min(size, (highest + 1) * BLOCK)
