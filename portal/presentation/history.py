"""What an audit event says in a sentence. The event's own name is always shown beside the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.presentation.labels import Label, decision, people, words_of

_PLAIN = {
    "RequestSubmitted": Label("Submitted the request", "info", "paper-airplane"),
    "StageSkipped": Label("Stage not needed", "neutral", "forward"),
    "StageOpened": Label("Stage opened", "info", "play"),
    "TaskAssigned": Label("Asked to decide", "info", "user-plus"),
    "TaskReassigned": Label("Task handed to someone else", "info", "arrows-right-left"),
    "TaskDelegated": Label("Task delegated", "info", "user-plus"),
    "TaskGivenBack": Label("Task given back to its owner", "info", "arrow-uturn-left"),
    "TaskDecided": Label("Decided", "info", "check"),
    "TaskEscalated": Label("Escalated, because time ran out", "warn", "arrow-trending-up"),
    "TaskExpired": Label("Task expired undecided", "bad", "clock"),
    "TaskWithdrawn": Label("Task no longer needed", "neutral", "minus-circle"),
    "ReminderDue": Label("Reminder sent", "warn", "bell-alert"),
    "InformationAsked": Label("Asked for information", "warn", "question-mark-circle"),
    "InformationGiven": Label("Gave the information asked for", "info", "chat-bubble-left"),
    "CommentAdded": Label("Commented", "neutral", "chat-bubble-left"),
    "DecisionRetracted": Label("Undid the decision", "warn", "arrow-uturn-left"),
    "ApproverAdded": Label("Added an approver", "info", "user-plus"),
    "AttentionNeeded": Label("Needs an administrator", "bad", "exclamation-triangle"),
    "RoutingRetried": Label("Looked for approvers again", "info", "arrow-path"),
    "RouteQuestioned": Label("People changed: looked at who is asked", "info", "arrow-path"),
    "RouteReviewed": Label("Everybody who is asked may decide", "ok", "check"),
    "StagePassed": Label("Stage passed", "ok", "check"),
    "StageFailed": Label("Stage not passed", "bad", "x-mark"),
    "RequestReturned": Label("Sent back to the requester", "warn", "arrow-uturn-left"),
    "RequestResubmitted": Label("Submitted again", "info", "paper-airplane"),
    "RequestAmended": Label("Changed the request", "warn", "pencil-square"),
    "StageContinued": Label("Stage goes on as it was", "info", "play"),
    "DecisionCarried": Label("Decision still stands", "info", "check"),
    "RequestHeld": Label("Put on hold", "warn", "pause"),
    "RequestResumed": Label("Resumed", "info", "play"),
    "RequestMovedToPolicy": Label("Moved to another policy", "warn", "arrows-right-left"),
    "RequestOverridden": Label("Decided by an administrator", "warn", "exclamation-triangle"),
    "RequestApproved": Label("Request approved", "ok", "check-circle"),
    "RequestRejected": Label("Request rejected", "bad", "x-circle"),
    "RequestTimedOut": Label("Request ran out of time", "bad", "clock"),
    "RequestWithdrawn": Label("Withdrew the request", "neutral", "minus-circle"),
    "RequestCancelled": Label("Cancelled the request", "neutral", "no-symbol"),
    "LegacyRecorded": Label("Recorded by the old system", "neutral", "archive-box"),
    "RequestImported": Label("Came over from the old system", "info", "arrow-down-tray"),
    "RequestFailed": Label("Request failed in the old system", "bad", "exclamation-triangle"),
    "CommandRefused": Label("Refused, nothing changed", "bad", "no-symbol"),
}


# Payload fields that are names of things, put into words.
_NAMED = {"CommandRefused": ("kind", "reason"), "LegacyRecorded": ("what", "step")}


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of one event: what was done, and the detail that its payload gives, if any."""

    label: Label
    detail: str = ""


def entry(kind: str, payload: Mapping[str, Any] | None = None) -> Entry:
    """The entry of an event by its class name, such as `TaskDecided`, and its stored payload.
    Unknown kinds come out as plain words; missing payload keys only shorten the detail."""
    facts: Mapping[str, Any] = payload or {}
    label = _PLAIN.get(kind) or Label(words_of(kind))
    if kind == "TaskDecided" and facts.get("decision"):
        label = decision(facts["decision"])
    if kind == "ReminderDue" and facts.get("number") == 0:
        label = Label("Reminded the approvers", label.tone, label.icon)
    return Entry(label, _detail(kind, facts))


def _detail(kind: str, facts: Mapping[str, Any]) -> str:
    plan = facts.get("plan")
    if isinstance(plan, Mapping):
        return str(plan.get("name", ""))
    if kind == "StageSkipped":
        return ": ".join(str(facts[key]) for key in ("name", "reason") if facts.get(key))
    if kind == "ReminderDue" and facts.get("task_ids"):
        return f"To {people(len(facts['task_ids']))}"
    if kind == "TaskEscalated" and facts.get("level"):
        return f"Level {facts['level']}"
    if kind in ("RequestResubmitted", "RequestAmended") and facts.get("changed"):
        return f"Changed: {', '.join(words_of(name).lower() for name in facts['changed'])}"
    if kind == "RequestMovedToPolicy" and facts.get("version"):
        return f"Version {facts['version']}"
    if kind in _NAMED:
        return ": ".join(words_of(str(facts[key])) for key in _NAMED[kind] if facts.get(key))
    return _decided(facts) if facts.get("decision") else _why(kind, facts)


def _decided(facts: Mapping[str, Any]) -> str:
    """Which content the decision is about; of one that is carried, what it says."""
    if facts.get("content_hash"):
        return f"Saw version {facts['content_version']}, fingerprint {facts['content_hash'][:12]}"
    return decision(facts["decision"]).words if facts.get("decided_by") else ""


def _why(kind: str, facts: Mapping[str, Any]) -> str:
    remarks = " ".join(str(each) for each in facts.get("remarks") or ())
    moved = facts.get("reason") if kind == "TaskReassigned" else None
    said = (moved, facts.get("why"), facts.get("reason"), facts.get("cause"), remarks)
    # A text that people wrote stands apart: the payload has only its hash.
    return next((each for each in said if each and isinstance(each, str)), "")
