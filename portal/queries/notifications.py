"""What one person was told inside the portal, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Row, Select, Uuid, bindparam, select, tuple_

from portal.extensions import db
from portal.models import Notification, Request
from portal.queries import own_texts

PAGE = 50


@dataclass(frozen=True, slots=True)
class NotificationCursor:
    """The oldest row already shown."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class NotificationEntry:
    """One notification; `task_id` where it asks for a decision. `said`: see `Notification`;
    `words`: what its request's version says in the reader's language."""

    id: str
    kind: str
    number: str
    text: str
    said: list[Any] | None
    task_id: str | None
    created_at: datetime
    read_at: datetime | None
    words: Mapping[str, str] = field(default_factory=dict)


def page_of(
    user_id: str, before: NotificationCursor | None = None
) -> tuple[tuple[NotificationEntry, ...], NotificationCursor | None]:
    """Up to `PAGE` messages, and where the next (older) page begins."""
    values: dict[str, Any] = {"user": user_id}
    statement = _newest()
    if before is not None:
        statement = statement.where(_older())
        values |= {"before_at": before.created_at, "before_id": before.id}
    rows = tuple(map(_entry, db.session.execute(statement, values)))
    shown = rows[:PAGE]
    return shown, NotificationCursor(shown[-1].created_at, shown[-1].id) if len(
        rows
    ) > PAGE else None


def _entry(row: Row[*tuple[Any, ...]]) -> NotificationEntry:
    values = dict(row._mapping)
    words = own_texts.all_words_of(values.pop("policy_version_id"))
    return NotificationEntry(**values, words=words)


def _older() -> Any:
    at = bindparam("before_at", type_=DateTime(timezone=True))
    return tuple_(Notification.created_at, Notification.id) < tuple_(
        at, bindparam("before_id", type_=Uuid(as_uuid=False))
    )


@cache
def _newest() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Notification.id, Notification.kind, Notification.number, Notification.text,
            Notification.said, Notification.task_id, Notification.created_at, Notification.read_at,
            Request.policy_version_id,
        )
        .outerjoin(Request, Request.id == Notification.request_id)
        .where(
            Notification.user_id == bindparam("user", type_=Uuid(as_uuid=False)),
            Notification.hidden.is_(False),
        )
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .limit(PAGE + 1)
    )  # fmt: skip
