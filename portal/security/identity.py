"""Who is signed in and what the frame of every page tells them, where the present request comes
from, and the application's settings.

The frame is read with the session, from a few index rows: open tasks and unread notifications, each
counted to a hundred, absences that are on, and whether the portal is closed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from flask import current_app, request
from flask_login import AnonymousUserMixin, UserMixin, current_user
from sqlalchemy import Row, Select, bindparam, func, literal_column, select
from sqlalchemy.orm import aliased
from werkzeug.exceptions import Unauthorized

from portal.config import Settings
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.request.click import Click
from portal.extensions import db
from portal.models import Closure, Delegation, Notification, Task, User

MOST = 100
MOST_ABSENCES = 5


def _at_most(inner: Select[Any]) -> Any:
    # The person stands in the statement around it, which a subquery has to be told.
    rows = inner.limit(MOST).correlate(User).subquery()
    return select(func.count()).select_from(rows).correlate(User).scalar_subquery()


def _open_tasks(person: Any) -> Select[Any]:
    # The status as a literal: a prepared statement's general plan could not use the partial index
    # else.
    return select(literal_column("1")).where(
        Task.assignee_id == person, Task.status == literal_column("'OPEN'")
    )


def _unread(person: Any) -> Select[Any]:
    return select(literal_column("1")).where(
        Notification.user_id == person,
        Notification.read_at.is_(None),
        literal_column("NOT notifications.hidden"),
    )


_CLOSED = select(Closure.words).where(Closure.in_force.is_(True)).scalar_subquery()


def _absences(person: Any, whose: Any, other: Any) -> Any:
    """The absences that are on in which the reader is `whose`, each with the other's name."""
    someone = aliased(User)
    on = (
        select(someone.name, Delegation.ends_at)
        .join(someone, someone.id == other)
        .where(
            whose == person,
            Delegation.ends_at > func.now(),
            Delegation.starts_at <= func.now(),
            Delegation.revoked_at.is_(None),
        )
        .order_by(Delegation.ends_at)
        .limit(MOST_ABSENCES)
        .correlate(User)
        .subquery()
    )
    pair = func.jsonb_build_array(on.c.name, on.c.ends_at)
    return select(func.jsonb_agg(pair)).select_from(on).correlate(User).scalar_subquery()


def frame_columns(person: Any) -> tuple[Any, ...]:
    """The columns that `frame_of` reads, for the person of this id: a column or a parameter."""
    delegator, delegate = Delegation.delegator_id, Delegation.delegate_id
    return (
        _CLOSED.label("closed"),
        _at_most(_open_tasks(person)).label("inbox"),
        _at_most(_unread(person)).label("notifications"),
        _absences(person, delegator, delegate).label("away"),
        _absences(person, delegate, delegator).label("acting"),
    )


ALONE = select(*frame_columns(bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class OnNow:
    """An absence that is on: the other person's name, and until when."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """`counts` by place (100 means "more than 99"); `away`: who acts for the reader; `acting`:
    for whom the reader acts; `closed`: what to say while the portal takes no commands."""

    counts: dict[str, int]
    away: tuple[OnNow, ...] = ()
    acting: tuple[OnNow, ...] = ()
    closed: str | None = None


def frame(user_id: str) -> Frame:
    """What the frame says to this person now."""
    return frame_of(db.session.execute(ALONE, {"user_id": user_id}).one())


def frame_of(row: Row[Any]) -> Frame:
    """The frame in a row with `frame_columns`."""
    counts = {"inbox": row.inbox, "notifications": row.notifications}
    counts = {name: count for name, count in counts.items() if count}
    return Frame(counts, _on(row.away), _on(row.acting), row.closed)


def _on(pairs: list[list[str]] | None) -> tuple[OnNow, ...]:
    return tuple(OnNow(name, datetime.fromisoformat(until)) for name, until in pairs or ())


def closed() -> str | None:
    """What to say while the portal takes no commands; for visitors' pages."""
    return db.session.scalar(select(Closure.words).where(Closure.in_force.is_(True)))


@dataclass(frozen=True, kw_only=True)
class Identity(UserMixin):  # type: ignore[misc]  # no types there
    """A signed-in person, read anew with every request. `now` is the database's clock;
    `frame` what pages tell them beside their content, where it was asked for."""

    id: str
    name: str
    email: str
    roles: frozenset[Role]
    time_zone: str
    locale: str
    session_id: str
    now: datetime
    frame: Frame | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", permissions_of(self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether the person's roles allow it."""
        return permission in self.permissions

    @property
    def is_auditor(self) -> bool:
        """Auditors read everything and change nothing but their own settings."""
        return Role.AUDITOR in self.roles


_ROLES = frozenset(role.value for role in Role)


def known_roles(names: list[str]) -> frozenset[Role]:
    """The stored roles, without names that this version does not know."""
    return frozenset(Role(name) for name in names if name in _ROLES)


def signed_in() -> Identity | None:
    """The person of this request, or None for a visitor."""
    user = current_user._get_current_object()
    return None if isinstance(user, AnonymousUserMixin) else cast(Identity, user)


def me() -> Identity:
    """The signed-in person. Only for views behind `@requires`; raises Unauthorized elsewhere."""
    person = signed_in()
    if person is None:
        raise Unauthorized
    return person


LONGEST_USER_AGENT = 300


def address() -> str | None:
    """The visitor's address, seen through as many proxies as the settings trust."""
    return request.remote_addr


def click() -> Click:
    """Where the present request comes from."""
    agent = request.user_agent.string[:LONGEST_USER_AGENT]
    return Click(ip=address(), user_agent=agent.replace("\x00", "") or None)


def current_settings() -> Settings:
    """What `create_app` was given."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings
