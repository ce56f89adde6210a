"""Passkeys (WebAuthn): adding them, and checking what a browser and its key answer.

A key always has to see that it is its owner (`user verification`), by a finger, a face or a PIN:
so a passkey is two factors by itself.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlalchemy import func, insert, select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.domain.people.absence import ChangeKind
from portal.domain.people.signing_in import Way
from portal.extensions import db
from portal.models import Passkey, User
from portal.models.columns import new_id
from portal.security.tokens import new_token
from portal.services import challenges, second_factors
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.people_changes import note
from portal.translation import _

PRODUCT = "Gloria Approvals"
LONGEST_NAME = 60
LONGEST_ANSWER = 20_000
MOST = 20
REQUIRED = UserVerificationRequirement.REQUIRED


class PasskeyRefused(Exception):
    """What the browser answered does not hold; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Site:
    """Whom passkeys are for: `rp_id` the host, `origin` the address that browsers see."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """One of a person's passkeys."""

    id: str
    name: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Assertion:
    """An answer that held: whose passkey gave it, and all that shows it to others later."""

    user_id: str
    passkey_id: str
    evidence: dict[str, str]


def site_of(public_url: str) -> Site:
    """The site of an installation."""
    parts = urlsplit(public_url)
    return Site(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}")


def of(user_id: str) -> list[KnownPasskey]:
    """The person's passkeys, the oldest first."""
    rows = db.session.execute(
        select(Passkey)
        .where(Passkey.user_id == user_id, Passkey.removed_at.is_(None))
        .order_by(Passkey.id)
    ).scalars()
    return [
        KnownPasskey(row.id, row.name, row.is_synced, row.created_at, row.last_used_at)
        for row in rows
    ]


def begin_new(user_id: str) -> str:
    """Ask for a new passkey; returns the challenge's id. Raises PasskeyRefused."""
    if len(of(user_id)) >= MOST:
        raise PasskeyRefused(_("You have %(most)s passkeys. Remove one first.", most=MOST))
    return _begun(ChallengeKind.PASSKEY_NEW, user_id)


def begin_sign_in() -> str:
    """Ask whoever it is for a passkey; returns the challenge's id."""
    return _begun(ChallengeKind.SIGN_IN, None)


def options_new(challenge: OpenChallenge, site: Site) -> str:
    """What the browser is told to make, as JSON."""
    person = db.session.execute(
        select(User.id, User.name, User.email).where(User.id == challenge.user_id)
    ).one()
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=PRODUCT,
        user_id=UUID(person.id).bytes,
        user_name=person.email or person.name,
        user_display_name=person.name,
        challenge=challenge_bytes(challenge),
        exclude_credentials=_known(person.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
    )
    return webauthn.options_to_json(options)


def options_known(challenge: OpenChallenge, site: Site) -> str:
    """What the browser is asked to prove, as JSON: by one of the person's own passkeys, where we
    know whom we ask."""
    known = None if challenge.user_id is None else _known(challenge.user_id)
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge_bytes(challenge),
        allow_credentials=known,
        user_verification=REQUIRED,
    )
    return webauthn.options_to_json(options)


def challenge_bytes(challenge: OpenChallenge) -> bytes:
    """What is signed: the digest of a statement, or chance."""
    statement = challenge.data.get("statement")
    if statement is not None:
        return sha256(statement.encode()).digest()
    return base64url_to_bytes(challenge.data["nonce"])


def finish_new(
    challenge: OpenChallenge, answer: str, name: str, site: Site, session_id: str
) -> None:
    """Keep the passkey that the browser made. Raises PasskeyRefused."""
    user_id = challenge.user_id or ""
    try:
        made = webauthn.verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused(_("The passkey could not be added. Try again.")) from error
    taken = select(Passkey.id).where(Passkey.credential_id == made.credential_id)
    if not challenges.take(challenge) or db.session.scalar(taken):
        raise PasskeyRefused(_("The passkey could not be added. Try again."))
    db.session.execute(
        insert(Passkey).values(
            id=new_id(),
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=named(name),
            is_synced=made.credential_backed_up,
        )
    )
    # The digest ties later signatures to the person in a record that nobody can alter.
    digest = sha256(made.credential_public_key).hexdigest()
    what = {"what": Way.PASSKEY, "name": named(name), "public_key_sha256": digest}
    note(user_id, ChangeKind.FACTOR_ADDED, user_id, what)
    second_factors.proven(session_id)
    db.session.commit()


