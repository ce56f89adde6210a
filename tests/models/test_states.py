"""The kept state, where it is there and where an older version of the portal kept none."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from portal.activities.record import record_batch
from portal.domain.codec import encode
from portal.models.states import kept_state, kept_states
from tests.activities.conftest import engine  # noqa: F401 - a fixture
from tests.activities.retold import with_ids
from tests.activities.test_record import opening, since
from tests.domain.story import REQUEST

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def record(engine: Engine) -> Iterator[Connection]:  # noqa: F811
    """A record of one request, in a transaction."""
    with engine.connect() as connection:
        yield connection


def test_a_state_is_kept_with_its_events(record: Connection) -> None:
    story, batch = opening("ana", "ben")
    record_batch(record, batch)
    before = len(story.log)
    story.approves("ana")
    record_batch(record, since(story, before))
    assert encode(kept_state(record, REQUEST)) == with_ids(encode(story.state))
    # Read, not folded.
    record.execute(text('UPDATE portal.request_states SET state = state || \'{"number": "X"}\''))
    assert kept_states(record, [REQUEST, NOBODY])[REQUEST].number == "X"


def test_what_an_older_version_recorded_is_folded(record: Connection) -> None:
    story, batch = opening("ana", "ben")
    record_batch(record, batch)
    before = len(story.log)
    older = record.execute(text("SELECT seq, state::text FROM portal.request_states")).one()
    story.approves("ana")
    record_batch(record, since(story, before))
    whole = with_ids(encode(story.state))
    record.execute(
        text("UPDATE portal.request_states SET seq = :seq, state = CAST(:state AS jsonb)"),
        dict(older._mapping),
    )
    assert encode(kept_state(record, REQUEST)) == whole
    record.execute(text("DELETE FROM portal.request_states"))
    assert encode(kept_state(record, REQUEST)) == whole


def test_nothing_is_recorded_of_a_stranger(record: Connection) -> None:
    assert kept_states(record, [NOBODY]) == {}
    assert kept_states(record, []) == {}
    with pytest.raises(LookupError, match=NOBODY):
        kept_state(record, NOBODY)
