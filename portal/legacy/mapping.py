"""An old instance to what it will be here. Pure: everything it has to know is in the setting."""

from portal.domain.request import Status
from portal.legacy.history import outcome_of
from portal.legacy.live import closed, map_active
from portal.legacy.outcome import Mapped, Result
from portal.legacy.records import Finding, Instance, person_in
from portal.legacy.setting import Setting
from portal.legacy.tables import ACTIVE_STATES, FINISHED_STATES

# What workflow_history's columns hold; the workflow's id is "approval-" and the request's.
LONGEST_INITIATOR = 255
LONGEST_REQUEST_ID = LONGEST_INITIATOR - len("approval-")
CHOSEN = "An administrator chose this outcome."


def map_instance(instance: Instance, setting: Setting) -> Mapped:
    """What becomes of an instance. A result that writes nothing has reasons."""
    problem = _unusable(instance)
    if problem is not None:
        return Mapped(instance.id, Result.FAILED, reasons=[problem])
    choice = setting.choices.get(instance.id)
    if choice is not None and choice.kind == "close" and choice.outcome is not None:
        found = Finding(remarks=[CHOSEN])
        mapped = closed(instance, (Status(choice.outcome), CHOSEN), found, setting)
    elif instance.state in ACTIVE_STATES:
        mapped = map_active(instance, setting)
    elif instance.state in FINISHED_STATES:
        mapped = _finished(instance, setting)
    else:
        reason = f"It is in the unknown state {instance.state!r}."
        return Mapped(instance.id, Result.NEEDS_PERSON, reasons=[reason])
    if mapped.state is not None:
        mapped.people = _participants(instance, setting)
    return mapped


def _finished(instance: Instance, setting: Setting) -> Mapped:
    finding = Finding()
    outcome = outcome_of(instance, finding)
    if finding.reasons:
        return Mapped(
            instance.id, Result.NEEDS_PERSON, reasons=finding.reasons, remarks=finding.remarks
        )
    return closed(instance, outcome, finding, setting)


def _unusable(instance: Instance) -> str | None:
    """Why nothing at all can be made of the row."""
    if instance.request_id is None:
        return "It has no request id."
    if len(instance.request_id) > LONGEST_REQUEST_ID:
        return f"Its request id is longer than {LONGEST_REQUEST_ID} characters."
    if len(instance.initiator or "") > LONGEST_INITIATOR:
        return f"Its initiator_id is longer than {LONGEST_INITIATOR} characters."
    if instance.definition is None:
        return f"Its definition {instance.row.get('workflow_id')!r} does not exist."
    return None


def _participants(instance: Instance, setting: Setting) -> set[str]:
    """Everybody who asked, was asked, or did something: they may see it."""
    people = {instance.initiator}
    for step in instance.steps:
        people |= {step.assignee, *(action.actor for action in step.actions)}
        people |= {person for link in step.delegations for person in (link.from_id, link.to_id)}
    for link in instance.strays:
        people |= {link.from_id, link.to_id}
    for row in instance.escalations:
        people |= {person_in(row.get(f"escalated_{end}_id")) for end in ("from", "to")}
    return {setting.user(person) for person in people if person is not None}
