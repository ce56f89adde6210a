"""Tokens of programs, for who made them and for administrators. Never their secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import ApiToken, User

SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A token. `owner`: whose it is, None for a service's; `made_by` None: a command on the server.
    `ending`: the last letters of its secret. `old_until`: until when the secret before is good."""

    id: str
    kind: str
    owner: str | None
    owner_is_active: bool | None
    name: str
    ending: str
    scopes: list[str]
    modules: list[str]
    made_by: str | None
    created_at: datetime
    expires_at: datetime
    rotated_at: datetime | None
    old_until: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None
    now: datetime

    @property
    def is_in_use(self) -> bool:
        """Whether a program can come in by it."""
        return self.revoked_at is None and self.expires_at > self.now and self.owner_is_active in (
            True, None,
        )  # fmt: skip

    @property
    def has_old_secret(self) -> bool:
        """Whether the secret before the last rotation is still good."""
        return self.is_in_use and self.old_until is not None and self.old_until > self.now


def listed(owner_id: str | None = None) -> tuple[TokenRecord, ...]:
    """The newest tokens first: all of them, or those of one person."""
    statement = _rows().order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
    if owner_id is not None:
        statement = statement.where(ApiToken.user_id == owner_id)
    rows = db.session.execute(statement.limit(SHOWN))
    return tuple(TokenRecord(**row._mapping) for row in rows)


def find(token_id: str, owner_id: str | None = None) -> TokenRecord | None:
    """The token of that id; with `owner_id` only where it is theirs."""
    statement = _rows().where(ApiToken.id == token_id)
    if owner_id is not None:
        statement = statement.where(ApiToken.user_id == owner_id)
    row = db.session.execute(statement).one_or_none()
    return None if row is None else TokenRecord(**row._mapping)


def _rows() -> Select[*tuple[Any, ...]]:
    owner, maker = aliased(User), aliased(User)
    own = (
        "id", "kind", "name", "ending", "scopes", "modules", "created_at", "expires_at",
        "rotated_at", "old_until", "revoked_at", "last_used_at", "last_used_ip",
    )  # fmt: skip
    return (
        select(
            *(getattr(ApiToken, name) for name in own),
            owner.name.label("owner"),
            owner.is_active.label("owner_is_active"),
            maker.name.label("made_by"),
            func.now().label("now"),
        )
        .outerjoin(owner, owner.id == ApiToken.user_id)
        .outerjoin(maker, maker.id == ApiToken.created_by)
    )
