"""One request's audit events as rows: who, when, in which words, before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.domain.codec import decode
from portal.domain.errors import CannotDecode
from portal.domain.request.values import Content, Status
from portal.presentation.form_words import people_in
from portal.presentation.history import entry
from portal.presentation.labels import status
from portal.presentation.money import money
from portal.presentation.parts import AuditRow, Change
from portal.presenters import facts
from portal.queries import audit, request
from portal.queries.audit import EventRecord
from portal.queries.audit_chain import Problem
from portal.queries.request import RequestRecord

ERASED = "This text was erased."
STATUS_AFTER = {
    "RequestSubmitted": Status.PENDING,
    "RequestReturned": Status.RETURNED,
    "RequestResubmitted": Status.PENDING,
    "RequestHeld": Status.ON_HOLD,
    "RequestResumed": Status.PENDING,
    "RequestApproved": Status.APPROVED,
    "RequestRejected": Status.REJECTED,
    "RequestTimedOut": Status.TIMEOUT,
    "RequestWithdrawn": Status.WITHDRAWN,
    "RequestCancelled": Status.CANCELLED,
}
MOVES = ("TaskEscalated", "TaskReassigned", "TaskDelegated", "TaskGivenBack")
PEOPLE = ("person_id", "from_id", "to_id", "by", "decided_by")


@dataclass(frozen=True, slots=True)
class Line:
    """An event as listed, with everything that stands behind it."""

    row: AuditRow
    event: EventRecord
    payload: str


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of events; `problems` is empty where the whole chain of the request holds."""

    lines: tuple[Line, ...]
    following: int | None
    problems: tuple[Problem, ...]


def read(record: RequestRecord, after: int = 0) -> Trail:
    """The events after that number, and whether the request's chain is whole."""
    events, following = audit.page_of(record.id, record.submitted_at, after)
    texts = audit.texts_of(record.id, _with_text(events))
    reading = _Reading(record, texts, _names(record, events))
    lines = tuple(Line(reading.row(event), event, _pretty(event)) for event in events)
    return Trail(lines, following, audit.problems_of(record.id))


@dataclass
class _Reading:
    """Goes through the events in order; `status` and `content` are those before each."""

    record: RequestRecord
    texts: Mapping[tuple[int, str], str | None]
    names: Mapping[str, str]
    status: Status | None = None
    content: Content | None = None
    stages: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def row(self, event: EventRecord) -> AuditRow:
        words = entry(event.kind, event.data)
        return AuditRow(
            number=event.seq,
            at=event.at,
            who=self.names.get(event.actor, "The system"),
            kind=event.tag,
            words=words.label.words,
            tone=words.label.tone,
            icon=words.label.icon,
            detail=self._title(event) or self._detail(event, words.detail),
            acting_for=self.names.get(event.on_behalf_of or ""),
            comment=self._text(event),
            changes=tuple(self._changes(event)),
        )

    def _detail(self, event: EventRecord, words: str) -> str:
        """Whom or which stage the event is about, before the words that it brings itself."""
        data = event.data
        if event.kind == "StageOpened":
            self.stages[data["plan"]["key"]] = data["plan"]["name"]
        if event.kind in ("TaskAssigned", "ApproverAdded", *MOVES):
            person = str(data.get("person_id") or data.get("to_id"))
            self.asked[data["task_id"]] = self.names.get(person, "")
        if event.kind == "ReminderDue":
            return f"To {', '.join(filter(None, map(self.asked.get, data['task_ids'])))}"
        if data.get("asked_again"):
            again = [self.stages.get(key, key) for key in data["asked_again"]]
            return f"{words}. Asked again: {', '.join(again)}"
        subject = self.stages.get(str(data.get("key"))) or self.asked.get(str(data.get("task_id")))
        if event.kind == "StageOpened" or subject in (None, "", words, self.names.get(event.actor)):
            return words
        return f"{subject}: {words}" if words else str(subject)

    def _text(self, event: EventRecord) -> str:
        for name in ("comment", "reason"):
            if isinstance(event.data.get(name), dict):
                return self.texts.get((event.seq, name)) or ERASED
        return ""

    def _changes(self, event: EventRecord) -> list[Change]:
        changes = self._contents(event)
        after = STATUS_AFTER.get(event.kind)
        if after is not None and self.status not in (None, after):
            changes.insert(0, Change("Status", status(self.status).words, status(after).words))
        self.status = after or self.status
        if event.kind in MOVES:
            sides = (self.names.get(str(event.data.get(name))) for name in ("from_id", "to_id"))
            changes.append(Change("Asked", *sides))
        return changes

    def _contents(self, event: EventRecord) -> list[Change]:
        text = self.texts.get((event.seq, "content"))
        if text is None:
            return []
        try:
            before, self.content = self.content, decode(Content, json.loads(text))
        except (json.JSONDecodeError, CannotDecode):
            return []
        if before is None:
            return []
        return list(facts.changes(self.record.form, before, self.content, self.names))

    def _title(self, event: EventRecord) -> str:
        """What was submitted, in a few words."""
        text = self.texts.get((event.seq, "content"))
        if event.kind != "RequestSubmitted" or not text:
            return ""
        content = decode(Content, json.loads(text))
        if content.amount is None or content.currency is None:
            return content.title
        return f"{content.title}, {money(content.amount, content.currency)}"


def _with_text(events: tuple[EventRecord, ...]) -> list[int]:
    return [
        event.seq
        for event in events
        if any(isinstance(value, dict) and "sha256" in value for value in event.data.values())
    ]


def _names(record: RequestRecord, events: tuple[EventRecord, ...]) -> Mapping[str, str]:
    ids: set[Any] = people_in(record.form, record.fields)
    for event in events:
        ids |= {event.actor, event.on_behalf_of}
        ids |= {event.data.get(name) for name in PEOPLE}
    return request.names_of({str(each) for each in ids if each and each != "system"})


def _pretty(event: EventRecord) -> str:
    return json.dumps(event.data, ensure_ascii=False, indent=2)
