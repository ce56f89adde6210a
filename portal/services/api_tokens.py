"""Tokens by which programs come in: made, rotated and revoked. A secret is shown once, to whoever
made it, and kept as a hash alone."""

from datetime import timedelta
from secrets import choice
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from portal.domain.marked import msgid
from portal.domain.people.tokens import (
    LETTERS,
    LONGEST_LIFE,
    MODULE_LENGTH,
    MOST_MODULES,
    NAME_LENGTH,
    OVERLAP,
    PREFIX,
    RANDOM,
    TokenKind,
    TokenWish,
    offered,
    secret_of,
)
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import SYSTEM
from portal.extensions import db
from portal.models import ApiToken
from portal.models.columns import new_id
from portal.security.tokens import token_hash
from portal.services import acts
from portal.translation import _

MOST_OF_ONE = 50
ENDING = 4
USED = msgid("This form was already used. Its secret is not shown again: rotate that token.")
MOVED = msgid("The token got another secret meanwhile. Reload the page to see which.")
NO_SCOPE = msgid("Choose at least one thing that the token may do.")
NOT_OFFERED = msgid("A token of this kind cannot have all of these scopes.")
TOO_MANY = msgid("There are already %(most)s tokens in use. Revoke one first.")

log = structlog.get_logger("portal.web")


def new_secret(kind: TokenKind, prefix: str = PREFIX) -> str:
    """A random secret of that kind: 238 bits."""
    return secret_of(kind, (choice(LETTERS) for _ in range(RANDOM)), prefix)


class TokenRejected(Exception):
    """A token that cannot be made like this; the message is a sentence for people."""


class TokenGone(Exception):
    """There is no such token in use: it was revoked, it expired, or it never was."""


def make_service(
    wish: TokenWish, actor_id: str | None, token_id: str | None = None
) -> tuple[str, str]:
    """Make a token for a program; its id and its secret. `actor_id` None: a command on the server.
    `token_id`: drawn with the form, which makes one token only. Raises TokenRejected."""
    return _make(TokenKind.SERVICE, None, wish, actor_id, token_id)


def make_personal(
    wish: TokenWish, owner_id: str, actor_id: str | None, token_id: str | None = None
) -> tuple[str, str]:
    """Make a token that acts for its owner. What it may do follows the owner's rights of the moment
    it is used."""
    return _make(TokenKind.PERSONAL, owner_id, wish, actor_id, token_id)


def _make(
    kind: TokenKind,
    owner_id: str | None,
    wish: TokenWish,
    actor_id: str | None,
    token_id: str | None = None,
) -> tuple[str, str]:
    _check(kind, wish)
    mine = ApiToken.user_id == owner_id if owner_id else ApiToken.user_id.is_(None)
    if (db.session.scalar(select(func.count()).where(mine, *_in_use())) or 0) >= MOST_OF_ONE:
        raise TokenRejected(_(TOO_MANY, most=MOST_OF_ONE))
    secret, token_id = new_secret(kind, wish.prefix), token_id or new_id()
    row = {
        "id": token_id, "kind": kind.value, "user_id": owner_id, "name": wish.name,
        "secret_hash": token_hash(secret), "ending": secret[-ENDING:],
        "scopes": sorted(wish.scopes), "modules": list(wish.modules), "created_by": actor_id,
        "expires_at": func.now() + timedelta(days=wish.days),
    }  # fmt: skip
    made = insert(ApiToken).values(row).on_conflict_do_nothing().returning(ApiToken.id)
    if db.session.execute(made).one_or_none() is None:
        raise TokenRejected(_(USED))
    told = {"made": kind.value, "name": wish.name, "scopes": sorted(wish.scopes)}
    _record(token_id, actor_id, told | {"modules": list(wish.modules), "owner": owner_id})
    db.session.commit()
    log.info("token made", token=token_id, kind=kind.value, actor=actor_id)
    return token_id, secret


def _check(kind: TokenKind, wish: TokenWish) -> None:
    if not wish.scopes:
        raise TokenRejected(_(NO_SCOPE))
    if kind is TokenKind.SERVICE and not wish.scopes <= set(offered(kind)):
        raise TokenRejected(_(NOT_OFFERED))
    if not 1 <= wish.days <= LONGEST_LIFE.days:
        raise TokenRejected(_("A token lives between 1 and %(most)s days.", most=LONGEST_LIFE.days))
    if not wish.name.strip() or len(wish.name) > NAME_LENGTH:
        raise TokenRejected(_("Enter a name of at most %(most)s characters.", most=NAME_LENGTH))
    if len(wish.modules) > MOST_MODULES or any(len(m) > MODULE_LENGTH for m in wish.modules):
        raise TokenRejected(
            _("Name at most %(most)s modules, each of at most %(long)s characters.",
              most=MOST_MODULES, long=MODULE_LENGTH)
        )  # fmt: skip


def rotate(
    token_id: str,
    actor_id: str | None,
    owner_id: str | None = None,
    seen: str | None = None,
    prefix: str = PREFIX,
) -> str:
    """Give a token in use another secret; the one before is good for a day. `owner_id`: only a
    token of theirs. `seen`: how its secret ended when the form was drawn: pressed twice, it is one
    rotation. Raises TokenGone, and TokenRejected where it was rotated meanwhile."""
    row = db.session.execute(
        select(ApiToken.kind, ApiToken.ending).where(*_one(token_id, owner_id)).with_for_update()
    ).one_or_none()
    if row is None:
        raise TokenGone
    if seen is not None and seen != row.ending:
        raise TokenRejected(_(MOVED))
    secret = new_secret(TokenKind(row.kind), prefix)
    changed = {
        "old_hash": ApiToken.secret_hash, "old_until": func.now() + OVERLAP,
        "secret_hash": token_hash(secret), "ending": secret[-ENDING:], "rotated_at": func.now(),
    }  # fmt: skip
    db.session.execute(update(ApiToken).where(ApiToken.id == token_id).values(**changed))
    _record(token_id, actor_id, {"rotated": True})
    db.session.commit()
    log.info("token rotated", token=token_id, actor=actor_id)
    return secret


def revoke(token_id: str, actor_id: str | None, owner_id: str | None = None) -> None:
    """End a token at once, both of its secrets. Raises TokenGone."""
    ended = update(ApiToken).where(*_one(token_id, owner_id)).returning(ApiToken.id)
    values = {"revoked_at": func.now(), "revoked_by": actor_id}
    if db.session.execute(ended.values(**values)).one_or_none() is None:
        db.session.rollback()
        raise TokenGone
    _record(token_id, actor_id, {"revoked": True})
    db.session.commit()
    log.info("token revoked", token=token_id, actor=actor_id)


def _record(token_id: str, actor_id: str | None, data: dict[str, Any]) -> None:
    """Note in the record what was done to a token; never a secret."""
    acts.note(ActKind.TOKEN_CHANGED, token_id, data, actor=actor_id or SYSTEM)


def _one(token_id: str, owner_id: str | None) -> tuple[ColumnElement[bool], ...]:
    mine = ApiToken.user_id == owner_id if owner_id else true()
    return ApiToken.id == token_id, mine, *_in_use()


def _in_use() -> tuple[ColumnElement[bool], ...]:
    return ApiToken.revoked_at.is_(None), ApiToken.expires_at > func.now()
