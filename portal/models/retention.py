"""What is kept no longer than an administrator wants, said once for the page that tells it before
and for the clean-up that deletes it; and legal holds, which keep it all the same.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Connection,
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
from sqlalchemy.orm import Mapped, aliased, mapped_column

from portal.domain.proof.retention import SETTLED, HoldScope, Kept, KeptPerson
from portal.extensions import Base
from portal.models.attachments import Attachment
from portal.models.audit import AuditText
from portal.models.columns import Id, Now
from portal.models.commands import Draft
from portal.models.messages import Message
from portal.models.notifications import Notification
from portal.models.people import User
from portal.models.policies import RequestType
from portal.models.requests import Participant, Request, Task
from portal.models.sessions import UserSession
from portal.models.validity import UserHistory

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


def involved_in_held() -> ColumnElement[bool]:
    """Of a `User`: whether a legal hold is on them, or on a request that they took part in."""
    mine = aliased(Participant)
    taken = exists().where(mine.user_id == User.id, Request.id == mine.request_id, is_held())
    return or_(person_held(User.id), taken)


def has_open() -> ColumnElement[bool]:
    """Of a `User`: whether they asked for something that is open, or have a task."""
    asked = or_(Request.requester_id == User.id, Request.on_behalf_of == User.id)
    return or_(
        exists().where(asked, Request.closed_at.is_(None)),
        exists().where(Task.assignee_id == User.id, Task.status == "OPEN"),
        exists().where(Task.acting_for == User.id, Task.status == "OPEN"),
    )


def left_at() -> ColumnElement[Any]:
    """Of a `User` who is not active: since when; for whoever left before histories began, or was
    never active, since these know it."""
    mine = UserHistory.id == User.id
    was = select(func.max(func.upper(UserHistory.during))).where(mine, UserHistory.is_active)
    begun = func.min(func.lower(UserHistory.during)), func.min(UserHistory.known_since)
    known = select(func.least(*begun)).where(mine)
    return func.coalesce(was.scalar_subquery(), known.scalar_subquery(), User.created_at)


def kept_person(connection: Connection, person_id: str) -> KeptPerson | None:
    """Somebody as erasure sees them; None for nobody, and for whoever is erased already."""
    statement = select(
        User.is_active, left_at().label("left_at"), has_open().label("has_open"),
        involved_in_held().label("is_held"),
    ).where(User.id == person_id, User.erased_at.is_(None))  # fmt: skip
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    left = None if row.is_active else row.left_at
    return KeptPerson(row.is_active, left, row.has_open, row.is_held)


def _former(since: ColumnElement[Any]) -> Select[Any]:
    """The ids of people who left before that, and whom nothing keeps."""
    left = User.is_active.is_(False), User.erased_at.is_(None), left_at() <= since
    return select(User.id).where(*left, ~has_open(), ~involved_in_held())


def over(name: str, days: int) -> Select[Any]:
    """The ids of what is over: `name` is the setting, such as `drafts_days`."""
    since = func.now() - timedelta(days=days)
    if name == "former_days":
        return _former(since)
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
    lengths = [RequestType.texts_days, RequestType.requests_days]
    if what is Kept.FILES:
        lengths.append(RequestType.files_days)
    length: Any = days if code is not None else func.least(*lengths)
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
