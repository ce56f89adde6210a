"""Which program asks: the token of a request under `/api/`, looked up, counted and held to limits.

One statement finds the token with its owner and counts the request, so that a revoked token, a
changed role and a disabled account count at once, over all web processes.
"""

from dataclasses import dataclass
from typing import Any

from flask import g, request
from sqlalchemy import Connection, column, func, text, update

from portal.domain.people.tokens import NEEDS, Scope, TokenKind, is_whole
from portal.extensions import Question, db
from portal.models import ApiToken
from portal.security.sessions import (
    SAFE_METHODS,
    Identity,
    address,
    current_settings,
    known_roles,
    portal_session,
)
from portal.security.tokens import token_hash

SEEN_EVERY_SECONDS = 60
WINDOW_SECONDS = 60

# Raw: finding and counting are one trip; the counter is written whether or not the page only reads.
# Nobody waits until the count is on disk: a server that crashes may forget the last moment's.
_FIND = text("""
WITH found AS (
    SELECT t.id, t.kind, t.name AS token_name, t.scopes, t.modules, t.last_used_at,
        u.id AS user_id, u.name, u.email, u.roles, u.time_zone, u.locale
    FROM portal.api_tokens t LEFT JOIN portal.users u ON u.id = t.user_id
    WHERE (t.secret_hash = :hash OR (t.old_hash = :hash AND t.old_until > now()))
        AND t.revoked_at IS NULL AND t.expires_at > now() AND (t.user_id IS NULL OR u.is_active)
), counted AS (
    INSERT INTO portal.api_rates AS r (token_id, minute, reads, writes)
    SELECT id, floor(extract(epoch FROM now()) / 60), :reads, :writes FROM found
    ON CONFLICT (token_id) DO UPDATE SET
        reads = CASE WHEN r.minute = excluded.minute THEN r.reads ELSE 0 END + excluded.reads,
        writes = CASE WHEN r.minute = excluded.minute THEN r.writes ELSE 0 END + excluded.writes,
        minute = excluded.minute
    RETURNING reads, writes
)
SELECT f.id::text AS token_id, f.kind, f.token_name, f.scopes, f.modules, f.last_used_at,
    f.user_id::text, f.name, f.email, f.roles, f.time_zone, f.locale, now() AS now,
    c.reads, c.writes, set_config('synchronous_commit', 'off', true) AS hurry
FROM found f CROSS JOIN counted c
""")
_COLUMNS = (
    "token_id", "kind", "token_name", "scopes", "modules", "last_used_at", "user_id", "name",
    "email", "roles", "time_zone", "locale", "now", "reads", "writes", "hurry",
)  # fmt: skip
_WHO = Question(_FIND.columns(*(column(name) for name in _COLUMNS)))


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The program behind a request. `identity`: the owner of a personal token; a service has none.
    `modules` empty: of every module."""

    token_id: str
    kind: TokenKind
    name: str
    scopes: frozenset[Scope]
    modules: tuple[str, ...] = ()
    identity: Identity | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the token has the scope and its owner still has the right that it needs."""
        if scope not in self.scopes:
            return False
        if self.identity is None:
            return self.kind is TokenKind.SERVICE
        needed = NEEDS.get(scope)
        return needed is not None and self.identity.may(needed)

    def covers(self, module: str | None) -> bool:
        """Whether the token is good for requests of that module."""
        return not self.modules or module in self.modules


def known() -> Caller | None:
    """The program of the present request; None for a person, or where it was not let in."""
    found: Caller | None = g.get("caller")
    return found


@dataclass
class TokenRefused(Exception):
    """A request under `/api/` that is not let in. `reason`: the name of its problem page."""

    status: int
    reason: str
    scope: str = ""
    retry_after: int = 0


def caller() -> Caller:
    """The program of the present request. Only behind `guards.token`."""
    found: Caller = g.caller
    return found


def hold(scope: Scope | None) -> None:
    """Let the request's program in, or raise TokenRefused."""
    row = _found(_secret())
    found = g.caller = _caller(row)
    portal_session().identity = found.identity
    _require_within_limits(row)
    if scope is not None and not found.may(scope):
        raise TokenRefused(403, "insufficient-scope", scope.value)
    is_auditor = found.identity is not None and found.identity.is_auditor
    if is_auditor and request.method not in SAFE_METHODS:
        raise TokenRefused(403, "forbidden")


def _secret() -> str:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise TokenRefused(401, "token-missing")
    if not is_whole(secret := secret.strip()):
        raise TokenRefused(401, "token-invalid")
    return secret


def _found(secret: str) -> Any:
    reads = request.method in SAFE_METHODS
    given = {"hash": token_hash(secret), "reads": int(reads), "writes": int(not reads)}
    if reads:
        return _seen(db.session.connection(), given)
    # A transaction of its own: the counter of a program must not wait for what the program does.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return _seen(connection, given)


def _seen(connection: Connection, given: dict[str, Any]) -> Any:
    row = _WHO.one_or_none(connection, given)
    if row is None:
        raise TokenRefused(401, "token-invalid")
    if row.last_used_at is None or _is_old(row):
        used = {"last_used_at": func.now(), "last_used_ip": address()}
        connection.execute(update(ApiToken).where(ApiToken.id == row.token_id).values(**used))
    return row


def _is_old(row: Any) -> bool:
    seconds: float = (row.now - row.last_used_at).total_seconds()
    return seconds > SEEN_EVERY_SECONDS


def _require_within_limits(row: Any) -> None:
    limits, reads = current_settings().limits, request.method in SAFE_METHODS
    count, most = (row.reads, limits.api_reads) if reads else (row.writes, limits.api_writes)
    if most and count > most:
        left = WINDOW_SECONDS - int(row.now.timestamp()) % WINDOW_SECONDS
        raise TokenRefused(429, "too-many-requests", retry_after=left)


def _caller(row: Any) -> Caller:
    known = {scope.value: scope for scope in Scope}
    return Caller(
        token_id=row.token_id,
        kind=TokenKind(row.kind),
        name=row.token_name,
        scopes=frozenset(known[each] for each in row.scopes if each in known),
        modules=tuple(row.modules),
        identity=_identity(row) if row.user_id else None,
    )


def _identity(row: Any) -> Identity:
    return Identity(
        id=row.user_id,
        name=row.name,
        email=row.email or "",
        roles=known_roles(row.roles),
        time_zone=row.time_zone,
        locale=row.locale,
        session_id="",
        now=row.now,
    )
