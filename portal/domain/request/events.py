"""What happened, one frozen dataclass each; what each is called says `catalogue`.

Fields named in `TEXTS` are free text written by people: the recorder keeps them in a table of
their own and the hash chain covers their salted hash, so that a text can be erased later.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from portal.domain.policy.policy import Decision
from portal.domain.request.proof import DecisionProof
from portal.domain.request.reasons import Kept
from portal.domain.request.state import Content, Priority, Via
from portal.domain.routing.plan import StagePlan

SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Common to all: request, place in its history (from 1), time, who ("system" for the clock)."""

    TEXTS: ClassVar[tuple[str, ...]] = ()

    request_id: str
    seq: int
    at: datetime
    actor: str = SYSTEM
    on_behalf_of: str | None = None
    command_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RequestSubmitted(Event):
    """A request began its first round."""

    TEXTS: ClassVar[tuple[str, ...]] = ("content",)
    number: str
    type_code: str
    policy_version_id: str
    content: Content
    content_hash: str
    module: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    priority: Priority = Priority.MEDIUM
    due_at: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    via: Via = Via.WEB


@dataclass(frozen=True, kw_only=True)
class AttentionNeeded(Event):
    """Nobody could be asked; the admins see it. Routing is tried again at `retry_at`.

    `attempt` counts, from 1, how often this same `reason` has come up: tell people at 1 only.
    """

    reason: Kept
    retry_at: datetime
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class RoutingRetried(Event):
    """The time came to look again for somebody to ask, after `attempt` fruitless searches."""

    attempt: int


@dataclass(frozen=True, kw_only=True)
class RouteQuestioned(Event):
    """It has to be looked at again who is asked: people changed. `cause` says how."""

    cause: Kept = ""


@dataclass(frozen=True, kw_only=True)
class RouteReviewed(Event):
    """It was looked at, and everybody who is asked may decide.

    `parts_settle`: from now on the stage asks only the parts that lack votes (see `StagePlan`).
    """

    parts_settle: bool = False


@dataclass(frozen=True, kw_only=True)
class CommentAdded(Event):
    """Somebody said something; `files` came with it (`KeptFile.as_value`)."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    comment: str
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestReturned(Event):
    """The round ended: the requester has to change something."""

    by: str
    round: int


@dataclass(frozen=True, kw_only=True)
class RequestResubmitted(Event):
    """The next round began. `changed` names what differs; `carried` stages stay approved."""

    TEXTS: ClassVar[tuple[str, ...]] = ("content", "comment")
    round: int
    content_version: int
    content: Content
    content_hash: str
    changed: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestAmended(Event):
    """The content changed while the request waited for decisions; its route is looked at anew.

    `changed` names what differs. `carried` stages stay approved; those in `asked_again` read
    what changed, so that their decisions, of an earlier content, do not count any more.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("content", "comment")
    content_version: int
    content: Content
    content_hash: str
    changed: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    asked_again: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestHeld(Event):
    """The clocks stopped, and why."""

    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestResumed(Event):
    """The clocks run on; every deadline moved later by `seconds`."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    seconds: int
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestMovedToPolicy(Event):
    """The request goes on by another version of its policy, whose stages are `stages`.

    `carried` stages stay approved; those in `asked_again` are not the same there, or are gone.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    policy_version_id: str
    from_version_id: str
    version: int
    stages: tuple[str, ...]
    carried: tuple[str, ...] = ()
    asked_again: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestOverridden(Event):
    """An admin decided the request, or the stage `stage_key`, in place of `passed_over`.

    `passed_over`: everybody who was asked in what was under way, or decided there. `proof`: what a
    stage asks of whoever decides.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    decision: Decision
    reason: str
    stage_key: str | None = None
    content_version: int = 1
    content_hash: str = ""
    passed_over: tuple[str, ...] = ()
    proof: DecisionProof | None = None


@dataclass(frozen=True, kw_only=True)
class RequestApproved(Event):
    """Outcome: every stage needed was passed."""


@dataclass(frozen=True, kw_only=True)
class RequestRejected(Event):
    """Outcome: a stage failed."""

    stage_key: str
    reason: Kept


@dataclass(frozen=True, kw_only=True)
class RequestTimedOut(Event):
    """Outcome: all deadlines and escalations of a stage passed."""

    stage_key: str


@dataclass(frozen=True, kw_only=True)
class RequestWithdrawn(Event):
    """Outcome: the requester took it back."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestCancelled(Event):
    """Outcome: an admin ended it."""

    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str


@dataclass(frozen=True, kw_only=True)
class CommandRefused(Event):
    """A command had no effect. `reason` is a `Refusal`; `kind` the command's name."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    kind: str
    reason: str
    task_id: str | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class StageSkipped(Event):
    """A stage was not needed, and why."""

    index: int
    key: str
    name: str
    reason: Kept


@dataclass(frozen=True, kw_only=True)
class StageOpened(Event):
    """A stage began; `opening` counts the stages opened so far in this request, from 1."""

    round: int
    opening: int
    plan: StagePlan


@dataclass(frozen=True, kw_only=True)
class TaskAssigned(Event):
    """A person was asked to decide."""

    task_id: str
    round: int
    index: int
    stage_key: str
    person_id: str
    group: str | None = None
    due_at: datetime | None = None
    why: Kept = ""


@dataclass(frozen=True, kw_only=True)
class TaskDecided(Event):
    """A task got its decision. `settles_at`: when the stage moves on unless undone, if it can.
    `proof`: what the stage asked for beside it."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    decision: Decision
    content_version: int
    content_hash: str
    comment: str = ""
    settles_at: datetime | None = None
    via: Via = Via.WEB
    files: tuple[dict[str, Any], ...] = ()
    proof: DecisionProof | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionRetracted(Event):
    """A decision was undone inside its undo window; its task is open again.

    `settles_at`: when the stage still moves on, if it has its verdict without this decision.
    """

    task_id: str
    settles_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionCarried(Event):
    """A decision stands in a stage that was interrupted and is opened anew.

    It did not depend on what changed. `task_id` is the task it was made on; `settles_at`: when
    the stage moves on, if this completes what it needs and somebody can still undo.
    """

    task_id: str
    person_id: str
    decision: Decision
    decided_by: str
    acting_for: str | None = None
    delegation_id: str | None = None
    group: str | None = None
    due_at: datetime | None = None
    undo_until: datetime | None = None
    settles_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TaskEscalated(Event):
    """A task moved to another person because of time."""

    task_id: str
    level: int
    from_id: str
    to_id: str
    message: str = ""
    why: Kept = ""


