"""How a request stands, as far as a service has to know before it records a command.

These are courtesies: the workflow judges again, and its word counts.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, Uuid, bindparam, select

from portal.domain.errors import Refusal
from portal.domain.request.values import Status
from portal.extensions import db
from portal.models import Command, Request
from portal.services.errors import Refused


@dataclass(frozen=True, slots=True)
class Standing:
    """A request's identity and state. `sent_before`: the form's key was used; its result stands."""

    id: str
    number: str
    workflow: str
    status: Status
    requester_id: str
    on_behalf_of: str | None
    content_version: int
    content_hash: str
    needs_attention: bool
    sent_before: bool = False

    def is_by(self, person_id: str) -> bool:
        """Whether that person asked for it, or it is asked for on their behalf."""
        return person_id in (self.requester_id, self.on_behalf_of)


def standing_of(number: str, command_id: str, actor_id: str) -> Standing:
    """The request of that number, for a command of that id.

    Raises Refused where there is no such request, or where the id belongs to another command.
    """
    values = {"number": number, "command": command_id}
    row = db.session.execute(_statement(), values).one_or_none()
    if row is None:
        raise Refused(Refusal.UNKNOWN_TASK)
    if row.sender_id is not None and (row.sender_id, row.sent_about) != (actor_id, row.id):
        raise Refused(Refusal.NOT_ALLOWED)
    return Standing(
        id=row.id,
        number=row.number,
        workflow=row.workflow,
        status=Status(row.status),
        requester_id=row.requester_id,
        on_behalf_of=row.on_behalf_of,
        content_version=row.content_version,
        content_hash=row.content_hash,
        needs_attention=row.attention is not None,
        sent_before=row.sender_id is not None,
    )


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Request.id, Request.number, Request.workflow, Request.status, Request.requester_id,
            Request.on_behalf_of, Request.content_version, Request.content_hash,
            Request.attention,
            Command.actor_id.label("sender_id"), Command.request_id.label("sent_about"),
        )
        .outerjoin(Command, Command.id == bindparam("command", type_=Uuid(as_uuid=False)))
        .where(Request.number == bindparam("number"))
    )  # fmt: skip
