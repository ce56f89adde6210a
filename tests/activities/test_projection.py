"""What pages read of a request as it goes on: turns, deadlines, comments, why."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from portal.activities.record import record_batch
from portal.domain.policy.policy import StageKind
from portal.domain.request import commands
from portal.domain.request.state import Content
from portal.domain.routing.plan import Candidate, LeftOut, PlannedEscalation, RoutePlan
from tests.activities.retold import KNOWN, Told
from tests.activities.tables import rows
from tests.domain.story import Story, at

BEN = Candidate(person_id="ben", name="Ben", why="Because.")
UP = PlannedEscalation(level=1, at=at(120), to=(BEN,), message="Please look.")
CLOCKS: dict[str, Any] = {
    "reminders": (at(60),), "escalations": (UP,), "expires_at": at(240), "due_at": at(120),
}  # fmt: skip


class Recorded(Story):
    """A story that is recorded as it goes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection
        self.done = 0

    def row(self, table: str = "requests", number: int = 0) -> dict[str, Any]:
        """Record what is new; a row of a table."""
        new = tuple(self.log[self.done :])
        if new:
            record_batch(self.connection, Told(new, self.state).batch())
        self.done = len(self.log)
        found: dict[str, Any] = rows(self.connection, table)[number]
        return found


@pytest.fixture
def story(engine: Engine) -> Iterator[Recorded]:
    """A submitted request whose one approver is Ana."""
    with engine.connect() as connection:
        story = Recorded(connection)
        story.submits()
        story.opens("ana", **CLOCKS, left_out=(LeftOut(person_id=None, name="x", reason="y"),))
        yield story


def names(row: dict[str, Any]) -> list[str]:
    return [each["name"] for each in row["waiting_for"]]


def test_what_the_clock_does_next(story: Recorded) -> None:
    assert story.row()["next_what"] == "Reminder"
    story.waits(minutes=60)
    assert story.row()["next_what"] == "Escalation to Ben"
    story.waits(minutes=60)
    assert story.row()["next_what"] == "Expires"
    story.waits(minutes=120)
    closed = story.row()
    assert (closed["status"], closed["next_what"], closed["waiting_for"]) == ("TIMEOUT", None, [])
    assert story.row("tasks")["status"] == "EXPIRED"
    assert story.row("workflow")["status"] == "TIMEOUT"


def test_an_escalated_task_changes_hands_and_says_why(story: Recorded) -> None:
    assert story.row("tasks")["why"]["left_out"][0]["reason"] == "y"
    story.waits(minutes=120)
    task = story.row("tasks")
    assert (task["assignee_id"], task["escalation_level"]) == (KNOWN["ben"], 1)
    assert task["why"]["escalated_from"] == KNOWN["ana"]
    assert task["why"]["left_out"][0]["reason"] == "y"
    assert names(story.row()) == ["Ben"]
    assert len(rows(story.connection, "participants")) == 3


def test_a_decision_settles_and_can_be_undone(story: Recorded) -> None:
    story.approves("ana", comment="Yes.")
    assert story.row()["waiting_for"] == []
    assert story.row()["next_what"] == "Moves on"
    assert story.row("comments")["about"] == "approve"
    story.says(commands.Retract, "ana", task_id=story.task_of("ana").id)
    assert story.row("comments")["about"] == "undone"
    task = story.row("tasks")
    assert (task["status"], task["decided_by"], task["comment"]) == ("OPEN", None, "")
    story.rejects("ana", comment="No.")
    assert [each["about"] for each in rows(story.connection, "comments")] == ["undone"]
    assert story.row("comments", 1)["about"] == "reject"


def test_a_hold_stops_the_clocks(story: Recorded) -> None:
    story.says(commands.Hold, "admin", reason="Audit.")
    held = story.row()
    assert (held["hold_reason"], held["next_at"]) == ("Audit.", None)
    assert names(held) == ["the administrators"]
    story.waits(minutes=30)
    story.says(commands.Resume, "admin")
    resumed = story.row()
    assert (resumed["hold_reason"], names(resumed)) == (None, ["Ana"])
    assert story.row("tasks")["due_at"].startswith("2026-01-05T11:30:00")


