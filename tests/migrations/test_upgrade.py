"""A database of the version before the state was kept: it upgrades, and its requests go on.

`before_house.json` holds its rows, as that version's recorder wrote them at revision 0030: one
request that waits for Ben, one for Finance, one with an open question, one returned, one on hold,
one approved, and one amended while it waited.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from portal.activities.record import record_batch
from portal.domain.codec import encode
from portal.domain.request import apply as approval
from portal.domain.request.commands import Approve, Command, Comment
from portal.domain.request.events import kind_of
from portal.domain.request.state import Approval
from portal.models.columns import new_id
from portal.models.states import kept_state, kept_states
from portal.queries.audit_chain import verify
from portal.workflows.messages import RecordBatch, RecordedEvent
from tests.migrations.conftest import Database

ROWS = Path(__file__).with_name("before_house.json")
# Each after those that it refers to; what refers to one another is left out and set afterwards.
FIRST = (
    "portal.departments", "portal.users", "portal.request_types", "portal.policy_versions",
    "portal.requests", "portal.groups",
)  # fmt: skip
ROUND_ABOUT = {"portal.departments": "head_id", "portal.request_types": "policy_version_id"}
IN_FORCE = (
    "UPDATE portal.request_types t SET policy_version_id = v.id FROM portal.policy_versions v"
)
# What a workflow that began under the older version does not know of.
NEW = ("waiting_since", "hold_reason", "returned_by", "changed")
IDS = "SELECT number, id::text AS id FROM portal.requests"
STORED = "SELECT number, status, round, stage_name, last_seq FROM portal.requests"
OPEN = "SELECT id::text FROM portal.tasks WHERE status = 'OPEN' ORDER BY id"
TOLD = "SELECT hold_reason, returned_by, questions, waiting_since FROM portal.requests"


@pytest.fixture
def upgraded(empty: Database) -> Connection:
    """The older version's database, brought to the newest version."""
    empty.up("0030")
    tables: dict[str, list[dict[str, Any]]] = json.loads(ROWS.read_text(encoding="utf-8"))
    for name in (*FIRST, *(name for name in tables if name not in FIRST)):
        _insert(empty.connection, name, tables[name])
    empty.connection.execute(text(IN_FORCE))
    empty.connection.commit()
    empty.up()
    return empty.connection


def _insert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{each}"' for each in rows[0] if each != ROUND_ABOUT.get(name))
    statement = (
        f"INSERT INTO {name} ({columns}) SELECT {columns}"
        f" FROM jsonb_populate_recordset(NULL::{name}, %s::jsonb)"
    )
    connection.exec_driver_sql(statement, (json.dumps(rows),))


def give(connection: Connection, state: Approval, command: Command) -> Approval:
    """What the request's workflow makes of a command, recorded."""
    events = approval.apply(state, command, datetime.now(UTC))
    for event in events:
        state = approval.evolve(state, event)
    known = {name: value for name, value in encode(state).items() if name not in NEW}
    batch = RecordBatch(
        request_id=state.request_id,
        workflow_id=f"approval-{state.request_id}",
        run_id="",
        workflow_type="ApprovalWorkflow",
        events=[RecordedEvent(kind_of(event), encode(event)) for event in events],
        state=known,
    )
    assert record_batch(connection, batch).recorded == []
    return state


def ids_of(connection: Connection) -> dict[str, str]:
    """Ids by number."""
    return {row.number: row.id for row in connection.execute(text(IDS))}


def told(connection: Connection) -> list[Any]:
    return list(connection.execute(text(TOLD + " ORDER BY number")))


def test_the_states_say_what_the_rows_say(upgraded: Connection) -> None:
    ids = ids_of(upgraded)
    states = kept_states(upgraded, ids.values())
    assert {
        (
            each.number,
            each.status.value,
            each.round,
            each.stage and each.stage.plan.name,
            each.seq,
        )
        for each in states.values()
    } == {tuple(row) for row in upgraded.execute(text(STORED))}
    open_tasks = sorted(task.id for each in states.values() for task in each.open_tasks)
    assert open_tasks == list(upgraded.scalars(text(OPEN)))


def test_each_version_has_the_form_that_its_type_had(upgraded: Connection) -> None:
    rows = json.loads(ROWS.read_text(encoding="utf-8"))
    (kind,) = rows["portal.request_types"]
    found = upgraded.execute(text("SELECT form, name FROM portal.policy_versions")).all()
    assert [(row.form, row.name) for row in found] == [(kind["form"], kind["name"])] * len(
        rows["portal.policy_versions"]
    )
    assert kind["form"]


def test_an_open_request_is_decided(upgraded: Connection) -> None:
    request_id = ids_of(upgraded)["CH-1001"]
    state = kept_state(upgraded, request_id)
    (task,) = state.open_tasks
    command = Approve(
        command_id=new_id(),
        request_id=request_id,
        actor_id=task.assignee_id,
        at=datetime.now(UTC),
        task_id=task.id,
        round=1,
        content_version=1,
    )
    state = give(upgraded, state, command)
    assert kept_state(upgraded, request_id) == state
    kept = upgraded.execute(text("SELECT request_id::text, seq FROM portal.request_states")).all()
    assert [tuple(row) for row in kept] == [(request_id, state.seq)]
    by_id = text("SELECT status FROM portal.tasks WHERE id = :id")
    assert upgraded.scalar(by_id, {"id": task.id}) == "DECIDED"
    assert verify(upgraded) == []


def test_what_the_rows_said_stays_as_the_requests_go_on(upgraded: Connection) -> None:
    before = told(upgraded)
    ids = ids_of(upgraded)
    for request_id in ids.values():
        state = kept_state(upgraded, request_id)
        if state.is_open:
            comment = Comment(
                command_id=new_id(),
                request_id=request_id,
                actor_id=state.requester_id,
                at=datetime.now(UTC),
                comment="Still wanted.",
            )
            give(upgraded, state, comment)
    assert told(upgraded) == before
