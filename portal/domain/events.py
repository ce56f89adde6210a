"""What happened, one frozen dataclass each, with a tag in up to three parts for filters and logs.

Fields named in `TEXTS` are free text written by people: the recorder keeps them in a table of
their own and the hash chain covers their salted hash, so that a text can be erased later.
"""

from portal.domain.asking_events import ApproverAdded, InformationAsked, InformationGiven
from portal.domain.event import SYSTEM, Event
from portal.domain.legacy_events import LegacyRecorded, RequestFailed, RequestImported
from portal.domain.request_events import (
    AttentionNeeded,
    CommandRefused,
    CommentAdded,
    RequestAmended,
    RequestApproved,
    RequestCancelled,
    RequestHeld,
    RequestMovedToPolicy,
    RequestOverridden,
    RequestRejected,
    RequestResubmitted,
    RequestResumed,
    RequestReturned,
    RequestSubmitted,
    RequestTimedOut,
    RequestWithdrawn,
    RouteQuestioned,
    RouteReviewed,
    RoutingRetried,
)
from portal.domain.stage_events import (
    DecisionCarried,
    DecisionRetracted,
    ReminderDue,
    StageContinued,
    StageFailed,
    StageOpened,
    StagePassed,
    StageSkipped,
    TaskAssigned,
    TaskDecided,
    TaskDelegated,
    TaskEscalated,
    TaskExpired,
    TaskGivenBack,
    TaskReassigned,
    TaskWithdrawn,
)

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


__all__ = [
    "EVENTS",
    "SYSTEM",
    "ApproverAdded",
    "AttentionNeeded",
    "CommandRefused",
    "CommentAdded",
    "DecisionCarried",
    "DecisionRetracted",
    "Event",
    "InformationAsked",
    "InformationGiven",
    "LegacyRecorded",
    "ReminderDue",
    "RequestAmended",
    "RequestApproved",
    "RequestCancelled",
    "RequestFailed",
    "RequestHeld",
    "RequestImported",
    "RequestMovedToPolicy",
    "RequestOverridden",
    "RequestRejected",
    "RequestResubmitted",
    "RequestResumed",
    "RequestReturned",
    "RequestSubmitted",
    "RequestTimedOut",
    "RequestWithdrawn",
    "RouteQuestioned",
    "RouteReviewed",
    "RoutingRetried",
    "StageContinued",
    "StageFailed",
    "StageOpened",
    "StagePassed",
    "StageSkipped",
    "TaskAssigned",
    "TaskDecided",
    "TaskDelegated",
    "TaskEscalated",
    "TaskExpired",
    "TaskGivenBack",
    "TaskReassigned",
    "TaskWithdrawn",
    "kind_of",
]
