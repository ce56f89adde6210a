"""Recording: what pages read afterwards, and that nothing is ever written twice."""

from threading import Barrier, Thread

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine, text
from temporalio.exceptions import ApplicationError

from portal.activities.record import RecordActivity, RecordBehind, record_batch
from portal.domain.request import commands
from portal.workflows.messages import RecordAnswer, RecordBatch, RecordedEvent
from tests.activities.retold import KNOWN, Told, with_ids
from tests.activities.tables import contents, rows
from tests.domain.story import Story


def opening(*people: str) -> tuple[Story, RecordBatch]:
    """A request that was just submitted and routed to these people, and its batch."""
    story = Story()
    story.submits()
    story.opens(*people or ("ana",))
    return story, Told(tuple(story.log), story.state).batch()


def since(story: Story, before: int) -> RecordBatch:
    """A batch of everything after event number `before`."""
    return Told(tuple(story.log[before:]), story.state).batch()


def record(engine: Engine, batch: RecordBatch) -> RecordAnswer:
    return RecordActivity(engine).record(batch)


def test_a_submitted_request_stands_in_every_projection(engine: Engine) -> None:
    _, batch = opening("ana@IT", "ben@IT")
    record(engine, batch)
    with engine.connect() as connection:
        there = contents(connection)
    (request,) = there["requests"]
    assert (request["requester_name"], request["type_name"]) == ("Rita", "Purchase")
    assert [each["name"] for each in request["waiting_for"]] == ["Ana", "Ben"]
    assert {task["group_name"] for task in there["tasks"]} == {"Computers"}
    assert {row["user_id"] for row in there["participants"]} == {
        KNOWN["rita"],
        KNOWN["ana"],
        KNOWN["ben"],
    }
    assert there["workflow"][0]["status"] == "STARTED"
    assert [each["kind"] for each in there["notifications"]] == ["assigned", "assigned"]


def test_free_text_lies_apart_from_the_chain(engine: Engine) -> None:
    story, batch = opening()
    record(engine, batch)
    story.rejects("ana", comment="Too dear.")
    record(engine, since(story, len(batch.events)))
    with engine.connect() as connection:
        data = connection.scalars(text("SELECT data::text FROM portal.audit_events")).all()
        texts = connection.scalars(text("SELECT text FROM portal.audit_texts")).all()
    assert "Too dear." in texts
    assert not any("Too dear." in each or "Chairs" in each for each in data)


def test_a_batch_after_a_lost_answer_changes_nothing(engine: Engine) -> None:
    """A worker killed between commit and answer: the same batch comes again."""
    story, batch = opening()
    record(engine, batch)
    story.approves("ana", comment="Yes.")
    decided = since(story, len(batch.events))
    record(engine, decided)
    with engine.connect() as connection:
        before = contents(connection)
    for repeated in (batch, decided, batch):
        assert record(engine, repeated) == RecordAnswer()
    with engine.connect() as connection:
        assert contents(connection) == before


def test_a_batch_killed_before_commit_leaves_nothing(engine: Engine) -> None:
    _, batch = opening()
    with engine.connect() as connection:
        record_batch(connection, batch)
        connection.rollback()
    with engine.connect() as connection:
        assert not rows(connection, "requests")
        assert not rows(connection, "events")


def test_what_the_record_says_wins(engine: Engine) -> None:
    """The workflow never heard of a commit and went another way: it is told, nothing is written."""
    story, batch = opening()
    record(engine, batch)
    known = len(batch.events)
    story.approves("ana", comment="Yes.")
    record(engine, since(story, known))
    other, _ = opening()
    other.rejects("ana", comment="No.")
    answer = record(engine, since(other, known))
    assert [each.kind for each in answer.recorded] == ["TaskDecided"]
    assert answer.recorded[0].data == with_ids(since(story, known).events[0].data)
    with engine.connect() as connection:
        assert rows(connection, "tasks")[0]["decision"] == "approve"


@pytest.mark.parametrize("first", [True, False])
def test_two_workers_with_the_same_batch(engine: Engine, first: bool) -> None:
    story, batch = opening()
    if not first:
        record(engine, batch)
        story.approves("ana")
        batch = since(story, len(batch.events))
    barrier, answers = Barrier(6), []

    def work() -> None:
        barrier.wait()
        answers.append(record(engine, batch))

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [RecordAnswer()] * 6
    with engine.connect() as connection:
        assert len(rows(connection, "events")) == story.state.seq


def test_a_batch_that_no_database_takes_is_refused_for_good(engine: Engine) -> None:
    _, batch = opening()
    batch.events[0].data["content"]["title"] = "Chairs\x00"
    batch.state["content"]["title"] = "Chairs\x00"
    with pytest.raises(ApplicationError) as caught:
        record(engine, batch)
    assert caught.value.non_retryable
    assert caught.value.__cause__ is None
    assert "Chairs" not in str(caught.value)
    with engine.connect() as connection:
        assert not rows(connection, "requests")


@pytest.mark.parametrize("title", ["\ud800", float("nan")])
def test_so_is_one_that_cannot_be_written_down(engine: Engine, title: object) -> None:
    _, batch = opening()
    batch.events[0].data["content"]["fields"] = {"seats": title}
    with pytest.raises(ApplicationError, match="cannot take this batch"):
        record(engine, batch)


def test_an_event_from_the_future_is_refused_for_good(engine: Engine) -> None:
    _, batch = opening()
    batch.events.append(RecordedEvent(kind="RequestTeleported", data={}))
    with pytest.raises(ApplicationError, match="does not know the event RequestTeleported"):
        record(engine, batch)


def test_a_gap_before_the_batch_is_tried_again(engine: Engine) -> None:
    story, batch = opening()
    story.approves("ana")
    with pytest.raises(RecordBehind):
        record(engine, since(story, len(batch.events)))


def test_what_is_wrong_with_the_database_is_tried_again(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("ALTER TABLE portal.comments RENAME TO gone"))
        connection.commit()
    story, _ = opening()
    story.says(commands.Comment, "ana", comment="Well.")
    with pytest.raises(Exception, match="does not exist") as caught:
        record(engine, Told(tuple(story.log), story.state).batch())
    assert not isinstance(caught.value, ApplicationError)


def test_after_the_server_was_away_one_try_is_enough(engine: Engine) -> None:
    story, batch = opening()
    connections = [engine.connect() for _ in range(3)]
    for connection in connections:
        connection.execute(text("SELECT 1"))
        connection.close()
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    end = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    with create_engine(engine.url, poolclass=NullPool).connect() as connection:
        connection.execute(end)
    with pytest.raises(psycopg.OperationalError):
        record(engine, batch)
    assert record(engine, batch) == RecordAnswer()
    with engine.connect() as connection:
        assert len(rows(connection, "events")) == story.state.seq


def test_a_refused_submit_has_an_answer_and_no_request(engine: Engine) -> None:
    story = Story()
    story.says(commands.Comment, "rita", comment="Before anything.")
    batch = Told(tuple(story.log), story.state).batch()
    for _ in range(2):
        assert record(engine, batch) == RecordAnswer()
    with engine.connect() as connection:
        assert not rows(connection, "requests")
        assert len(rows(connection, "events")) == 1
