"""What a person has beside a password: an app that shows codes, and codes on paper."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from portal.chat.sealing import AUTHENTICATOR_APPS, SecretUnreadable, seal, unseal
from portal.domain.people.absence import ChangeKind
from portal.domain.people.signing_in import Way, is_code, is_recovery_code, typed_code
from portal.extensions import db
from portal.models import AuthenticatorApp, Passkey, RecoveryCode, User, UserSession
from portal.models.columns import new_id
from portal.security.tokens import token_hash
from portal.services import attempts, sign_in
from portal.services.people import PeopleRefused, require_power
from portal.services.people_changes import note
from portal.translation import _

STEP_SECONDS = 30
STEPS_OFF = (0, -1, 1)  # a clock may be half a minute wrong
CODES = 10
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
CODE_LENGTH = 10
TRIES = 10


class WrongCode(Exception):
    """The code is not right, is too old, or was used before."""


@dataclass(frozen=True, slots=True)
class HeldFactors:
    """What a person can prove themselves with."""

    has_app: bool
    passkeys: int
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether there is a second factor at all."""
        return self.has_app or self.passkeys > 0


def held_by(user_id: str) -> HeldFactors:
    """What this person has."""
    app = exists().where(
        AuthenticatorApp.user_id == user_id, AuthenticatorApp.confirmed_at.is_not(None)
    )
    keys = select(func.count()).where(Passkey.user_id == user_id, Passkey.removed_at.is_(None))
    codes = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    row = db.session.execute(select(app, keys.scalar_subquery(), codes.scalar_subquery())).one()
    return HeldFactors(bool(row[0]), row[1], row[2])


def begin_app(user_id: str, secret_key: str) -> None:
    """Make what a new app is to share with us. It counts once a code of it was right; one that is
    in use stays as it is."""
    sealed = seal(pyotp.random_base32(), user_id, secret_key, AUTHENTICATOR_APPS)
    new = upsert(AuthenticatorApp).values(user_id=user_id, sealed=sealed)
    db.session.execute(
        new.on_conflict_do_update(
            index_elements=[AuthenticatorApp.user_id],
            set_={"sealed": sealed, "created_at": func.now(), "last_step": 0},
            where=AuthenticatorApp.confirmed_at.is_(None),
        )
    )
    db.session.commit()


def unconfirmed_secret(user_id: str, secret_keys: Sequence[str]) -> str | None:
    """What the app is to be told, while no code of it was right yet."""
    sealed = db.session.scalar(
        select(AuthenticatorApp.sealed).where(
            AuthenticatorApp.user_id == user_id, AuthenticatorApp.confirmed_at.is_(None)
        )
    )
    if sealed is None:
        return None
    return unseal(sealed, user_id, *secret_keys, purpose=AUTHENTICATOR_APPS)


def confirm_app(user_id: str, code: str, secret_keys: Sequence[str], session_id: str) -> list[str]:
    """Let the app count from now on; returns new recovery codes, shown once. Raises WrongCode and
    TooMany."""
    attempt = attempts.begin({f"app:{user_id}": TRIES})
    _take_step(user_id, typed_code(code), secret_keys, confirmed=False)
    attempt.forget()
    db.session.execute(
        update(AuthenticatorApp)
        .where(AuthenticatorApp.user_id == user_id)
        .values(confirmed_at=func.now())
    )
    note(user_id, ChangeKind.FACTOR_ADDED, user_id, {"what": Way.CODE})
    codes = _new_codes(user_id)
    proven(session_id)
    db.session.commit()
    return codes


def reseal(*secret_keys: str) -> tuple[int, int]:
    """Seal what every app shares with us with the last key. How many were read, and how many none
    of the keys opens: their people need a reset."""
    done = lost = 0
    for row in db.session.execute(select(AuthenticatorApp).with_for_update()).scalars():
        try:
            text = unseal(row.sealed, row.user_id, *secret_keys, purpose=AUTHENTICATOR_APPS)
        except SecretUnreadable:
            lost += 1
        else:
            row.sealed = seal(text, row.user_id, secret_keys[-1], AUTHENTICATOR_APPS)
            done += 1
    db.session.commit()
    return done, lost