@dataclass(frozen=True, kw_only=True)
class TaskReassigned(Event):
    """A task moved to another person for good, with its ownership.

    `comment`: what the person who moved it said. `reason`: why the portal moved it by itself.
    `why`: why it came to this person.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    from_id: str
    to_id: str
    comment: str = ""
    reason: Kept = ""
    why: Kept = ""


@dataclass(frozen=True, kw_only=True)
class TaskDelegated(Event):
    """Somebody acts for a task's owner (`from_id`), whose it stays.

    `delegation_id` and `until`: the owner's absence that brought it about; None for this task only.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    from_id: str
    to_id: str
    comment: str = ""
    why: Kept = ""
    delegation_id: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TaskGivenBack(Event):
    """A delegated task is with its owner (`to_id`) again, and why.

    `comment`: what the person who ended the delegation said. `reason`: why the portal ended it.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    from_id: str
    to_id: str
    reason: Kept = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskExpired(Event):
    """A task's last deadline passed undecided."""

    task_id: str


@dataclass(frozen=True, kw_only=True)
class TaskWithdrawn(Event):
    """A task is no longer needed, and why. `dropped`: since who had it may not decide any more."""

    task_id: str
    reason: Kept
    dropped: bool = False


@dataclass(frozen=True, kw_only=True)
class ReminderDue(Event):
    """People are reminded: by the clock, or by the requester's nudge (then `actor` is a person).

    `number` counts the clock's reminders of this stage, from 1. `escalation` is the level this
    reminder goes with (the tasks that did not move), and 0 for every other reminder.
    """

    task_ids: tuple[str, ...]
    number: int = 0
    escalation: int = 0


@dataclass(frozen=True, kw_only=True)
class StageContinued(Event):
    """The route was looked at anew and still leads here: the stage goes on as it was."""

    index: int
    key: str
    opening: int


@dataclass(frozen=True, kw_only=True)
class StagePassed(Event):
    """A stage has the approvals it needs (or told its people, for a notify stage).

    `deciders`: who approved; `acted_for`: in whose place some of them did. `overridden_by`: the
    admin who let it pass without enough approvals.
    """

    index: int
    key: str
    deciders: tuple[str, ...] = ()
    acted_for: tuple[str, ...] = ()
    overridden_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class StageFailed(Event):
    """A stage was rejected, or can no longer get the approvals it needs."""

    index: int
    key: str
    reason: Kept


@dataclass(frozen=True, kw_only=True)
class ApproverAdded(Event):
    """Somebody beside the policy's people has to approve, too, and why."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    round: int
    index: int
    stage_key: str
    person_id: str
    due_at: datetime | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class InformationAsked(Event):
    """Whoever has a task asked the requester something; it stays to be decided."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class InformationGiven(Event):
    """The requester answered what was asked about a task."""

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    task_id: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class LegacyRecorded(Event):
    """One row that the old engine kept about this request: an action, a delegation, and so on.

    `source` and `legacy_id` name the old table and row, `what` the old word for it (APPROVE), and
    `step` the old step's name. `facts` are the row's other values. It changes nothing.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    source: str
    legacy_id: str
    what: str
    step: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestImported(Event):
    """The request came over from the old engine, under this policy version.

    Whatever state the request had here before (it may have been given back to the old engine and
    come again) begins anew: nothing passed, nothing open, routing from the first stage. The events
    after this one say where it really stands. `remarks`: what was odd, and how it was read.
    """

    instance_id: str
    legacy_request_id: str
    old_state: str
    policy_version_id: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestFailed(Event):
    """Outcome: the old engine gave up on it, with this error."""

    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str = ""


EVENTS: dict[str, type[Event]] = {
    event.__name__: event
    for event in (
        RequestSubmitted, StageSkipped, StageOpened, TaskAssigned, TaskDecided, DecisionRetracted,
        TaskEscalated, TaskReassigned, TaskDelegated, TaskGivenBack, TaskExpired, TaskWithdrawn,
        ReminderDue, CommentAdded, AttentionNeeded, RoutingRetried, RouteQuestioned,
        RouteReviewed, StagePassed, StageFailed, RequestReturned, RequestResubmitted, RequestHeld,
        RequestResumed, RequestApproved, RequestRejected, RequestTimedOut, RequestWithdrawn,
        RequestCancelled, CommandRefused, LegacyRecorded, RequestImported, RequestFailed,
        RequestAmended, StageContinued, DecisionCarried, RequestOverridden,
        RequestMovedToPolicy, InformationAsked, InformationGiven, ApproverAdded,
    )
}  # fmt: skip


def kind_of(event: Event) -> str:
    """The event's name in `portal.audit_events.kind`, such as "TaskDecided"."""
    return type(event).__name__
