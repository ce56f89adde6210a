"""One row for each table, so that migrations are tried on data."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from portal import models
from portal.models.attachments import Attachment
from portal.models.columns import new_id

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def fill(connection: Connection) -> dict[str, str]:
    """Insert a row into each table and commit; returns the ids."""
    ids = {name: new_id() for name in ("person", "type", "version", "request", "task")}
    for model, row in (
        _organisation(ids)
        + _request(ids)
        + _around(ids)
        + _sent(ids)
        + _factors(ids)
        + _programs(ids)
    ):
        connection.execute(insert(model).values(**row))
    connection.commit()
    return ids


def _organisation(ids: dict[str, str]) -> list[tuple[Any, dict[str, Any]]]:
    group, calendar = new_id(), new_id()
    return [
        (models.Department, {"id": new_id(), "code": "IT", "name": "IT"}),
        (models.User, {"id": ids["person"], "name": "Ana", "email": "ana@example.org"}),
        (models.Group, {"id": group, "code": "finance", "name": "Finance"}),
        (models.GroupMember, {"group_id": group, "user_id": ids["person"]}),
        (models.Calendar, {"id": calendar, "name": "Office", "time_zone": "UTC"}),
        (models.Organisation, {"id": 1, "name": "St Gloria", "accent": "1f5fbf"}),
        (models.OrganisationLogo, {"digest": "0", "png": b"x", "width": 1, "height": 1}),
        (models.MailText, {"code": "asked", "locale": "en", "subject": "", "body": ""}),
        (models.RequestType, {"id": ids["type"], "code": "a", "name": "A", "prefix": "A"}),
        (
            models.PolicyVersion,
            {
                "id": ids["version"],
                "request_type_id": ids["type"],
                "version": 1,
                "published_at": NOW,
            },
        ),
    ]


def _request(ids: dict[str, str]) -> list[tuple[Any, dict[str, Any]]]:
    request, person = ids["request"], ids["person"]
    row = {
        "id": request, "number": "A-1001", "type_code": "a", "type_name": "A",
        "policy_version_id": ids["version"], "requester_id": person, "requester_name": "Ana",
        "title": "Chairs", "priority": "MEDIUM", "status": "PENDING", "round": 1,
        "content_version": 1, "content_hash": "", "last_seq": 1, "last_hash": "",
        "submitted_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    task = {
        "id": ids["task"], "request_id": request, "requester_id": new_id(), "round": 1,
        "stage_index": 0, "stage_key": "m", "stage_name": "M", "assignee_id": person,
        "status": "OPEN", "opened_at": NOW, "content_version": 1,
    }  # fmt: skip
    comment = {"id": new_id(), "request_id": request, "seq": 1, "text": "Well."}
    return [
        (models.Request, row),
        (models.Task, task),
        (models.Participant, {"request_id": request, "user_id": person, "submitted_at": NOW}),
        (models.Comment, comment),
    ]


def _around(ids: dict[str, str]) -> list[tuple[Any, dict[str, Any]]]:
    request, person = ids["request"], ids["person"]
    common = {"request_id": request, "number": "A-1001"}
    event = {
        "request_id": request, "seq": 1, "at": NOW, "kind": "RequestSubmitted",
        "tag": "request:submitted", "actor": person, "data": {}, "prev_hash": "", "hash": "",
    }  # fmt: skip
    text = {"request_id": request, "seq": 1, "name": "content", "salt": "s", "text": "Chairs"}
    file = {
        "form_id": new_id(), "owner_id": person, "request_id": request, "field": "offers",
        "name": "a.pdf", "content_type": "application/pdf", "size": 1, "sha256": "",
    }  # fmt: skip
    notice = {"user_id": person, "seq": 1, "kind": "assigned", "text": "Look."}
    return [
        (models.Command, {"kind": "Submit", "actor_id": person, **common}),
        (Attachment, file),
        (models.Draft, {"user_id": person, "type_code": "a"}),
        (models.SavedView, {"user_id": person, "place": "inbox", "name": "Oak"}),
        (models.Batch, {"user_id": person, "items": [{"task": ids["task"]}]}),
        (models.Notification, notice | common),
        (models.AuditEvent, event),
        (models.AuditText, text),
        *_proof(request),
        (models.UserSession, {"token_hash": "x", "last_seen_at": NOW}),
        (models.SignInAttempt, {"key": "ana"}),
        (models.WorkerHeartbeat, {"worker": "w", "task_queue": "q", "seen_at": NOW}),
        (
            models.WorkflowHistory,
            {"id": request, "workflow_type": "a", "request_id": request, "status": "STARTED"},
        ),
    ]


def _sent(ids: dict[str, str]) -> list[tuple[Any, dict[str, Any]]]:
    person = ids["person"]
    link = {
        "token_hash": "x", "task_id": ids["task"], "request_id": ids["request"], "user_id": person,
        "content_version": 1, "decision": "approve", "expires_at": NOW,
    }  # fmt: skip
    link_id = new_id()
    refusal = {"link_id": link_id, "request_id": ids["request"], "user_id": person}
    return [
        (models.Link, {"id": link_id} | link),
        (models.LinkRefusal, refusal),
        (models.NotificationPreference, {"user_id": person}),
        (models.Message, {"user_id": person, "channel": "mail", "due_at": NOW}),
        (models.Check, {"name": "workflows"}),
        (models.WorkflowTrouble, {"workflow_id": "w", "activity": "a", "attempts": 5, "error": ""}),
    ]


def _proof(request: str) -> list[tuple[Any, dict[str, Any]]]:
    act = {"id": new_id(), "at": NOW, "kind": "held", "actor": "system", "salt": "", "hash": ""}
    point = {"origin": "example.org/audit/1", "size": 1, "signed_at": NOW, "note": ""}
    return [
        (models.AuditAct, act),
        (models.AuditLeaf, {"number": 0, "subject_id": request, "seq": 1, "hash": ""}),
        (models.AuditCheckpoint, point),
        (models.AuditAnchor, {"id": new_id(), "kind": "folder", "size": 1, "anchored_at": NOW}),
        (models.AuditVerification, {"id": new_id(), "begun_at": NOW, "done_at": NOW}),
    ]


def _factors(ids: dict[str, str]) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (models.SignIn, {"user_id": ids["person"], "how": "password", "went": "in"}),
        (
            models.Passkey,
            {"user_id": ids["person"], "credential_id": b"x", "public_key": b"x", "name": "Key"},
        ),
        (models.AuthenticatorApp, {"user_id": ids["person"], "sealed": b"x"}),
        (models.RecoveryCode, {"user_id": ids["person"], "code_hash": "x"}),
        (models.Challenge, {"kind": "sign_in", "expires_at": NOW}),
        (
            models.ProviderAccount,
            {"user_id": ids["person"], "issuer": "https://id.example.org", "subject": "1"},
        ),
    ]


def _programs(ids: dict[str, str]) -> list[tuple[Any, dict[str, Any]]]:
    token, group = new_id(), new_id()
    secret = {"secret_hash": "x", "ending": "wxyz", "expires_at": NOW}
    source = {"source": "Entra", "token_id": token}
    return [
        (models.ApiToken, {"id": token, "kind": "service", "name": "Entra", **secret}),
        (models.ProvisionedPerson, {"user_id": ids["person"], "user_name": "ana", **source}),
        (models.Group, {"id": group, "code": "buyers", "name": "Buyers"}),
        (models.ProvisionedGroup, {"group_id": group, **source}),
    ]
