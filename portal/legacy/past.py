"""What lies behind an instance: its beginning, and every row the old engine kept, as events."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.domain.request.events import (
    RequestApproved,
    RequestCancelled,
    RequestFailed,
    RequestImported,
    RequestRejected,
    RequestSubmitted,
    RequestTimedOut,
    RequestWithdrawn,
    TaskWithdrawn,
)
from portal.domain.request.state import Approval, Content, Priority, Status, Via
from portal.legacy.engine import (
    EngineDelegation,
    EngineStep,
    Instance,
    MappingFinding,
    Row,
    outcome_in,
)
from portal.legacy.outcome import Story
from portal.legacy.setting import Setting
from portal.legacy.values import moment, new_key, text
from portal.legacy.votes import decision

KEPT_PRIORITIES = frozenset({"LOW", "HIGH", "URGENT"})
LONGEST_TITLE = 200
GIVEN_BACK = "The request was given back to the old system, and came again."


@dataclass(frozen=True)
class _PastRow:
    """One old row on its way into the record."""

    at: datetime | None
    source: str
    legacy_id: str
    what: str
    who: Any
    step: str
    facts: Row
    comment: str = ""

    @property
    def order(self) -> tuple[float, str, str]:
        """By time, then table and id; rows without a time come first."""
        return (0.0 if self.at is None else self.at.timestamp(), self.source, self.legacy_id)


def begin(story: Story, instance: Instance, setting: Setting) -> None:
    """The request as it was asked for, at the time it was; nothing where that is recorded."""
    if story.state.round:
        return
    definition = instance.definition
    assert definition is not None
    kind = setting.type_of(definition)
    content = content_of(instance, kind.name)
    context = instance.context if isinstance(instance.context, dict) else {}
    story.add(
        RequestSubmitted,
        instance.started_at or setting.now,
        setting.requester(instance.initiator),
        number="",
        type_code=kind.code,
        policy_version_id="",
        content=content,
        content_hash=content.fingerprint(),
        module=text(definition.row.get("module")),
        entity_type=text(context.get("referenceType")),
        entity_id=text(context.get("referenceId")),
        priority=priority_of(instance),
        metadata=_metadata(instance),
        via=Via.SYSTEM,
    )


def content_of(instance: Instance, name: str) -> Content:
    """What was asked for: the context, under a title that it gives or that is made for it."""
    context = instance.context
    if not isinstance(context, dict):
        return Content(title=name, fields={} if context is None else {"context": context})
    title = next((t for key in ("title", "subject", "name") if (t := text(context.get(key)))), None)
    about = " ".join(t for key in ("referenceType", "referenceId") if (t := text(context.get(key))))
    made = f"{name}: {about}" if about else name
    return Content(title=(title or made)[:LONGEST_TITLE], fields=context)


def priority_of(instance: Instance) -> Priority:
    """LOW, HIGH and URGENT stay; everything else becomes MEDIUM."""
    given = text(instance.metadata.get("priority"))
    return Priority(given) if given in KEPT_PRIORITIES else Priority.MEDIUM


def _metadata(instance: Instance) -> dict[str, Any]:
    definition = instance.definition
    assert definition is not None
    legacy = {
        "instance_id": instance.id,
        "request_id": instance.request_id,
        "workflow_id": definition.id,
        "workflow_code": definition.code,
        "workflow_version": definition.row.get("version"),
        "state": instance.state,
        "initiator_id": instance.initiator,
        "metadata": instance.row.get("metadata"),
    }
    return {"imported": True, "legacy": legacy}


def retell(story: Story, instance: Instance, setting: Setting) -> None:
    """Every action, delegation, escalation, transition and finished approval, in order of time."""
    began = instance.started_at or setting.now
    before = setting.before.get(instance.id)
    known = before.known if before is not None else frozenset()
    for line in sorted(_lines(instance), key=lambda each: each.order):
        if (line.source, line.legacy_id) in known:
            continue
        story.tell(
            line.at or began,
            setting.actor(line.who),
            source=line.source,
            legacy_id=line.legacy_id,
            what=line.what,
            step=line.step,
            facts=_facts(line.facts),
            comment=line.comment,
        )


def arrive(
    story: Story, instance: Instance, policy_id: str, finding: MappingFinding, setting: Setting
) -> None:
    """The move itself, with everything that was odd about it.

    Whoever was asked here before it was given back is not asked any more.
    """
    for words in instance.dropped_times():
        finding.remark(words)
    for task in story.state.open_tasks:
        story.add(TaskWithdrawn, setting.now, task_id=task.id, reason=GIVEN_BACK)
    story.add(
        RequestImported,
        setting.now,
        instance_id=instance.id,
        legacy_request_id=instance.request_id or "",
        old_state=instance.state,
        policy_version_id=policy_id,
        remarks=tuple(finding.remarks),
    )


def _lines(instance: Instance) -> Iterator[_PastRow]:
    names = {step.id: step.name for step in instance.steps}
    for step in instance.steps:
        yield from _of_step(step)
    for link in instance.strays:
        yield _of_delegation(link, "")
    for row in instance.escalations:
        who, at = row.get("escalated_by"), moment(row.get("escalated_at"))
        step_name = names.get(str(row.get("step_instance_id")), "")
        said = _said(row, "reason")
        yield _PastRow(at, "workflow_escalations", _id(row), "ESCALATE", who, step_name, row, said)
    for row in instance.transitions:
        who, at = row.get("transitioned_by"), moment(row.get("transitioned_at"))
        what = text(row.get("transition_type")) or "NEXT"
        yield _PastRow(at, "workflow_transitions", _id(row), what, who, "", row)


def _of_step(step: EngineStep) -> Iterator[_PastRow]:
    for action in step.actions:
        said = _said(action.row, "comment", "reason")
        who = action.row.get("actor_id")
        yield _PastRow(
            action.at,
            "workflow_actions",
            action.id,
            action.action,
            who,
            step.name,
            action.row,
            said,
        )
    for link in step.delegations:
        yield _of_delegation(link, step.name)
    if step.type == "APPROVAL" and step.is_finished:
        at, who = step.completed_at or step.started_at, step.row.get("assignee_id")
        kept = {name: step.row.get(name) for name in ("assignee_id", "result", "due_date")}
        yield _PastRow(
            at, "workflow_step_instances", step.id, step.status, who, step.name, kept,
            _said(step.row, "notes"),
        )  # fmt: skip


def _of_delegation(link: EngineDelegation, step: str) -> _PastRow:
    who, said = link.row.get("delegated_from_id"), _said(link.row, "reason")
    return _PastRow(link.at, "workflow_delegations", link.id, "DELEGATE", who, step, link.row, said)


# What the event says by itself, and free text, which is kept apart from it.
_TOLD_APART = frozenset({
    "id", "comment", "reason", "notes", "instance_id", "step_instance_id", "action", "performed_at",
    "transition_type", "transitioned_at", "escalated_at", "created_at", "updated_at",
})  # fmt: skip


def _facts(row: Row) -> dict[str, Any]:
    """The row's other values, without what the event says by itself and without free text."""
    return {
        name: value for name, value in row.items() if value is not None and name not in _TOLD_APART
    }


