"""What people do beside requests, and the portal with them: the kinds of acts that are recorded."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.domain.marked import msgid


class ActKind(StrEnum):
    """A kind of act, as `portal.audit_acts.kind` keeps it."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    REFUSED = "refused"
    LIMITED = "limited"
    PERSON_CHANGED = "person_changed"
    UNIT_CHANGED = "unit_changed"
    ORGANISATION_CHANGED = "organisation_changed"
    TYPE_CHANGED = "type_changed"
    CALENDAR_CHANGED = "calendar_changed"
    CHANNEL_CHANGED = "channel_changed"
    TOKEN_CHANGED = "token_changed"  # noqa: S105 - a kind
    WEBHOOK_CHANGED = "webhook_changed"
    STREAM_CHANGED = "stream_changed"
    EXPORTED = "exported"
    AUDIT_VIEWED = "audit_viewed"
    HELD = "held"
    TEXT_ERASED = "text_erased"
    PERSON_ERASED = "person_erased"
    RECORDS_DROPPED = "records_dropped"
    LOG_BEGUN = "log_begun"
    VERIFIED = "verified"
    REPAIRED = "repaired"


WORDS: dict[ActKind, str] = {
    ActKind.SIGNED_IN: msgid("Signed in"),
    ActKind.SIGN_IN_FAILED: msgid("Failed to sign in"),
    ActKind.SIGNED_OUT: msgid("Signed out"),
    ActKind.REFUSED: msgid("Was refused access"),
    ActKind.LIMITED: msgid("Reached a limit"),
    ActKind.PERSON_CHANGED: msgid("Changed a person"),
    ActKind.UNIT_CHANGED: msgid("Changed a department or group"),
    ActKind.ORGANISATION_CHANGED: msgid("Changed the organisation's settings"),
    ActKind.TYPE_CHANGED: msgid("Changed a request type"),
    ActKind.CALENDAR_CHANGED: msgid("Changed a calendar"),
    ActKind.CHANNEL_CHANGED: msgid("Changed a chat channel"),
    ActKind.TOKEN_CHANGED: msgid("Changed an access token"),
    ActKind.WEBHOOK_CHANGED: msgid("Changed a webhook"),
    ActKind.STREAM_CHANGED: msgid("Changed an audit stream"),
    ActKind.EXPORTED: msgid("Exported data"),
    ActKind.AUDIT_VIEWED: msgid("Viewed the audit log"),
    ActKind.HELD: msgid("Placed or lifted a legal hold"),
    ActKind.TEXT_ERASED: msgid("Erased texts or files"),
    ActKind.PERSON_ERASED: msgid("Erased somebody's personal data"),
    ActKind.RECORDS_DROPPED: msgid("Removed records after their retention"),
    ActKind.LOG_BEGUN: msgid("Began a log"),
    ActKind.VERIFIED: msgid("Verified the record"),
    ActKind.REPAIRED: msgid("Had something repaired"),
}


# What is erased with a person's data: acts about them, and those of their own signing in.
ABOUT_SOMEBODY = frozenset({ActKind.PERSON_CHANGED, ActKind.HELD})
BY_SOMEBODY = frozenset({
    ActKind.SIGNED_IN, ActKind.SIGN_IN_FAILED, ActKind.SIGNED_OUT, ActKind.REFUSED, ActKind.LIMITED,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRecord:
    """One act. `actor`: a person's id, "system", or "" where nobody is signed in; `subject`: what
    it is about, such as the id of a person or a type's code; `data`: what changed, and how."""

    id: str
    at: datetime
    kind: str
    actor: str
    session_id: str | None = None
    address: str | None = None
    subject: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
