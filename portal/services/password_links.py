"""Links by which people set their password: an invitation, a reset, or the first administrator's;
and one that sets nothing, by which an administrator says that mail arrives.

Only using one changes anything. Of a person's links only the newest works, beside one that they
asked for; and none once their address, roles, state or password changed, or the roles or state of
whoever made it: by a trigger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, insert, literal, select, update
from sqlalchemy.orm import aliased

from portal.directory.planner import BEFORE_A_CHANGE
from portal.domain.people.absence import ChangeKind
from portal.domain.people.permissions import Role
from portal.extensions import db
from portal.models import PasswordLink, User
from portal.models.columns import new_id
from portal.models.links import password_token
from portal.security.tokens import token_hash
from portal.services import accounts, attempts, organisation_settings, sign_in
from portal.services.people import PeopleRefused, require_power
from portal.services.people_changes import note
from portal.translation import _

INVITATION, RESET, FIRST, TEST = "invitation", "reset", "first", "test"
LIFETIMES = {
    INVITATION: timedelta(hours=72),
    RESET: timedelta(hours=1),
    FIRST: timedelta(hours=24),
    TEST: timedelta(hours=72),
}
# So often a quarter of an hour may somebody ask: for one address, and from one network.
ASKED_PER_ADDRESS = 5
ASKED_PER_NETWORK = 20


class LinkOver(Exception):
    """The link was used, is too old, or was replaced by a newer one."""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that works. `name` and `email` are empty for the first administrator's."""

    id: str
    kind: str
    user_id: str | None
    name: str
    email: str


def find(link_id: str) -> OpenLink | None:
    """The link of that id, where it still works."""
    return _open(PasswordLink.id == link_id)


def follow(token: str) -> OpenLink | None:
    """The link that a token belongs to, where it still works."""
    return _open(PasswordLink.token_hash == token_hash(token))


def ask(email: str, address: str | None, secret_key: str) -> None:
    """Mail a reset link to the account with this address, if there is an active one. Whether there
    is, neither the answer nor the time that it takes tells. A link that an administrator made stays
    good: anybody may ask. Raises TooMany."""
    email = email.strip().lower()[: sign_in.LONGEST_EMAIL]
    attempts.begin(attempts.asking_keys(email, address, ASKED_PER_ADDRESS, ASKED_PER_NETWORK))
    mine = and_(func.lower(User.email) == email, User.is_active)
    _hold(mine)
    _revoke(
        PasswordLink.user_id.in_(select(User.id).where(mine)),
        PasswordLink.kind == RESET,
        PasswordLink.created_by.is_(None),
    )
    row = _row(RESET, None, secret_key) | {"mail_due_at": func.now()}
    columns = (_as_column(name, value) for name, value in row.items())
    whose = select(User.id, *columns).where(mine)
    db.session.execute(insert(PasswordLink).from_select(["user_id", *row], whose))
    db.session.commit()


def invite(person_ids: Iterable[str], actor_id: str, secret_key: str) -> int:
    """Mail an invitation to each of these people who is active, has an address and no password;
    returns to how many. Raises PeopleRefused."""
    db.session.execute(BEFORE_A_CHANGE)
    rows = db.session.execute(
        select(User.id, User.roles).where(
            User.id.in_(list(person_ids)),
            User.is_active,
            User.email.is_not(None),
            User.password_hash.is_(None),
        )
    ).all()
    for row in rows:
        require_power(actor_id, row.roles)
        _make(row.id, INVITATION, actor_id, secret_key, by_mail=True)
        note(row.id, ChangeKind.INVITED, actor_id, {"by": "mail"})
    db.session.commit()
    return len(rows)


def hand_out(person_id: str, actor_id: str, secret_key: str, *, by_mail: bool) -> str:
    """Make a link for one person, mailed or to be copied; returns its token. Without a password yet
    it is an invitation, else a reset. Raises PeopleRefused and LookupError."""
    db.session.execute(BEFORE_A_CHANGE)
    person = db.session.get(User, person_id)
    if person is None:
        raise LookupError(person_id)
    require_power(actor_id, person.roles)
    if not person.is_active:
        raise PeopleRefused(_("%(name)s is not active.", name=person.name))
    if person.email is None:
        raise PeopleRefused(
            _("%(name)s has no email address, which is needed to sign in.", name=person.name)
        )
    kind = INVITATION if person.password_hash is None else RESET
    link_id = _make(person_id, kind, actor_id, secret_key, by_mail=by_mail)
    done = ChangeKind.INVITED if kind == INVITATION else ChangeKind.RESET
    note(person_id, done, actor_id, {"by": "mail" if by_mail else "copied link"})
    db.session.commit()
    return password_token(link_id, secret_key)


def send_test(actor_id: str, secret_key: str) -> str:
    """Mail the administrator a link by which they say that it arrived; an earlier one works no
    more. Returns to which address. Raises PeopleRefused."""
    _hold(User.id == actor_id)
    email = db.session.scalar(select(User.email).where(User.id == actor_id))
    if email is None:
        raise PeopleRefused(_("You have no email address. Enter one on your page first."))
    _revoke(PasswordLink.user_id == actor_id, PasswordLink.kind == TEST)
    row = _row(TEST, actor_id, secret_key) | {"user_id": actor_id, "mail_due_at": func.now()}
    db.session.execute(insert(PasswordLink).values(**row))
    db.session.commit()
    return email


