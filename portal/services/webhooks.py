"""What administrators and programs do with webhooks: endpoints made, changed, switched, given other
secrets, tried and removed, and messages delivered again. Each is an act, never with a secret."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.chat import sealing
from portal.config import WebhookSettings
from portal.domain.marked import msgid
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import SYSTEM
from portal.domain.webhooks import (
    LONGEST_NAME,
    MODULE_LENGTH,
    MOST_ENDPOINTS,
    MOST_MODULES,
    OVERLAP,
    PING,
    SECRET_BYTES,
    EndpointState,
    HookType,
    HookUrlRefused,
    secret_of,
    target,
)
from portal.extensions import db
from portal.models import RequestType, WebhookDelivery, WebhookEndpoint
from portal.models.columns import new_id
from portal.queries.webhooks import EVERYBODY, HookReader
from portal.services import acts
from portal.translation import _, tell

NO_TYPE = msgid("Choose at least one event.")
NO_NAME = msgid("Enter a name of at most %(most)s characters.")
TOO_MANY = msgid("There are already %(most)s endpoints. Remove one first.")
USED = msgid("This form was already used. Its secret is not shown again: rotate it.")
UNKNOWN_TYPES = msgid("There is no request type called %(names)s.")
MODULES = msgid("Name at most %(most)s modules, each of at most %(long)s characters.")
STILL_OLD = msgid("The secret before is still good. End it first, or wait until it has ended.")
UNTRIED = msgid("Send a test event first: an endpoint is turned on when it has answered one.")

Field = Literal["", "name", "url", "types", "modules", "request_types"]


class HookGone(Exception):
    """There is no such endpoint or message."""


class HookMoved(Exception):
    """Somebody else changed the endpoint since the form was drawn."""


class HookRejected(Exception):
    """What cannot be done like this; the message is a sentence. `field`: whose value is wrong."""

    def __init__(self, why: str, field: Field = "") -> None:
        super().__init__(why)
        self.field: Field = field


@dataclass(frozen=True, kw_only=True)
class HookRules:
    """What holds for every endpoint here."""

    settings: WebhookSettings
    secret_keys: tuple[str, ...] = field(repr=False)


class HookUsed(HookRejected):
    """The same form or call made another endpoint before."""


@dataclass(frozen=True, kw_only=True)
class HookActor:
    """Who acts, on which endpoints. A service has no `person_id`."""

    person_id: str | None
    reader: HookReader = EVERYBODY

    @property
    def name(self) -> str:
        """As acts know them."""
        return self.person_id or SYSTEM


@dataclass(frozen=True, kw_only=True)
class HookWish:
    """How an endpoint shall be. `modules` and `request_types` empty: all. `seen`: when it was
    changed last, as the form that changes it was drawn."""

    name: str
    url: str
    types: tuple[str, ...]
    modules: tuple[str, ...] = ()
    request_types: tuple[str, ...] = ()
    is_full: bool = False
    seen: str | None = None


def add(rules: HookRules, wish: HookWish, endpoint_id: str, actor: HookActor) -> str | None:
    """Make an endpoint; its secret, which is not shown again. None where the same form or call
    made it before. Raises HookRejected, HookUsed where it was another."""
    values = _columns(rules, wish, actor)
    _lock()
    there = select(func.count()).where(WebhookEndpoint.state != EndpointState.REMOVED)
    known = db.session.scalar(select(exists().where(WebhookEndpoint.id == endpoint_id)))
    if not known and (db.session.scalar(there) or 0) >= MOST_ENDPOINTS:
        raise HookRejected(_(TOO_MANY, most=MOST_ENDPOINTS))
    secret = secret_of(token_bytes(SECRET_BYTES))
    row = {
        "id": endpoint_id, "token_id": actor.reader.token_id, "created_by": actor.person_id,
        "sealed": _sealed(secret, endpoint_id, rules), **values,
    }  # fmt: skip
    made = insert_or_not(WebhookEndpoint).values(row).on_conflict_do_nothing()
    if db.session.execute(made.returning(WebhookEndpoint.id)).one_or_none() is None:
        _same(endpoint_id, values, actor)
        return None
    _note(endpoint_id, actor, added=_shown(values))
    db.session.commit()
    return secret


def _same(endpoint_id: str, values: dict[str, Any], actor: HookActor) -> None:
    """Raises HookRejected unless the endpoint that is there is what is asked for."""
    row = db.session.execute(_one(endpoint_id, actor)).mappings().one_or_none()
    db.session.rollback()
    if row is None or _shown(dict(row)) != _shown(values):
        raise HookUsed(_(USED))


def change(rules: HookRules, wish: HookWish, endpoint_id: str, actor: HookActor) -> None:
    """Change an endpoint. At another address it has to answer a test event first, and what waits
    goes there. The same form again changes nothing. Raises HookRejected, HookMoved and HookGone."""
    row = _locked(endpoint_id, actor)
    values = _columns(rules, wish, actor)
    before, after = _shown(row), _shown(values)
    if before != after:
        if wish.seen is not None and wish.seen != row["changed_at"].isoformat():
            db.session.rollback()
            raise HookMoved
        if row["url"] != values["url"]:
            values["state"] = EndpointState.UNVERIFIED.value
            values |= {"failures": 0, "failing_since": None, "rest_until": None}
        _set(endpoint_id, **values)
        _note(endpoint_id, actor, before=before, after=after)
    db.session.commit()


def switch(endpoint_id: str, actor: HookActor, *, on: bool) -> None:
    """Let messages go out, or let them gather. Raises HookGone, and HookRejected for one that
    never answered a test event."""
    row = _locked(endpoint_id, actor)
    wanted = EndpointState.ON if on else EndpointState.PAUSED
    if row["state"] == EndpointState.UNVERIFIED:
        db.session.rollback()
        if on:
            raise HookRejected(_(UNTRIED))
        return
    if row["state"] != wanted:
        fresh = {"failures": 0, "failing_since": None, "rest_until": None, "last_error": None}
        _set(endpoint_id, state=wanted.value, **(fresh if on else {}))
        _note(endpoint_id, actor, before={"state": row["state"]}, after={"state": wanted.value})
    db.session.commit()


def remove(endpoint_id: str, actor: HookActor) -> str:
    """Forget an endpoint's secrets; what waits for it is dropped. Its name. Raises HookGone."""
    row = _locked(endpoint_id, actor)
    _set(endpoint_id, state=EndpointState.REMOVED.value, sealed=b"", old_sealed=None)
    waiting = update(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.status == "WAITING"
    )
    db.session.execute(waiting.values(status="DROPPED", batch_id=None, done_at=func.now()))
    _note(endpoint_id, actor, removed=_shown(row))
    db.session.commit()
    return str(row["name"])