def _said(row: Row, *names: str) -> str:
    return "\n".join(said for name in names if (said := text(row.get(name))) is not None)


def _id(row: Row) -> str:
    return str(row.get("id"))


def story_of(instance: Instance, setting: Setting) -> Story:
    """The story so far: empty, or what is recorded of a request that comes again."""
    before = setting.before.get(instance.id)
    return Story(Approval(request_id=request_key(instance)) if before is None else before.state)


def request_key(instance: Instance) -> str:
    """The UUID under which the request is kept here."""
    return new_key(instance.request_id or instance.id)


def outcome_of(instance: Instance, finding: MappingFinding) -> tuple[Status, str]:
    """A finished instance's outcome, and the words that go with it."""
    known = outcome_in(instance.row)
    if known is not None:
        return known, _words(instance)
    if instance.state == "CANCELLED":
        return Status.CANCELLED, _words(instance) or "Cancelled in the old system."
    if instance.state == "FAILED":
        return Status.FAILED, text(instance.row.get("error")) or "Failed in the old system."
    decided = [
        (step, said)
        for step in instance.steps
        if step.type == "APPROVAL"
        and (said := decision(step, instance.initiator, finding)) is not None
    ]
    if not decided:
        finding.remark("It was completed without any approval that counts: approved.")
    for step, approved in decided:
        if not approved:
            return Status.REJECTED, f"The step “{step.name}” was rejected."
    return Status.APPROVED, ""


def _words(instance: Instance) -> str:
    why = text(instance.metadata.get("cancellationReason")) or text(instance.row.get("error"))
    return why or ""


def closed_at(instance: Instance, finding: MappingFinding, now: datetime) -> datetime:
    """When it was over; times that make no sense stay as they are, and are listed."""
    at = moment(instance.row.get("completed_at"))
    began = instance.started_at
    if at is not None:
        if began is not None and at < began:
            finding.remark("It was completed before it began; both times are kept.")
        return at
    done = [step.completed_at for step in instance.steps if step.completed_at is not None]
    if done:
        finding.remark("It has no time of completion; its last step's is used.")
        return max(done)
    finding.remark("It has no time of completion; the time it began is used.")
    return began or now


def close_as_history(
    story: Story,
    instance: Instance,
    outcome: tuple[Status, str],
    policy_id: str,
    finding: MappingFinding,
    setting: Setting,
) -> None:
    """The whole story of a request that is over."""
    at = closed_at(instance, finding, setting.now)
    begin(story, instance, setting)
    retell(story, instance, setting)
    arrive(story, instance, policy_id, finding, setting)
    status, words = outcome
    match status:
        case Status.APPROVED:
            story.add(RequestApproved, at)
        case Status.REJECTED:
            story.add(RequestRejected, at, stage_key="", reason=words)
        case Status.FAILED:
            story.add(RequestFailed, at, reason=words)
        case Status.TIMEOUT:
            story.add(RequestTimedOut, at, stage_key="")
        case Status.WITHDRAWN:
            story.add(RequestWithdrawn, at, comment=words)
        case _:
            story.add(RequestCancelled, at, reason=words)
