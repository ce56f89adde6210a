"""What administrators do with chat channels. Each change is noted for ever, without addresses."""

import threading
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from portal.chat import post, sealing
from portal.chat.post import ChatNotTaken, Post
from portal.config import ChatSettings
from portal.domain.marked import msgid, sentence
from portal.domain.networks import is_inside
from portal.domain.notices.chat import (
    Address,
    AddressRefused,
    ChannelChange,
    ChatMessage,
    Recipient,
    examine,
)
from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.models import ChatChannel, ChatChannelChange, User
from portal.models.channels import mark_of
from portal.services import acts
from portal.translation import _, tell

TAKEN = msgid("is the name of another channel.")
INSIDE = msgid("must not point inside the network. CHAT_ALLOWED_HOSTS lists the exceptions.")
SENT_BEFORE = msgid("cannot be saved: this form was already used. Open “Add a channel” again.")
MOST = 20
SENT = msgid("The test message was sent.")
UNREADABLE = msgid("Its address cannot be read with the current SECRET_KEY. Enter it again.")
NOBODY = msgid("Your account has no email address or employee number to use in the address.")
BUSY = msgid("Another test is running. Try again in a moment.")
_one_test = threading.Lock()


class ChannelGone(Exception):
    """There is no such channel any more."""


class ChannelMoved(Exception):
    """Somebody else changed it since the form was drawn."""