def rotate(rules: HookRules, endpoint_id: str, actor: HookActor) -> str:
    """Give an endpoint another secret, which is not shown again; for a day its messages are signed
    with both. Raises HookGone, and HookRejected while an older one is still good."""
    row = _locked(endpoint_id, actor)
    if row["has_old"]:
        db.session.rollback()
        raise HookRejected(_(STILL_OLD))
    secret = secret_of(token_bytes(SECRET_BYTES))
    _set(
        endpoint_id,
        sealed=_sealed(secret, endpoint_id, rules),
        old_sealed=row["sealed"],
        old_until=func.now() + OVERLAP,
    )
    _note(endpoint_id, actor, rotated=True)
    db.session.commit()
    return secret


def end_old(endpoint_id: str, actor: HookActor) -> None:
    """Sign with the newest secret alone from now on. Raises HookGone."""
    row = _locked(endpoint_id, actor)
    if row["has_old"]:
        _set(endpoint_id, old_sealed=None, old_until=None)
        _note(endpoint_id, actor, ended_old_secret=True)
    db.session.commit()


def test(endpoint_id: str, actor: HookActor) -> str:
    """Send a test event, also to an endpoint that is paused; its message's id. One that waits
    stands for the next. Raises HookGone."""
    _locked(endpoint_id, actor)
    waits = select(WebhookDelivery.id).where(
        WebhookDelivery.endpoint_id == endpoint_id,
        WebhookDelivery.type == PING,
        WebhookDelivery.status == "WAITING",
    )
    delivery_id = db.session.scalar(waits.limit(1))
    if delivery_id is None:
        delivery_id = new_id()
        row = {"id": delivery_id, "endpoint_id": endpoint_id, "type": PING, "at": func.now()}
        db.session.execute(insert(WebhookDelivery).values(row))
        _note(endpoint_id, actor, tested=True)
    db.session.commit()
    return str(delivery_id)


def deliver_again(delivery_id: str, actor: HookActor) -> str:
    """Deliver one message again, with the same id; its endpoint. Raises HookGone."""
    one = select(WebhookDelivery.endpoint_id).where(WebhookDelivery.id == delivery_id)
    endpoint_id = db.session.scalar(one)
    if endpoint_id is None:
        raise HookGone
    _locked(endpoint_id, actor)
    if _again(WebhookDelivery.id == delivery_id):
        _note(endpoint_id, actor, delivered_again=delivery_id)
    db.session.commit()
    return str(endpoint_id)


def deliver_all_again(
    endpoint_id: str, since: datetime, actor: HookActor, *, only_failed: bool
) -> int:
    """Deliver again whatever happened since then; how many messages. Raises HookGone."""
    _locked(endpoint_id, actor)
    which = [WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.at >= since]
    if only_failed:
        which.append(WebhookDelivery.status == "FAILED")
    count = _again(*which)
    if count:
        said = {"delivered_again_since": since.isoformat(), "messages": count}
        _note(endpoint_id, actor, **said, only_failed=only_failed)
    db.session.commit()
    return count


