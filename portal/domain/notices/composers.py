"""What people are told about each event of a request: who, and in which words. Pure.

A composer takes an event and what is known at that moment, keeps that up to date, and gives the
notices. Who is told twice about one batch, or what they did themselves, is left out by whoever
calls (`portal.notifications.compose`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.marked import msgid
from portal.domain.notices.wording import Value, Wording, marked, reason, say, written
from portal.domain.policy.policy import Decision, StageKind
from portal.domain.request import events
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.reasons import Code, is_any

TOLD_OTHERWISE = (Code.CHANGED, Code.OVERRIDDEN)
BECAUSE = msgid("Reason: %(reason)s")
# What an administrator did, and whether to one stage only: to the owners, and to those passed over.
OVERRIDDEN = {
    (Decision.APPROVE, False): (
        msgid("%(who)s, an administrator, approved “%(title)s”."),
        msgid("%(who)s, an administrator, approved “%(title)s” by override. Reason: %(reason)s"),
    ),
    (Decision.APPROVE, True): (
        msgid("%(who)s, an administrator, approved “%(title)s” for one stage."),
        msgid(
            "%(who)s, an administrator, approved “%(title)s” for one stage by override."
            " Reason: %(reason)s"
        ),
    ),
    (Decision.REJECT, False): (
        msgid("%(who)s, an administrator, rejected “%(title)s”."),
        msgid("%(who)s, an administrator, rejected “%(title)s” by override. Reason: %(reason)s"),
    ),
    (Decision.REJECT, True): (
        msgid("%(who)s, an administrator, rejected “%(title)s” for one stage."),
        msgid(
            "%(who)s, an administrator, rejected “%(title)s” for one stage by override."
            " Reason: %(reason)s"
        ),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One message for one person about one event. `text` is English; `said` is what it is made of,
    for readers of other languages."""

    user_id: str
    seq: int
    kind: str
    text: str
    created_at: datetime
    task_id: str | None = None
    said: list[Any] = field(default_factory=list)


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

    def name(self, person_id: str | None) -> Value:
        """A person's name as far as it is known."""
        if person_id is None or person_id == SYSTEM:
            return marked(msgid("The portal"))
        return self.names.get(person_id) or marked(msgid("Somebody"))

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


def notice(
    event: Event, person: str, kind: str, words: Wording, task_id: str | None = None
) -> Notice:
    """A message about an event for a person."""
    return Notice(
        user_id=person,
        seq=event.seq,
        kind=kind,
        text=str(words),
        created_at=event.at,
        task_id=task_id,
        said=list(words.parts),
    )


def _because(comment: str | None) -> Wording:
    """What somebody gave as their reason, if anything."""
    return say(BECAUSE, reason=comment) if comment else Wording()


def content_given(
    event: events.RequestSubmitted | events.RequestResubmitted, context: ComposeContext
) -> list[Notice]:
    context.title = event.content.title
    return []


def amended(event: events.RequestAmended, context: ComposeContext) -> list[Notice]:
    """Whoever is still asked about what they did not have to read anew hears of it all the same."""
    context.title = event.content.title
    text = say(
        msgid("%(who)s changed “%(title)s”, which needs your approval."),
        who=context.name(event.actor),
        title=context.title,
    )
    return [
        notice(event, person, "amended", text, task) for task, person in context.assignees.items()
    ]


def opened(event: events.StageOpened, context: ComposeContext) -> list[Notice]:
    if event.plan.kind is not StageKind.NOTIFY:
        return []
    text = say(
        msgid("%(who)s requests “%(title)s”. For information only."),
        who=context.name(context.requester_id),
        title=context.title,
    )
    return [notice(event, person.person_id, "told", text) for person in event.plan.people]


def assigned(event: events.TaskAssigned, context: ComposeContext) -> list[Notice]:
    context.assignees[event.task_id] = event.person_id
    context.assignments[event.task_id] = Assignment(
        person_id=event.person_id, place=(event.round, event.index)
    )
    text = say(
        msgid("%(who)s asks for your approval: “%(title)s”."),
        who=context.name(context.requester_id),
        title=context.title,
    )
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
        text = say(msgid("“%(title)s” no longer needs your approval."), title=context.title)
        notices.append(notice(event, person, "decided", text + reason(event.reason)))
    if event.dropped:
        text = say(msgid("“%(title)s” has one approver less."), title=context.title)
        text += reason(event.reason)
        notices += [notice(event, owner, "moved", text) for owner in context.owners]
    return notices


