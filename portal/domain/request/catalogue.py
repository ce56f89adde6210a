"""One row for each command and each event: everything that is said or decided by kind alone.

What a command or an event does to a request stands with the rules (`apply.HANDLERS`,
`evolve.CHANGES`); what it is called, who may give it, what a closed request answers, which comment
it carries, what it makes of the status and whom it tells stands here, once. Labels are English,
translated where they are shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.domain.errors import Refusal
from portal.domain.marked import msgid
from portal.domain.notices import composers
from portal.domain.notices.composers import ComposeContext, Notice, to_owners
from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.domain.request import commands, events
from portal.domain.request.commands import Command
from portal.domain.request.events import Event
from portal.domain.request.state import Status
from portal.domain.webhooks import HookType

Composer = Callable[[Any, ComposeContext], list[Notice]]


@dataclass(frozen=True, kw_only=True)
class CommandEntry:
    """A kind of command.

    `label`: what it is called to its sender ("Your approval"). `needs`: what its sender must be
    allowed to do; None where only the portal itself gives it. `when_closed`: what a closed request
    answers. `text`: the field that holds what the person wrote. `decision`: what it says of a task.
    """

    kind: type[Command]
    label: str
    needs: Permission | None
    when_closed: Refusal = Refusal.CLOSED
    text: str | None = None
    decision: Decision | None = None


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What was written with an event: its field, its code in `portal.comments.about`, and what is
    said of it beside the author's name."""

    field: str
    about: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class EventEntry:
    """A kind of event.

    `tag`: its name in up to three parts for filters and logs, which the hash chain covers. `label`,
    `tone` and `icon`: how a list of events shows it. `comment`: what was written with it.
    `in_course`: it moves the request along its route; the rest is for the list of all events.
    `status`: the request's status after it, where it changes that. `tells`: the composer of its
    notices; `knows_tasks`: composing them takes knowing who is asked, or was before. `hook`: what
    other programs are told of it.
    """

    kind: type[Event]
    tag: str
    label: str
    tone: str = "neutral"
    icon: str = "minus-circle"
    comment: Carried | None = None
    in_course: bool = False
    status: Status | None = None
    tells: Composer | None = None
    knows_tasks: bool = False
    hook: HookType | None = None


def _carried(about: str, label: str, field: str = "comment") -> Carried:
    return Carried(field=field, about=about, label=label)


COMMAND_ENTRIES: dict[type[Command], CommandEntry] = {
    entry.kind: entry
    for entry in (
        CommandEntry(kind=commands.Submit, needs=Permission.SUBMIT, label=msgid("Your request")),
        CommandEntry(
            kind=commands.Approve, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your approval"), when_closed=Refusal.LATE,
            text="comment", decision=Decision.APPROVE,
        ),
        CommandEntry(
            kind=commands.Reject, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your rejection"), when_closed=Refusal.LATE,
            text="comment", decision=Decision.REJECT,
        ),
        CommandEntry(
            kind=commands.SendBack, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your return"), when_closed=Refusal.LATE,
            text="comment", decision=Decision.SEND_BACK,
        ),
        CommandEntry(
            kind=commands.Retract, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your undo"), when_closed=Refusal.UNDO_OVER,
        ),
        CommandEntry(
            kind=commands.Resubmit, needs=Permission.SUBMIT,
            label=msgid("Your new version"), text="comment",
        ),
        CommandEntry(
            kind=commands.Amend, needs=Permission.SUBMIT,
            label=msgid("Your change"), text="comment",
        ),
        CommandEntry(
            kind=commands.Override, needs=Permission.OVERRIDE,
            label=msgid("Your decision"), text="reason",
        ),
        CommandEntry(
            kind=commands.MoveToPolicy, needs=Permission.MOVE_POLICY,
            label=msgid("Your move to a newer policy"), text="reason",
        ),
        CommandEntry(
            kind=commands.Comment, needs=Permission.SUBMIT,
            label=msgid("Your comment"), text="comment",
        ),
        CommandEntry(
            kind=commands.Withdraw, needs=Permission.SUBMIT,
            label=msgid("Your withdrawal"), text="comment",
        ),
        CommandEntry(
            kind=commands.Cancel, needs=Permission.CANCEL,
            label=msgid("Your cancellation"), text="reason",
        ),
        CommandEntry(
            kind=commands.Hold, needs=Permission.HOLD,
            label=msgid("Your hold"), text="reason",
        ),
        CommandEntry(
            kind=commands.Resume, needs=Permission.HOLD,
            label=msgid("Your resume"), text="comment",
        ),
        CommandEntry(kind=commands.Remind, needs=Permission.SUBMIT, label=msgid("Your reminder")),
        CommandEntry(
            kind=commands.Reassign, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your reassignment"), when_closed=Refusal.LATE, text="comment",
        ),
        CommandEntry(
            kind=commands.Delegate, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your delegation"), when_closed=Refusal.LATE, text="comment",
        ),
        CommandEntry(
            kind=commands.TakeBack, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("The end of the delegation"), when_closed=Refusal.LATE, text="comment",
        ),
        CommandEntry(
            kind=commands.AddApprover, needs=Permission.SUBMIT,
            label=msgid("Your added approver"), when_closed=Refusal.LATE, text="comment",
        ),
        CommandEntry(
            kind=commands.AskInformation, needs=Permission.DECIDE_OWN_TASKS,
            label=msgid("Your question"), when_closed=Refusal.LATE, text="comment",
        ),
        CommandEntry(
            kind=commands.AnswerInformation, needs=Permission.SUBMIT,
            label=msgid("Your answer"), when_closed=Refusal.LATE, text="comment",
        ),
        CommandEntry(
            kind=commands.StartDelegation, needs=None,
            label=msgid("The start of a delegation"), when_closed=Refusal.LATE,
        ),
        CommandEntry(
            kind=commands.EndDelegation, needs=None,
            label=msgid("The end of a delegation"), when_closed=Refusal.LATE,
        ),
        CommandEntry(
            kind=commands.ReviewPeople, needs=Permission.ADMINISTER,
            label=msgid("A review of the approvers"),
        ),
    )
}  # fmt: skip

