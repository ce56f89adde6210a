"""An old instance to what it will be here. Pure: everything it has to know is in the setting."""

from collections.abc import Iterator
from dataclasses import replace

from portal.legacy.choices import ReasonQuestion, RequestCourse
from portal.legacy.engine import Instance, MappingFinding, person_in
from portal.legacy.live import closed, map_active, needs_person
from portal.legacy.outcome import InstanceResult, Mapped
from portal.legacy.past import outcome_of
from portal.legacy.route import KNOWN_STATUSES
from portal.legacy.setting import OperatorAnswer, Setting
from portal.legacy.tables import ACTIVE_STATES, FINISHED_STATES
from portal.legacy.values import MOST_DEPTH

LONGEST_INITIATOR = LONGEST_REQUEST_ID = 255
"""What workflow_history's columns hold."""
READ_OF_DEFINITIONS = frozenset({"steps", "sla_config"})


def map_instance(instance: Instance, setting: Setting) -> Mapped:
    """What becomes of an instance. A result that writes nothing has reasons."""
    problem = _unusable(instance)
    if problem is not None:
        return Mapped(instance.id, InstanceResult.FAILED, reasons=[problem])
    answer = setting.choices.get(instance.id)
    instance = _answered(instance, answer)
    if answer is not None and answer.choice.closes_as is not None:
        words = f"{answer.by} chose this outcome."
        found = MappingFinding(remarks=[words])
        mapped = closed(instance, (answer.choice.closes_as, words), found, setting)
    elif instance.state in ACTIVE_STATES:
        mapped = map_active(instance, setting)
    elif instance.state in FINISHED_STATES:
        mapped = _finished(instance, setting)
    else:
        finding = MappingFinding()
        finding.needs(f"It is in the unknown state {instance.state!r}.", ReasonQuestion.OUTCOME)
        mapped = needs_person(instance, finding)
    if mapped.state is not None:
        mapped.people = _participants(instance, setting)
    return mapped


def _finished(instance: Instance, setting: Setting) -> Mapped:
    finding = MappingFinding()
    outcome = outcome_of(instance, finding)
    if finding.reasons:
        return needs_person(instance, finding)
    return closed(instance, outcome, finding, setting)


def _answered(instance: Instance, answer: OperatorAnswer | None) -> Instance:
    """The instance with what a person chose for its single steps."""
    if answer is None or answer.choice.kind is not RequestCourse.GO_ON:
        return instance
    choice = answer.choice
    steps = tuple(
        replace(
            step,
            passed_over=choice.skip and step.status not in KNOWN_STATUSES,
            read_as=choice.result,
        )
        for step in instance.steps
    )
    return replace(instance, steps=steps)


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
    return next(_too_deep(instance), None)


def _too_deep(instance: Instance) -> Iterator[str]:
    for table, row in instance.odd:
        for name in row.unreadable:
            if table != "workflows" or name in READ_OF_DEFINITIONS:
                yield f"{name} of {table} {row.get('id')} is nested more than {MOST_DEPTH} deep."


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
