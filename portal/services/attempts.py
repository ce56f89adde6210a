"""Tries that are limited, such as failed sign-ins and what one person sends to others, counted in
PostgreSQL because there are several web processes.

A try is written down before its password is looked at, and taken back when it was right. So tries
that arrive at the same moment all count, and a crash in between counts against nobody but itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, insert, literal, select

from portal.extensions import db
from portal.models import SignInAttempt
from portal.models.columns import new_id
from portal.services.errors import TooMany

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_DEVICE = 10
PER_ADDRESS = 50
PER_CEREMONY = 200
MOST_CLEANED = 1000


@dataclass(frozen=True)
class Attempt:
    """One try, written down; `ids` are its rows."""

    ids: tuple[str, ...]

    def forget(self) -> None:
        """Take the try back: it was right, or it was not let through to the password."""
        forget_within(self)
        db.session.commit()


def forget_within(attempt: Attempt) -> None:
    """Take a try back in the caller's transaction, together with what it was right for."""
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(attempt.ids)))


def keys(email: str, address: str | None, device: str | None) -> dict[str, int]:
    """What a try is counted by, each with its limit.

    Someone on a device that this account used before is counted by that device alone, so that
    others cannot lock a person out by trying wrong passwords.
    """
    account = sha256(email.encode("utf-8", "replace")).hexdigest()
    if device:
        return {f"device:{device}:{account}": PER_DEVICE}
    return {f"account:{account}": PER_ACCOUNT, f"address:{_network(address)}": PER_ADDRESS}


def asking_keys(
    email: str, address: str | None, per_address: int, per_network: int
) -> dict[str, int]:
    """What asking for a link to the address is counted by, each with its limit."""
    account = sha256(email.encode("utf-8", "replace")).hexdigest()
    return {f"reset:{account}": per_address, f"resets:{_network(address)}": per_network}


def ceremony_keys(address: str | None) -> dict[str, int]:
    """What asking for a passkey is counted by, before it is known whose."""
    return {f"passkey:{_network(address)}": PER_CEREMONY}


def begin(limits: Mapping[str, int]) -> Attempt:
    """Write the try down. Raises TooMany, with the seconds to wait, when a limit is reached."""
    rows = [{"id": new_id(), "key": key} for key in limits]
    db.session.execute(insert(SignInAttempt), rows)
    db.session.commit()
    attempt = Attempt(tuple(row["id"] for row in rows))
    waits = [_wait(key, limit, attempt) for key, limit in limits.items()]
    db.session.rollback()
    if any(waits):
        attempt.forget()
        raise TooMany(max(waits))
    return attempt


def count(key: str, limit: int) -> None:
    """Write down one more of what only reads, by one statement of its own. Raises TooMany, and then
    writes nothing. Several at the very same moment may pass the limit by their number."""
    full = _nth(key, limit).cte()
    row_id = literal(new_id(), SignInAttempt.id.type)
    wanted = select(row_id, literal(key)).where(~exists(full))
    another = insert(SignInAttempt).from_select(["id", "key"], wanted).cte()
    old = (SignInAttempt.key == key, SignInAttempt.at < func.now() - WINDOW)
    statement = select(full.c.at, full.c.now).add_cte(
        another, delete(SignInAttempt).where(*old).cte()
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        row = connection.execute(statement).one_or_none()
    if row is not None:
        raise TooMany(_seconds(row.at + WINDOW - row.now))


def _wait(key: str, limit: int, attempt: Attempt) -> int:
    """Seconds until the key may be tried again; 0 for now."""
    others = _nth(key, limit).where(SignInAttempt.id.not_in(attempt.ids))
    row = db.session.execute(others).one_or_none()
    return 0 if row is None else _seconds(row.at + WINDOW - row.now)


def _nth(key: str, limit: int) -> Select[datetime, datetime]:
    """The moment of the last try but `limit` in the window, and the present one; nothing where
    there were fewer."""
    return (
        select(SignInAttempt.at, func.now().label("now"))
        .where(SignInAttempt.key == key, SignInAttempt.at > func.now() - WINDOW)
        .order_by(SignInAttempt.at.desc())
        .offset(limit - 1)
        .limit(1)
    )


def _seconds(wait: timedelta) -> int:
    return max(1, int(wait.total_seconds()) + 1)


def clean(now: datetime) -> None:
    """Delete some rows that count no more; ids sort by time, so this reads only the oldest."""
    # A UUIDv7 begins with its time in milliseconds, 48 bits of it (RFC 9562).
    oldest_kept = str(UUID(int=int((now - WINDOW).timestamp() * 1000) << 80))
    old = (
        select(SignInAttempt.id)
        .where(SignInAttempt.id < oldest_kept)
        .order_by(SignInAttempt.id)
        .limit(MOST_CLEANED)
    )
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(old)))


def _network(address: str | None) -> str:
    """An IPv4 address, or the /64 network of an IPv6 one, which is a single household."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped or parsed.version == 4:
        return str(mapped or parsed)
    return str(ip_network(f"{parsed}/64", strict=False))
