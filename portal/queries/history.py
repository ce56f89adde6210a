"""All requests a reader may see, newest first, filtered; every page is read from an index.

A reader of everything walks `portal.requests` by the index that the filters allow; anybody else
walks their own rows of `portal.participants`, and beside them the types that they see all of.
Pages are cut behind or before a `HistoryCursor`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from portal.domain.policy.forms import FormField
from portal.extensions import Question, db
from portal.models import PolicyVersion, Request, RequestType, Task, User
from portal.models.columns import by_name
from portal.queries import own_texts, search_words, type_readers
from portal.queries.history_statements import (
    Filters,
    HistoryCursor,
    HistoryRow,
    PagePlace,
    among_newest,
    by_words,
    merged,
    question,
    statement,
)
from portal.queries.request import Reader, form_of

__all__ = [
    "Exported",
    "Filters",
    "HistoryApprover",
    "HistoryCursor",
    "HistoryPage",
    "HistoryRow",
    "export",
    "page",
    "people_named",
]  # fmt: skip

PAGE = 50
EXPORT_LIMIT = 10_000
# So many at once are asked about, well within the time that a statement has.
AT_ONCE = 1_000
_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
NAMESAKES = 20


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Up to `PAGE` rows; `older` and `newer` begin the neighbouring pages."""

    rows: tuple[HistoryRow, ...]
    older: HistoryCursor | None = None
    newer: HistoryCursor | None = None


def page(
    reader: Reader,
    filters: Filters,
    before: HistoryCursor | None = None,
    after: HistoryCursor | None = None,
) -> HistoryPage:
    """The rows older than `before`, or the nearest newer than `after`, or the newest of all."""
    return cut(lambda limit, place: rows_of(reader, filters, limit, place), before, after)


def cut(
    fetch: Callable[[int, PagePlace], list[HistoryRow]],
    before: HistoryCursor | None = None,
    after: HistoryCursor | None = None,
) -> HistoryPage:
    """A page of what `fetch` finds: so many rows behind or before a place, the nearest first."""
    found = fetch(PAGE + 1, PagePlace(None if after else before, after))
    if after is not None:
        rows = tuple(reversed(found[:PAGE]))
        more_newer, more_older = len(found) > PAGE, bool(rows)
    else:
        rows = tuple(found[:PAGE])
        more_newer, more_older = before is not None and bool(rows), len(found) > PAGE
    return HistoryPage(
        rows,
        older=_cursor(rows[-1]) if more_older else None,
        newer=_cursor(rows[0]) if more_newer else None,
    )


@dataclass(frozen=True, slots=True)
class HistoryApprover:
    """Somebody who was asked about a request, and what they decided, if they did. `status` is the
    task's: OPEN, DECIDED or WITHDRAWN."""

    name: str
    acting_for: str | None
    stage_name: str
    status: str
    decision: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A row of the list with its form's values and who was asked, in the order of asking."""

    row: HistoryRow
    form: tuple[FormField, ...]
    values: dict[str, Any]
    asked: tuple[HistoryApprover, ...]


def export(reader: Reader, filters: Filters) -> list[Exported]:
    """The newest `EXPORT_LIMIT` rows at most, with their forms and decisions."""
    found = rows_of(reader, filters, EXPORT_LIMIT, PagePlace())
    exported: list[Exported] = []
    for start in range(0, len(found), AT_ONCE):
        exported += _with_details(found[start : start + AT_ONCE])
    return exported


def _with_details(rows: Sequence[HistoryRow]) -> Iterator[Exported]:
    ids = [row.id for row in rows]
    forms = {row.id: row for row in db.session.execute(_forms(), {"ids": ids})}
    asked: dict[str, list[HistoryApprover]] = defaultdict(list)
    for request_id, *values in db.session.execute(_asked(), {"ids": ids}):
        asked[request_id].append(HistoryApprover(*values))
    for row in rows:
        found = forms[row.id]
        form = own_texts.form_of(row.policy_version_id, form_of(found.form))
        say = own_texts.say_of(row.policy_version_id)
        theirs = tuple(replace(one, stage_name=say(one.stage_name)) for one in asked[row.id])
        yield Exported(row=row, form=form, values=found.fields, asked=theirs)


@cache
def _forms() -> Select[*tuple[Any, ...]]:
    return (
        select(Request.id, Request.fields, PolicyVersion.form.cast(Text).label("form"))
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .where(Request.id == func.any(_IDS))
    )


@cache
def _asked() -> Select[*tuple[Any, ...]]:
    person, other = aliased(User), aliased(User)
    return (
        select(
            Task.request_id, person.name, other.name, Task.stage_name, Task.status,
            Task.decision, Task.decided_at,
        )
        .join(person, person.id == func.coalesce(Task.decided_by, Task.assignee_id))
        .outerjoin(other, other.id == Task.acting_for)
        .where(Task.request_id == func.any(_IDS))
        .order_by(Task.request_id, Task.round, Task.stage_index, Task.opened_at, person.name)
    )  # fmt: skip


def _cursor(row: HistoryRow) -> HistoryCursor:
    return HistoryCursor(row.submitted_at, row.id)


def rows_of(reader: Reader, filters: Filters, limit: int, place: PagePlace) -> list[HistoryRow]:
    """So many rows behind `place.before`, the newest first, or before `place.after`, the oldest."""
    query = filters.query or search_words.query_of(filters.text)
    if query is None and filters.text:
        return []
    if not reader.reads_all and (among := type_readers.types_of(reader.id)):
        own = _rows(statement(reader, filters, query, limit, place))
        everything, theirs = (
            replace(reader, reads_all=True),
            replace(filters, among=among, query=query),
        )
        return merged(own, rows_of(everything, theirs, limit, place), limit, place)
    if query is None and not filters.has_lists:
        asked, values = question(reader, filters, limit, place)
        return _read(asked.ask(db.session.connection(), values))
    if query is None or not reader.reads_all:
        return _rows(statement(reader, filters, query, limit, place))
    # A common word fills a page from the newest requests. Only a rare one is worth its index, for
    # that finds all matches of all years before the first can be shown.
    found = _rows(among_newest(filters, query, limit, place))
    return found if len(found) == limit else _rows(by_words(filters, query, limit, place))


def _rows(statement: Select[*tuple[Any, ...]]) -> list[HistoryRow]:
    return _read(db.session.execute(statement))


def _read(found: Iterable[Any]) -> list[HistoryRow]:
    rows = (HistoryRow(*row) for row in found)
    return [own_texts.as_read(row, "type_name", "stage_name") for row in rows]


_TYPES = Question(select(RequestType.code, RequestType.name, RequestType.policy_version_id))


def type_names() -> dict[str, str]:
    """All request types, also those that are not offered any more, by code, in the order of their
    names."""
    rows = _TYPES.ask(db.session.connection(), {})
    return own_texts.in_order(
        {row.code: own_texts.told(row.policy_version_id, row.name) for row in rows}
    )


def people_named(text: str) -> tuple[str, ...]:
    """Ids of people, active or not, whose name holds the text, whatever its marks; at most
    `NAMESAKES`."""
    holds = func.strpos(func.portal.plain(User.name), func.portal.plain(text)) > 0
    rows = db.session.execute(
        select(User.id).where(holds).order_by(by_name(User.name)).limit(NAMESAKES)
    )
    return tuple(row.id for row in rows)