EVENT_ENTRIES: dict[type[Event], EventEntry] = {
    entry.kind: entry
    for entry in (
        EventEntry(
            kind=events.RequestSubmitted, tag="request:submitted",
            label=msgid("Submitted the request"), tone="info", icon="paper-airplane",
            in_course=True, status=Status.PENDING, tells=composers.content_given,
            hook=HookType.REQUEST_STARTED,
        ),
        EventEntry(
            kind=events.StageSkipped, tag="stage:skipped",
            label=msgid("Stage not needed"), icon="forward", in_course=True,
        ),
        EventEntry(
            kind=events.StageOpened, tag="stage:opened",
            label=msgid("Stage opened"), tone="info", icon="play", in_course=True,
            tells=composers.opened,
        ),
        EventEntry(
            kind=events.TaskAssigned, tag="task:assigned",
            label=msgid("Asked to decide"), tone="info", icon="user-plus", in_course=True,
            tells=composers.assigned,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.TaskDecided, tag="task:decided",
            label=msgid("Decided"), tone="info", icon="check",
            # Decisions stand beside their comments: the code is the decision itself.
            comment=_carried("", ""), tells=composers.decided,
            hook=HookType.TASK_DECIDED,
        ),
        EventEntry(
            kind=events.DecisionRetracted, tag="task:retracted",
            label=msgid("Undid the decision"), tone="warn", icon="arrow-uturn-left",
            tells=composers.retracted,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.DecisionCarried, tag="task:carried",
            label=msgid("Decision still stands"), tone="info", icon="check", in_course=True,
        ),
        EventEntry(
            kind=events.TaskEscalated, tag="task:escalated",
            label=msgid("Escalated, because time ran out"), tone="warn", icon="arrow-trending-up",
            tells=composers.escalated,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.TaskReassigned, tag="task:reassigned",
            label=msgid("Task reassigned"), tone="info", icon="arrows-right-left",
            comment=_carried("reassigned", msgid("reassigned a task")),
            tells=composers.reassigned,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.TaskDelegated, tag="task:delegated",
            label=msgid("Task delegated"), tone="info", icon="user-plus",
            comment=_carried("delegated", msgid("delegated a task")), tells=composers.delegated,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.TaskGivenBack, tag="task:given-back",
            label=msgid("Task given back to its owner"), tone="info", icon="arrow-uturn-left",
            comment=_carried("given_back", msgid("ended a delegation")),
            tells=composers.given_back,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.TaskExpired, tag="task:expired",
            label=msgid("Task expired undecided"), tone="bad", icon="clock", tells=composers.gone,
        ),
        EventEntry(
            kind=events.TaskWithdrawn, tag="task:withdrawn",
            label=msgid("Task no longer needed"), tells=composers.task_withdrawn,
            knows_tasks=True,
        ),
        EventEntry(
            kind=events.ReminderDue, tag="task:reminded",
            label=msgid("Reminder sent"), tone="warn", icon="bell-alert",
            tells=composers.reminded, knows_tasks=True,
        ),
        EventEntry(
            kind=events.InformationAsked, tag="task:information:asked",
            label=msgid("Asked for information"), tone="warn", icon="question-mark-circle",
            comment=_carried("asked", msgid("asked a question")), tells=composers.information_asked,
        ),
        EventEntry(
            kind=events.InformationGiven, tag="task:information:given",
            label=msgid("Gave the information asked for"), tone="info", icon="chat-bubble-left",
            comment=_carried("answered", msgid("answered")),
            tells=composers.information_given, knows_tasks=True,
        ),
        EventEntry(
            kind=events.ApproverAdded, tag="task:added",
            label=msgid("Added an approver"), tone="info", icon="user-plus", in_course=True,
            comment=_carried("added", msgid("added an approver")),
            tells=composers.approver_added,
            hook=HookType.TASK_OPENED,
        ),
        EventEntry(
            kind=events.CommentAdded, tag="request:commented",
            label=msgid("Commented"), icon="chat-bubble-left",
            comment=_carried("comment", ""), tells=composers.commented, knows_tasks=True,
        ),
        EventEntry(
            kind=events.AttentionNeeded, tag="request:attention",
            label=msgid("Needs an administrator"), tone="bad", icon="exclamation-triangle",
            in_course=True, tells=composers.attention,
        ),
        EventEntry(
            kind=events.RoutingRetried, tag="request:routing:retried",
            label=msgid("Looked for approvers again"), tone="info", icon="arrow-path",
        ),
        EventEntry(
            kind=events.RouteQuestioned, tag="request:route:questioned",
            label=msgid("Approvers reviewed, because people changed"), tone="info",
            icon="arrow-path",
        ),
        EventEntry(
            kind=events.RouteReviewed, tag="request:route:reviewed",
            label=msgid("All approvers may decide"), tone="ok", icon="check",
        ),
        EventEntry(
            kind=events.StagePassed, tag="stage:passed",
            label=msgid("Stage passed"), tone="ok", icon="check", in_course=True,
        ),
        EventEntry(
            kind=events.StageFailed, tag="stage:failed",
            label=msgid("Stage not passed"), tone="bad", icon="x-mark", in_course=True,
        ),
        EventEntry(
            kind=events.StageContinued, tag="stage:continued",
            label=msgid("Stage goes on as it was"), tone="info", icon="play", in_course=True,
        ),
        EventEntry(
            kind=events.RequestReturned, tag="request:returned",
            label=msgid("Returned to the requester"), tone="warn", icon="arrow-uturn-left",
            in_course=True, status=Status.RETURNED, tells=composers.returned,
            hook=HookType.REQUEST_RETURNED,
        ),
        EventEntry(
            kind=events.RequestResubmitted, tag="request:resubmitted",
            label=msgid("Submitted again"), tone="info", icon="paper-airplane", in_course=True,
            status=Status.PENDING, comment=_carried("resubmitted", msgid("submitted it again")),
            tells=composers.content_given,
            hook=HookType.REQUEST_CHANGED,
        ),
        EventEntry(
            kind=events.RequestAmended, tag="request:amended",
            label=msgid("Changed the request"), tone="warn", icon="pencil-square", in_course=True,
            comment=_carried("amended", msgid("edited it")),
            tells=composers.amended, knows_tasks=True,
            hook=HookType.REQUEST_CHANGED,
        ),
        EventEntry(
            kind=events.RequestHeld, tag="request:held",
            label=msgid("Put on hold"), tone="warn", icon="pause", status=Status.ON_HOLD,
            comment=_carried("held", msgid("put it on hold"), "reason"),
            tells=to_owners("held", msgid("%(actor)s put “%(title)s” on hold.")),
            hook=HookType.REQUEST_CHANGED,
        ),
        EventEntry(
            kind=events.RequestResumed, tag="request:resumed",
            label=msgid("Resumed"), tone="info", icon="play", status=Status.PENDING,
            comment=_carried("resumed", msgid("resumed it")),
            hook=HookType.REQUEST_CHANGED,
        ),
        EventEntry(
            kind=events.RequestMovedToPolicy, tag="request:policy:moved",
            label=msgid("Moved to another policy"), tone="warn", icon="arrows-right-left",
            in_course=True,
            comment=_carried("moved_policy", msgid("moved it to a newer policy"), "reason"),
            tells=to_owners(
                "moved_policy",
                msgid("%(actor)s moved “%(title)s” to a newer version of its policy."),
            ),
            hook=HookType.REQUEST_CHANGED,
        ),
        EventEntry(
            kind=events.RequestOverridden, tag="request:overridden",
            label=msgid("Decided by an administrator"), tone="warn", icon="exclamation-triangle",
            in_course=True,
            comment=_carried("overridden", msgid("decided in place of the approvers"), "reason"),
            tells=composers.overridden,
        ),
        EventEntry(
            kind=events.RequestApproved, tag="request:approved",
            label=msgid("Request approved"), tone="ok", icon="check-circle", in_course=True,
            status=Status.APPROVED,
            tells=to_owners("approved", msgid("“%(title)s” is approved."), "decided"),
            knows_tasks=True,
            hook=HookType.REQUEST_APPROVED,
        ),
        EventEntry(
            kind=events.RequestRejected, tag="request:rejected",
            label=msgid("Request rejected"), tone="bad", icon="x-circle", in_course=True,
            status=Status.REJECTED,
            tells=to_owners("rejected", msgid("“%(title)s” was rejected."), "decided"),
            knows_tasks=True,
            hook=HookType.REQUEST_REJECTED,
        ),
        EventEntry(
            kind=events.RequestTimedOut, tag="request:timedout",
            label=msgid("Request expired"), tone="bad", icon="clock", in_course=True,
            status=Status.TIMEOUT,
            tells=to_owners(
                "timed_out", msgid("“%(title)s” expired: all its deadlines passed."), "decided"
            ),
            knows_tasks=True,
            hook=HookType.REQUEST_EXPIRED,
        ),
        EventEntry(
            kind=events.RequestWithdrawn, tag="request:withdrawn",
            label=msgid("Withdrew the request"), in_course=True, status=Status.WITHDRAWN,
            comment=_carried("withdrawn", msgid("withdrew it")),
            tells=to_owners("withdrawn", msgid("%(actor)s withdrew “%(title)s”."), "withdrawn"),
            knows_tasks=True,
            hook=HookType.REQUEST_WITHDRAWN,
        ),
        EventEntry(
            kind=events.RequestCancelled, tag="request:cancelled",
            label=msgid("Cancelled the request"), icon="no-symbol", in_course=True,
            status=Status.CANCELLED, comment=_carried("cancelled", msgid("cancelled it"), "reason"),
            tells=to_owners("cancelled", msgid("%(actor)s cancelled “%(title)s”."), "decided"),
            knows_tasks=True,
            hook=HookType.REQUEST_CANCELLED,
        ),
        EventEntry(
            kind=events.CommandRefused, tag="command:refused",
            label=msgid("Refused, nothing changed"), tone="bad", icon="no-symbol",
        ),
        EventEntry(
            kind=events.LegacyRecorded, tag="legacy:recorded",
            label=msgid("Recorded by the old system"), icon="archive-box",
        ),
        EventEntry(
            kind=events.RequestImported, tag="request:imported",
            label=msgid("Came over from the old system"), tone="info", icon="arrow-down-tray",
            status=Status.PENDING,
        ),
        EventEntry(
            kind=events.RequestFailed, tag="request:failed",
            label=msgid("Request failed in the old system"), tone="bad",
            icon="exclamation-triangle", status=Status.FAILED,
        ),
    )
}  # fmt: skip