def deliver_failed_again() -> int:
    """Deliver again whatever was given up, to every endpoint; how many messages."""
    there = select(WebhookEndpoint.id).where(WebhookEndpoint.state != EndpointState.REMOVED)
    count = _again(WebhookDelivery.status == "FAILED", WebhookDelivery.endpoint_id.in_(there))
    db.session.commit()
    return count


def _again(*which: ColumnElement[bool]) -> int:
    """What waits is only due at once; a test is not sent twice."""
    anew = update(WebhookDelivery).where(
        *which, WebhookDelivery.batch_id.is_(None), WebhookDelivery.type != PING,
        WebhookDelivery.status != "DROPPED",
    )  # fmt: skip
    fresh = {"status": "WAITING", "tries": 0, "done_at": None, "last_error": None}
    return len(
        db.session.execute(
            anew.values(**fresh, due_at=func.now(), since=func.now()).returning(WebhookDelivery.id)
        ).all()
    )


def reseal(*secret_keys: str) -> tuple[int, int]:
    """Seal every secret with the last key. How many were read, and how many none of the keys
    opens."""
    rows = select(WebhookEndpoint).where(WebhookEndpoint.state != EndpointState.REMOVED)
    return reseal_rows(rows, sealing.WEBHOOKS, *secret_keys)


def reseal_rows(rows: Select[Any], purpose: bytes, *secret_keys: str) -> tuple[int, int]:
    """The same for all that is sealed for a purpose."""
    done = lost = 0
    for row in db.session.execute(rows.with_for_update()).scalars():
        for name in ("sealed", "old_sealed"):
            sealed = getattr(row, name)
            if sealed is None:
                continue
            try:
                found = sealing.unseal(sealed, row.id, *secret_keys, purpose=purpose)
            except sealing.SecretUnreadable:
                lost += 1
            else:
                setattr(row, name, sealing.seal(found, row.id, secret_keys[-1], purpose))
                done += 1
    db.session.commit()
    return done, lost


def _columns(rules: HookRules, wish: HookWish, actor: HookActor) -> dict[str, Any]:
    _check(rules, wish, actor)
    return {
        "name": wish.name.strip(), "url": wish.url, "types": sorted(set(wish.types)),
        "modules": list(dict.fromkeys(wish.modules)),
        "request_types": sorted(set(wish.request_types)), "is_full": wish.is_full,
    }  # fmt: skip


def _check(rules: HookRules, wish: HookWish, actor: HookActor) -> None:
    if not wish.name.strip() or len(wish.name) > LONGEST_NAME:
        raise HookRejected(_(NO_NAME, most=LONGEST_NAME), "name")
    try:
        target(wish.url, rules.settings.allowed_hosts)
    except HookUrlRefused as refused:
        words = _("The address %(refused)s", refused=tell(refused.sentence))
        raise HookRejected(words, "url") from None
    if not wish.types or not set(wish.types) <= set(HookType):
        raise HookRejected(_(NO_TYPE), "types")
    if len(wish.modules) > MOST_MODULES or any(len(m) > MODULE_LENGTH for m in wish.modules):
        raise HookRejected(_(MODULES, most=MOST_MODULES, long=MODULE_LENGTH), "modules")
    if actor.reader.modules and not (
        wish.modules and set(wish.modules) <= set(actor.reader.modules)
    ):
        names = ", ".join(actor.reader.modules)
        raise HookRejected(_("The token is for these modules only: %(names)s.", names=names),
                           "modules")  # fmt: skip
    _check_types(wish.request_types)


def _check_types(codes: Collection[str]) -> None:
    if not codes:
        return
    there = db.session.scalars(select(RequestType.code).where(RequestType.code.in_(codes)))
    unknown = sorted(set(codes) - set(there))
    if unknown:
        raise HookRejected(_(UNKNOWN_TYPES, names=", ".join(unknown)), "request_types")


def _sealed(secret: str, endpoint_id: str, rules: HookRules) -> bytes:
    return sealing.seal(secret, endpoint_id, rules.secret_keys[-1], sealing.WEBHOOKS)


def _lock() -> None:
    key = func.hashtext("portal.webhook_endpoints")
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def _one(endpoint_id: str, actor: HookActor) -> Any:
    has_old = func.coalesce(WebhookEndpoint.old_until > func.now(), False).label("has_old")
    found = select(*WebhookEndpoint.__table__.columns, has_old).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.state != EndpointState.REMOVED
    )
    return found.where(*actor.reader.its_own)


def _locked(endpoint_id: str, actor: HookActor) -> dict[str, Any]:
    row = db.session.execute(_one(endpoint_id, actor).with_for_update()).mappings().one_or_none()
    if row is None:
        db.session.rollback()
        raise HookGone
    return dict(row)


def _set(endpoint_id: str, **values: Any) -> None:
    changed = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    db.session.execute(changed.values(**values, changed_at=func.now()))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "url", "types", "modules", "request_types", "is_full")
    return {name: row[name] for name in names}


def _note(endpoint_id: str, actor: HookActor, **data: Any) -> None:
    acts.note(ActKind.WEBHOOK_CHANGED, endpoint_id, data, actor=actor.name)
