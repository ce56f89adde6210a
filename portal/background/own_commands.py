"""Commands that the portal gives itself: stored like everybody's, and delivered by the relay."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from portal.domain.codec import encode
from portal.domain.request.commands import Command, kind_of
from portal.models import Command as Row


@dataclass(frozen=True, kw_only=True)
class OwnCommand:
    """A command, and its request's number and workflow (see `names.address`)."""

    command: Command
    number: str
    workflow: str


def id_of(source: str, what: str) -> str:
    """The id of a command that follows from a row: always the same, so that repeats are one."""
    return str(uuid5(UUID(source), what))


def give(connection: Connection, given: Iterable[OwnCommand]) -> int:
    """Store these in the caller's transaction; how many are new."""
    rows = [_row(each) for each in given]
    if not rows:
        return 0
    statement = insert(Row).on_conflict_do_nothing(index_elements=[Row.id]).returning(Row.id)
    return len(connection.execute(statement, rows).all())


def _row(given: OwnCommand) -> dict[str, object]:
    command = given.command
    return {
        "id": command.command_id,
        "request_id": command.request_id,
        "number": given.number,
        "task_id": getattr(command, "task_id", None),
        "kind": kind_of(command),
        "workflow": given.workflow,
        "actor_id": None,
        "on_behalf_of": command.on_behalf_of,
        "payload": encode(command),
        "via": command.via.value,
    }
