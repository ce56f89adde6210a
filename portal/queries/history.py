"""All requests a reader may see, newest first, filtered; every page is read from an index.

A reader of everything walks `portal.requests` by the index that the filters allow; anybody else
walks their own rows of `portal.participants`. Pages are cut behind or before a `Cursor`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from portal.extensions import db
from portal.models import RequestType, User
from portal.queries.history_statements import (
    Cursor,
    Filters,
    HistoryRow,
    Place,
    among_newest,
    by_words,
    statement,
    tsquery,
)
from portal.queries.request import Reader

__all__ = ["Cursor", "Filters", "HistoryPage", "HistoryRow", "export", "page", "people_named"]

PAGE = 50
EXPORT_LIMIT = 10_000
NAMESAKES = 20


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Up to `PAGE` rows; `older` and `newer` begin the neighbouring pages."""

    rows: tuple[HistoryRow, ...]
    older: Cursor | None = None
    newer: Cursor | None = None


def page(
    reader: Reader, filters: Filters, before: Cursor | None = None, after: Cursor | None = None
) -> HistoryPage:
    """The rows older than `before`, or the nearest newer than `after`, or the newest of all."""
    if after is not None:
        found = _fetch(reader, filters, PAGE + 1, after=after)
        rows = tuple(reversed(found[:PAGE]))
        more_newer, more_older = len(found) > PAGE, bool(rows)
    else:
        found = _fetch(reader, filters, PAGE + 1, before=before)
        rows = tuple(found[:PAGE])
        more_newer, more_older = before is not None and bool(rows), len(found) > PAGE
    return HistoryPage(
        rows,
        older=_cursor(rows[-1]) if more_older else None,
        newer=_cursor(rows[0]) if more_newer else None,
    )


def export(reader: Reader, filters: Filters) -> list[HistoryRow]:
    """The newest `EXPORT_LIMIT` rows at most."""
    return _fetch(reader, filters, EXPORT_LIMIT)


def _cursor(row: HistoryRow) -> Cursor:
    return Cursor(row.submitted_at, row.id)


def _fetch(
    reader: Reader,
    filters: Filters,
    limit: int,
    before: Cursor | None = None,
    after: Cursor | None = None,
) -> list[HistoryRow]:
    query = tsquery(filters.text)
    if query is None and filters.text:
        return []
    place = Place(before, after)
    if query is None or not reader.reads_all:
        return _rows(statement(reader, filters, query, limit, place))
    # A common word fills a page from the newest requests. Only a rare one is worth its index, for
    # that finds all matches of all years before the first can be shown.
    found = _rows(among_newest(filters, query, limit, place))
    return found if len(found) == limit else _rows(by_words(filters, query, limit, place))


def _rows(statement: Select[*tuple[Any, ...]]) -> list[HistoryRow]:
    return [HistoryRow(*row) for row in db.session.execute(statement)]


def type_names() -> dict[str, str]:
    """All request types, also those that are not offered any more, by code."""
    rows = db.session.execute(select(RequestType.code, RequestType.name).order_by(RequestType.name))
    return {row.code: row.name for row in rows}


def people_named(text: str) -> tuple[str, ...]:
    """Ids of people, active or not, whose name holds the text; at most `NAMESAKES`."""
    pattern = User.name.icontains(text, autoescape=True)
    rows = db.session.execute(select(User.id).where(pattern).order_by(User.name).limit(NAMESAKES))
    return tuple(row.id for row in rows)
