"""What people are told about the events of a request: who, and in which words. Pure."""

from collections.abc import Callable, Sequence
from typing import Any

from portal.domain.deciding.override import INSTEAD
from portal.domain.policy.policy import StageKind
from portal.domain.request import (
    events as asking_events,
)
from portal.domain.request import (
    events as request_events,
)
from portal.domain.request import (
    events as stage_events,
)
from portal.domain.request.amend import ASKED_AGAIN
from portal.domain.request.events import SYSTEM, Event
from portal.notifications import questions
from portal.notifications.overriding import overridden
from portal.notifications.scene import Notice, Scene, Seat, notice

__all__ = ["NEED_ASKED", "Notice", "Scene", "Seat", "compose"]

TOLD_OTHERWISE = (ASKED_AGAIN, INSTEAD)


def compose(events: Sequence[Event], scene: Scene) -> list[Notice]:
    """The notices of these events, in order. Nobody is told what they did themselves."""
    notices: list[Notice] = []
    scene.is_ending = any(isinstance(event, OUTCOMES) for event in events)
    for event in events:
        teller = TELLERS.get(type(event))
        if teller is not None:
            told = {person for person in (event.actor, event.on_behalf_of) if person is not None}
            for each in teller(event, scene):
                if each.user_id not in told:
                    told.add(each.user_id)
                    notices.append(each)
        if isinstance(event, stage_events.TaskDelegated):
            # Whoever was asked just now and is represented at once has nothing to do.
            gone = (event.task_id, event.from_id)
            notices = [each for each in notices if (each.task_id, each.user_id) != gone]
    return notices


def _asked(
    event: request_events.RequestSubmitted | request_events.RequestResubmitted, scene: Scene
) -> list[Notice]:
    scene.title = event.content.title
    return []


def _amended(event: request_events.RequestAmended, scene: Scene) -> list[Notice]:
    """Whoever is still asked about what they did not have to read anew hears of it all the same."""
    scene.title = event.content.title
    text = f"{scene.name(event.actor)} changed “{scene.title}”, which waits for your decision."
    return [
        notice(event, person, "amended", text, task) for task, person in scene.assignees.items()
    ]


def _opened(event: stage_events.StageOpened, scene: Scene) -> list[Notice]:
    if event.plan.kind is not StageKind.NOTIFY:
        return []
    text = f"{scene.name(scene.requester_id)} asks for “{scene.title}”. Nothing to do for you."
    return [notice(event, person.person_id, "told", text) for person in event.plan.people]


def _assigned(event: stage_events.TaskAssigned, scene: Scene) -> list[Notice]:
    scene.assignees[event.task_id] = event.person_id
    scene.seats[event.task_id] = Seat(person_id=event.person_id, place=(event.round, event.index))
    text = f"{scene.name(scene.requester_id)} asks for your decision: “{scene.title}”."
    return [notice(event, event.person_id, "assigned", text, event.task_id)]


def _decided(event: stage_events.TaskDecided, scene: Scene) -> list[Notice]:
    if event.task_id in scene.seats:
        scene.seats[event.task_id].decided = True
    return _gone(event, scene)


def _retracted(event: stage_events.DecisionRetracted, scene: Scene) -> list[Notice]:
    scene.assignees[event.task_id] = event.actor
    if event.task_id in scene.seats:
        scene.seats[event.task_id].decided = False
    return []


def _gone(event: Any, scene: Scene) -> list[Notice]:
    scene.assignees.pop(event.task_id, None)
    return []


def _withdrawn(event: stage_events.TaskWithdrawn, scene: Scene) -> list[Notice]:
    notices = []
    person = scene.assignees.pop(event.task_id, None)
    # The outcome says it better, and so do some other events.
    if person is not None and not scene.is_ending and event.reason not in TOLD_OTHERWISE:
        text = f"“{scene.title}” needs no decision of yours any more. {event.reason}"
        notices.append(notice(event, person, "decided", text))
    if event.dropped:
        text = f"One person less decides about “{scene.title}”. {event.reason}"
        notices += [notice(event, owner, "moved", text) for owner in scene.owners]
    return notices


def _escalated(event: stage_events.TaskEscalated, scene: Scene) -> list[Notice]:
    scene.move(event.task_id, event.to_id)
    before = scene.name(event.from_id)
    message = f" {event.message}" if event.message else ""
    to_text = f"“{scene.title}” waited for {before} and is now yours to decide.{message}"
    from_text = f"“{scene.title}” waited too long and went to {scene.name(event.to_id)}."
    return [
        notice(event, event.to_id, "escalated", to_text, event.task_id),
        notice(event, event.from_id, "moved", from_text),
    ]


def _reassigned(event: stage_events.TaskReassigned, scene: Scene) -> list[Notice]:
    scene.move(event.task_id, event.to_id)
    new, old = scene.name(event.to_id), scene.name(event.from_id)
    if event.actor == SYSTEM:
        to_text = f"“{scene.title}” is now yours to decide. {event.reason}".strip()
        from_text = f"“{scene.title}” went to {new}. {event.reason}".strip()
    else:
        because = f" Why: {event.comment}" if event.comment else ""
        to_text = f"{scene.name(event.actor)} gave you “{scene.title}” to decide.{because}"
        from_text = f"{scene.name(event.actor)} gave “{scene.title}” to {new}.{because}"
    owners_text = f"{new} decides about “{scene.title}” in place of {old}. {event.reason}".strip()
    return [
        notice(event, event.to_id, "reassigned", to_text, event.task_id),
        notice(event, event.from_id, "moved", from_text),
        *(notice(event, person, "moved", owners_text) for person in scene.owners),
    ]


