"""The one way in: what a person asked for is stored, brought to Temporal, its answer awaited.

Commands are rows of `portal.commands`; their outcomes are announced by NOTIFY.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast

import psycopg
import structlog
from sqlalchemy import (
    Boolean,
    Table,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from portal import models
from portal.domain import codec
from portal.domain.errors import DomainError, Refusal
from portal.domain.request.catalogue import DECISIONS
from portal.domain.request.commands import Command, Submit, kind_of
from portal.domain.request.state import Click
from portal.extensions import Question, db, without_transactions
from portal.models.closures import GIVEN_BACK, PORTAL_CLOSED
from portal.models.commands import ANSWERED_CHANNEL
from portal.services.errors import Closed, GivenBack, Refused, text_of
from portal.services.judge import admitted
from portal.services.snapshots import RequestSnapshot
from portal.temporal import gateway
from portal.temporal.gateway import CommandDelivery, Delivery
from portal.translation import _

log = structlog.get_logger("portal.web")

# For so long the web delivers its own command; then the relay takes it for abandoned.
GRACE = timedelta(seconds=3)

REFUSALS: dict[str, type[Exception]] = {PORTAL_CLOSED: Closed, GIVEN_BACK: GivenBack}

_TABLE = cast(Table, models.Command.__table__)

_ROW = Question(
    select(
        _TABLE.c.id, _TABLE.c.number, _TABLE.c.request_id, _TABLE.c.task_id, _TABLE.c.kind,
        _TABLE.c.outcome, _TABLE.c.reason, _TABLE.c.actor_id,
    ).where(_TABLE.c.id == bindparam("id", type_=_TABLE.c.id.type))
)  # fmt: skip


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
        .values(
            {name: bindparam(name, type_=_TABLE.c[name].type) for name in _GIVEN}
            | {"next_attempt_at": turn}
        )
        .on_conflict_do_nothing(index_elements=[_TABLE.c.id])
        .returning((_TABLE.c.next_attempt_at > func.now()).label("is_ours"))
    )


_GIVEN = (
    "id", "request_id", "number", "task_id", "kind", "workflow", "actor_id", "on_behalf_of",
    "payload", "via", "ip", "user_agent",
)  # fmt: skip
_INSERTION = Question(_insertion())
_MANY = insert(_TABLE).on_conflict_do_nothing(index_elements=[_TABLE.c.id])


def insert_row(**values: Any) -> bool | None:
    """Store a command in the session's transaction; `patient`: the web may deliver it.

    True: the web delivers; False: the relay does; None: it was there already. Raises Closed or
    GivenBack where the table refuses it; the transaction is rolled back then.
    """
    try:
        stored = _INSERTION.one_or_none(db.session.connection(), values)
    except DBAPIError as error:
        refusal = REFUSALS.get(getattr(error.orig, "sqlstate", None) or "")
        if refusal is None:
            raise
        db.session.rollback()
        if read_row(values["id"]) is not None:
            return None
        raise refusal from error
    return None if stored is None else bool(stored.is_ours)


def insert_many(rows: list[dict[str, Any]]) -> None:
    """Store commands in the session's transaction, for the relay to deliver at once."""
    db.session.connection().execute(_MANY, rows)


def read_row(command_id: str) -> Any | None:
    """What is known of a command and its outcome; None for an unknown one.

    It takes a connection for this one statement and no transaction.
    """
    with without_transactions(db.engine).connect() as connection:
        return _ROW.one_or_none(connection, {"id": command_id})


def leave_to_relay(command_id: str, **values: Any) -> None:
    """Change a command that has no outcome yet, in a transaction of its own."""
    statement = update(_TABLE).where(_TABLE.c.id == command_id, _TABLE.c.applied_at.is_(None))
    db.session.connection().execute(statement.values(**values))
    db.session.commit()


CONNECT_SECONDS = 2
# Without anybody waiting for so long, the thread ends and gives its connection back.
IDLE_SECONDS = 30.0


class Announcement(threading.Event):
    """Set as soon as a command may have been answered; `outcome` and `reason` as they were said,
    None where they were not heard and have to be looked for."""

    outcome: str | None = None
    reason: str | None = None

    def hear(self, outcome: str | None = None, reason: str | None = None) -> None:
        """Take what was said; what was said before stays."""
        if outcome is not None:
            self.outcome, self.reason = outcome, reason
        self.set()


