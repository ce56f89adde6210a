"""The one way in: what a person asked for is stored, brought to Temporal, its answer awaited."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any, Literal

from sqlalchemy import func

from portal.domain import codec
from portal.domain.errors import DomainError, Refusal
from portal.domain.request.catalogue import DECISIONS
from portal.domain.request.click import Click
from portal.domain.request.commands import Command, kind_of
from portal.models import db
from portal.services import outcomes
from portal.services.command_rows import insert_many, insert_row, leave_to_relay, read_row
from portal.services.errors import Refused, text_of
from portal.services.judge import admitted
from portal.services.snapshots import RequestSnapshot
from portal.temporal import gateway
from portal.temporal.gateway import CommandDelivery, Delivery

# A command that was delivered and has no outcome yet is delivered again after this.
WATCH = timedelta(seconds=30)
# How often to look for an outcome: where its announcement would be heard, and where not.
HEARING_SECONDS, LOOKING_SECONDS = 0.2, 0.03

# The three buttons of one form: the first that was pressed counts.
SAME_FORM = frozenset(DECISIONS)

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
    _require_usable(codec.encode(command))
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
    db.session.commit()
    if not direct:
        return _receipt_of(command.command_id)
    delivery = CommandDelivery(
        command_id=command.command_id,
        request_id=command.request_id,
        number=about.number,
        kind=kind_of(command),
        payload=payload,
        workflow=about.workflow,
    )
    return _deliver(door, delivery)


def store(given: Iterable[tuple[Command, RequestSnapshot]], click: Click) -> None:
    """Store commands that were admitted, within the caller's transaction.

    The relay delivers them: nobody waits for so many. Raises UnusableText and stores nothing.
    """
    rows = []
    for command, about in given:
        payload = codec.encode(command)
        _require_usable(payload)
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
    listener = outcomes.listener(door.settings.database_url)
    with listener.expecting(command.command_id) as answered:
        delivery = door.deliver(command)
        if delivery is not Delivery.DELIVERED:
            leave_to_relay(command.command_id, next_attempt_at=func.now())
        # For a request that is closed the relay has the answer at once.
        hopeful = delivery in (Delivery.DELIVERED, Delivery.CLOSED)
        wait_ms = door.settings.outcome_wait_ms if hopeful else 0
        found = _await_outcome(command.command_id, wait_ms, listener, answered)
    if found.outcome == "waiting" and delivery is Delivery.DELIVERED:
        leave_to_relay(
            command.command_id, delivered_at=func.now(), next_attempt_at=func.now() + WATCH
        )
    return found


def _await_outcome(
    command_id: str, wait_ms: int, listener: outcomes.Listener, answered: Event
) -> Receipt:
    """Look when the answer is announced, and now and then; no connection is held in between."""
    limit = time.monotonic() + wait_ms / 1000
    while (left := limit - time.monotonic()) > 0:
        answered.wait(min(left, HEARING_SECONDS if listener.hears else LOOKING_SECONDS))
        answered.clear()
        found = _receipt_of(command_id)
        if found.outcome != "waiting":
            return found
    return _receipt_of(command_id)


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
    return _receipt_of(command.command_id)


def _refusal(reason: str | None) -> Refusal:
    try:
        return Refusal(reason or "")
    except ValueError:
        return Refusal.UNSUPPORTED


def _require_usable(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise UnusableText("A text holds a character that cannot be kept.")
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_usable(name)
            _require_usable(item)
    elif isinstance(value, list):
        for item in value:
            _require_usable(item)