def _delegated(event: stage_events.TaskDelegated, scene: Scene) -> list[Notice]:
    scene.move(event.task_id, event.to_id)
    because = f" Why: {event.comment}" if event.comment else ""
    owner = scene.name(event.from_id)
    text = f"“{scene.title}” waits for your decision, for {owner}.{because}"
    return [notice(event, event.to_id, "delegated", text, event.task_id)]


def _given_back(event: stage_events.TaskGivenBack, scene: Scene) -> list[Notice]:
    scene.move(event.task_id, event.to_id)
    because = event.reason or (f"Why: {event.comment}" if event.comment else "")
    text = f"“{scene.title}” is yours to decide again. {because}".strip()
    notices = [notice(event, event.to_id, "given_back", text, event.task_id)]
    if event.actor != SYSTEM:
        gone = f"{scene.name(event.actor)} took “{scene.title}” back: you need not decide it."
        notices.append(notice(event, event.from_id, "moved", gone))
    return notices


def _reminded(event: stage_events.ReminderDue, scene: Scene) -> list[Notice]:
    by_hand = event.actor != SYSTEM
    who = scene.name(event.actor)
    text = (
        f"{who} reminds you: “{scene.title}” waits for your decision."
        if by_hand
        else f"Reminder: “{scene.title}” still waits for your decision."
    )
    people = [(task, scene.assignees.get(task)) for task in event.task_ids]
    return [
        notice(event, person, "reminder", text, task)
        for task, person in people
        if person is not None
    ]


def _commented(event: request_events.CommentAdded, scene: Scene) -> list[Notice]:
    text = f"{scene.name(event.actor)} commented on “{scene.title}”."
    people = dict.fromkeys((*scene.owners, *scene.assignees.values()))
    return [notice(event, person, "comment", text) for person in people]


def _attention(event: request_events.AttentionNeeded, scene: Scene) -> list[Notice]:
    # The same reason again is no news.
    if event.attempt > 1:
        return []
    text = f"“{scene.title}” needs attention: {event.reason}"
    return [notice(event, person, "attention", text) for person in scene.admins]


def _returned(event: request_events.RequestReturned, scene: Scene) -> list[Notice]:
    text = f"{scene.name(event.by)} sent “{scene.title}” back to you for changes."
    return [notice(event, person, "returned", text) for person in scene.owners]


def _to_owners(kind: str, words: str, others: str = "") -> Callable[[Event, Scene], list[Notice]]:
    """Tells who asked; `others` is the kind under which everybody who was asked hears it, too."""

    def tell(event: Event, scene: Scene) -> list[Notice]:
        if scene.is_overridden:  # they have just heard of it
            return []
        text = words.format(title=scene.title, actor=scene.name(event.actor))
        asked = [notice(event, person, others, text) for person in scene.others if others]
        return [*(notice(event, person, kind, text) for person in scene.owners), *asked]

    return tell


TELLERS: dict[type[Event], Callable[[Any, Scene], list[Notice]]] = {
    request_events.RequestSubmitted: _asked,
    request_events.RequestResubmitted: _asked,
    request_events.RequestAmended: _amended,
    stage_events.StageOpened: _opened,
    stage_events.TaskAssigned: _assigned,
    stage_events.TaskDecided: _decided,
    stage_events.DecisionRetracted: _retracted,
    stage_events.TaskExpired: _gone,
    stage_events.TaskWithdrawn: _withdrawn,
    stage_events.TaskEscalated: _escalated,
    stage_events.TaskReassigned: _reassigned,
    stage_events.TaskDelegated: _delegated,
    stage_events.TaskGivenBack: _given_back,
    asking_events.ApproverAdded: questions.added,
    asking_events.InformationAsked: questions.asked,
    asking_events.InformationGiven: questions.answered,
    stage_events.ReminderDue: _reminded,
    request_events.CommentAdded: _commented,
    request_events.AttentionNeeded: _attention,
    request_events.RequestReturned: _returned,
    request_events.RequestOverridden: overridden,
    request_events.RequestMovedToPolicy: _to_owners(
        "moved_policy", "{actor} moved “{title}” to a newer version of its policy."
    ),
    request_events.RequestHeld: _to_owners("held", "{actor} put “{title}” on hold."),
    request_events.RequestApproved: _to_owners("approved", "“{title}” is approved.", "decided"),
    request_events.RequestRejected: _to_owners("rejected", "“{title}” was rejected.", "decided"),
    request_events.RequestTimedOut: _to_owners(
        "timed_out", "“{title}” ended undecided: all its deadlines passed.", "decided"
    ),
    request_events.RequestCancelled: _to_owners(
        "cancelled", "{actor} cancelled “{title}”.", "decided"
    ),
    request_events.RequestWithdrawn: _to_owners(
        "withdrawn", "{actor} took “{title}” back.", "withdrawn"
    ),
}

OUTCOMES = (
    request_events.RequestApproved,
    request_events.RequestRejected,
    request_events.RequestTimedOut,
    request_events.RequestCancelled,
    request_events.RequestWithdrawn,
)
# Composing these takes knowing who is asked at that moment, or was before.
NEED_ASKED = (
    stage_events.ReminderDue, stage_events.TaskWithdrawn, asking_events.InformationGiven,
    request_events.CommentAdded, request_events.RequestAmended, *OUTCOMES,
)  # fmt: skip
