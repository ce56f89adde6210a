"""What people are told about each event of a request: who, and in which words. Pure.

A composer takes an event and what is known at that moment, keeps that up to date, and gives the
notices. Who is told twice about one batch, or what they did themselves, is left out by whoever
calls (`portal.notifications.compose`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.policy.policy import Decision, StageKind
from portal.domain.request import events
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.reasons import Code, is_any, sentence

TOLD_OTHERWISE = (Code.CHANGED, Code.OVERRIDDEN)
DECIDED_AS = {Decision.APPROVE: "approved", Decision.REJECT: "rejected"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One message for one person about one event."""

    user_id: str
    seq: int
    kind: str
    text: str
    created_at: datetime
    task_id: str | None = None


@dataclass(kw_only=True)
class Assignment:
    """Whose task it is, in which round and stage, and whether it has a decision."""

    person_id: str
    place: tuple[int, int]
    decided: bool = False


@dataclass(kw_only=True)
class ComposeContext:
    """What composing has to know beside the events.

    `names` by person id; `title` and `assignees` (person by id of each open task) are those before
    the events, and are kept up to date on the way; so is `assignments`,
    of every task there ever was; `admins`: who hears that a request is stuck. `is_ending`: the
    events hold the outcome; `is_overridden`: an admin decided the whole request, and the owners
    were told.
    """

    title: str
    requester_id: str
    on_behalf_of: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    assignees: dict[str, str] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    admins: Sequence[str] = ()
    is_ending: bool = False
    is_overridden: bool = False

    def name(self, person_id: str | None) -> str:
        """A person's name as far as it is known."""
        if person_id is None or person_id == SYSTEM:
            return "The portal"
        return self.names.get(person_id, "Somebody")

    def move(self, task_id: str, person_id: str) -> None:
        """The task is that person's from now on."""
        self.assignees[task_id] = person_id
        if task_id in self.assignments:
            self.assignments[task_id].person_id = person_id

    @property
    def others(self) -> tuple[str, ...]:
        """Everybody who was asked, but those whose own decision ended the last stage."""
        last = max((each.place for each in self.assignments.values()), default=(0, 0))
        people = (
            each.person_id
            for each in self.assignments.values()
            if not each.decided or each.place != last
        )
        return tuple(dict.fromkeys(people))

    @property
    def owners(self) -> tuple[str, ...]:
        """Who asked, and for whom."""
        return (self.requester_id, *filter(None, (self.on_behalf_of,)))


def notice(event: Event, person: str, kind: str, text: str, task_id: str | None = None) -> Notice:
    """A message about an event for a person."""
    return Notice(
        user_id=person, seq=event.seq, kind=kind, text=text, created_at=event.at, task_id=task_id
    )


def content_given(
    event: events.RequestSubmitted | events.RequestResubmitted, context: ComposeContext
) -> list[Notice]:
    context.title = event.content.title
    return []


def amended(event: events.RequestAmended, context: ComposeContext) -> list[Notice]:
    """Whoever is still asked about what they did not have to read anew hears of it all the same."""
    context.title = event.content.title
    text = f"{context.name(event.actor)} changed “{context.title}”, which needs your approval."
    return [
        notice(event, person, "amended", text, task) for task, person in context.assignees.items()
    ]


def opened(event: events.StageOpened, context: ComposeContext) -> list[Notice]:
    if event.plan.kind is not StageKind.NOTIFY:
        return []
    text = f"{context.name(context.requester_id)} requests “{context.title}”. For information only."
    return [notice(event, person.person_id, "told", text) for person in event.plan.people]


def assigned(event: events.TaskAssigned, context: ComposeContext) -> list[Notice]:
    context.assignees[event.task_id] = event.person_id
    context.assignments[event.task_id] = Assignment(
        person_id=event.person_id, place=(event.round, event.index)
    )
    text = f"{context.name(context.requester_id)} asks for your approval: “{context.title}”."
    return [notice(event, event.person_id, "assigned", text, event.task_id)]


def decided(event: events.TaskDecided, context: ComposeContext) -> list[Notice]:
    if event.task_id in context.assignments:
        context.assignments[event.task_id].decided = True
    return gone(event, context)


def retracted(event: events.DecisionRetracted, context: ComposeContext) -> list[Notice]:
    context.assignees[event.task_id] = event.actor
    if event.task_id in context.assignments:
        context.assignments[event.task_id].decided = False
    return []


def gone(event: Any, context: ComposeContext) -> list[Notice]:
    context.assignees.pop(event.task_id, None)
    return []


def task_withdrawn(event: events.TaskWithdrawn, context: ComposeContext) -> list[Notice]:
    notices = []
    person = context.assignees.pop(event.task_id, None)
    # The outcome says it better, and so do some other events.
    is_told = context.is_ending or is_any(event.reason, *TOLD_OTHERWISE)
    if person is not None and not is_told:
        text = f"“{context.title}” no longer needs your approval. {sentence(event.reason)}"
        notices.append(notice(event, person, "decided", text))
    if event.dropped:
        text = f"“{context.title}” has one approver less. {sentence(event.reason)}"
        notices += [notice(event, owner, "moved", text) for owner in context.owners]
    return notices


