"""Search over everything that the reader may see: requests with all their texts, and comments.

Requests are found as the history finds them. Where no word matches, texts that come close are
found by their trigrams. A word that too many comments hold is not looked up further: whoever
searches is asked for another word.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from portal.extensions import db, transaction
from portal.models import Comment, Participant, Request, Task, User
from portal.models.requests import COMMENT_WORDS, NEAR_COMMENT, NEAR_REQUEST
from portal.queries import own_texts, search_words, type_readers
from portal.queries.history import HistoryPage, HistoryRow, cut, rows_of
from portal.queries.history_statements import (
    COLUMNS,
    Filters,
    HistoryCursor,
    PagePlace,
    cut_by_place,
    merged,
    tsquery,
    words_in,
)
from portal.queries.people import beginning
from portal.queries.request import Reader, may_see

PAGE = 50
MOST_HITS = 5_000
# How alike a word has to be to one in a text, from 0 to 1, and how many are looked at.
LIKENESS = "0.4"
MOST_NEAR = 2_000
SHORTEST_NEAR = 4


@dataclass(frozen=True, slots=True)
class FoundComment:
    """A comment with its request."""

    id: str
    number: str
    title: str
    author_name: str | None
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CommentPage:
    """Up to `PAGE` comments, newest first; `following` begins the next page.

    `too_many`: more comments hold these words than are looked through; then there are none here.
    """

    comments: tuple[FoundComment, ...] = ()
    following: str | None = None
    too_many: bool = False


def requests(
    reader: Reader,
    text: str,
    before: HistoryCursor | None = None,
    after: HistoryCursor | None = None,
) -> HistoryPage:
    """Requests that hold all the words, newest first; a word may also be a name of somebody who
    was asked to decide, or stand in the label of an option that was chosen, and words the whole
    name of a type or of a field as the reader reads it."""
    asked, words = _approvers(text), search_words.read(text)
    filters = Filters(text=text, query=words.query)
    named = [*words.of_types(), *words.of_fields(with_rest=True)]

    def fetch(limit: int, place: PagePlace) -> list[HistoryRow]:
        found = rows_of(reader, filters, limit, place)
        if asked is not None:
            found = merged(found, _of_approvers(reader, asked, limit, place), limit, place)
        for each in named:
            found = merged(found, rows_of(reader, each, limit, place), limit, place)
        return found

    # A field's name alone, such as "Reason", means texts that hold the word, if there are any.
    alone = words.of_fields(with_rest=False)
    if alone and not fetch(1, PagePlace()):
        named += alone
    return cut(fetch, before, after)


@dataclass(frozen=True, slots=True)
class _Approvers:
    """People whom words of a search name, and the words that do not."""

    ids: tuple[str, ...]
    rest: str | None


def _approvers(text: str) -> _Approvers | None:
    """The people whose names begin with most of the words; None where no word is a name."""
    words = list(dict.fromkeys(words_in(text)))
    named: dict[str, set[str]] = {}
    for word in words:
        for person in beginning(word):
            named.setdefault(person, set()).add(word)
    if not named:
        return None
    most = max(len(each) for each in named.values())
    best = {key: said for key, said in named.items() if len(said) == most}
    said = set.union(*best.values()) if len(best) == 1 else set.intersection(*best.values())
    if not said:
        return None
    rest = [word for word in words if word not in said]
    return _Approvers(tuple(best), tsquery(" ".join(rest)) if rest else None)


def _of_approvers(
    reader: Reader, asked: _Approvers, limit: int, place: PagePlace
) -> list[HistoryRow]:
    """A page of the requests that these people were asked to decide, by their own index."""
    who = Participant.user_id.in_(asked.ids)
    was_asked = exists().where(
        Task.request_id == Request.id,
        or_(Task.assignee_id.in_(asked.ids), Task.decided_by.in_(asked.ids)),
    )
    fits = [was_asked, may_see(reader)]
    if asked.rest is not None:
        matches = func.to_tsquery(literal_column("'portal.words'::regconfig"), asked.rest)
        fits.append(Request.search.bool_op("@@")(matches))
    # The offset keeps it from reading all requests, as in the history.
    one = select(*COLUMNS).where(Request.id == Participant.request_id, *fits).offset(0)
    row = one.correlate(Participant).lateral("one")
    theirs = select(row).select_from(Participant).join(row, true()).where(who).distinct()
    order = Participant.submitted_at, Participant.request_id
    statement = cut_by_place(theirs.add_columns(*order), place, limit, order)
    rows = (HistoryRow(*found[: len(COLUMNS)]) for found in db.session.execute(statement))
    return [own_texts.as_read(row, "type_name", "stage_name") for row in rows]


def near_requests(reader: Reader, text: str) -> tuple[HistoryRow, ...]:
    """Up to `PAGE` requests with words like these, the closest first."""
    words = _long_words(text)
    if not words:
        return ()
    near: Any = literal_column(NEAR_REQUEST)
    rows = select(Request.id, near.label("near")).where(*_alike(words, near))
    if not reader.reads_all:
        own = Request.id.in_(_newest_of(reader))
        rows = rows.where(or_(own, Request.type_code.in_(type_readers.types_of(reader.id))))
    hits = rows.limit(MOST_NEAR).cte("hits").prefix_with("MATERIALIZED")
    found = (
        select(*COLUMNS)
        .join(hits, hits.c.id == Request.id)
        .order_by(_likeness(words, hits.c.near).desc(), Request.submitted_at.desc())
    )
    near = (HistoryRow(*row) for row in _close(found))
    return tuple(own_texts.as_read(row, "type_name", "stage_name") for row in near)


def texts_of(request_ids: list[str]) -> dict[str, str]:
    """All that these requests say in their fields, for excerpts."""
    said = func.portal.request_text("", "", Request.fields, type_=Request.title.type)
    rows = db.session.execute(select(Request.id, said).where(Request.id.in_(request_ids)))
    return {row[0]: row[1].strip() for row in rows} if request_ids else {}


def comments(reader: Reader, text: str, before: str | None = None) -> CommentPage:
    """Comments that hold all the words, newest first, behind the comment `before`."""
    query = tsquery(text)
    if query is None:
        return CommentPage()
    matches = func.to_tsquery(literal_column("'portal.words'::regconfig"), query)
    words: Any = literal_column(COMMENT_WORDS)
    hits = select(Comment.id).where(words.bool_op("@@")(matches)).limit(MOST_HITS + 1)
    known = hits.cte("hits").prefix_with("MATERIALIZED")
    if db.session.scalar(select(func.count()).select_from(known)) == MOST_HITS + 1:
        return CommentPage(too_many=True)
    found = _comments(reader).join(known, known.c.id == Comment.id)
    if before is not None:
        found = found.where(Comment.id < literal(before, Uuid(as_uuid=False)))
    rows = db.session.execute(found.order_by(Comment.id.desc()).limit(PAGE + 1)).all()
    shown = tuple(FoundComment(*row) for row in rows[:PAGE])
    return CommentPage(shown, shown[-1].id if len(rows) > PAGE else None)


def near_comments(reader: Reader, text: str) -> tuple[FoundComment, ...]:
    """Up to `PAGE` comments with words like these, the closest first."""
    words = _long_words(text)
    if not words:
        return ()
    near: Any = literal_column(NEAR_COMMENT)
    rows = select(Comment.id, near.label("near")).where(*_alike(words, near))
    if not reader.reads_all:
        own = Comment.request_id.in_(_newest_of(reader))
        of_types = Request.type_code.in_(type_readers.types_of(reader.id))
        theirs = exists().where(Request.id == Comment.request_id, of_types)
        rows = rows.where(or_(own, theirs))
    hits = rows.limit(MOST_NEAR).cte("hits").prefix_with("MATERIALIZED")
    found = _comments(reader).join(hits, hits.c.id == Comment.id)
    close = _close(found.order_by(_likeness(words, hits.c.near).desc(), Comment.id.desc()))
    return tuple(FoundComment(*row) for row in close)


def _comments(reader: Reader) -> Select[*tuple[Any, ...]]:
    columns = (Comment.id, Request.number, Request.title, User.name, Comment.text)
    return (
        select(*columns, Comment.created_at)
        .select_from(Comment)
        .join(Request, and_(Request.id == Comment.request_id, may_see(reader)))
        .outerjoin(User, User.id == Comment.author_id)
    )


def _newest_of(reader: Reader) -> Select[tuple[str]]:
    """The newest requests that the reader has to do with: near misses are looked for in these."""
    mine = select(Participant.request_id).where(Participant.user_id == reader.id)
    newest = mine.order_by(Participant.submitted_at.desc(), Participant.request_id.desc())
    return select(newest.limit(MOST_NEAR).subquery().c.request_id)


def _long_words(text: str) -> list[str]:
    words = [word for word in text.split() if len(word) >= SHORTEST_NEAR]
    return words[:8]


def _alike(words: list[str], near: Any) -> list[ColumnElement[bool]]:
    return [func.portal.plain(word).bool_op("<%")(near) for word in words]


def _likeness(words: list[str], near: Any) -> Any:
    total: Any = literal(0.0)
    for word in words:
        total += func.word_similarity(func.portal.plain(word), near)
    return total


def _close(statement: Select[*tuple[Any, ...]]) -> list[Any]:
    """Run it with our measure of likeness, for this transaction only."""
    setting = "pg_trgm.word_similarity_threshold"
    with transaction():
        db.session.execute(select(func.set_config(setting, LIKENESS, True)))
        return list(db.session.execute(statement.limit(PAGE)))
