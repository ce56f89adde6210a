"""The rows of `portal.commands`, as the web writes and asks for them: built once, run often."""

from datetime import timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Engine,
    Row,
    Table,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from portal.models import Command, db
from portal.models.closures import GIVEN_BACK, PORTAL_CLOSED
from portal.services.errors import Closed, GivenBack

# For so long the web delivers its own command; then the relay takes it for abandoned.
GRACE = timedelta(seconds=3)

REFUSALS: dict[str, type[Exception]] = {PORTAL_CLOSED: Closed, GIVEN_BACK: GivenBack}

_TABLE = cast(Table, Command.__table__)

# Asked several times for each command: as it goes over the wire, past the layers that build it.
_ROW = (
    "SELECT id::text, number, request_id::text, task_id::text, kind, outcome, reason,"
    " actor_id::text"
    " FROM portal.commands WHERE id = %(id)s"
)


def _must_queue() -> Any:
    """An earlier command of the request still waits, so that this one may not overtake it.

    Two people at the same moment are no order: only the same person's, or what has waited longer
    than a delivery takes, counts.
    """
    earlier = _TABLE.alias("earlier")
    return exists().where(
        earlier.c.request_id == bindparam("request_id"),
        earlier.c.applied_at.is_(None),
        earlier.c.parked_at.is_(None),
        earlier.c.delivered_at.is_(None),
        or_(
            earlier.c.actor_id == bindparam("actor_id"),
            earlier.c.created_at < func.now() - GRACE,
        ),
    )


def _insertion() -> Any:
    """Store a command, unless it is there. True: the web delivers it; False: the relay does."""
    patient = case((bindparam("patient", type_=Boolean), GRACE), else_=literal(timedelta(0)))
    turn = case((_must_queue(), func.now()), else_=func.now() + patient)
    return (
        insert(_TABLE)
        .values({name: bindparam(name) for name in _GIVEN} | {"next_attempt_at": turn})
        .on_conflict_do_nothing(index_elements=[_TABLE.c.id])
        .returning(_TABLE.c.next_attempt_at > func.now())
    )


_GIVEN = (
    "id", "request_id", "number", "task_id", "kind", "workflow", "actor_id", "on_behalf_of",
    "payload", "via", "ip", "user_agent",
)  # fmt: skip
_INSERTION = _insertion()
_MANY = insert(_TABLE).on_conflict_do_nothing(index_elements=[_TABLE.c.id])


def insert_row(**values: Any) -> bool | None:
    """Store a command in the session's transaction; `patient`: the web may deliver it.

    True: the web delivers; False: the relay does; None: it was there already. Raises Closed or
    GivenBack where the table refuses it; the transaction is rolled back then.
    """
    try:
        return db.session.connection().execute(_INSERTION, values).scalar_one_or_none()
    except DBAPIError as error:
        refusal = REFUSALS.get(getattr(error.orig, "sqlstate", None) or "")
        if refusal is None:
            raise
        db.session.rollback()
        if read_row(values["id"]) is not None:
            return None
        raise refusal from error


def insert_many(rows: list[dict[str, Any]]) -> None:
    """Store commands in the session's transaction, for the relay to deliver at once."""
    db.session.connection().execute(_MANY, rows)


def read_row(command_id: str) -> Row[Any] | None:
    """What is known of a command and its outcome; None for an unknown one.

    It takes a connection for this one statement and no transaction.
    """
    with _without_transactions(db.engine).connect() as connection:
        return connection.exec_driver_sql(_ROW, {"id": command_id}).one_or_none()


def leave_to_relay(command_id: str, **values: Any) -> None:
    """Change a command that has no outcome yet, in a transaction of its own."""
    statement = update(_TABLE).where(_TABLE.c.id == command_id, _TABLE.c.applied_at.is_(None))
    db.session.connection().execute(statement.values(**values))
    db.session.commit()


@cache
def _without_transactions(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")
