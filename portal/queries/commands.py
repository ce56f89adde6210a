"""Commands as their senders see them: recorded, applied or refused; and what is stuck."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from portal.domain.errors import Refusal
from portal.domain.request.commands import Submit
from portal.extensions import db
from portal.models import Command, User
from portal.queries.request import Reader
from portal.translation import _

SHOWN = 100


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command. `outcome`: None while it waits, then "applied", or "refused" with `reason`.

    `actor_id`: None for those that the portal gives itself.
    """

    id: str
    request_id: str
    number: str
    task_id: str | None
    kind: str
    actor_id: str | None
    actor_name: str
    payload: dict[str, Any]
    created_at: datetime
    attempts: int
    last_error: str | None
    delivered_at: datetime | None
    applied_at: datetime | None
    parked_at: datetime | None
    outcome: str | None
    reason: str | None

    @property
    def refusal(self) -> Refusal | None:
        """Why it had no effect, if it was refused."""
        if self.outcome != "refused":
            return None
        known = {refusal.value for refusal in Refusal}
        return Refusal(self.reason) if self.reason in known else Refusal.UNSUPPORTED

    @property
    def text(self) -> str:
        """The comment or reason typed with it."""
        return str(self.payload.get("comment") or self.payload.get("reason") or "")


def find(command_id: str, reader: Reader) -> CommandRecord | None:
    """The command, for the person who sent it and for those who read everything."""
    statement = _rows().where(Command.id == command_id)
    row = db.session.execute(statement).one_or_none()
    if row is None or not (reader.reads_all or row.actor_id == reader.id):
        return None
    return _record(row)


def waiting_for_request(request_id: str) -> tuple[CommandRecord, ...]:
    """What was recorded about a request and is not applied yet, oldest first."""
    rows = db.session.execute(_waiting_for_request(), {"request": request_id})
    return tuple(_record(row) for row in rows)


def submit_of(number: str, reader: Reader) -> CommandRecord | None:
    """The Submit of a request that was given its number and has not begun yet."""
    statement = _rows().where(
        Command.applied_at.is_(None),
        Command.kind == Submit.__name__,
        Command.number == number,
        # The index holds waiting submits by person; readers of everything go through them all.
        *(() if reader.reads_all else (Command.actor_id == reader.id,)),
    )
    row = db.session.execute(statement.limit(1)).one_or_none()
    return None if row is None else _record(row)


def waiting(longer_than: timedelta) -> tuple[CommandRecord, ...]:
    """Commands not applied for so long, up to `SHOWN`; in the order in which they are tried."""
    statement = _rows().where(
        Command.applied_at.is_(None),
        Command.parked_at.is_(None),
        Command.created_at < func.now() - longer_than,
    )
    rows = db.session.execute(statement.order_by(Command.next_attempt_at).limit(SHOWN))
    return tuple(_record(row) for row in rows)


def parked() -> tuple[CommandRecord, ...]:
    """Commands given up after too many failures, the newest first; up to `SHOWN`."""
    statement = _rows().where(Command.parked_at.is_not(None), Command.applied_at.is_(None))
    rows = db.session.execute(statement.order_by(Command.parked_at.desc()).limit(SHOWN))
    return tuple(_record(row) for row in rows)


def _record(row: Any) -> CommandRecord:
    found = CommandRecord(*row)
    return found if found.actor_name else replace(found, actor_name=_("The portal"))


@cache
def _waiting_for_request() -> Select[*tuple[Any, ...]]:
    return (
        _rows()
        .where(Command.request_id == bindparam("request"), Command.applied_at.is_(None))
        .order_by(Command.created_at)
        .limit(SHOWN)
    )


def _rows() -> Select[*tuple[Any, ...]]:
    return select(
        Command.id, Command.request_id, Command.number, Command.task_id, Command.kind,
        Command.actor_id, User.name, Command.payload, Command.created_at,
        Command.attempts, Command.last_error, Command.delivered_at, Command.applied_at,
        Command.parked_at, Command.outcome, Command.reason,
    ).outerjoin(User, User.id == Command.actor_id)  # fmt: skip
