"""What is kept no longer than an administrator wants, said once for the page that tells it before
and for the clean-up that deletes it; and legal holds, which keep it all the same.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Select,
    Text,
    Uuid,
    cast,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.domain.proof.retention import SETTLED, HoldScope, Kept
from portal.extensions import Base
from portal.models.attachments import Attachment
from portal.models.audit import AuditText
from portal.models.columns import Id, Now
from portal.models.commands import Draft
from portal.models.messages import Message
from portal.models.notifications import Notification
from portal.models.policies import RequestType
from portal.models.requests import Participant, Request
from portal.models.sessions import UserSession

# A session is seen once a minute, and ends after at most a day without.
SEEN_LATE = timedelta(hours=1)
UserId = Uuid(as_uuid=False)


class LegalHold(Base):
    """A legal hold: what it is on is neither erased nor cleaned up while it stands.

    `scope`: a `portal.domain.proof.retention.HoldScope`; `subject`: the id of a request or person,
    or a type's code; `label`: what that was called. `until` NULL: until it is lifted.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("scope IN ('request', 'person', 'type')", name="scope"),
        CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted"),
        Index(
            "ix_legal_holds_scope", "scope", "subject", postgresql_where=text("lifted_at IS NULL")
        ),
    )

    id: Mapped[Id]
    scope: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(UserId, ForeignKey("portal.users.id"))
    placed_at: Mapped[Now]
    until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_by: Mapped[str | None] = mapped_column(UserId, ForeignKey("portal.users.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_because: Mapped[str] = mapped_column(Text, server_default="")


def stands() -> ColumnElement[bool]:
    """Of a `LegalHold`: whether it keeps anything now."""
    until = or_(LegalHold.until.is_(None), LegalHold.until > func.now())
    return LegalHold.lifted_at.is_(None) & until


def _held(scope: HoldScope, subject: Any) -> ColumnElement[bool]:
    return exists().where(LegalHold.scope == scope.value, LegalHold.subject == subject, stands())


def is_held() -> ColumnElement[bool]:
    """Of a `Request`: whether a legal hold keeps it."""
    people = exists().where(
        Participant.request_id == Request.id,
        LegalHold.scope == HoldScope.PERSON.value,
        LegalHold.subject == cast(Participant.user_id, Text),
        stands(),
    )
    return or_(
        _held(HoldScope.REQUEST, cast(Request.id, Text)),
        _held(HoldScope.TYPE, Request.type_code),
        people,
    )


def person_held(user_id: Any) -> ColumnElement[bool]:
    """Whether a legal hold keeps what is somebody's."""
    return _held(HoldScope.PERSON, cast(user_id, Text))


def over(name: str, days: int) -> Select[Any]:
    """The ids of what is over: `name` is the setting, such as `drafts_days`."""
    since = func.now() - timedelta(days=days)
    if name == "drafts_days":
        of_type = _held(HoldScope.TYPE, Draft.type_code)
        return select(Draft.id).where(
            Draft.updated_at < since, ~person_held(Draft.user_id), ~of_type
        )
    if name == "sessions_days":
        last = func.coalesce(UserSession.ended_at, UserSession.last_seen_at + SEEN_LATE)
        return select(UserSession.id).where(last < since, ~person_held(UserSession.user_id))
    return select(Notification.id).where(*_read_enough(since))


def never_sent(days: int) -> Select[Any]:
    """The ids of files that have waited longer, in no draft, for what was never sent."""
    in_draft = exists().where(Draft.id == Attachment.form_id)
    return select(Attachment.id).where(
        Attachment.request_id.is_(None),
        Attachment.created_at < func.now() - timedelta(days=days),
        ~in_draft,
        ~person_held(Attachment.owner_id),
    )


def _read_enough(since: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    """Of a request that has been closed for as long, and nothing of it is still to be sent."""
    waits = exists().where(Message.notification_id == Notification.id, Message.status == "WAITING")
    closed = exists().where(
        Request.id == Notification.request_id, Request.closed_at < since, ~is_held()
    )
    held = person_held(Notification.user_id)
    return (
        Notification.created_at < since,
        Notification.handed_at.is_not(None),
        closed,
        ~waits,
        ~held,
    )


def is_there(what: Kept) -> ColumnElement[bool]:
    """Of a `Request`: whether it has texts or files that were not erased."""
    if what is Kept.TEXTS:
        return exists().where(AuditText.request_id == Request.id, AuditText.text.is_not(None))
    return exists().where(Attachment.request_id == Request.id, Attachment.erased_at.is_(None))


def due_requests(
    what: Kept, after: str | None, most: int, code: str | None = None, days: int | None = None
) -> Select[Any]:
    """The ids of closed requests, in their order behind `after`, whose texts or files are over and
    which nothing holds: by the retention of their types, or those of type `code` by `days`."""
    length: Any = days if code is not None else RequestType.texts_days
    if code is None and what is Kept.FILES:
        length = func.least(RequestType.texts_days, RequestType.files_days)
    until = Request.closed_at + func.make_interval(0, 0, 0, length)
    statement = (
        select(Request.id)
        .join(RequestType, RequestType.code == Request.type_code)
        .where(
            until <= func.now(), Request.closed_at + SETTLED <= func.now(), is_there(what),
            ~is_held(),
        )
        .order_by(Request.id)
        .limit(most)
    )  # fmt: skip
    if code is not None:
        statement = statement.where(Request.type_code == code)
    return statement if after is None else statement.where(Request.id > after)
