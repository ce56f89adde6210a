"""Who can sign in, who was invited, and who not yet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, func, select, true

from portal.extensions import db
from portal.models import PasswordLink, User
from portal.models.columns import by_name

SHOWN = 200


class SignInProgress(StrEnum):
    """How far somebody is with signing in."""

    READY = "ready"
    NO_ADDRESS = "no_address"
    NOT_INVITED = "not_invited"
    INVITED = "invited"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """Somebody active and their newest link. `expires_at`: of one that works; `trouble`: what the
    mail server said of it last."""

    id: str
    name: str
    email: str | None
    has_password: bool
    asked_at: datetime | None
    expires_at: datetime | None
    mailed_at: datetime | None
    wants_mail: bool
    trouble: str | None

    @property
    def entry(self) -> SignInProgress:
        """How far they are."""
        if self.has_password:
            return SignInProgress.READY
        if self.email is None:
            return SignInProgress.NO_ADDRESS
        if self.asked_at is None:
            return SignInProgress.NOT_INVITED
        return SignInProgress.INVITED if self.expires_at is not None else SignInProgress.LATE


def entry_of(person_id: str) -> EntryRecord | None:
    """Of one person; None for nobody."""
    row = db.session.execute(_statement().where(User.id == person_id)).one_or_none()
    return None if row is None else EntryRecord(**row._mapping)


def waiting() -> tuple[EntryRecord, ...]:
    """Active people with an address and without a password, by name; up to `SHOWN`."""
    statement = _statement().where(*_without()).order_by(by_name(User.name), User.id)
    return tuple(EntryRecord(**row._mapping) for row in db.session.execute(statement.limit(SHOWN)))


def count_waiting() -> int:
    """How many of them there are."""
    return db.session.scalar(select(func.count()).select_from(User).where(*_without())) or 0


def _without() -> tuple[Any, ...]:
    return User.is_active, User.email.is_not(None), User.password_hash.is_(None)


def _statement() -> Select[*tuple[Any, ...]]:
    newest = (
        select(PasswordLink)
        .where(PasswordLink.user_id == User.id, PasswordLink.kind != "test")
        .order_by(PasswordLink.id.desc())
        .limit(1)
        .correlate(User)
        .lateral()
    )
    column = newest.c
    works = and_(
        column.used_at.is_(None), column.revoked_at.is_(None), column.expires_at > func.now()
    )
    return select(
        User.id, User.name, User.email, User.password_hash.is_not(None).label("has_password"),
        column.created_at.label("asked_at"), case((works, column.expires_at)).label("expires_at"),
        column.mailed_at, column.mail_due_at.is_not(None).label("wants_mail"),
        column.last_error.label("trouble"),
    ).outerjoin(newest, true())  # fmt: skip
