"""The waiting commands of `portal.commands`, as the relay takes them and lays them back."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    Interval,
    UpdateBase,
    and_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from portal.config import Settings
from portal.extensions import Question, without_transactions
from portal.models import Closure
from portal.models import Command as Row
from portal.models.closures import given_back
from portal.temporal.gateway import SUBMIT, CommandDelivery

WATCH_SECONDS = 30.0
LONGEST_WATCH_SECONDS = 480.0
PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class WaitingCommand(CommandDelivery):
    """A command taken for delivery. `attempts` counts this one; `row` is the whole row."""

    attempts: int
    row: dict[str, Any]


def take(engine: Engine, settings: Settings, most: int) -> list[WaitingCommand]:
    """Take up to `most` commands that are due, the first waiting one of each request.

    Nobody else takes them until the lease ends. Raises OperationalError if the database is away.
    """
    lease = timedelta(seconds=settings.relay_lease_seconds)
    with without_transactions(engine).connect() as connection:
        rows = _TAKING.ask(connection, {"most": most, "lease": lease})
    return [_waiting(row._asdict()) for row in sorted(rows, key=lambda row: row.created_at)]


def delivered(connection: Connection, command: WaitingCommand) -> None:
    """It arrived: look again later, in case its outcome never comes."""
    pause = min(WATCH_SECONDS * 2 ** min(command.attempts - 1, 8), LONGEST_WATCH_SECONDS)
    _change(
        connection,
        command,
        delivered_at=func.coalesce(Row.delivered_at, func.now()),
        next_attempt_at=func.now() + _about(pause),
        last_error=None,
    )


def postpone(connection: Connection, command: WaitingCommand, error: str) -> None:
    """It did not arrive: once more, after a pause that grows a little with each try."""
    pause = min(PAUSE_SECONDS * 2 ** min(command.attempts - 1, 8), LONGEST_PAUSE_SECONDS)
    _change(connection, command, next_attempt_at=func.now() + _about(pause), last_error=error)


def park(connection: Connection, command: WaitingCommand, error: str) -> None:
    """Give it up: a person has to look."""
    _change(connection, command, parked_at=func.now(), last_error=error)


def is_given_back(connection: Connection, request_id: str) -> bool:
    """Whether another system has the request again, so that no workflow may be brought back."""
    statement = select(given_back.c.request_id).where(given_back.c.request_id == request_id)
    return connection.execute(statement).first() is not None


def hurry_submit(connection: Connection, request_id: str) -> bool:
    """Deliver the request's Submit (again) before anything else; False if there is none waiting."""
    statement = (
        update(Row)
        .where(Row.request_id == request_id, Row.kind == SUBMIT, _waits(Row))
        .values(delivered_at=None, next_attempt_at=func.now())
        .returning(Row.id)
    )
    return connection.execute(statement).first() is not None


def _change(connection: Connection, command: WaitingCommand, **values: Any) -> None:
    statement = update(Row).where(Row.id == command.command_id, _waits(Row))
    connection.execute(statement.values(**values))


def _waits(row: Any) -> Any:
    """As the partial index has it."""
    return and_(row.applied_at.is_(None), row.parked_at.is_(None))


def _stands_behind_another() -> Any:
    earlier = aliased(Row)
    return exists().where(
        earlier.request_id == Row.request_id,
        _waits(earlier),
        earlier.delivered_at.is_(None),
        tuple_(earlier.created_at, earlier.id) < tuple_(Row.created_at, Row.id),
    )


def _is_drained() -> Any:
    """The portal is closed, and what was recorded before was given its time."""
    return exists().where(Closure.in_force.is_(True), Closure.drained_at.is_not(None))


def _taking() -> UpdateBase:
    due = (
        select(Row.id)
        .where(
            _waits(Row),
            Row.next_attempt_at <= func.now(),
            ~_stands_behind_another(),
            ~_is_drained(),
        )
        .order_by(Row.next_attempt_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(Row)
        .where(Row.id == due.c.id)
        .values(
            next_attempt_at=func.now() + bindparam("lease", type_=Interval),
            attempts=Row.attempts + 1,
        )
        .returning(*Row.__table__.columns)
    )


# The relay asks several times a second.
_TAKING = Question(_taking())


def _about(seconds: float) -> timedelta:
    """Give or take a fifth, so that what failed together does not return together."""
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret


def _waiting(row: dict[str, Any]) -> WaitingCommand:
    return WaitingCommand(
        command_id=row["id"],
        request_id=row["request_id"],
        number=row["number"],
        kind=row["kind"],
        payload=row["payload"],
        workflow=row["workflow"],
        # It was delivered, and nothing came of it: more rarely the longer that lasts, a new name.
        repeat=row["attempts"].bit_length() if row["delivered_at"] else 0,
        attempts=row["attempts"],
        row=row,
    )
