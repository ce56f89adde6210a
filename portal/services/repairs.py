"""What an administrator has put right with one press: each is recorded as an act."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import func, or_, update
from sqlalchemy.dialects.postgresql import insert

from portal.domain.proof.acts import ActKind
from portal.domain.request.state import Click
from portal.extensions import db, transaction
from portal.models import Check, Command
from portal.queries import attention
from portal.queries.attention import CANARY
from portal.services import acts, streams, webhooks
from portal.services.errors import Refused
from portal.services.messages import send_again
from portal.services.requests import review_people
from portal.temporal import gateway
from portal.temporal.gateway import Scheduled


class RepairKind(StrEnum):
    """What can be put right."""

    APPROVERS = "approvers"
    WORKFLOWS = "workflows"
    COMMANDS = "commands"
    MESSAGES = "messages"
    WEBHOOKS = "webhooks"
    STREAMS = "streams"
    CANARY = "canary"
    SEALING = "sealing"
    VERIFICATION = "verification"
    CLEANING = "cleaning"


class NotRepaired(Exception):
    """Temporal did not take the wish; nothing was done."""


SCHEDULES = {
    RepairKind.WORKFLOWS: Scheduled.COMPARISON,
    RepairKind.SEALING: Scheduled.SEALING,
    RepairKind.VERIFICATION: Scheduled.VERIFICATION,
    RepairKind.CLEANING: Scheduled.CLEANING,
}


def repair(kind: RepairKind, key: str, actor_id: str, click: Click) -> int:
    """Put right what is wrong, as far as the portal can; to how much it was done. `key`: the
    form's, so that a second press does nothing more. Raises NotRepaired."""
    if kind in SCHEDULES and not gateway.current().trigger(SCHEDULES[kind]):
        raise NotRepaired
    acts.keep(ActKind.REPAIRED, kind.value)
    if kind is RepairKind.APPROVERS:
        return _approvers(key, actor_id, click)
    if kind is RepairKind.COMMANDS:
        return _commands()
    if kind is RepairKind.MESSAGES:
        return send_again()
    if kind is RepairKind.WEBHOOKS:
        return webhooks.deliver_failed_again()
    if kind is RepairKind.STREAMS:
        return _streams()
    if kind is RepairKind.CANARY:
        return _canary()
    return 1


def _approvers(key: str, actor_id: str, click: Click) -> int:
    """Have routing asked again about each request that has nobody who may decide."""
    stuck = (
        *attention.without_approver(),
        *attention.asking_nobody_active(),
        *attention.without_next_moment(),
    )
    count = 0
    for number in dict.fromkeys(each.number for each in stuck):
        try:
            review_people(number, str(uuid5(UUID(key), number)), actor_id, click)
            count += 1
        except Refused:  # it went on meanwhile
            db.session.rollback()
    return count


def _commands() -> int:
    """Have the relay try again, now, what it had given up, and what is not delivered yet."""
    again = (
        update(Command)
        .where(
            Command.applied_at.is_(None),
            or_(Command.parked_at.is_not(None), Command.delivered_at.is_(None)),
        )
        .values(parked_at=None, attempts=0, next_attempt_at=func.now())
        .returning(Command.id)
    )
    with transaction():
        count = len(db.session.execute(again).all())
        db.session.commit()
    return count


def _canary() -> int:
    """Have a worker send a canary within a quarter of a minute."""
    long_ago = func.now() - timedelta(days=1)
    row = insert(Check).values(name=CANARY, begun_at=long_ago)
    due = row.on_conflict_do_update(index_elements=[Check.name], set_={"begun_at": long_ago})
    with transaction():
        db.session.execute(due)
        db.session.commit()
    return 1


def _streams() -> int:
    """Have each stream of the log that is left alone for a while tried now."""
    with transaction():
        count = streams.hurry()
        db.session.commit()
    return count