def remove_app(user_id: str) -> None:
    """Take no codes of the person's app any more."""
    gone = delete(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id)
    if db.session.execute(gone.returning(AuthenticatorApp.user_id)).one_or_none():
        note(user_id, ChangeKind.FACTOR_REMOVED, user_id, {"what": Way.CODE})
    end_with_the_last(user_id)
    db.session.commit()


def new_codes(user_id: str) -> list[str]:
    """Replace the person's recovery codes; the new ones are shown once."""
    codes = _new_codes(user_id)
    note(user_id, ChangeKind.FACTOR_ADDED, user_id, {"what": Way.RECOVERY_CODE})
    db.session.commit()
    return codes


def check_code(user_id: str, text: str, secret_keys: Sequence[str]) -> Way:
    """Take a code of the app, or one from paper, in the caller's transaction; which it was. Raises
    WrongCode, and TooMany after ten wrong ones."""
    attempt = attempts.begin({f"code:{user_id}": TRIES})
    code = typed_code(text)
    if is_code(code):
        _take_step(user_id, code, secret_keys, confirmed=True)
        way = Way.CODE
    else:
        _take_recovery_code(user_id, code)
        way = Way.RECOVERY_CODE
    attempts.forget_within(attempt)
    return way


def reset(person_id: str, actor_id: str) -> None:
    """Take all second factors from somebody who lost them, and end their sessions; nobody does so
    for themselves. Raises PeopleRefused."""
    row = db.session.execute(select(User.name, User.roles).where(User.id == person_id)).one()
    if person_id == actor_id:
        raise PeopleRefused(_("Another administrator has to do this for you."))
    require_power(actor_id, row.roles)
    db.session.execute(delete(AuthenticatorApp).where(AuthenticatorApp.user_id == person_id))
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person_id))
    db.session.execute(
        update(Passkey)
        .where(Passkey.user_id == person_id, Passkey.removed_at.is_(None))
        .values(removed_at=func.now())
    )
    note(person_id, ChangeKind.FACTOR_REMOVED, actor_id, {"what": "all"})
    sign_in.end_all(person_id)
    db.session.commit()


def proven(session_id: str) -> None:
    """The person of the session has just proved who they are by a second factor."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(confirmed_at=func.now(), is_strong=True)
    )


def _take_step(user_id: str, code: str, secret_keys: Sequence[str], *, confirmed: bool) -> None:
    state = AuthenticatorApp.confirmed_at
    whose = (
        AuthenticatorApp.user_id == user_id,
        state.is_not(None) if confirmed else state.is_(None),
    )
    columns = select(AuthenticatorApp.sealed, func.now().label("now")).where(*whose)
    row = db.session.execute(columns).one_or_none()
    if row is None:
        raise WrongCode
    try:
        secret = unseal(row.sealed, user_id, *secret_keys, purpose=AUTHENTICATOR_APPS)
    except SecretUnreadable as error:
        raise WrongCode from error
    step = _step_of(code, secret, row.now) if is_code(code) else 0
    later = update(AuthenticatorApp).where(*whose, AuthenticatorApp.last_step < step)
    taken = later.values(last_step=step).returning(AuthenticatorApp.user_id)
    if step == 0 or db.session.execute(taken).one_or_none() is None:
        raise WrongCode


def _step_of(code: str, secret: str, now: datetime) -> int:
    """The half minute that the code belongs to; 0 where it belongs to none near now."""
    app, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    for off in STEPS_OFF:
        if hmac.compare_digest(app.generate_otp(step + off), code):
            return step + off
    return 0


def _take_recovery_code(user_id: str, code: str) -> None:
    if not is_recovery_code(code):
        raise WrongCode
    taken = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == token_hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
    )
    if db.session.execute(taken.returning(RecoveryCode.id)).one_or_none() is None:
        raise WrongCode


def _new_codes(user_id: str) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    rows = [{"id": new_id(), "user_id": user_id, "code_hash": token_hash(code)} for code in codes]
    db.session.execute(insert(RecoveryCode), rows)
    half = CODE_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def end_with_the_last(user_id: str) -> None:
    """Without an app and passkeys there is no second factor: codes on paper stand in for nothing
    then, and no session is one of two factors any more. In the caller's transaction."""
    if held_by(user_id).any:
        return
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    strong = update(UserSession).where(UserSession.user_id == user_id, UserSession.is_strong)
    db.session.execute(strong.values(is_strong=False))