def confirm(link_id: str) -> None:
    """Note that a test email arrived. Raises LinkOver."""
    _hold(
        User.id == select(PasswordLink.user_id).where(PasswordLink.id == link_id).scalar_subquery()
    )
    found = _open(PasswordLink.id == link_id)
    if found is None or found.kind != TEST or found.user_id is None:
        raise LinkOver
    spent = update(PasswordLink).where(PasswordLink.id == link_id, *_working())
    db.session.execute(spent.values(used_at=func.now()))
    organisation_settings.note({"mail_seen": ""}, {"mail_seen": found.email}, found.user_id)
    db.session.commit()


def make_first(secret_key: str) -> str | None:
    """A link by which the first administrator's account is made; earlier ones work no more. Its
    token, or None where there is an administrator already."""
    db.session.execute(BEFORE_A_CHANGE)
    if _has_administrator():
        return None
    _revoke(PasswordLink.kind == FIRST)
    row = _row(FIRST, None, secret_key)
    db.session.execute(insert(PasswordLink).values(**row))
    db.session.commit()
    return password_token(str(row["id"]), secret_key)


def use(link_id: str, password: str) -> str:
    """Set the password of a link's person, who is signed out everywhere; the person's id. Raises
    LinkOver, AccountRefused and Busy."""
    _hold(
        User.id == select(PasswordLink.user_id).where(PasswordLink.id == link_id).scalar_subquery()
    )
    user_id = _taken(link_id).user_id
    if user_id is None:
        raise LinkOver
    accounts.put_password(user_id, password)
    sign_in.end_all(user_id)
    note(user_id, ChangeKind.PASSWORD_SET, None, {"by": "link"})
    db.session.commit()
    return user_id


def use_first(link_id: str, email: str, name: str, password: str) -> str:
    """Make the first administrator's account; its id. Raises LinkOver, AccountRefused and Busy."""
    db.session.execute(BEFORE_A_CHANGE)
    if _taken(link_id).user_id is not None or _has_administrator():
        raise LinkOver
    user_id = accounts.add_admin(email, name, password)
    note(user_id, ChangeKind.ADDED, None, {"by": "link"})
    db.session.commit()
    return user_id


def _hold(whom: Any) -> None:
    """Lock a person before their links, as a change of the person does, whose trigger ends them."""
    db.session.execute(select(User.id).where(whom).with_for_update(key_share=True))


def _taken(link_id: str) -> PasswordLink:
    """The link, used up with this transaction: of two who use it at once the second is too late."""
    spend = (
        update(PasswordLink)
        .where(PasswordLink.id == link_id, PasswordLink.kind != TEST, *_working())
        .values(used_at=func.now())
        .returning(PasswordLink)
    )
    link = db.session.execute(spend).scalar_one_or_none()
    if link is None:
        raise LinkOver
    if link.user_id is not None:
        _revoke(PasswordLink.user_id == link.user_id)
    return link


def _make(person_id: str, kind: str, actor_id: str, secret_key: str, *, by_mail: bool) -> str:
    _revoke(PasswordLink.user_id == person_id)
    row = _row(kind, actor_id, secret_key) | {"user_id": person_id}
    if by_mail:
        row["mail_due_at"] = func.now()
    db.session.execute(insert(PasswordLink).values(**row))
    return str(row["id"])


def _row(kind: str, actor_id: str | None, secret_key: str) -> dict[str, Any]:
    link_id = new_id()
    return {
        "id": link_id,
        "kind": kind,
        "token_hash": token_hash(password_token(link_id, secret_key)),
        "expires_at": func.now() + LIFETIMES[kind],
    } | ({"created_by": actor_id} if actor_id else {})


def _as_column(name: str, value: Any) -> Any:
    typed = getattr(PasswordLink, name).type
    return literal(value, typed) if isinstance(value, str) else value


def _revoke(*which: Any) -> None:
    change = update(PasswordLink).where(*which, *_unused())
    values = change.values(revoked_at=func.now())
    db.session.execute(values.execution_options(synchronize_session=False))


def _unused() -> tuple[Any, ...]:
    return PasswordLink.used_at.is_(None), PasswordLink.revoked_at.is_(None)


def _working() -> tuple[Any, ...]:
    return *_unused(), PasswordLink.expires_at > func.now()


def _open(which: Any) -> OpenLink | None:
    person = aliased(User)
    row = db.session.execute(
        select(PasswordLink.id, PasswordLink.kind, PasswordLink.user_id, person.name, person.email)
        .outerjoin(person, and_(person.id == PasswordLink.user_id, person.is_active))
        .where(which, *_working())
    ).one_or_none()
    if row is None or (row.kind != FIRST and row.email is None):
        return None
    return OpenLink(row.id, row.kind, row.user_id, row.name or "", row.email or "")


def _has_administrator() -> bool:
    found = select(User.id).where(
        User.is_active,
        User.roles.contains([Role.ADMIN.value]),
        ~User.roles.contains([Role.AUDITOR.value]),
    )
    return db.session.execute(found.limit(1)).first() is not None