def test_a_round_more(story: Recorded) -> None:
    story.sends_back("ana", comment="Which colour?")
    story.waits(seconds=11)
    returned = story.row()
    assert (returned["status"], returned["returned_by"]) == ("RETURNED", "Ana")
    assert names(returned) == ["Rita"]
    content = Content(title="Stools", fields={"seats": 4, "colour": "blue"})
    story.says(commands.Resubmit, "rita", content=content, comment="Blue.")
    again = story.row()
    assert (again["title"], again["changed_fields"]) == ("Stools", ["colour", "title"])
    assert (again["round"], again["returned_by"], again["content_version"]) == (2, None, 2)
    story.opens("ana")
    assert {each["content_version"] for each in rows(story.connection, "tasks")} == {1}
    story.row()
    assert {each["content_version"] for each in rows(story.connection, "tasks")} == {1, 2}


def test_nobody_to_ask(story: Recorded) -> None:
    story.approves("ana")
    story.waits(seconds=11)
    story.routed(RoutePlan(attention="Nobody can be asked."))
    row = story.row()
    assert (row["attention"], names(row)) == ("Nobody can be asked.", ["the administrators"])
    assert row["next_what"] == "Looks again for an approver"


def test_who_is_told_may_see_it(story: Recorded) -> None:
    story.approves("ana")
    story.waits(seconds=11)
    story.opens("eve", kind=StageKind.NOTIFY)
    story.row()
    assert KNOWN["eve"] in {each["user_id"] for each in rows(story.connection, "participants")}


def test_a_task_handed_over_says_how_it_came(story: Recorded) -> None:
    given = {"task_id": story.task_of("ana").id, "to_id": "ben", "to_name": "Ben"}
    story.says(commands.Reassign, "admin", as_admin=True, comment="Ana is ill.", **given)
    task = story.row("tasks")
    assert (task["assignee_id"], task["why"]["why"]) == (KNOWN["ben"], "")
    assert task["why"]["given"]["from"] == KNOWN["ana"]
    assert task["why"]["given"]["by"] == KNOWN["admin"]
    assert task["why"]["left_out"][0]["reason"] == "y"
    assert names(story.row()) == ["Ben"]
    assert KNOWN["ben"] in {each["user_id"] for each in rows(story.connection, "participants")}
    assert story.row("comments")["about"] == "reassigned"
    story.waits(minutes=120)
    assert story.row("tasks")["why"]["given"]["from"] == KNOWN["ana"]


def test_a_delegated_task_is_the_delegates_for_the_owner_until_it_comes_back(
    story: Recorded,
) -> None:
    task = story.task_of("ana").id
    given = {"task_id": task, "to_id": "ben", "to_name": "Ben"}
    story.says(commands.Delegate, "ana", comment="You know chairs.", **given)
    row = story.row("tasks")
    assert (row["assignee_id"], row["acting_for"]) == (KNOWN["ben"], KNOWN["ana"])
    assert (row["why"]["why"], row["why"]["given"]["by"]) == ("Why not.", KNOWN["ana"])
    assert names(story.row()) == ["Ben"]
    story.approves("ben")
    story.says(commands.Retract, "ben", task_id=task)
    row = story.row("tasks")
    assert (row["status"], row["acting_for"]) == ("OPEN", KNOWN["ana"])
    story.says(commands.TakeBack, "ana", task_id=task)
    row = story.row("tasks")
    assert (row["assignee_id"], row["acting_for"]) == (KNOWN["ana"], None)
    assert names(story.row()) == ["Ana"]


def test_what_is_asked_is_the_requesters_turn(engine: Engine) -> None:
    with engine.connect() as connection:
        story = Recorded(connection)
        story.submits()
        story.opens("ana", asking_stops_clock=True, **CLOCKS)
        given = {"task_id": story.task_of("ana").id, "comment": "Which colour?"}
        story.says(commands.AskInformation, "ana", **given)
        row = story.row()
        assert (names(row), row["next_what"], row["stage_due_at"]) == (["Rita"], None, None)
        (question,) = row["questions"]
        assert (question["name"], question["text"]) == ("Ana", "Which colour?")
        assert story.row("tasks")["asked_at"] is not None
        story.waits(minutes=30)
        story.says(commands.AnswerInformation, "rita", task_id=given["task_id"], comment="Blue.")
        row = story.row()
        assert (names(row), row["questions"], row["next_what"]) == (["Ana"], [], "Reminder")
        task = story.row("tasks")
        assert (task["status"], task["asked_at"]) == ("OPEN", None)
        assert task["due_at"].startswith("2026-01-05T11:30:00")
        abouts = [each["about"] for each in rows(connection, "comments")]
        assert abouts == ["asked", "answered"]
