"""Tasks that went to somebody else: escalated, delegated, reassigned, given back."""

from collections.abc import Callable
from typing import Any

from portal.domain.request import events as happened
from portal.domain.request.events import Event
from portal.legacy.back.keys import stamp
from portal.legacy.back.openings import Sitting
from portal.legacy.back.rows import DELEGATIONS, ESCALATIONS
from portal.legacy.back.teller import Teller


def _escalated(teller: Teller, event: happened.TaskEscalated) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    before, after = sitting.person, teller.profile(event.to_id)
    sitting.person = sitting.owner = after
    sitting.moved = "ESCALATED"
    if not teller.is_since(event):
        return
    for step in teller.steps_of(sitting):
        teller.rows.steps[step.id]["escalation_level"] = event.level
        if not _known(teller, before, after):
            teller.act(event, "ESCALATE", event.message, step, **{"from": before, "to": after})
            continue
        teller.rows.add(
            ESCALATIONS, event.at, event.seq, instance_id=teller.rows.before.id,
            step_instance_id=step.id, escalated_from_id=before, escalated_to_id=after,
            level=str(event.level), reason=event.message or event.why or None,
            escalated_by=teller.profile(event.actor), escalated_at=stamp(event.at),
        )  # fmt: skip


def _delegated(teller: Teller, event: happened.TaskDelegated) -> None:
    """Somebody acts for the owner, whose it stays; until a time, if the owner is away so long."""
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    owner, delegate = teller.profile(event.from_id), teller.profile(event.to_id)
    sitting.person, sitting.owner, sitting.moved = delegate, owner, "DELEGATED"
    for step in teller.steps_of(sitting):
        said = event.comment or event.why
        if not _known(teller, owner, delegate):
            teller.act(event, "DELEGATE", said, step, **{"from": owner, "to": delegate})
            continue
        at = stamp(event.at)
        link = teller.rows.add(
            DELEGATIONS, event.at, event.seq, instance_id=teller.rows.before.id,
            step_instance_id=step.id, delegated_from_id=owner, delegated_to_id=delegate,
            reason=said or None, expires_at=None if event.until is None else stamp(event.until),
            is_active=True, revoked_at=None, revoked_by=None, created_at=at, updated_at=at,
        )  # fmt: skip
        sitting.links.append(link)


def _given_back(teller: Teller, event: happened.TaskGivenBack) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    at = stamp(event.at)
    for link in sitting.links:
        link.update(is_active=False, revoked_at=at, updated_at=at)
        link["revoked_by"] = teller.profile(event.actor)
    sitting.links.clear()
    sitting.person = sitting.owner = teller.profile(event.to_id)
    sitting.moved = "" if sitting.person == sitting.first else "IN_PROGRESS"


def _reassigned(teller: Teller, event: happened.TaskReassigned) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    before, after = teller.profile(event.from_id), teller.profile(event.to_id)
    sitting.person = sitting.owner = after
    sitting.moved = "IN_PROGRESS"
    for step in teller.steps_of(sitting):
        said = event.comment or event.reason
        teller.act(event, "REASSIGN", said, step, **{"from": before, "to": after})


def _added(teller: Teller, event: happened.ApproverAdded) -> None:
    """One person more is asked: the old step has no place for that but a comment."""
    if teller.opening is None:
        return
    person = teller.profile(event.person_id)
    teller.opening.sittings[event.task_id] = Sitting(
        person, person, person, None, moved="IN_PROGRESS"
    )
    name = teller.places.people.directory.name(person)
    teller.act(event, "COMMENT", f"Asked {name} as well. {event.comment}")


def _withdrawn(teller: Teller, event: happened.TaskWithdrawn) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is not None:
        sitting.is_open = False


def _known(teller: Teller, *profiles: str) -> bool:
    """Whether all of them have a profile, as the foreign keys of these tables want it."""
    return teller.places.people.directory.profiles.keys() >= set(profiles)


Handler = Callable[[Any, Any], None]
HANDLERS: dict[type[Event], Handler] = {
    happened.TaskEscalated: _escalated,
    happened.TaskDelegated: _delegated,
    happened.TaskGivenBack: _given_back,
    happened.TaskReassigned: _reassigned,
    happened.ApproverAdded: _added,
    happened.TaskWithdrawn: _withdrawn,
}
