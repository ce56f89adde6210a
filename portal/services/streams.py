"""What administrators do with streams of the log: set up, changed, switched, tried, moved to
another leaf, given another secret and removed. Each is an act, never with a secret."""

import ssl
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Literal

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.chat import sealing
from portal.domain.marked import msgid
from portal.domain.proof.acts import ActKind
from portal.domain.proof.streams import (
    MOST_STREAMS,
    StreamProtocol,
    StreamShape,
    StreamState,
    destination,
)
from portal.domain.webhooks import LONGEST_NAME, OVERLAP, SECRET_BYTES, HookUrlRefused, secret_of
from portal.extensions import db
from portal.models import LogStream
from portal.queries import audit_entries
from portal.services import acts
from portal.services.webhooks import NO_NAME, STILL_OLD, USED, HookRules, reseal_rows
from portal.translation import _, tell

TOO_MANY = msgid("There are already %(most)s streams. Remove one first.")
NO_CERTIFICATE = msgid("This is no certificate: its text begins with -----BEGIN CERTIFICATE-----.")
A_KEY = msgid("This holds a private key: paste the certificate alone, and keep the key secret.")
UNTRIED = msgid("Send a test first: a stream is turned on when its receiver has taken one.")
BEYOND = msgid("The log has %(size)s leaves so far: enter a number from 0 to %(size)s.")

StreamField = Literal["", "name", "address", "certificate", "leaf"]
FRESH: dict[str, Any] = {
    "failures": 0, "failing_since": None, "rest_until": None, "last_error": None,
}  # fmt: skip


class StreamGone(Exception):
    """There is no such stream."""


class StreamMoved(Exception):
    """Somebody else changed the stream since the form was drawn."""


class StreamRejected(Exception):
    """What cannot be done like this; the message is a sentence. `field`: whose value is wrong."""

    def __init__(self, why: str, field: StreamField = "") -> None:
        super().__init__(why)
        self.field: StreamField = field


@dataclass(frozen=True, kw_only=True)
class StreamWish:
    """How a stream shall be. `certificate`: PEM, or ""; `seen`: when it was changed last, as the
    form that changes it was drawn."""

    name: str
    protocol: StreamProtocol
    address: str
    shape: StreamShape
    certificate: str = ""
    seen: str | None = None


def add(
    rules: HookRules, wish: StreamWish, stream_id: str, actor_id: str, *, from_first: bool
) -> str | None:
    """Make a stream; its secret, which is not shown again. It begins with the first entry of the
    log, or with the next. None where the same form made it before. Raises StreamRejected."""
    values = _columns(rules, wish)
    _lock()
    there = select(func.count()).where(LogStream.state != StreamState.REMOVED)
    known = db.session.scalar(select(exists().where(LogStream.id == stream_id)))
    if not known and (db.session.scalar(there) or 0) >= MOST_STREAMS:
        raise StreamRejected(_(TOO_MANY, most=MOST_STREAMS))
    secret = secret_of(token_bytes(SECRET_BYTES))
    row = {
        "id": stream_id, "created_by": actor_id, "sealed": _sealed(secret, stream_id, rules),
        "next_leaf": 0 if from_first else audit_entries.indexed(), **values,
    }  # fmt: skip
    made = insert_or_not(LogStream).values(row).on_conflict_do_nothing()
    if db.session.execute(made.returning(LogStream.id)).one_or_none() is None:
        same = select(*LogStream.__table__.columns).where(LogStream.id == stream_id)
        there_now = dict(db.session.execute(same).mappings().one())
        db.session.rollback()
        if _shown(there_now) != _shown(values):
            raise StreamRejected(_(USED))
        return None
    _note(stream_id, actor_id, added=_shown(values) | {"next_leaf": row["next_leaf"]})
    db.session.commit()
    return secret


def change(rules: HookRules, wish: StreamWish, stream_id: str, actor_id: str) -> None:
    """Change a stream. At another address its receiver has to take a test first; nothing is left
    out meanwhile. Raises StreamRejected, StreamMoved and StreamGone."""
    row = _locked(stream_id)
    if wish.seen is not None and wish.seen != row["changed_at"].isoformat():
        db.session.rollback()
        raise StreamMoved
    values = _columns(rules, wish)
    before, after = _shown(row), _shown(values)
    if before != after:
        places = ("protocol", "address", "certificate")
        if any(row[name] != values[name] for name in places):
            values |= {"state": StreamState.UNVERIFIED.value, "test_asked_at": None, **FRESH}
        _set(stream_id, **values)
        _note(stream_id, actor_id, before=before, after=after)
    db.session.commit()


def switch(stream_id: str, actor_id: str, *, on: bool) -> None:
    """Let entries go out, or let them wait. Raises StreamGone, and StreamRejected for one that
    never took a test."""
    row = _locked(stream_id)
    wanted = StreamState.ON if on else StreamState.PAUSED
    if row["state"] == StreamState.UNVERIFIED:
        db.session.rollback()
        if on:
            raise StreamRejected(_(UNTRIED))
        return
    if row["state"] != wanted:
        _set(stream_id, state=wanted.value, **(FRESH if on else {}))
        _note(stream_id, actor_id, before={"state": row["state"]}, after={"state": wanted.value})
    db.session.commit()


