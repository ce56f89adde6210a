"""Chat channels for administrators: what of them may be seen, and what was changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.extensions import db
from portal.models import ChatChannel, ChatChannelChange, User
from portal.models.channels import mark_of
from portal.models.columns import by_name

SHOWN = 30


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A channel without its address. `mark`: its present state, for a form that changes it."""

    id: str
    name: str
    scheme: str
    host: str
    is_on: bool
    mark: str = ""


@dataclass(frozen=True, slots=True)
class ChannelChangeRecord:
    """What somebody did to a channel."""

    kind: str
    actor: str
    data: dict[str, Any]
    at: datetime


_COLUMNS = (
    ChatChannel.id,
    ChatChannel.name,
    ChatChannel.scheme,
    ChatChannel.host,
    ChatChannel.is_on,
)


def listed() -> tuple[ChannelRecord, ...]:
    """All of them, by name; there are few."""
    rows = db.session.execute(select(*_COLUMNS).order_by(by_name(ChatChannel.name)))
    return tuple(ChannelRecord(*row) for row in rows)


def find(channel_id: str) -> ChannelRecord | None:
    """The channel of that id."""
    found = select(*_COLUMNS, ChatChannel.sealed).where(ChatChannel.id == channel_id)
    row = db.session.execute(found).one_or_none()
    return None if row is None else ChannelRecord(*row[:-1], mark_of(row.name, row.sealed))


def any_on() -> bool:
    """Whether people can be told by chat."""
    found = select(ChatChannel.id).where(ChatChannel.is_on).limit(1)
    return db.session.execute(found).first() is not None


def changes(channel_id: str | None = None) -> tuple[ChannelChangeRecord, ...]:
    """What was done to one channel, or to all of them, the newest first; up to `SHOWN`."""
    change = ChatChannelChange
    found = select(change.kind, User.name, change.data, change.at).join(
        User, User.id == change.actor_id
    )
    if channel_id is not None:
        found = found.where(change.channel_id == channel_id)
    rows = db.session.execute(found.order_by(change.id.desc()).limit(SHOWN))
    return tuple(ChannelChangeRecord(*row) for row in rows)