class Listener:
    """The ear of one process. `url` is the database's address, for the driver."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._awaited: dict[str, Announcement] = {}
        self._pid = 0
        self._hears = False

    @property
    def hears(self) -> bool:
        """Whether a notification would arrive now."""
        return self._hears and self._pid == os.getpid()

    @contextmanager
    def expecting(self, command_id: str) -> Iterator[Announcement]:
        """The answer, to be waited for: begin before delivering the command."""
        answered = Announcement()
        with self._lock:
            self._awaited[command_id] = answered
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._listen, name="outcomes", daemon=True).start()
        try:
            yield answered
        finally:
            with self._lock:
                self._awaited.pop(command_id, None)

    def _listen(self) -> None:
        try:
            self._hear()
        except psycopg.Error:
            pass  # the next one who waits tries again; meanwhile people look into the table
        finally:
            with self._lock:
                self._hears, self._pid = False, 0

    def _hear(self) -> None:
        with psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="gloria-outcomes",
        ) as connection:
            # Raw: SQLAlchemy has no LISTEN.
            connection.execute(f"LISTEN {ANSWERED_CHANNEL}")
            self._hears = True
            self._wake_everybody()
            while self._awaited:
                for notice in connection.notifies(timeout=IDLE_SECONDS):
                    self._wake(notice.payload)

    def _wake(self, said: str) -> None:
        command_id, *answer = said.split()
        answered = self._awaited.get(command_id)
        if answered is not None:
            answered.hear(*answer[:2])

    def _wake_everybody(self) -> None:
        """What was said before this thread listened was not heard: everybody looks once."""
        with self._lock:
            for answered in self._awaited.values():
                answered.hear()


_listeners: dict[str, Listener] = {}


def listener_of(url: str) -> Listener:
    """The process's ear for the database at this address; nothing is connected yet."""
    return _listeners.setdefault(url, Listener(url))


# A command that was delivered and has no outcome yet is delivered again after this.
WATCH = timedelta(seconds=30)
# How often to look for an outcome: where its announcement would be heard, and where not.
HEARING_SECONDS, LOOKING_SECONDS = 0.2, 0.03

# The three buttons of one form: the first that was pressed counts.
SAME_FORM = frozenset(DECISIONS)
# What of a command people type or choose, by its name in the payload.
TYPED = ("comment", "reason", "content", "to_id")

Outcome = Literal["applied", "refused", "waiting"]


class UnusableText(DomainError):
    """A text holds a character that cannot be kept: NUL, or half of a surrogate pair."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a command: applied, refused with a reason, or recorded and waiting."""

    command_id: str
    number: str
    request_id: str
    kind: str
    outcome: Outcome
    reason: Refusal | None = None


def issue(
    command: Command,
    click: Click,
    about: RequestSnapshot,
    also: Callable[[], None] | None = None,
) -> Receipt:
    """Record a command, commit, deliver it, and wait a moment for its outcome.

    `also` writes what goes with the command, in the same transaction: this is the one place where
    the transaction of a command is committed. A command sent again gives the first one's receipt
    and changes nothing. Raises UnusableText before anything is stored, Closed or GivenBack where
    nothing may be recorded now, and Refused, with what was typed, where the request's workflow
    would refuse it or the person may not do this (any more), or if the id belongs to another
    person's or another request's command, or to one of another kind.
    """
    door = gateway.current()
    require_usable(codec.encode(command))
    if about.is_used:
        return _first_receipt(command)
    command = admitted(about, command)
    payload = codec.encode(command)
    direct = insert_row(patient=not door.is_shut, **_row(command, payload, click, about))
    if direct is None:
        db.session.rollback()
        return _first_receipt(command)
    if also is not None:
        also()
    try:
        db.session.commit()
    except DBAPIError as error:
        _require_made(command.command_id, error)
    delivery = _delivery_of(command, payload, about)
    try:
        return _deliver(door, delivery) if direct else _receipt_of(command.command_id)
    except (DBAPIError, NoFreeConnection) as error:
        return _recorded(delivery, error)


def _delivery_of(
    command: Command, payload: dict[str, Any], about: RequestSnapshot
) -> CommandDelivery:
    return CommandDelivery(
        command_id=command.command_id,
        request_id=command.request_id,
        number=about.number,
        kind=kind_of(command),
        payload=payload,
        workflow=about.workflow,
    )


def _require_made(command_id: str, error: DBAPIError) -> None:
    """Raise the error of a commit, unless only its answer was lost: where the connection died, a
    new one is asked whether the commit was made."""
    db.session.rollback()
    if not _is_lost(error) or not _is_there(command_id):
        raise error
    log.warning("connection lost in a commit that was made", command=command_id)


def _is_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or isinstance(error, OperationalError)


def _is_there(command_id: str) -> bool:
    """Asked twice: other connections of the pool may have died with the first."""
    for _try in range(2):
        try:
            return read_row(command_id) is not None
        except DBAPIError:
            db.session.rollback()
    return False


def _recorded(command: CommandDelivery, error: Exception) -> Receipt:
    """The receipt of a command that is recorded, while the database cannot say what became of it:
    the relay brings it to its workflow, whatever happened here."""
    log.warning("database away behind a commit", command=command.command_id, error=str(error)[:200])
    with suppress(SQLAlchemyError):
        db.session.rollback()
    return Receipt(
        command_id=command.command_id,
        number=command.number,
        request_id=command.request_id,
        kind=command.kind,
        outcome="waiting",
    )


def store(given: Iterable[tuple[Command, RequestSnapshot]], click: Click) -> None:
    """Store commands that were admitted, within the caller's transaction.

    The relay delivers them: nobody waits for so many. Raises UnusableText and stores nothing.
    """
    rows = []
    for command, about in given:
        payload = codec.encode(command)
        require_usable(payload)
        rows.append(_row(command, payload, click, about))
    if rows:
        insert_many(rows)