def escalated(event: events.TaskEscalated, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    to_text = say(
        msgid("“%(title)s” was escalated to you from %(before)s."),
        title=context.title,
        before=context.name(event.from_id),
    )
    from_text = say(
        msgid("“%(title)s” was escalated to %(name)s."),
        title=context.title,
        name=context.name(event.to_id),
    )
    return [
        notice(event, event.to_id, "escalated", to_text + written(event.message), event.task_id),
        notice(event, event.from_id, "moved", from_text),
    ]


def reassigned(event: events.TaskReassigned, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    names = {"new": context.name(event.to_id), "title": context.title}
    why = reason(event.reason)
    if event.actor == SYSTEM:
        to_text = say(msgid("“%(title)s” was reassigned to you."), title=context.title) + why
        from_text = say(msgid("“%(title)s” was reassigned to %(new)s."), **names) + why
    else:
        who, because = context.name(event.actor), _because(event.comment)
        to_text = say(msgid("%(who)s reassigned “%(title)s” to you."), who=who, title=context.title)
        from_text = say(msgid("%(who)s reassigned “%(title)s” to %(new)s."), who=who, **names)
        to_text, from_text = to_text + because, from_text + because
    owners_text = say(
        msgid("%(new)s decides “%(title)s” instead of %(old)s."),
        old=context.name(event.from_id),
        **names,
    )
    return [
        notice(event, event.to_id, "reassigned", to_text, event.task_id),
        notice(event, event.from_id, "moved", from_text),
        *(notice(event, person, "moved", owners_text + why) for person in context.owners),
    ]


def delegated(event: events.TaskDelegated, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    text = say(
        msgid("“%(title)s” was delegated to you by %(owner)s."),
        title=context.title,
        owner=context.name(event.from_id),
    )
    text += _because(event.comment)
    return [notice(event, event.to_id, "delegated", text, event.task_id)]


def given_back(event: events.TaskGivenBack, context: ComposeContext) -> list[Notice]:
    context.move(event.task_id, event.to_id)
    text = say(msgid("“%(title)s” is back with you."), title=context.title)
    text += reason(event.reason) or _because(event.comment)
    notices = [notice(event, event.to_id, "given_back", text, event.task_id)]
    if event.actor != SYSTEM:
        gone = say(
            msgid("%(who)s took “%(title)s” back from you."),
            who=context.name(event.actor),
            title=context.title,
        )
        notices.append(notice(event, event.from_id, "moved", gone))
    return notices


def reminded(event: events.ReminderDue, context: ComposeContext) -> list[Notice]:
    by_hand = event.actor != SYSTEM
    text = (
        say(
            msgid("%(who)s reminds you: “%(title)s” needs your approval."),
            who=context.name(event.actor),
            title=context.title,
        )
        if by_hand
        else say(msgid("Reminder: “%(title)s” still needs your approval."), title=context.title)
    )
    people = [(task, context.assignees.get(task)) for task in event.task_ids]
    return [
        notice(event, person, "reminder", text, task)
        for task, person in people
        if person is not None
    ]


def commented(event: events.CommentAdded, context: ComposeContext) -> list[Notice]:
    text = say(
        msgid("%(who)s commented on “%(title)s”."),
        who=context.name(event.actor),
        title=context.title,
    )
    people = dict.fromkeys((*context.owners, *context.assignees.values()))
    return [notice(event, person, "comment", text) for person in people]


def attention(event: events.AttentionNeeded, context: ComposeContext) -> list[Notice]:
    # The same reason again is no news.
    if event.attempt > 1:
        return []
    text = say(msgid("“%(title)s” needs attention:"), title=context.title) + reason(event.reason)
    return [notice(event, person, "attention", text) for person in context.admins]


def returned(event: events.RequestReturned, context: ComposeContext) -> list[Notice]:
    text = say(
        msgid("%(who)s returned “%(title)s” to you for changes."),
        who=context.name(event.by),
        title=context.title,
    )
    return [notice(event, person, "returned", text) for person in context.owners]


def information_asked(event: events.InformationAsked, context: ComposeContext) -> list[Notice]:
    """Whoever asked for the request has to answer."""
    text = say(
        msgid("%(who)s asked about “%(title)s”: %(comment)s"),
        who=context.name(event.actor),
        title=context.title,
        comment=event.comment,
    )
    return [notice(event, person, "question", text, event.task_id) for person in context.owners]


def approver_added(event: events.ApproverAdded, context: ComposeContext) -> list[Notice]:
    """Somebody is asked beside the policy's people."""
    context.assignees[event.task_id] = event.person_id
    text = say(
        msgid("%(who)s added you as an approver of “%(title)s”."),
        who=context.name(event.actor),
        title=context.title,
    )
    text += _because(event.comment)
    return [notice(event, event.person_id, "assigned", text, event.task_id)]


def information_given(event: events.InformationGiven, context: ComposeContext) -> list[Notice]:
    """The answer goes to whoever has the task now."""
    text = say(
        msgid("%(who)s answered your question about “%(title)s”: %(comment)s"),
        who=context.name(event.actor),
        title=context.title,
        comment=event.comment,
    )
    asker = context.assignees.get(event.task_id)
    return [] if asker is None else [notice(event, asker, "answer", text, event.task_id)]


def overridden(event: events.RequestOverridden, context: ComposeContext) -> list[Notice]:
    """Those passed over, with the reason; and those who asked."""
    context.is_overridden = event.stage_key is None
    plain, with_reason = OVERRIDDEN[event.decision, event.stage_key is not None]
    names = {"who": context.name(event.actor), "title": context.title}
    text, instead = say(plain, **names), say(with_reason, **names, reason=event.reason)
    return [
        *(notice(event, person, "overridden", instead) for person in event.passed_over),
        *(notice(event, person, "overridden", text) for person in context.owners),
    ]


def to_owners(
    kind: str, words: str, others: str = ""
) -> Callable[[Event, ComposeContext], list[Notice]]:
    """Tells who asked; `others` is the kind under which everybody who was asked hears it, too."""

    def tell(event: Event, context: ComposeContext) -> list[Notice]:
        if context.is_overridden:  # they have just heard of it
            return []
        text = say(words, title=context.title, actor=context.name(event.actor))
        asked = [notice(event, person, others, text) for person in context.others if others]
        return [*(notice(event, person, kind, text) for person in context.owners), *asked]

    return tell