# The entries by the name that tables and messages keep.
COMMANDS_BY_NAME = {kind.__name__: entry for kind, entry in COMMAND_ENTRIES.items()}
EVENTS_BY_NAME = {kind.__name__: entry for kind, entry in EVENT_ENTRIES.items()}

DECISIONS: dict[str, Decision] = {
    name: entry.decision for name, entry in COMMANDS_BY_NAME.items() if entry.decision is not None
}
OUTCOMES = tuple(
    kind
    for kind, entry in EVENT_ENTRIES.items()
    if entry.status is not None and not entry.status.is_open
)
COURSE = tuple(name for name, entry in EVENTS_BY_NAME.items() if entry.in_course)

# What a decision's comment is called in `portal.comments.about` once the decision was undone.
UNDONE = "undone"
# Words beside a comment's author, by `portal.comments.about`.
DECIDED: dict[str, str] = {
    Decision.APPROVE.value: msgid("approved"),
    Decision.REJECT.value: msgid("rejected"),
    Decision.SEND_BACK.value: msgid("returned it"),
}
ABOUT: dict[str, str] = (
    DECIDED
    | {
        entry.comment.about: entry.comment.label
        for entry in EVENT_ENTRIES.values()
        if entry.comment is not None and entry.comment.about
    }
    | {UNDONE: msgid("withdrawn")}
)


def text_of(command: Command) -> str:
    """What the person wrote with a command, if anything; nothing for one of another version."""
    entry = COMMAND_ENTRIES.get(type(command))
    return "" if entry is None or entry.text is None else str(getattr(command, entry.text))


def comment_of(event: Event) -> tuple[str, str] | None:
    """What was said with an event: its code in `portal.comments.about`, and the text; None where
    nothing was."""
    carried = EVENT_ENTRIES[type(event)].comment
    text = "" if carried is None else str(getattr(event, carried.field))
    if carried is None or not text:
        return None
    return (event.decision if isinstance(event, events.TaskDecided) else carried.about), text
