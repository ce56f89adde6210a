"""Commands whose workflow has closed: refused in the record, once, by the domain's own rules."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.activities.record import RecordActivity, refuse_late
from portal.domain.codec import encode
from portal.domain.request import commands
from portal.domain.routing.plan import RoutePlan
from portal.models import Command
from portal.queries.audit_chain import verify
from tests.activities.retold import Told, insert_commands, with_ids
from tests.activities.tables import rows
from tests.domain.story import Story


def approved(engine: Engine) -> Story:
    """A request that one person approved, recorded."""
    story = Story()
    story.submits()
    story.opens("ana", undo_seconds=0)
    story.approves("ana")
    story.routed(the_end())
    RecordActivity(engine).record(Told(tuple(story.log), story.state).batch())
    return story


def the_end() -> RoutePlan:
    """Routing finds nothing more."""
    return RoutePlan(total=1)


def waiting(engine: Engine, command: commands.Command) -> dict[str, Any]:
    """The command's row, as the relay takes it."""
    with engine.begin() as connection:
        insert_commands(connection, [command])
        row = connection.execute(select(Command.__table__)).mappings().one()
        return dict(row)


def withdraw(story: Story) -> commands.Command:
    return commands.Withdraw(
        command_id="command-9", request_id=story.state.request_id, actor_id="rita", at=story.now
    )


def refuse(engine: Engine, row: dict[str, Any]) -> None:
    with engine.begin() as connection:
        refuse_late(connection, row)


def test_a_late_command_is_refused_once(engine: Engine) -> None:
    story = approved(engine)
    row = waiting(engine, withdraw(story))
    for _ in range(2):
        refuse(engine, row)
    with engine.connect() as connection:
        (command,) = rows(connection, "commands")
        assert (command["outcome"], command["reason"]) == ("refused", "closed")
        assert len(rows(connection, "events")) == story.state.seq + 1
        assert rows(connection, "requests")[0]["status"] == "APPROVED"
        assert verify(connection) == []


def test_a_late_decision_says_late(engine: Engine) -> None:
    story = approved(engine)
    late = commands.Reject(
        command_id="command-9", request_id=story.state.request_id, actor_id="ana",
        at=story.now, task_id="gone", comment="No!",
    )  # fmt: skip
    refuse(engine, waiting(engine, late))
    with engine.connect() as connection:
        assert rows(connection, "commands")[0]["reason"] == "late"
        assert "No!" in [each["text"] for each in rows(connection, "texts")]


def test_an_answer_that_only_the_row_forgot_is_repeated(engine: Engine) -> None:
    story = approved(engine)
    row = waiting(engine, withdraw(story))
    refuse(engine, row)
    with engine.begin() as connection:
        forget = Command.__table__.update().values(applied_at=None, outcome=None, reason=None)
        connection.execute(forget)
    refuse(engine, row)
    with engine.connect() as connection:
        (command,) = rows(connection, "commands")
        assert (command["outcome"], command["reason"]) == ("refused", "closed")


def test_one_that_cannot_be_read_is_refused_as_well(engine: Engine) -> None:
    story = approved(engine)
    row = waiting(engine, withdraw(story)) | {"kind": "Levitate"}
    for _ in range(2):
        refuse(engine, row)
    with engine.connect() as connection:
        assert len(rows(connection, "events")) == story.state.seq + 1


def test_an_open_request_keeps_its_commands(engine: Engine) -> None:
    story = Story()
    story.submits()
    story.opens("ana")
    RecordActivity(engine).record(Told(tuple(story.log), story.state).batch())
    row = waiting(engine, withdraw(story))
    with pytest.raises(ValueError, match="is open"):
        refuse(engine, row)


def test_an_unknown_request_is_said_so(engine: Engine) -> None:
    row = with_ids(encode(withdraw(Story()))) | {"id": "x"}
    with pytest.raises(LookupError):
        refuse(engine, row)
