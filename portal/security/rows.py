"""The statements on `portal.sessions`. Each is one round trip."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Row, bindparam, func, select, update
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.extensions import db
from portal.models import User, UserSession
from portal.models.connection import ServerSilent
from portal.security.identity import Identity, known_roles

SEEN_EVERY_SECONDS = 60


@dataclass(frozen=True)
class Loaded:
    """A live session: who, and what was kept in it."""

    identity: Identity
    data: dict[str, Any]


def _live() -> Executable:
    idle = func.make_interval(0, 0, 0, 0, 0, bindparam("idle_minutes"))
    absolute = func.make_interval(0, 0, 0, 0, bindparam("absolute_hours"))
    return (
        select(
            UserSession.id.label("session_id"),
            UserSession.data,
            UserSession.last_seen_at,
            User.id,
            User.name,
            User.email,
            User.roles,
            User.time_zone,
            User.locale,
            func.now().label("now"),
        )
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == bindparam("token_hash"),
            UserSession.ended_at.is_(None),
            UserSession.last_seen_at > func.now() - idle,
            UserSession.created_at > func.now() - absolute,
            User.is_active,
        )
    )


LIVE = _live()


def load(token_hash: str, settings: Settings) -> Loaded | None:
    """The live session of a token and its active person; None where it is over or was never."""
    row = _first(
        {
            "token_hash": token_hash,
            "idle_minutes": settings.session_idle_minutes,
            "absolute_hours": settings.session_absolute_hours,
        }
    )
    if row is None:
        return None
    if (row.now - row.last_seen_at).total_seconds() > SEEN_EVERY_SECONDS:
        _seen(row.session_id)
    return Loaded(_identity(row), row.data)


def _first(parameters: dict[str, Any]) -> Row[Any] | None:
    try:
        return db.session.execute(LIVE, parameters).one_or_none()
    except DBAPIError as error:
        db.session.rollback()
        if not error.connection_invalidated or isinstance(error.orig, ServerSilent):
            raise
        # The server was restarted under a pooled connection. Nothing was done yet: ask again.
        return db.session.execute(LIVE, parameters).one_or_none()


def _identity(row: Row[Any]) -> Identity:
    return Identity(
        id=row.id,
        name=row.name,
        email=row.email or "",
        roles=known_roles(row.roles),
        time_zone=row.time_zone,
        locale=row.locale,
        session_id=row.session_id,
        now=row.now,
    )


def _seen(session_id: str) -> None:
    _change(session_id, last_seen_at=func.now())


def store(session_id: str, data: dict[str, Any]) -> None:
    """Keep the session's own data."""
    db.session.rollback()
    _change(session_id, data=data)


def _change(session_id: str, **values: Any) -> None:
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(**values))
    db.session.commit()
