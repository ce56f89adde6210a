"""Finished instances: what they came to, and when."""

from datetime import datetime

from portal.domain.request.events import (
    RequestApproved,
    RequestCancelled,
    RequestFailed,
    RequestRejected,
    RequestTimedOut,
    RequestWithdrawn,
)
from portal.domain.request.values import Status
from portal.legacy import past
from portal.legacy.note import outcome_in
from portal.legacy.outcome import Story
from portal.legacy.records import Finding, Instance
from portal.legacy.setting import Setting
from portal.legacy.values import moment, text
from portal.legacy.votes import decision


def outcome_of(instance: Instance, finding: Finding) -> tuple[Status, str]:
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


def closed_at(instance: Instance, finding: Finding, now: datetime) -> datetime:
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
    finding: Finding,
    setting: Setting,
) -> None:
    """The whole story of a request that is over."""
    at = closed_at(instance, finding, setting.now)
    past.begin(story, instance, setting)
    past.retell(story, instance, setting)
    past.arrive(story, instance, policy_id, finding, setting)
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
