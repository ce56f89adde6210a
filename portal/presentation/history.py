"""What an audit event says in a sentence. The event's own name is always shown beside the words."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.policy.forms import FormField
from portal.domain.proof.acts import WORDS, ActKind
from portal.domain.request import events
from portal.domain.request.catalogue import EVENT_ENTRIES
from portal.domain.request.events import Event
from portal.presentation.labels import (
    Label,
    decision,
    field_label,
    listed,
    people,
    said,
    words_of,
)
from portal.translation import _, own


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of one event: what was done, and the detail that it brings itself, if any."""

    label: Label
    detail: str = ""


def entry(event: Event, form: Iterable[FormField] = ()) -> Entry:
    """The entry of an event of a request with this form."""
    row = EVENT_ENTRIES[type(event)]
    label = Label(_(row.label), row.tone, row.icon)
    if isinstance(event, events.TaskDecided):
        label = decision(event.decision)
    if isinstance(event, events.ReminderDue) and not event.number and not event.escalation:
        label = Label(_("Reminded the approvers"), label.tone, label.icon)
    return Entry(label, _detail(event, form))


ACT_ICONS = {
    ActKind.SIGNED_IN: ("ok", "arrow-right-end-on-rectangle"),
    ActKind.SIGN_IN_FAILED: ("bad", "x-circle"),
    ActKind.SIGNED_OUT: ("neutral", "arrow-left-start-on-rectangle"),
    ActKind.REFUSED: ("bad", "no-symbol"),
    ActKind.LIMITED: ("warn", "hand-raised"),
    ActKind.PERSON_CHANGED: ("info", "user"),
    ActKind.UNIT_CHANGED: ("info", "user-group"),
    ActKind.TYPE_CHANGED: ("info", "squares-2x2"),
    ActKind.CALENDAR_CHANGED: ("info", "calendar-days"),
    ActKind.CHANNEL_CHANGED: ("info", "chat-bubble-left-right"),
    ActKind.TOKEN_CHANGED: ("info", "key"),
    ActKind.EXPORTED: ("neutral", "arrow-down-tray"),
    ActKind.AUDIT_VIEWED: ("neutral", "eye"),
    ActKind.HELD: ("warn", "lock-closed"),
    ActKind.TEXT_ERASED: ("warn", "trash"),
    ActKind.PERSON_ERASED: ("warn", "trash"),
    ActKind.RECORDS_DROPPED: ("warn", "archive-box"),
    ActKind.LOG_BEGUN: ("info", "play"),
    ActKind.VERIFIED: ("ok", "shield-check"),
    ActKind.REPAIRED: ("info", "wrench"),
}


def act_entry(kind: ActKind) -> Entry:
    """The entry of an act."""
    tone, icon = ACT_ICONS.get(kind, ("neutral", "minus-circle"))
    return Entry(Label(_(WORDS[kind]), tone, icon))


def unknown_entry(kind: str) -> Entry:
    """The entry of what this version of the portal cannot read: the event's name as words."""
    return Entry(Label(words_of(kind)))


def said_entry(words: str) -> Entry:
    """An entry that says just this, in place of one that is not there."""
    return Entry(Label(words))


def _detail(event: Event, form: Iterable[FormField]) -> str:
    match event:
        case events.StageOpened():
            return own(event.plan.name)
        case events.StageSkipped():
            return ": ".join(filter(None, (own(event.name), said(event.reason))))
        case events.ReminderDue() if event.task_ids:
            return _("To %(people)s", people=people(len(event.task_ids)))
        case events.TaskEscalated():
            return _("Level %(level)s", level=event.level)
        case events.RequestResubmitted() | events.RequestAmended() if event.changed:
            changed = listed([field_label(name, form) for name in event.changed])
            return _("Changed: %(fields)s", fields=changed)
    return _recorded(event)


def _recorded(event: Event) -> str:
    """What was recorded beside who did it: versions, names of things, fingerprints."""
    match event:
        case events.RequestMovedToPolicy():
            return _("Version %(version)s", version=event.version)
        case events.CommandRefused():
            known = event.reason in {each.value for each in Refusal}
            return _(REFUSAL_SENTENCES[Refusal(event.reason)]) if known else words_of(event.reason)
        case events.LegacyRecorded():
            return ": ".join(words_of(each) for each in (event.what, event.step) if each)
        case events.TaskDecided() if event.content_hash:
            version, seen = event.content_version, event.content_hash[:12]
            return _("Saw version %(version)s, fingerprint %(seen)s", version=version, seen=seen)
        case events.DecisionCarried():
            return decision(event.decision).words
    return _reason(event)


def _reason(event: Event) -> str:
    """Why the portal did it; what people wrote stands apart."""
    match event:
        case events.TaskReassigned():
            return said(event.reason or event.why)
        case events.TaskAssigned() | events.TaskDelegated():
            return said(event.why)
        case (
            events.TaskWithdrawn()
            | events.TaskGivenBack()
            | events.AttentionNeeded()
            | events.StageFailed()
            | events.RequestRejected()
        ):
            return said(event.reason)
        case events.RouteQuestioned():
            return said(event.cause)
        case events.RequestImported():
            return " ".join(event.remarks)
    return ""
