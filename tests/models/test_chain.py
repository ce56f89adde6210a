"""The hash chain: whatever is changed, removed or moved in the database is found and named."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from portal.activities.record import record_batch
from portal.models import chain
from portal.queries.audit_chain import verify
from tests.activities.retold import Told, insert_office
from tests.domain.story import REQUEST, Story

OPEN_UP = """
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal LOOP
        EXECUTE 'ALTER TABLE ' || part || ' DISABLE TRIGGER USER';
    END LOOP;
END $$
"""


@pytest.fixture
def record(database_url: str) -> Iterator[Connection]:
    """A recorded request of six events, and no trigger to guard them."""
    story = Story()
    story.submits()
    story.opens("ana", "ben", facts={"seats": 1.5, "much": 1e23})
    story.approves("ana", comment="Größe <b>?")
    story.waits(seconds=11)
    engine = create_engine(database_url.replace("postgresql", "postgresql+psycopg", 1))
    with engine.connect() as connection:
        insert_office(connection)
        record_batch(connection, Told(tuple(story.log), story.state).batch())
        connection.execute(text(OPEN_UP))
        connection.commit()
        yield connection
    engine.dispose()


def kinds(record: Connection, change: str = "SELECT 1") -> list[tuple[int, str]]:
    """What is found after a change."""
    record.execute(text(change))
    return [(problem.seq, problem.kind) for problem in verify(record)]


def test_a_whole_record_has_no_problem(record: Connection) -> None:
    assert kinds(record) == []
    assert verify(record, REQUEST) == []
    record.execute(text("SET timezone = 'Asia/Kathmandu'"))
    assert kinds(record) == []


@pytest.mark.parametrize(
    "change",
    [
        "SET actor = 'x'",
        "SET at = at + interval '1 microsecond'",
        'SET data = data || \'{"reason": "x"}\'',
        "SET command_id = gen_random_uuid()",
        "SET tag = 'x'",
    ],
)
def test_a_changed_event_is_named(record: Connection, change: str) -> None:
    assert kinds(record, f"UPDATE portal.audit_events {change} WHERE seq = 3") == [(3, "changed")]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM portal.audit_events WHERE seq = 1", [(2, "missing")]),
        ("DELETE FROM portal.audit_events WHERE seq IN (3, 4)", [(5, "missing")]),
        ("DELETE FROM portal.audit_events WHERE seq > 4", [(7, "missing")]),
        ("DELETE FROM portal.audit_events", [(1, "missing")]),
        ("UPDATE portal.audit_events SET prev_hash = '' WHERE seq = 3",
         [(3, "wrong_previous"), (3, "changed")]),
        ("UPDATE portal.requests SET last_hash = 'x'", [(7, "wrong_end")]),
        ("UPDATE portal.audit_texts SET text = 'Yes.' WHERE name = 'comment'",
         [(5, "text_changed")]),
        ("DELETE FROM portal.audit_texts WHERE name = 'comment'", [(5, "text_missing")]),
        ("UPDATE portal.audit_texts SET text = NULL, erased_at = now()", []),
    ],
)  # fmt: skip
def test_what_is_found(record: Connection, change: str, found: list[Any]) -> None:
    assert kinds(record, change) == found


def test_two_events_that_changed_places(record: Connection) -> None:
    for before, after in ((3, 99), (4, 3), (99, 4)):
        move = f"UPDATE portal.audit_events SET seq = {after} WHERE seq = {before}"
        record.execute(text(move))
    assert kinds(record) == [
        (3, "reordered"),
        (3, "changed"),
        (4, "reordered"),
        (4, "changed"),
        (5, "reordered"),
    ]


def test_problems_are_said_in_words(record: Connection) -> None:
    record.execute(text("UPDATE portal.audit_events SET actor = 'x' WHERE seq = 2"))
    assert [str(problem) for problem in verify(record)] == [
        "PR-1, event 2: it was changed after it was recorded."
    ]


def test_numbers_are_as_the_database_gives_them_back() -> None:
    assert chain.storable({"a": [1e3, 1.5, 1e23, True]}) == {"a": [1000, 1.5, 10**23, True]}


def test_what_cannot_be_written_down_is_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            chain.canonical(value)