def receipt(command_id: str) -> Receipt | None:
    """What became of a command so far; None for an unknown one."""
    row = read_row(command_id)
    if row is None:
        return None
    return Receipt(
        command_id=row.id,
        number=row.number,
        request_id=row.request_id,
        kind=row.kind,
        outcome=row.outcome or "waiting",
        reason=_refusal(row.reason) if row.outcome == "refused" else None,
    )


def _row(
    command: Command, payload: dict[str, Any], click: Click, about: RequestSnapshot
) -> dict[str, Any]:
    return {
        "id": command.command_id,
        "request_id": command.request_id,
        "number": about.number,
        "task_id": getattr(command, "task_id", None),
        "kind": kind_of(command),
        "workflow": about.workflow,
        "actor_id": command.actor_id,
        "on_behalf_of": command.on_behalf_of,
        "payload": payload,
        "via": command.via.value,
        "ip": click.ip,
        "user_agent": click.user_agent,
    }


def _deliver(door: gateway.Gateway, command: CommandDelivery) -> Receipt:
    """Bring it to Temporal and wait; without an answer from there waiting would be in vain."""
    listener = listener_of(door.settings.database_url)
    with listener.expecting(command.command_id) as answered:
        delivery = door.deliver(command)
        if delivery is not Delivery.DELIVERED:
            leave_to_relay(command.command_id, next_attempt_at=func.now())
        # For a request that is closed the relay has the answer at once.
        hopeful = delivery in (Delivery.DELIVERED, Delivery.CLOSED)
        wait_ms = door.settings.outcome_wait_ms if hopeful else 0
        found = _await_outcome(command, wait_ms, listener, answered)
    if found.outcome == "waiting" and delivery is Delivery.DELIVERED:
        leave_to_relay(
            command.command_id, delivered_at=func.now(), next_attempt_at=func.now() + WATCH
        )
    return found


def _await_outcome(
    command: CommandDelivery, wait_ms: int, listener: Listener, answered: Announcement
) -> Receipt:
    """The outcome as it is announced, which a commit does; where nothing is heard, look now and
    then. No connection is held in between."""
    limit = time.monotonic() + wait_ms / 1000
    while (left := limit - time.monotonic()) > 0:
        answered.wait(min(left, HEARING_SECONDS if listener.hears else LOOKING_SECONDS))
        answered.clear()
        if answered.outcome is not None:
            return _announced(command, answered)
        found = _receipt_of(command.command_id)
        if found.outcome != "waiting":
            return found
    return _receipt_of(command.command_id)


def _announced(command: CommandDelivery, answer: Announcement) -> Receipt:
    is_refused = answer.outcome == "refused"
    return Receipt(
        command_id=command.command_id,
        number=command.number,
        request_id=command.request_id,
        kind=command.kind,
        outcome="refused" if is_refused else "applied",
        reason=_refusal(answer.reason) if is_refused else None,
    )


def _receipt_of(command_id: str) -> Receipt:
    found = receipt(command_id)
    if found is None:
        raise LookupError(f"command {command_id} was recorded and is gone")
    return found


def _first_receipt(command: Command) -> Receipt:
    row = read_row(command.command_id)
    if row is None:
        raise LookupError(f"command {command.command_id} stood in its own way and is gone")
    task_id = getattr(command, "task_id", None) or row.task_id
    same = (command.actor_id, command.request_id, task_id)
    if (row.actor_id, row.request_id, row.task_id) != same:
        raise Refused(Refusal.NOT_ALLOWED, text_of(command))
    kinds = {row.kind, kind_of(command)}
    if len(kinds) > 1 and not kinds <= SAME_FORM:
        raise Refused(Refusal.KEY_USED, text_of(command))
    if not isinstance(command, Submit) and not _says_the_same(command):
        raise Refused(Refusal.KEY_USED, text_of(command), other_words())
    return _receipt_of(command.command_id)


def other_words() -> str:
    """What is said of a form that was sent before and says something else now."""
    return _(
        "This form was sent before, with other words. What you typed now was not sent: send it "
        "again from here."
    )


def _says_the_same(command: Command) -> bool:
    """Whether the command of that id that is recorded says what this one does, as far as people
    type it: somebody may have gone back in the browser and typed something else. Where nothing is
    typed now, nothing can be lost."""
    mine = _TABLE.c.id == command.command_id
    first = db.session.execute(select(_TABLE.c.payload).where(mine)).scalar_one()
    now = codec.encode(command)
    return all(now.get(each) in (None, "", first.get(each)) for each in TYPED)


def _refusal(reason: str | None) -> Refusal:
    try:
        return Refusal(reason or "")
    except ValueError:
        return Refusal.UNSUPPORTED


def require_usable(value: Any) -> None:
    """Raise UnusableText where a text of it cannot be kept."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise UnusableText("A text holds a character that cannot be kept.")
    elif isinstance(value, dict):
        for name, item in value.items():
            require_usable(name)
            require_usable(item)
    elif isinstance(value, list):
        for item in value:
            require_usable(item)
