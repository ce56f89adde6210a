"""Retells the stories of the domain's tests with ids that a database takes, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import Connection, insert

from portal import models
from portal.domain.codec import encode
from portal.domain.request.commands import Command, kind_of
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Approval, Via
from portal.models.columns import new_id
from portal.workflows.messages import RecordBatch, RecordedEvent

PEOPLE = ("ana", "ben", "cleo", "dan", "eve", "rita", "bob", "admin")
ABSENCES = ("d1", "d2")
VERSION, NEWER = (str(uuid5(NAMESPACE_OID, name)) for name in ("v1", "v2"))
KNOWN = {
    "v1": VERSION,
    "v2": NEWER,
    **{name: str(uuid5(NAMESPACE_OID, name)) for name in (*PEOPLE, *ABSENCES)},
}


def insert_office(connection: Connection) -> None:
    """Insert the stories' people, and the request type "purchase" with its published policy."""
    roles = {"admin": ["admin"]}
    people = [
        {"id": KNOWN[name], "name": name.title(), "roles": roles.get(name, [])} for name in PEOPLE
    ]
    connection.execute(insert(models.User), people)
    row = {"id": new_id(), "code": "purchase", "name": "Purchase", "prefix": "PR"}
    connection.execute(insert(models.RequestType).values(**row))
    version = {"id": VERSION, "request_type_id": row["id"], "version": 1}
    connection.execute(insert(models.PolicyVersion).values(**version))
    connection.execute(insert(models.PolicyVersion).values(**version | {"id": NEWER, "version": 2}))
    group = {"id": new_id(), "code": "IT", "name": "Computers"}
    connection.execute(insert(models.Group).values(**group))


def with_ids(value: Any) -> Any:
    """The JSON value with every name of a person or a command as an id."""
    if isinstance(value, dict):
        return {key: with_ids(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_ids(item) for item in value]
    if isinstance(value, str) and value.startswith("command-"):
        return str(uuid5(NAMESPACE_OID, value))
    return KNOWN.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Told:
    """Events of one or more steps, and the state after them."""

    events: tuple[Event, ...]
    state: Approval

    def and_then(self, later: "Told") -> "Told":
        """Both, as one."""
        return Told(self.events + later.events, later.state)

    def batch(self, run_id: str = "run-1") -> RecordBatch:
        """What the workflow would ask the recorder."""
        request_id = self.state.request_id
        return RecordBatch(
            request_id=request_id,
            workflow_id=f"approval-{request_id}",
            run_id=run_id,
            workflow_type="ApprovalWorkflow",
            events=[
                RecordedEvent(kind=type(event).__name__, data=with_ids(encode(event)))
                for event in self.events
            ],
            state=with_ids(encode(self.state)),
        )


def insert_commands(connection: Connection, commands: Sequence[Command]) -> None:
    """Insert the rows that the web would have made, each once."""
    rows = {}
    for command in commands:
        payload = with_ids(encode(command))
        rows[payload["command_id"]] = {
            "id": payload["command_id"],
            "request_id": str(UUID(command.request_id)),
            "number": "PR-1",
            "kind": kind_of(command),
            "actor_id": None if command.actor_id == SYSTEM else payload["actor_id"],
            "via": Via.SYSTEM if command.actor_id == SYSTEM else command.via,
            "payload": payload,
        }
    if rows:
        connection.execute(insert(models.Command), list(rows.values()))