def rename(user_id: str, passkey_id: str, name: str) -> None:
    """Call one of the person's own passkeys otherwise."""
    db.session.execute(_own(user_id, passkey_id).values(name=named(name)))
    db.session.commit()


def remove(user_id: str, passkey_id: str) -> None:
    """Take no answers of one of the person's own passkeys any more."""
    gone = _own(user_id, passkey_id).values(removed_at=func.now()).returning(Passkey.name)
    name = db.session.scalar(gone)
    if name is not None:
        note(user_id, ChangeKind.FACTOR_REMOVED, user_id, {"what": Way.PASSKEY, "name": name})
        second_factors.end_with_the_last(user_id)
    db.session.commit()


def check(challenge: OpenChallenge, answer: str, site: Site) -> Assertion:
    """See that a passkey of the person who was asked signed the challenge, and use that up, in the
    caller's transaction. Raises PasskeyRefused."""
    refusal = PasskeyRefused(_("This passkey was not accepted."))
    parsed = _parsed(answer)
    row = _passkey(parsed.get("id"))
    if row is None or challenge.user_id not in (None, row.user_id):
        raise refusal
    try:
        proved = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise refusal from error
    if not challenges.take(challenge):
        raise refusal
    used = update(Passkey).where(Passkey.id == row.id)
    db.session.execute(used.values(sign_count=proved.new_sign_count, last_used_at=func.now()))
    said = parsed["response"]
    evidence = {
        "credential_id": parsed["id"],
        "public_key": bytes_to_base64url(row.public_key),
        "authenticator_data": str(said["authenticatorData"]),
        "client_data": str(said["clientDataJSON"]),
        "signature": str(said["signature"]),
        "rp_id": site.rp_id,
        "origin": site.origin,
    }
    return Assertion(row.user_id, row.id, evidence)


def named(name: str) -> str:
    """The name as it is kept: in one line and not too long; never empty."""
    plain = "".join(each for each in " ".join(name.split()) if each.isprintable())
    return plain[:LONGEST_NAME].strip() or _("Passkey")


def _begun(kind: ChallengeKind, user_id: str | None) -> str:
    challenge_id = challenges.put(kind, {"nonce": new_token()}, user_id)
    db.session.commit()
    return challenge_id


def _own(user_id: str, passkey_id: str) -> Any:
    alive = Passkey.removed_at.is_(None)
    return update(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id, alive)


def _known(user_id: str) -> list[PublicKeyCredentialDescriptor]:
    ids = select(Passkey.credential_id).where(
        Passkey.user_id == user_id, Passkey.removed_at.is_(None)
    )
    return [PublicKeyCredentialDescriptor(id=each) for each in db.session.scalars(ids)]


def _parsed(answer: str) -> dict[str, Any]:
    """What a browser answered. Raises PasskeyRefused for anything else."""
    try:
        parsed = json.loads(answer[:LONGEST_ANSWER])
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("response"), dict):
        raise PasskeyRefused(_("Your browser gave no passkey."))
    return parsed


def _passkey(credential_id: object) -> Any:
    try:
        key = base64url_to_bytes(str(credential_id))
    except ValueError:
        return None
    return db.session.execute(
        select(Passkey.id, Passkey.user_id, Passkey.public_key, Passkey.sign_count)
        .join(User, User.id == Passkey.user_id)
        .where(Passkey.credential_id == key, Passkey.removed_at.is_(None), User.is_active)
    ).one_or_none()