def escalated(event: events.TaskEscalated, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    before = context.name(event.from_id)
    message = f" {event.message}" if event.message else ""
    to_text = f"“{context.title}” was escalated to you from {before}.{message}"
    from_text = f"“{context.title}” was escalated to {context.name(event.to_id)}."
    return [
        notice(event, event.to_id, "escalated", to_text, event.task_id),
        notice(event, event.from_id, "moved", from_text),
    ]


def reassigned(event: events.TaskReassigned, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    new, old = context.name(event.to_id), context.name(event.from_id)
    if event.actor == SYSTEM:
        to_text = f"“{context.title}” was reassigned to you. {sentence(event.reason)}".strip()
        from_text = f"“{context.title}” was reassigned to {new}. {sentence(event.reason)}".strip()
    else:
        because = f" Reason: {event.comment}" if event.comment else ""
        to_text = f"{context.name(event.actor)} reassigned “{context.title}” to you.{because}"
        from_text = f"{context.name(event.actor)} reassigned “{context.title}” to {new}.{because}"
    why = sentence(event.reason)
    owners_text = f"{new} decides “{context.title}” instead of {old}. {why}".strip()
    return [
        notice(event, event.to_id, "reassigned", to_text, event.task_id),
        notice(event, event.from_id, "moved", from_text),
        *(notice(event, person, "moved", owners_text) for person in context.owners),
    ]


def delegated(event: events.TaskDelegated, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    because = f" Reason: {event.comment}" if event.comment else ""
    owner = context.name(event.from_id)
    text = f"“{context.title}” was delegated to you by {owner}.{because}"
    return [notice(event, event.to_id, "delegated", text, event.task_id)]


def given_back(event: events.TaskGivenBack, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    because = sentence(event.reason) or (f"Reason: {event.comment}" if event.comment else "")
    text = f"“{context.title}” is back with you. {because}".strip()
    notices = [notice(event, event.to_id, "given_back", text, event.task_id)]
    if event.actor != SYSTEM:
        gone = f"{context.name(event.actor)} took “{context.title}” back from you."
        notices.append(notice(event, event.from_id, "moved", gone))
    return notices


def reminded(event: events.ReminderDue, context: ComposeContext) -> list[Notice]:
    by_hand = event.actor != SYSTEM
    who = context.name(event.actor)
    text = (
        f"{who} reminds you: “{context.title}” needs your approval."
        if by_hand
        else f"Reminder: “{context.title}” still needs your approval."
    )
    people = [(task, context.assignees.get(task)) for task in event.task_ids]
    return [
        notice(event, person, "reminder", text, task)
        for task, person in people
        if person is not None
    ]


def commented(event: events.CommentAdded, context: ComposeContext) -> list[Notice]:
    text = f"{context.name(event.actor)} commented on “{context.title}”."
    people = dict.fromkeys((*context.owners, *context.assignees.values()))
    return [notice(event, person, "comment", text) for person in people]


def attention(event: events.AttentionNeeded, context: ComposeContext) -> list[Notice]:
    # The same reason again is no news.
    if event.attempt > 1:
        return []
    text = f"“{context.title}” needs attention: {sentence(event.reason)}"
    return [notice(event, person, "attention", text) for person in context.admins]


def returned(event: events.RequestReturned, context: ComposeContext) -> list[Notice]:
    text = f"{context.name(event.by)} returned “{context.title}” to you for changes."
    return [notice(event, person, "returned", text) for person in context.owners]


def information_asked(event: events.InformationAsked, context: ComposeContext) -> list[Notice]:
    """Whoever asked for the request has to answer."""
    text = f"{context.name(event.actor)} asked about “{context.title}”: {event.comment}"
    return [notice(event, person, "question", text, event.task_id) for person in context.owners]


def approver_added(event: events.ApproverAdded, context: ComposeContext) -> list[Notice]:
    """Somebody is asked beside the policy's people."""
    context.assignees[event.task_id] = event.person_id
    because = f" Reason: {event.comment}" if event.comment else ""
    text = f"{context.name(event.actor)} added you as an approver of “{context.title}”.{because}"
    return [notice(event, event.person_id, "assigned", text, event.task_id)]


def information_given(event: events.InformationGiven, context: ComposeContext) -> list[Notice]:
    """The answer goes to whoever has the task now."""
    who = context.name(event.actor)
    text = f"{who} answered your question about “{context.title}”: {event.comment}"
    asker = context.assignees.get(event.task_id)
    return [] if asker is None else [notice(event, asker, "answer", text, event.task_id)]


def overridden(event: events.RequestOverridden, context: ComposeContext) -> list[Notice]:
    """Those passed over, with the reason; and those who asked."""
    context.is_overridden = event.stage_key is None
    who, said = context.name(event.actor), DECIDED_AS.get(event.decision, "decided")
    what = "" if event.stage_key is None else " for one stage"
    text = f"{who}, an administrator, {said} “{context.title}”{what}"
    instead = f"{text} by override. Reason: {event.reason}"
    return [
        *(notice(event, person, "overridden", instead) for person in event.passed_over),
        *(notice(event, person, "overridden", f"{text}.") for person in context.owners),
    ]


def to_owners(
    kind: str, words: str, others: str = ""
) -> Callable[[Event, ComposeContext], list[Notice]]:
    """Tells who asked; `others` is the kind under which everybody who was asked hears it, too."""

    def tell(event: Event, context: ComposeContext) -> list[Notice]:
        if context.is_overridden:  # they have just heard of it
            return []
        text = words.format(title=context.title, actor=context.name(event.actor))
        asked = [notice(event, person, others, text) for person in context.others if others]
        return [*(notice(event, person, kind, text) for person in context.owners), *asked]

    return tell