def move(stream_id: str, actor_id: str, leaf: int) -> None:
    """Go on with that leaf. Raises StreamGone, and StreamRejected for one that is not there yet."""
    row, size = _locked(stream_id), audit_entries.indexed()
    if not 0 <= leaf <= size:
        db.session.rollback()
        raise StreamRejected(_(BEYOND, size=size), "leaf")
    if row["next_leaf"] != leaf:
        _set(stream_id, next_leaf=leaf, **FRESH)
        _note(
            stream_id, actor_id,
            before={"next_leaf": row["next_leaf"]}, after={"next_leaf": leaf},
        )  # fmt: skip
    db.session.commit()


def test(stream_id: str, actor_id: str) -> None:
    """Send a test, also by a stream that is paused. One that waits stands for the next. Raises
    StreamGone."""
    if _locked(stream_id)["test_asked_at"] is None:
        asked = update(LogStream).where(LogStream.id == stream_id)
        db.session.execute(asked.values(test_asked_at=func.now()))
        _note(stream_id, actor_id, tested=True)
    db.session.commit()


def rotate(rules: HookRules, stream_id: str, actor_id: str) -> str:
    """Give a stream another secret, which is not shown again; for a day it signs with both. Raises
    StreamGone, and StreamRejected while an older one is still good."""
    row = _locked(stream_id)
    if row["has_old"]:
        db.session.rollback()
        raise StreamRejected(_(STILL_OLD))
    secret = secret_of(token_bytes(SECRET_BYTES))
    _set(
        stream_id,
        sealed=_sealed(secret, stream_id, rules),
        old_sealed=row["sealed"],
        old_until=func.now() + OVERLAP,
    )
    _note(stream_id, actor_id, rotated=True)
    db.session.commit()
    return secret


def end_old(stream_id: str, actor_id: str) -> None:
    """Sign with the newest secret alone from now on. Raises StreamGone."""
    if _locked(stream_id)["has_old"]:
        _set(stream_id, old_sealed=None, old_until=None)
        _note(stream_id, actor_id, ended_old_secret=True)
    db.session.commit()


def remove(stream_id: str, actor_id: str) -> str:
    """Forget a stream's secret, and send nothing more. Its name. Raises StreamGone."""
    row = _locked(stream_id)
    _set(stream_id, state=StreamState.REMOVED.value, sealed=b"", old_sealed=None)
    _note(stream_id, actor_id, removed=_shown(row) | {"next_leaf": row["next_leaf"]})
    db.session.commit()
    return str(row["name"])


def hurry() -> int:
    """Let every stream that is left alone for a while be tried at once; how many. The caller
    commits."""
    resting = update(LogStream).where(
        LogStream.state == StreamState.ON, LogStream.rest_until > func.now()
    )
    return len(db.session.execute(resting.values(rest_until=None).returning(LogStream.id)).all())


def reseal(*secret_keys: str) -> tuple[int, int]:
    """Seal every secret with the last key. How many were read, and how many none of the keys
    opens."""
    rows = select(LogStream).where(LogStream.state != StreamState.REMOVED)
    return reseal_rows(rows, sealing.STREAMS, *secret_keys)


def _columns(rules: HookRules, wish: StreamWish) -> dict[str, Any]:
    if not wish.name.strip() or len(wish.name) > LONGEST_NAME:
        raise StreamRejected(_(NO_NAME, most=LONGEST_NAME), "name")
    try:
        destination(wish.protocol, wish.address, rules.settings.allowed_hosts)
    except HookUrlRefused as refused:
        words = _("The address %(refused)s", refused=tell(refused.sentence))
        raise StreamRejected(words, "address") from None
    certificate = wish.certificate.strip()
    if "PRIVATE KEY-----" in certificate:
        raise StreamRejected(_(A_KEY), "certificate")
    try:
        if certificate:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificate)
    except (ssl.SSLError, ValueError):
        raise StreamRejected(_(NO_CERTIFICATE), "certificate") from None
    return {
        "name": wish.name.strip(), "protocol": wish.protocol.value, "address": wish.address,
        "shape": wish.shape.value, "certificate": certificate,
    }  # fmt: skip


def _sealed(secret: str, stream_id: str, rules: HookRules) -> bytes:
    return sealing.seal(secret, stream_id, rules.secret_keys[-1], sealing.STREAMS)


def _lock() -> None:
    key = func.hashtext("portal.log_streams")
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def _locked(stream_id: str) -> dict[str, Any]:
    has_old = func.coalesce(LogStream.old_until > func.now(), False).label("has_old")
    found = select(*LogStream.__table__.columns, has_old).where(
        LogStream.id == stream_id, LogStream.state != StreamState.REMOVED
    )
    row = db.session.execute(found.with_for_update()).mappings().one_or_none()
    if row is None:
        db.session.rollback()
        raise StreamGone
    return dict(row)


def _set(stream_id: str, **values: Any) -> None:
    changed = update(LogStream).where(LogStream.id == stream_id)
    db.session.execute(changed.values(**values, changed_at=func.now()))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("name", "protocol", "address", "shape", "certificate")}


def _note(stream_id: str, actor_id: str, **data: Any) -> None:
    acts.note(ActKind.STREAM_CHANGED, stream_id, data, actor=actor_id)
