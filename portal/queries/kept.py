"""Everything that is kept about a person: what it is, why it is kept and until when, and its rows.

One table of parts, for the page that lists them and for the export that holds them. Secrets and
their hashes are no part of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select

from portal.domain.request.files import KeptFile
from portal.extensions import db
from portal.models import (
    ApiToken,
    Attachment,
    AuditAct,
    Comment,
    Delegation,
    Draft,
    GroupMember,
    MonthlyMail,
    Notification,
    NotificationPreference,
    Passkey,
    PeopleChange,
    ProviderAccount,
    ProvisionedPerson,
    Request,
    SavedView,
    SignIn,
    Task,
    User,
    UserSession,
)
from portal.translation import lazy

AT_ONCE = 1_000
NOTHING = "00000000-0000-0000-0000-000000000000"


class Ends(Enum):
    """What ends the keeping of a part."""

    TYPES = "types"
    DRAFTS = "drafts_days"
    SESSIONS = "sessions_days"
    NOTIFICATIONS = "notifications_days"
    FORMER = "former_days"
    REMOVED = "removed"
    NEVER = "never"


@dataclass(frozen=True)
class KeptPart:
    """One kind of thing that is kept. `key`: by which its rows are in order; `whose`: which of them
    are about the person; `columns`: what an export holds of each; `own_label`, `own_why`: the same
    as it is said to the person."""

    code: str
    label: str
    why: str
    own_label: str
    own_why: str
    ends: Ends
    key: Any
    whose: Any
    columns: tuple[Any, ...]

    def label_for(self, *, is_own: bool) -> str:
        """What it is called to the person, or to somebody else."""
        return self.own_label if is_own else self.label

    def why_for(self, *, is_own: bool) -> str:
        """Why it is kept, said to the person, or to somebody else."""
        return self.own_why if is_own else self.why


def _part(
    code: str,
    label: str,
    why: str | tuple[str, str],
    ends: Ends,
    model: Any,
    whose: Any,
    *names: str,
    key: str = "id",
    own: str | None = None,
) -> KeptPart:
    columns = tuple(getattr(model, name) for name in (key, *names))
    said, own_why = why if isinstance(why, tuple) else (why, why)
    return KeptPart(code, label, said, own or label, own_why, ends, columns[0], whose, columns)


PARTS = (
    _part(
        "person", lazy("Record"),
        lazy("Needed to sign in, to be asked, and so that the record says who did what."),
        Ends.FORMER, User, lambda me: User.id == me,
        "name", "email", "employee_no", "job_title", "department_id", "manager_id", "time_zone",
        "locale", "roles", "is_active", "created_at",
    ),
    _part(
        "groups", lazy("Memberships of groups"), lazy("Groups are asked for approvals."),
        Ends.REMOVED, GroupMember, lambda me: GroupMember.user_id == me, "added_at",
        key="group_id",
    ),
    _part(
        "requests", lazy("Requests"),
        (lazy("They asked for them, or somebody did for them."),
         lazy("You asked for them, or somebody did for you.")),
        Ends.TYPES, Request, lambda me: or_(Request.requester_id == me, Request.on_behalf_of == me),
        "number", "type_code", "type_name", "requester_id", "on_behalf_of", "title", "fields",
        "amount", "currency", "priority", "status", "meta", "submitted_at", "closed_at",
    ),
    _part(
        "tasks", lazy("Tasks and decisions"),
        (lazy("They were asked to decide."), lazy("You were asked to decide.")),
        Ends.TYPES, Task, lambda me: or_(Task.assignee_id == me, Task.decided_by == me),
        "request_id", "stage_name", "status", "opened_at", "due_at", "decided_at", "decision",
        "comment",
    ),
    _part(
        "comments", lazy("Comments and reasons"),
        (lazy("They wrote them about a request."), lazy("You wrote them about a request.")),
        Ends.TYPES, Comment, lambda me: Comment.author_id == me,
        "request_id", "about", "text", "created_at",
    ),
    _part(
        "files", lazy("Files"),
        (lazy("They attached them to a request."), lazy("You attached them to a request.")),
        Ends.TYPES, Attachment, lambda me: Attachment.owner_id == me,
        "request_id", "name", "content_type", "size", "sha256", "created_at", "erased_at",
    ),
    _part(
        "drafts", lazy("Drafts"),
        (lazy("Requests that they have not submitted."),
         lazy("Requests that you have not submitted.")),
        Ends.DRAFTS, Draft, lambda me: Draft.user_id == me, "type_code", "values", "updated_at",
    ),
    _part(
        "notifications", lazy("Notifications"),
        (lazy("They were told of something."), lazy("You were told of something.")),
        Ends.NOTIFICATIONS, Notification, lambda me: Notification.user_id == me,
        "number", "kind", "text", "created_at", "read_at",
    ),
    _part(
        "preferences", lazy("Notification settings"),
        (lazy("They chose how to be told."), lazy("You chose how to be told.")),
        Ends.REMOVED, NotificationPreference, lambda me: NotificationPreference.user_id == me,
        "choices", "daily_at", "quiet_from", "quiet_until", "monthly_since", key="user_id",
    ),
    _part(
        "monthly_mails", lazy("Emails with figures"),
        (lazy("They wanted the figures of each month."),
         lazy("You wanted the figures of each month.")),
        Ends.NEVER, MonthlyMail, lambda me: MonthlyMail.user_id == me,
        "month", "status", "last_error", "sent_at", key="user_id",
    ),
    _part(
        "views", lazy("Saved views"),
        (lazy("They saved them."), lazy("You saved them.")),
        Ends.REMOVED, SavedView, lambda me: SavedView.user_id == me, "place", "name", "filters",
    ),
    _part(
        "absences", lazy("Absences"),
        (lazy("Somebody decided for them, or they for somebody."),
         lazy("Somebody decided for you, or you for somebody.")),
        Ends.NEVER, Delegation,
        lambda me: or_(Delegation.delegator_id == me, Delegation.delegate_id == me),
        "delegator_id", "delegate_id", "starts_at", "ends_at", "reason", "revoked_at",
    ),
    _part(
        "sessions", lazy("Sessions"),
        (lazy("They signed in with a browser."), lazy("You signed in with a browser.")),
        Ends.SESSIONS, UserSession, lambda me: UserSession.user_id == me,
        "created_at", "last_seen_at", "ip", "user_agent", "ended_at",
    ),
    _part(
        "sign_ins", lazy("Sign-ins"), lazy("Proof of who was signed in when it was decided."),
        Ends.FORMER, SignIn, lambda me: SignIn.user_id == me,
        "how", "went", "second", "detail", "ip", "user_agent", "at",
    ),
    _part(
        "passkeys", lazy("Passkeys"),
        (lazy("They sign in and sign decisions with them."),
         lazy("You sign in and sign decisions with them.")),
        Ends.REMOVED, Passkey, lambda me: Passkey.user_id == me,
        "name", "created_at", "last_used_at", "removed_at",
    ),
    _part(
        "accounts", lazy("Accounts at sign-in providers"),
        (lazy("They sign in through them."), lazy("You sign in through them.")),
        Ends.REMOVED, ProviderAccount, lambda me: ProviderAccount.user_id == me,
        "issuer", "subject", "email", "last_used_at",
    ),
    _part(
        "tokens", lazy("API tokens"),
        (lazy("Programs act in their name."), lazy("Programs act in your name.")),
        Ends.NEVER, ApiToken, lambda me: ApiToken.user_id == me,
        "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at", "last_used_ip",
    ),
    _part(
        "provider", lazy("Record of the identity provider"), lazy("It keeps people by SCIM."),
        Ends.FORMER, ProvisionedPerson, lambda me: ProvisionedPerson.user_id == me,
        "user_name", "external_id", "written", "taken", "source", key="user_id",
    ),
    _part(
        "changes", lazy("Changes to their record"), lazy("Proof of who had which rights when."),
        Ends.FORMER, PeopleChange, lambda me: PeopleChange.person_id == me, "kind", "data", "note",
        "at", own=lazy("Changes to your record"),
    ),
    _part(
        "acts", lazy("Acts in the record"),
        (lazy("Proof of what they did beside requests."),
         lazy("Proof of what you did beside requests.")),
        Ends.NEVER, AuditAct, lambda me: AuditAct.actor == cast(me, Text),
        "at", "kind", "actor", "session_id", "address", "subject", "data",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptCount:
    """How many rows of a part there are; `most` or more where it is that."""

    part: KeptPart
    count: int


def counts(person_id: str) -> tuple[KeptCount, ...]:
    """How much of each part there is; up to `AT_ONCE` are counted."""
    found = []
    for part in PARTS:
        rows = select(part.key).where(part.whose(_me(person_id))).limit(AT_ONCE).subquery()
        found.append(
            KeptCount(part, db.session.scalar(select(func.count()).select_from(rows)) or 0)
        )
    return tuple(each for each in found if each.count)


def rows(person_id: str, part: KeptPart) -> Iterator[dict[str, Any]]:
    """Everything of a part, some at a time."""
    after = NOTHING
    while True:
        statement = select(*part.columns).where(part.whose(_me(person_id)), part.key > after)
        found = db.session.execute(statement.order_by(part.key).limit(AT_ONCE)).all()
        for row in found:
            yield dict(row._mapping)
        if len(found) < AT_ONCE:
            return
        after = str(found[-1][0])


def files(person_id: str) -> Iterator[KeptFile]:
    """The files that somebody attached, and that are not erased."""
    after = NOTHING
    names = ("id", "name", "content_type", "size", "sha256")
    columns = [getattr(Attachment, name) for name in names]
    mine = Attachment.owner_id == person_id, Attachment.erased_at.is_(None)
    while found := db.session.execute(
        select(*columns).where(*mine, Attachment.id > after).order_by(Attachment.id).limit(100)
    ).all():
        yield from (KeptFile(*row) for row in found)
        after = found[-1].id


def _me(person_id: str) -> ColumnElement[str]:
    return select(User.id).where(User.id == person_id).scalar_subquery()
