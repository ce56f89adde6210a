"""Signing in and out: passwords, limits, and the rows of `portal.sessions`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, literal, select, update

from portal.domain.people.permissions import Role
from portal.domain.people.signing_in import Way, Went
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import SYSTEM
from portal.domain.request.state import Click
from portal.extensions import db
from portal.models import SignIn, User, UserSession
from portal.models.columns import new_id
from portal.security.tokens import new_token, token_hash
from portal.services import acts, attempts, challenges, passwords, sign_ins

LONGEST_EMAIL = 254
# Where a session's data say by which session of a provider it was begun.
PROVIDER = "provider"


class WrongPassword(Exception):
    """No active account has this e-mail address and password. Which of the two, nobody is told."""


@dataclass(frozen=True)
class SignedIn:
    """Who may come in now."""

    user_id: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class Device:
    """A browser that signed in before: its random id, and the accounts it did so for."""

    id: str
    user_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entrance:
    """How somebody came in. `is_strong`: by two factors, or by one that is two, such as a passkey.
    `second`: the second one, where it was asked for. `there`: which session of which provider it
    was, so that the provider can end it here, too."""

    how: Way
    second: Way | None = None
    is_strong: bool = False
    there: str = ""


BY_PASSWORD = Entrance(Way.PASSWORD)


def check(email: str, password: str, click: Click, device: Device | None) -> SignedIn:
    """Let somebody in, or raise WrongPassword, TooMany or Busy. Takes as long for an unknown
    account as for a known one."""
    email = email.strip().lower()[:LONGEST_EMAIL]
    person = _account(email)
    known = device if device and person and person.id in device.user_ids else None
    attempt = attempts.begin(attempts.keys(email, click.ip, known.id if known else None))
    usable = person.password_hash if person and person.is_active else None
    if not passwords.matches(usable, password) or person is None:
        _note_refused(email, click)
        raise WrongPassword
    attempt.forget()
    if usable and passwords.is_outdated(usable):
        _store_hash(person.id, passwords.hashed(password))
    return SignedIn(person.id, frozenset(Role(role) for role in person.roles if role in ROLES))


def confirm(user_id: str, password: str) -> None:
    """See that it is still the same person, before something grave. Raises WrongPassword, TooMany
    or Busy. Tries count for this alone: nobody can be kept from it by others' wrong sign-ins."""
    attempt = attempts.begin({f"confirm:{user_id}": attempts.PER_ACCOUNT})
    columns = select(User.password_hash).where(User.id == user_id, User.is_active)
    if not passwords.matches(db.session.scalar(columns), password):
        raise WrongPassword
    attempt.forget()


ROLES = frozenset(role.value for role in Role)


def begin(
    user_id: str,
    click: Click,
    data: dict[str, Any],
    ends: str = "",
    entrance: Entrance = BY_PASSWORD,
) -> str:
    """Start a session and return its token, which only the browser keeps. `ends` is the id of the
    session that this browser had before: a new sign-in always gets a new id."""
    token, session_id = new_token(), new_id()
    if ends:
        _end(UserSession.id == ends)
    if entrance.there:
        data = {**data, PROVIDER: entrance.there}
    db.session.execute(
        insert(UserSession).values(
            id=session_id,
            token_hash=token_hash(token),
            user_id=user_id,
            data=data,
            ip=click.ip,
            user_agent=click.user_agent,
            last_seen_at=func.now(),
            confirmed_at=func.now(),
            is_strong=entrance.is_strong,
        )
    )
    acts.note(ActKind.SIGNED_IN, user_id, actor=user_id, session_id=session_id)
    sign_ins.note(
        user_id, entrance.how, Went.IN, click, second=entrance.second, session_id=session_id
    )
    challenges.clean()
    attempts.clean(db.session.execute(select(func.now())).scalar_one())
    db.session.commit()
    return token


def end(session_id: str, user_id: str) -> None:
    """End one of the person's own sessions. Another's id ends nothing."""
    _end(UserSession.id == session_id, UserSession.user_id == user_id)
    acts.note(ActKind.SIGNED_OUT, user_id, {"session": session_id}, actor=user_id)
    db.session.commit()


def end_others(session_id: str, user_id: str) -> None:
    """End all of the person's sessions but this one."""
    _end(UserSession.id != session_id, UserSession.user_id == user_id)
    acts.note(ActKind.SIGNED_OUT, user_id, {"all_but": session_id}, actor=user_id)
    db.session.commit()


def end_all(user_id: str, but: str | None = None) -> None:
    """End all of the person's sessions, `but` that of this id, in the caller's transaction."""
    others = () if but is None else (UserSession.id != but,)
    _end(UserSession.user_id == user_id, *others)


def end_by_provider(there: str, user_id: str | None, *, all_there: bool) -> int:
    """End the sessions that a session at a provider began, in the caller's transaction; how many
    they were. `all_there`: all that begin with `there`. `user_id`: only theirs."""
    began = UserSession.data[PROVIDER].astext
    which = [func.starts_with(began, there) if all_there else began == there]
    if user_id is not None:
        which.append(UserSession.user_id == user_id)
    ended = update(UserSession).where(UserSession.ended_at.is_(None), *which)
    ids = db.session.execute(
        ended.values(ended_at=func.now()).returning(UserSession.id, UserSession.user_id)
    ).all()
    for session_id, whose in ids:
        said = {"session": session_id, "by": there.partition(":")[0]}
        acts.note(ActKind.SIGNED_OUT, whose, said, actor=SYSTEM)
    return len(ids)


@dataclass(frozen=True)
class _Account:
    id: str
    roles: list[str]
    is_active: bool
    password_hash: str | None


def _account(email: str) -> _Account | None:
    found = select(User.id, User.roles, User.is_active, User.password_hash).where(
        func.lower(User.email) == email
    )
    row = db.session.execute(found).one_or_none()
    return None if row is None else _Account(row.id, row.roles, row.is_active, row.password_hash)


def _end(*which: Any) -> None:
    alive = UserSession.ended_at.is_(None)
    db.session.execute(update(UserSession).where(alive, *which).values(ended_at=func.now()))


def _note_refused(email: str, click: Click) -> None:
    """Note it with the account, if there is one: by one statement, so that it takes as long."""
    row = {
        "id": new_id(),
        "how": Way.PASSWORD.value,
        "went": Went.REFUSED.value,
        "ip": click.ip,
        "user_agent": click.user_agent,
    }
    table = SignIn.__table__.c
    values = (literal(value, table[name].type) for name, value in row.items())
    whose = select(User.id, *values).where(func.lower(User.email) == email)
    db.session.execute(insert(SignIn).from_select(["user_id", *row], whose))
    db.session.commit()


def _store_hash(user_id: str, password_hash: str) -> None:
    db.session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))
