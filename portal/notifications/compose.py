"""What people are told about the events of a request, in order. Pure."""

from collections.abc import Callable, Sequence
from typing import Any

from portal.domain.notices import composers
from portal.domain.notices.composers import ComposeContext, Notice
from portal.domain.request import events
from portal.domain.request.events import Event


def compose(recorded: Sequence[Event], context: ComposeContext) -> list[Notice]:
    """The notices of these events, in order. Nobody is told what they did themselves."""
    notices: list[Notice] = []
    context.is_ending = any(isinstance(event, OUTCOMES) for event in recorded)
    for event in recorded:
        composer = COMPOSERS.get(type(event))
        if composer is not None:
            told = {person for person in (event.actor, event.on_behalf_of) if person is not None}
            for each in composer(event, context):
                if each.user_id not in told:
                    told.add(each.user_id)
                    notices.append(each)
        if isinstance(event, events.TaskDelegated):
            # Whoever was asked just now and is represented at once has nothing to do.
            gone = (event.task_id, event.from_id)
            notices = [each for each in notices if (each.task_id, each.user_id) != gone]
    return notices


COMPOSERS: dict[type[Event], Callable[[Any, ComposeContext], list[Notice]]] = {
    events.RequestSubmitted: composers.content_given,
    events.RequestResubmitted: composers.content_given,
    events.RequestAmended: composers.amended,
    events.StageOpened: composers.opened,
    events.TaskAssigned: composers.assigned,
    events.TaskDecided: composers.decided,
    events.DecisionRetracted: composers.retracted,
    events.TaskExpired: composers.gone,
    events.TaskWithdrawn: composers.task_withdrawn,
    events.TaskEscalated: composers.escalated,
    events.TaskReassigned: composers.reassigned,
    events.TaskDelegated: composers.delegated,
    events.TaskGivenBack: composers.given_back,
    events.ApproverAdded: composers.approver_added,
    events.InformationAsked: composers.information_asked,
    events.InformationGiven: composers.information_given,
    events.ReminderDue: composers.reminded,
    events.CommentAdded: composers.commented,
    events.AttentionNeeded: composers.attention,
    events.RequestReturned: composers.returned,
    events.RequestOverridden: composers.overridden,
    events.RequestMovedToPolicy: composers.to_owners(
        "moved_policy", "{actor} moved “{title}” to a newer version of its policy."
    ),
    events.RequestHeld: composers.to_owners("held", "{actor} put “{title}” on hold."),
    events.RequestApproved: composers.to_owners("approved", "“{title}” is approved.", "decided"),
    events.RequestRejected: composers.to_owners("rejected", "“{title}” was rejected.", "decided"),
    events.RequestTimedOut: composers.to_owners(
        "timed_out", "“{title}” ended undecided: all its deadlines passed.", "decided"
    ),
    events.RequestCancelled: composers.to_owners(
        "cancelled", "{actor} cancelled “{title}”.", "decided"
    ),
    events.RequestWithdrawn: composers.to_owners(
        "withdrawn", "{actor} took “{title}” back.", "withdrawn"
    ),
}

OUTCOMES = (
    events.RequestApproved,
    events.RequestRejected,
    events.RequestTimedOut,
    events.RequestCancelled,
    events.RequestWithdrawn,
)
# Composing these takes knowing who is asked at that moment, or was before.
NEED_ASKED = (
    events.ReminderDue, events.TaskWithdrawn, events.InformationGiven, events.CommentAdded,
    events.RequestAmended, *OUTCOMES,
)  # fmt: skip
