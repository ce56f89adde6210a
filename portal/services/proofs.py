"""Proving anew who one is: at the second step of signing in, before something grave, for a
decision. By a passkey, by a password, by a code, or by the last two together."""

from dataclasses import dataclass

from sqlalchemy import func, update

from portal.domain.people.signing_in import Way, Went
from portal.domain.request.state import Click
from portal.extensions import db
from portal.models import UserSession
from portal.security.tokens import new_token
from portal.services import challenges, passkeys, second_factors, sign_in, sign_ins
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.passkeys import PasskeyRefused, Site
from portal.services.second_factors import WrongCode
from portal.services.sign_in import WrongPassword


@dataclass(frozen=True, slots=True)
class ProofInput:
    """What somebody typed, and what their passkey answered."""

    answer: str = ""
    code: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Proven:
    """By what it was proven. `evidence`: what a passkey signed, for others to see."""

    ways: tuple[Way, ...]
    evidence: dict[str, str] | None = None
    of_strong_provider: bool = False

    @property
    def is_strong(self) -> bool:
        """Whether a second factor was among it, or a provider that asks for one."""
        weak = (Way.PASSWORD, Way.PROVIDER)
        return self.of_strong_provider or any(way not in weak for way in self.ways)


@dataclass(frozen=True, slots=True)
class Prover:
    """Who is asked, and what they can answer with."""

    user_id: str
    site: Site
    secret_keys: tuple[str, ...]
    click: Click


class NotProven(Exception):
    """What was given is wrong, or not enough."""


def begin_second(user_id: str, data: dict[str, str]) -> str:
    """Ask for the second factor of somebody whose first was right; returns the challenge's id."""
    challenge = challenges.put(ChallengeKind.SECOND, {**data, "nonce": new_token()}, user_id)
    db.session.commit()
    return challenge


def begin_confirming(user_id: str) -> str:
    """Ask somebody who is signed in to prove themselves anew; returns the challenge's id."""
    challenge = challenges.put(ChallengeKind.CONFIRM, {"nonce": new_token()}, user_id)
    db.session.commit()
    return challenge


def second(challenge: OpenChallenge, given: ProofInput, prover: Prover) -> Proven:
    """Take the second factor, in the caller's transaction. Raises NotProven and TooMany."""
    if given.answer:
        try:
            held = passkeys.check(challenge, given.answer, prover.site)
        except PasskeyRefused as refused:
            raise _not(prover, Way.PASSKEY) from refused
        return Proven((Way.PASSKEY,), held.evidence)
    way = _code(given.code, prover)
    if not challenges.take(challenge):
        raise NotProven
    return Proven((way,))


def _code(code: str, prover: Prover) -> Way:
    try:
        return second_factors.check_code(prover.user_id, code, prover.secret_keys)
    except WrongCode as wrong:
        raise _not(prover, Way.CODE) from wrong


def confirm(challenge: OpenChallenge | None, given: ProofInput, prover: Prover) -> Proven:
    """Take whatever proves that it is still the same person, in the caller's transaction: a passkey
    (only where a challenge was asked), a code, or the password; the last two may stand together.
    Raises NotProven and TooMany.
    """
    if given.answer and challenge is not None:
        return second(challenge, given, prover)
    ways: list[Way] = []
    if given.password or not given.code:
        try:
            sign_in.confirm(prover.user_id, given.password)
        except WrongPassword as wrong:
            raise _not(prover, Way.PASSWORD) from wrong
        ways.append(Way.PASSWORD)
    if given.code:
        ways.append(_code(given.code, prover))
    if challenge is not None and not challenges.take(challenge):
        raise NotProven
    return Proven(tuple(ways))


def keep(session_id: str, prover: Prover, proven: Proven) -> None:
    """The session's person has just proven themselves, in the caller's transaction."""
    values = {"confirmed_at": func.now()} | ({"is_strong": True} if proven.is_strong else {})
    mine = UserSession.id == session_id
    db.session.execute(update(UserSession).where(mine).values(values))
    sign_ins.note(
        prover.user_id,
        proven.ways[0],
        Went.CONFIRMED,
        prover.click,
        second=proven.ways[1] if len(proven.ways) > 1 else None,
        session_id=session_id,
    )


def confirm_session(
    challenge: OpenChallenge | None,
    given: ProofInput,
    prover: Prover,
    session_id: str,
) -> Proven:
    """Let somebody go on for the next minutes. Raises NotProven and TooMany."""
    proven = confirm(challenge, given, prover)
    keep(session_id, prover, proven)
    db.session.commit()
    return proven


def _not(prover: Prover, way: Way) -> NotProven:
    sign_ins.refused(prover.user_id, way, prover.click)
    return NotProven()
