"""One request's audit events as rows: who, when, in which words, before and after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog
from flask import current_app

from portal.domain.errors import CannotDecode
from portal.domain.request.catalogue import EVENT_ENTRIES
from portal.domain.request.events import (
    SYSTEM,
    ApproverAdded,
    CommandRefused,
    DecisionCarried,
    DecisionRetracted,
    Event,
    InformationAsked,
    InformationGiven,
    ReminderDue,
    RequestAmended,
    RequestMovedToPolicy,
    RequestResubmitted,
    RequestReturned,
    RequestSubmitted,
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
from portal.domain.request.state import Content, Status
from portal.presentation.history import entry, unknown_entry
from portal.presentation.labels import listed, people_in, status
from portal.presentation.money import money
from portal.presentation.parts import AuditRow, FieldChange
from portal.presenters import facts
from portal.queries import audit
from portal.queries.audit import EventRecord
from portal.queries.audit_chain import RecordProblem
from portal.queries.people import names_of
from portal.queries.request import RequestRecord
from portal.translation import _, own

log = structlog.get_logger("portal.audit")

Moved = TaskEscalated | TaskReassigned | TaskDelegated | TaskGivenBack


@dataclass(frozen=True, slots=True)
class LogLine:
    """An event as listed, with everything that stands behind it."""

    row: AuditRow
    event: EventRecord
    payload: str


@dataclass(frozen=True, slots=True)
class AuditLog:
    """A page of events; `problems` is empty where the whole chain of the request holds."""

    lines: tuple[LogLine, ...]
    following: int | None
    problems: tuple[RecordProblem, ...]


def read(record: RequestRecord, after: int = 0, until: datetime | None = None) -> AuditLog:
    """The events after that number, and up to that moment, and whether the whole chain holds."""
    records, following = audit.page_of(record.id, record.submitted_at, after, until)
    events = [typed(each) for each in records]
    reading = _Reading(record, _names(record, filter(None, events)))
    lines = tuple(
        LogLine(reading.row(each, event), each, pretty(each.data))
        for each, event in zip(records, events, strict=True)
    )
    return AuditLog(lines, following, audit.problems_of(record.id))


def changes_of(record: RequestRecord, seq: int) -> tuple[FieldChange, ...]:
    """What an event of the request changed, before and after."""
    kept = [each for each in audit.all_of(record.id, record.submitted_at) if each.seq <= seq]
    events = [typed(each) for each in kept]
    reading = _Reading(record, _names(record, filter(None, events)))
    rows = [reading.row(each, event) for each, event in zip(kept, events, strict=True)]
    return rows[-1].changes if rows else ()


def typed(record: EventRecord) -> Event | None:
    """The event; None for one that this version cannot read, which people see by its name."""
    try:
        return record.typed()
    except CannotDecode:
        if current_app.testing:
            raise
        log.exception("audit.unreadable", request=record.request_id, seq=record.seq)
        return None


@dataclass
class _Reading:
    """Goes through the events in order; `status` and `content` are those before each."""

    record: RequestRecord
    names: Mapping[str, str]
    status: Status | None = None
    content: Content | None = None
    stages: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def row(self, kept: EventRecord, event: Event | None) -> AuditRow:
        words = unknown_entry(kept.kind) if event is None else entry(event, self.record.form)
        return AuditRow(
            number=kept.seq,
            at=kept.at,
            who=self.names.get(kept.actor, _("The system")),
            kind=kept.tag,
            words=words.label.words,
            tone=words.label.tone,
            icon=words.label.icon,
            detail="" if event is None else self._detail(event, words.detail),
            acting_for=self.names.get(kept.on_behalf_of or ""),
            comment="" if event is None else text_of(kept, event),
            changes=() if event is None else tuple(self._changes(kept, event)),
        )

    def _detail(self, event: Event, words: str) -> str:
        """Whom or which stage the event is about, before the words that it brings itself."""
        subject = self._subject(event)
        match event:
            case RequestSubmitted():
                return _title(event.content)
            case ReminderDue():
                people = list(filter(None, map(self.asked.get, event.task_ids)))
                return _("To %(people)s", people=listed(people))
            case RequestAmended() | RequestMovedToPolicy() if event.asked_again:
                again = listed([own(self.stages.get(key, key)) for key in event.asked_again])
                return _("%(what)s. Asked again: %(stages)s", what=words, stages=again)
        if subject in ("", words, self.names.get(event.actor)):
            return words
        return f"{subject}: {words}" if words else subject

    def _subject(self, event: Event) -> str:
        """The person or the stage that the event is about."""
        match event:
            case StageOpened():
                self.stages[event.plan.key] = own(event.plan.name)
            case TaskAssigned() | ApproverAdded():
                return self._asked(event.task_id, event.person_id)
            case TaskEscalated() | TaskReassigned() | TaskDelegated() | TaskGivenBack():
                return self._asked(event.task_id, event.to_id)
            case StagePassed() | StageFailed() | StageContinued() | StageSkipped():
                return self.stages.get(event.key, "")
            case (
                TaskDecided()
                | DecisionRetracted()
                | DecisionCarried()
                | TaskExpired()
                | TaskWithdrawn()
                | InformationAsked()
                | InformationGiven()
                | CommandRefused()
            ):
                return self.asked.get(event.task_id or "", "")
        return ""

    def _asked(self, task_id: str, person_id: str) -> str:
        name = self.asked[task_id] = self.names.get(person_id, "")
        return name

    def _changes(self, kept: EventRecord, event: Event) -> list[FieldChange]:
        changes = self._contents(kept, event)
        after = EVENT_ENTRIES[type(event)].status
        if after is not None and self.status not in (None, after):
            before = status(self.status).words
            changes.insert(0, FieldChange(_("Status"), before, status(after).words))
        self.status = after or self.status
        if isinstance(event, Moved):
            sides = (self.names.get(each) for each in (event.from_id, event.to_id))
            changes.append(FieldChange(_("Approver"), *sides))
        return changes

    def _contents(self, kept: EventRecord, event: Event) -> list[FieldChange]:
        if not isinstance(event, RequestSubmitted | RequestResubmitted | RequestAmended):
            return []
        if kept.is_erased("content"):
            return []
        before, self.content = self.content, event.content
        if before is None:
            return []
        return list(facts.changes(self.record.form, before, event.content, self.names))


def text_of(kept: EventRecord, event: Event) -> str:
    """What somebody wrote with the event."""
    for name in event.TEXTS:
        if name != "content":
            return _("This text was erased.") if kept.is_erased(name) else getattr(event, name)
    return ""


def _title(content: Content) -> str:
    """What was submitted, in a few words."""
    if content.amount is None or content.currency is None:
        return content.title
    return f"{content.title}, {money(content.amount, content.currency)}"


def _names(record: RequestRecord, events: Iterable[Event]) -> Mapping[str, str]:
    ids: set[str | None] = set(people_in(record.form, record.fields))
    for event in events:
        ids |= {event.actor, event.on_behalf_of}
        match event:
            case TaskAssigned() | ApproverAdded():
                ids.add(event.person_id)
            case DecisionCarried():
                ids |= {event.person_id, event.decided_by}
            case TaskEscalated() | TaskReassigned() | TaskDelegated() | TaskGivenBack():
                ids |= {event.from_id, event.to_id}
            case RequestReturned():
                ids.add(event.by)
    return names_of({each for each in ids if each and each != SYSTEM})


def pretty(data: Mapping[str, Any]) -> str:
    """What was recorded, for people to read."""
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