class NameRefused(Exception):
    """A name that cannot be used; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What holds for every channel here."""

    rules: ChatSettings
    secret_keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How an administrator wants a channel. `address` empty: as it is; `seen`: the channel's
    `mark_of` when the form was drawn."""

    channel_id: str
    actor_id: str
    name: str
    address: str = field(default="", repr=False)
    seen: str = ""


def add(setup: Setup, wish: Wish) -> None:
    """Make a channel; the same form again changes nothing.

    Raises AddressRefused and NameRefused, also where the form was sent before with something else
    in it: what waits for a channel that is gone must not go to another place.
    """
    values = _columns(setup, wish)
    _require_free(wish)
    _require_same(setup, wish)
    if (db.session.scalar(select(func.count()).select_from(ChatChannel)) or 0) >= MOST:
        raise NameRefused(_("cannot be added: there are already %(most)s channels.", most=MOST))
    row = insert_or_not(ChatChannel).values(id=wish.channel_id, **values).on_conflict_do_nothing()
    if db.session.execute(row.returning(ChatChannel.id)).one_or_none() is not None:
        _note(wish.channel_id, ChannelChange.ADDED, wish.actor_id, after=_shown(values))
    db.session.commit()


def reseal(*secret_keys: str) -> tuple[int, int]:
    """Seal every address with the last key. How many were read, and how many none of the keys
    opens."""
    done = lost = 0
    for row in db.session.execute(select(ChatChannel).with_for_update()).scalars():
        try:
            text = sealing.unseal(row.sealed, row.id, *secret_keys)
        except sealing.SecretUnreadable:
            lost += 1
        else:
            row.sealed = sealing.seal(text, row.id, secret_keys[-1])
            done += 1
    db.session.commit()
    return done, lost


def _require_same(setup: Setup, wish: Wish) -> None:
    known = select(ChatChannelChange.id).where(ChatChannelChange.channel_id == wish.channel_id)
    if db.session.execute(known.limit(1)).first() is None:
        return
    if not _is_so(setup, wish):
        raise NameRefused(SENT_BEFORE)


def _is_so(setup: Setup, wish: Wish) -> bool:
    """Whether the channel is as it is wished."""
    one = select(ChatChannel.name, ChatChannel.sealed).where(ChatChannel.id == wish.channel_id)
    there = db.session.execute(one).one_or_none()
    try:
        address = there and sealing.unseal(there.sealed, wish.channel_id, *setup.secret_keys)
    except sealing.SecretUnreadable:
        address = None
    is_there = there is not None and there.name == wish.name
    return is_there and (not wish.address or address == _address(setup, wish).template)


def change(setup: Setup, wish: Wish) -> None:
    """Change name, address or both; the same form again changes nothing. Raises AddressRefused,
    NameRefused and ChannelGone, and ChannelMoved where somebody changed it since the form was
    drawn."""
    row = _locked(wish.channel_id)
    if wish.seen != mark_of(row["name"], row["sealed"]):
        is_so = _is_so(setup, wish)
        db.session.rollback()
        if is_so:
            return
        raise ChannelMoved
    before = _shown(row)
    values = _columns(setup, wish) if wish.address else {"name": wish.name}
    _require_free(wish)
    changed = update(ChatChannel).where(ChatChannel.id == row["id"]).values(**values)
    db.session.execute(changed)
    after = _shown({**row, **values})
    if wish.address or before != after:
        data = {"before": before, "after": after, "new_address": bool(wish.address)}
        _note(wish.channel_id, ChannelChange.CHANGED, wish.actor_id, **data)
    db.session.commit()


def switch(channel_id: str, actor_id: str, *, on: bool) -> None:
    """Let messages go out by it, or not. Raises ChannelGone."""
    if _locked(channel_id)["is_on"] is not on:
        db.session.execute(update(ChatChannel).where(ChatChannel.id == channel_id).values(is_on=on))
        _note(channel_id, ChannelChange.SWITCHED_ON if on else ChannelChange.SWITCHED_OFF, actor_id)
    db.session.commit()


def remove(channel_id: str, actor_id: str) -> str:
    """Forget a channel and its address; what waits for it is dropped. Its name. Raises
    ChannelGone.
    """
    row = _locked(channel_id)
    db.session.execute(delete(ChatChannel).where(ChatChannel.id == channel_id))
    _note(channel_id, ChannelChange.REMOVED, actor_id, before=_shown(row))
    db.session.commit()
    return str(row["name"])


def send_test(setup: Setup, channel_id: str, actor_id: str, words: ChatMessage) -> str | None:
    """Write to the administrator by the channel; None if it was taken, else why not.

    Raises ChannelGone. At most one at a time, for it may take as long as a service may.
    """
    row = _locked(channel_id)
    found = select(User.email, User.employee_no).where(User.id == actor_id)
    me = Recipient(**db.session.execute(found).one()._mapping)
    # No transaction is open during the talk with the service.
    db.session.rollback()
    if not _one_test.acquire(blocking=False):
        return BUSY
    try:
        trouble = _try(setup, row, me, words)
    finally:
        _one_test.release()
    _note(channel_id, ChannelChange.TESTED, actor_id, result=trouble or SENT)
    db.session.commit()
    return trouble


def _try(setup: Setup, row: dict[str, Any], me: Recipient, words: ChatMessage) -> str | None:
    try:
        text = sealing.unseal(row["sealed"], row["id"], *setup.secret_keys)
        address = examine(text, setup.rules.schemes)
        found = Post.to(me, address)
        if found is None:
            return NOBODY
        post.send(found, words, setup.rules)
    except sealing.SecretUnreadable:
        return UNREADABLE
    except AddressRefused as refused:
        return _("Its address %(refused)s", refused=tell(refused.sentence))
    except ChatNotTaken as error:
        return str(error)
    return None


def _address(setup: Setup, wish: Wish) -> Address:
    """The address, which leads inside only where it may. Each connection is checked once more."""
    address = post.checked(wish.address, setup.rules)
    if is_inside(address.host) and address.host not in setup.rules.allowed_hosts:
        raise AddressRefused(sentence(INSIDE))
    return address


def _columns(setup: Setup, wish: Wish) -> dict[str, Any]:
    address = _address(setup, wish)
    return {
        "name": wish.name,
        "scheme": address.service.scheme,
        "host": address.host,
        "sealed": sealing.seal(address.template, wish.channel_id, setup.secret_keys[-1]),
    }


def _require_free(wish: Wish) -> None:
    """Nobody else takes the name meanwhile; raises NameRefused where somebody has."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("portal.chat_channels"))))
    same = func.lower(ChatChannel.name) == wish.name.lower()
    others = select(ChatChannel.id).where(same, ChatChannel.id != wish.channel_id)
    if db.session.execute(others.limit(1)).first() is not None:
        raise NameRefused(TAKEN)


def _locked(channel_id: str) -> dict[str, Any]:
    columns = select(*ChatChannel.__table__.columns).where(ChatChannel.id == channel_id)
    row = db.session.execute(columns.with_for_update()).mappings().one_or_none()
    if row is None:
        raise ChannelGone
    return dict(row)


def _shown(row: dict[str, Any]) -> dict[str, str]:
    return {key: row[key] for key in ("name", "scheme", "host")}


def _note(channel_id: str, kind: ChannelChange, actor_id: str, **data: Any) -> None:
    row = {"channel_id": channel_id, "kind": kind, "actor_id": actor_id, "data": data}
    db.session.execute(insert(ChatChannelChange).values(row))
    said = {"change": kind, **data}
    acts.note(ActKind.CHANNEL_CHANGED, channel_id, said, actor=actor_id)
