"""A link in a message, with what it takes to say where it leads."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, Uuid, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from portal.domain.notices.links import FollowedLink
from portal.domain.request.state import Status, TaskStatus
from portal.extensions import Question, db
from portal.models import Link, LinkRefusal, PolicyVersion, Request, Task, User
from portal.queries import own_texts

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """A link. `decision` is the one it offers; `taken` and what follows is the task's own."""

    id: str
    task_id: str
    request_id: str
    number: str
    title: str
    type_name: str
    requester_name: str
    recipient_id: str
    recipient_name: str
    decision: str | None
    amount: int | None
    currency: str | None
    unsigned_up_to: int | None
    comment_required: list[str]
    assignee_id: str
    taken: str | None
    decided_by: str | None
    decided_by_name: str | None
    decided_at: datetime | None
    task_status: str
    status: str
    content_version: int
    seen_version: int
    is_active: bool
    is_expired: bool
    is_revoked: bool
    policy_version_id: str

    @property
    def followed(self) -> FollowedLink:
        """As the rule wants to know it."""
        return FollowedLink(
            recipient_id=self.recipient_id,
            assignee_id=self.assignee_id,
            decided_by=self.decided_by,
            task_status=TaskStatus(self.task_status),
            status=Status(self.status),
            content_version=self.content_version,
            seen_version=self.seen_version,
            is_expired=self.is_expired or not self.is_active,
            is_revoked=self.is_revoked,
        )


def by_hash(token_hash: str) -> LinkRecord | None:
    """The link whose token has that hash."""
    return _one(Link.token_hash == token_hash)


def by_id(link_id: str) -> LinkRecord | None:
    """The link of that id."""
    return _one(Link.id == link_id)


@dataclass(frozen=True, slots=True)
class RefusalRecord:
    """Who followed a link that was sent to another person, and when first."""

    at: datetime
    name: str
    recipient_name: str
    ip: str | None


def refusals_of(request_id: str) -> tuple[RefusalRecord, ...]:
    """Those of one request's links, the newest first; up to `SHOWN`."""
    rows = _refusals().ask(db.session.connection(), {"request": request_id})
    return tuple(RefusalRecord(*row) for row in rows)


@cache
def _refusals() -> Question:
    recipient = aliased(User)
    return Question(
        select(
            LinkRefusal.at, User.name, recipient.name.label("recipient_name"),
            func.host(LinkRefusal.ip).label("ip"),
        )
        .join(User, User.id == LinkRefusal.user_id)
        .join(Link, Link.id == LinkRefusal.link_id)
        .join(recipient, recipient.id == Link.user_id)
        .where(LinkRefusal.request_id == bindparam("request", type_=Uuid(as_uuid=False)))
        .order_by(LinkRefusal.id.desc())
        .limit(SHOWN)
    )  # fmt: skip


def _one(which: Any) -> LinkRecord | None:
    row = db.session.execute(_statement().where(which)).one_or_none()
    return None if row is None else own_texts.as_read(LinkRecord(**row._mapping), "type_name")


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    decider = aliased(User)
    up_to = PolicyVersion.definition["link_up_to"].astext
    return (
        select(
            Link.id, Link.task_id, Link.request_id, Request.number, Request.title,
            Request.type_name,
            Request.requester_name, Link.user_id.label("recipient_id"),
            User.name.label("recipient_name"), Link.decision, Request.amount, Request.currency,
            cast(up_to, BigInteger).label("unsigned_up_to"), Task.comment_required,
            Task.assignee_id, Task.decision.label("taken"), Task.decided_by,
            decider.name.label("decided_by_name"), Task.decided_at,
            Task.status.label("task_status"), Request.status, Request.content_version,
            Link.content_version.label("seen_version"), User.is_active,
            (Link.expires_at <= func.now()).label("is_expired"),
            Link.revoked_at.is_not(None).label("is_revoked"), Request.policy_version_id,
        )
        .join(Task, Task.id == Link.task_id)
        .join(Request, Request.id == Link.request_id)
        .join(User, User.id == Link.user_id)
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .outerjoin(decider, decider.id == Task.decided_by)
    )  # fmt: skip
