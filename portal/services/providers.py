"""Signing in by an account at an OpenID provider: code flow with PKCE, nonce and state.

People are known by issuer and subject, never by their address: an address can be given to somebody
else. An account is linked by whoever is signed in here, or made at the first sign-in where the
provider's settings say for whom.
"""

import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException
from sqlalchemy import delete, func, insert, select, update

from portal.domain.people.absence import ChangeKind
from portal.domain.people.providers import ALGORITHMS, SignInProvider
from portal.domain.people.signing_in import Way
from portal.extensions import db
from portal.models import ProviderAccount, User
from portal.models.columns import new_id
from portal.security.tokens import new_token
from portal.services import accounts, challenges, proofs, sign_in, sign_ins
from portal.services.accounts import AccountRefused
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.people_changes import note
from portal.services.proofs import Proven, Prover
from portal.translation import _

log = structlog.get_logger("portal.web")

SECONDS = 5
LEEWAY_SECONDS = 60
KEPT_SECONDS = 3600
RECENT_SECONDS = 300
LARGEST = 1_000_000
LONGEST_SID, LONGEST_TOKEN = 255, 10_000
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class ProviderFailed(Exception):
    """Nobody is let in; the message is a sentence for people. What the provider said is logged."""


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """An account at a provider that belongs to a person here."""

    id: str
    issuer: str
    email: str
    last_used_at: Any


class Purpose(StrEnum):
    """What somebody goes to a provider for."""

    SIGN_IN = "sign_in"
    LINK = "link"
    CONFIRM = "confirm"
    SIGN = "sign"


def begin(
    provider: SignInProvider,
    redirect_uri: str,
    purpose: Purpose,
    user_id: str | None = None,
    next_url: str = "",
) -> tuple[str, str]:
    """Where to send the browser, and the id of the challenge that it keeps. `user_id`: whoever is
    signed in already. Raises ProviderFailed."""
    state, nonce, verifier = new_token(), new_token(), new_token()
    with _talk(provider, redirect_uri) as client:
        place = _metadata(provider, client)["authorization_endpoint"]
        more = {"prompt": "login", "max_age": "0"} if user_id else {}
        url, _state = client.create_authorization_url(
            place, state=state, nonce=nonce, code_verifier=verifier, **more
        )
    data = {
        "provider": provider.id,
        "purpose": purpose,
        "next": next_url,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
    }
    challenge_id = challenges.put(ChallengeKind.PROVIDER, data, user_id)
    db.session.commit()
    return str(url), challenge_id


def claims_of(
    provider: SignInProvider, challenge: OpenChallenge, state: str, code: str, redirect_uri: str
) -> dict[str, Any]:
    """What the provider says about whoever came back, checked; the challenge is used up in the
    caller's transaction. Raises ProviderFailed."""
    data = challenge.data
    same = hmac.compare_digest(data["state"].encode(), state.encode("utf-8", "replace"))
    if data["provider"] != provider.id or not same or not challenges.take(challenge):
        raise _failed(provider, "wrong state")
    with _talk(provider, redirect_uri) as client:
        metadata = _metadata(provider, client)
        token = _fetched(provider, client, metadata["token_endpoint"], code, data["verifier"])
        claims = _decoded(provider, client, metadata["jwks_uri"], token)
    _check(provider, claims, data["nonce"], asked_again=challenge.user_id is not None)
    return claims


def person_of(provider: SignInProvider, claims: Mapping[str, Any], prover: Prover) -> str:
    """Whose account it is, in the caller's transaction; where the settings allow it, somebody new.
    Raises ProviderFailed."""
    row = db.session.execute(
        select(ProviderAccount.user_id, User.is_active)
        .join(User, User.id == ProviderAccount.user_id)
        .where(*_same(provider, claims))
    ).one_or_none()
    if row is None:
        return _joined(provider, claims)
    if not row.is_active:
        sign_ins.refused(row.user_id, Way.PROVIDER, prover.click, provider.name)
        raise ProviderFailed(_("This account is not active here. Ask an administrator."))
    used = update(ProviderAccount).where(*_same(provider, claims))
    db.session.execute(used.values(last_used_at=func.now()))
    return str(row.user_id)


def session_there(provider: SignInProvider, claims: Mapping[str, Any]) -> str:
    """Which session at the provider it is, as a session here keeps it."""
    sid = claims.get("sid")
    return f"{provider.id}:{sid if isinstance(sid, str) and len(sid) <= LONGEST_SID else ''}"


def log_out(provider: SignInProvider, token: str) -> None:
    """End what began at the provider with the session that its logout token names, or, where it
    names somebody only, all of theirs that began there. Each token counts once. Raises
    ProviderFailed."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        raise _failed(provider, "no logout token")
    with _talk(provider, "") as client:
        claims = _decoded(provider, client, _metadata(provider, client)["jwks_uri"], token)
    _check_logout(provider, claims)
    if not challenges.first_time(ChallengeKind.LOGOUT, f"{provider.issuer}\n{claims['jti']}"):
        raise _failed(provider, "its logout token was used before")
    user_id = None
    if "sub" in claims:
        user_id = db.session.scalar(select(ProviderAccount.user_id).where(*_same(provider, claims)))
    if user_id is not None or "sub" not in claims:
        there, has_sid = session_there(provider, claims), "sid" in claims
        ended = sign_in.end_by_provider(there, user_id, all_there=not has_sid)
        log.info("signed out by provider", provider=provider.id, sessions=ended)
    db.session.commit()


def link(provider: SignInProvider, claims: Mapping[str, Any], user_id: str) -> None:
    """Let the account belong to whoever is signed in. Raises ProviderFailed."""
    whose = db.session.scalar(select(ProviderAccount.user_id).where(*_same(provider, claims)))
    if whose not in (None, user_id):
        raise ProviderFailed(_("This account belongs to somebody else here."))
    if whose is None:
        _insert(provider, claims, user_id)
        note(user_id, ChangeKind.PROVIDER_LINKED, user_id, {"what": provider.name})
    db.session.commit()


def confirm(
    provider: SignInProvider, claims: Mapping[str, Any], prover: Prover, session_id: str
) -> None:
    """Let whoever is signed in go on: the provider asked them again. Raises ProviderFailed."""
    proofs.keep(session_id, prover, asked_again(provider, claims, prover))
    db.session.commit()


def asked_again(provider: SignInProvider, claims: Mapping[str, Any], prover: Prover) -> Proven:
    """That it is still the same person, in the caller's transaction. Raises ProviderFailed."""
    if person_of(provider, claims, prover) != prover.user_id:
        db.session.rollback()
        raise ProviderFailed(_("This is another account than yours."))
    return Proven((Way.PROVIDER,), of_strong_provider=provider.is_strong)


def unlink(account_id: str, user_id: str) -> None:
    """Let an account of the person's be a stranger's again."""
    gone = delete(ProviderAccount).where(
        ProviderAccount.id == account_id, ProviderAccount.user_id == user_id
    )
    issuer = db.session.scalar(gone.returning(ProviderAccount.issuer))
    if issuer is not None:
        note(user_id, ChangeKind.PROVIDER_UNLINKED, user_id, {"what": issuer})
    db.session.commit()


def linked(user_id: str) -> list[LinkedAccount]:
    """The person's accounts at providers."""
    rows = db.session.execute(
        select(ProviderAccount)
        .where(ProviderAccount.user_id == user_id)
        .order_by(ProviderAccount.id)
    ).scalars()
    return [LinkedAccount(row.id, row.issuer, row.email, row.last_used_at) for row in rows]


def _joined(provider: SignInProvider, claims: Mapping[str, Any]) -> str:
    if not provider.lets_join(claims):
        log.warning("provider account unknown", provider=provider.id, has=sorted(claims))
        words = _(
            "Nobody here has this account. Sign in with your password and link it under"
            " Sign-in and security, or ask an administrator."
        )
        if provider.join_claim and provider.join_claim not in claims:
            missing = _(
                "%(name)s did not say whether you may join: its answer holds no %(claim)s.",
                name=provider.name,
                claim=provider.join_claim,
            )
            words = f"{words} {missing}"
        raise ProviderFailed(words)
    email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
    try:
        address = accounts.checked_email(email)
        name = accounts.checked_name(str(claims.get("name") or email))
    except AccountRefused as refused:
        raise ProviderFailed(
            _("The provider gave no verified email address. Ask an administrator.")
        ) from refused
    if db.session.scalar(select(User.id).where(func.lower(User.email) == address.lower())):
        raise ProviderFailed(
            _("Somebody here has this email address already: sign in as them, then link it.")
        )
    user_id = new_id()
    db.session.execute(insert(User).values(id=user_id, email=address, name=name, roles=[]))
    _insert(provider, claims, user_id)
    note(user_id, ChangeKind.ADDED, None, {"name": name, "email": address}, provider.name)
    return user_id


def _insert(provider: SignInProvider, claims: Mapping[str, Any], user_id: str) -> None:
    db.session.execute(
        insert(ProviderAccount).values(
            id=new_id(),
            user_id=user_id,
            issuer=provider.issuer,
            subject=claims["sub"],
            email=str(claims.get("email", ""))[:254],
            last_used_at=func.now(),
        )
    )


def _same(provider: SignInProvider, claims: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        ProviderAccount.issuer == provider.issuer,
        ProviderAccount.subject == claims["sub"],
    )


def _talk(provider: SignInProvider, redirect_uri: str) -> Any:
    return OAuth2Session(
        client_id=provider.client_id,
        client_secret=provider.client_secret or None,
        token_endpoint_auth_method="client_secret_basic" if provider.client_secret else "none",
        scope=" ".join(provider.scopes),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        default_timeout=SECONDS,
    )


_KEPT: dict[str, tuple[float, dict[str, Any]]] = {}
_LOCK = threading.Lock()


def _metadata(provider: SignInProvider, client: Any) -> dict[str, Any]:
    """What the provider says of itself; it has to name itself as the settings do."""
    place = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    said = _json(provider, client, place)
    lacking = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - set(said)
    if said.get("issuer") != provider.issuer or lacking:
        raise _failed(provider, "its configuration names another issuer, or lacks addresses")
    return said


def _json(
    provider: SignInProvider, client: Any, url: str, *, fresh: bool = False
) -> dict[str, Any]:
    with _LOCK:
        at, known = _KEPT.get(url, (0.0, {}))
    if known and not fresh and time.monotonic() - at < KEPT_SECONDS:
        return known
    try:
        answer = client.get(url, withhold_token=True, allow_redirects=False, timeout=SECONDS)
        answer.raise_for_status()
        said = answer.json() if len(answer.content) < LARGEST else None
    except (RequestException, AuthlibBaseError, ValueError) as error:
        raise _failed(provider, f"{url}: {error}") from error
    if not isinstance(said, dict):
        raise _failed(provider, f"{url}: no JSON object")
    with _LOCK:
        _KEPT[url] = (time.monotonic(), said)
    return said


def _fetched(provider: SignInProvider, client: Any, url: str, code: str, verifier: str) -> str:
    try:
        token = client.fetch_token(
            url, grant_type="authorization_code", code=code, code_verifier=verifier,
            timeout=SECONDS,
        )  # fmt: skip
    except (RequestException, AuthlibBaseError, ValueError) as error:
        raise _failed(provider, f"no token: {error}") from error
    return str(token.get("id_token") or "")


def _decoded(provider: SignInProvider, client: Any, url: str, token: str) -> dict[str, Any]:
    """The claims of a token that the provider's own key signed, asked for anew where it is new."""
    trouble: Exception | None = None
    for fresh in (False, True):
        keys = _json(provider, client, url, fresh=fresh)
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=[*ALGORITHMS])  # type: ignore[arg-type]
            return decoded.claims
        except (JoseError, ValueError, KeyError, TypeError) as error:
            trouble = error
    raise _failed(provider, f"its token does not hold: {trouble}")


def _check(
    provider: SignInProvider, claims: dict[str, Any], nonce: str, *, asked_again: bool
) -> None:
    now = int(time.time())
    rules = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        rules.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise _failed(provider, f"its token is not for this sign-in: {error}") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if several and claims.get("azp") != provider.client_id:
        raise _failed(provider, "its token is for another client")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise _failed(provider, "its token names nobody")
    asked_at = claims.get("auth_time", 0)
    if asked_again and not (isinstance(asked_at, int) and now - asked_at <= RECENT_SECONDS):
        raise _failed(provider, "it did not ask again who it is")


def _check_logout(provider: SignInProvider, claims: dict[str, Any]) -> None:
    """OpenID Connect Back-Channel Logout 1.0, section 2.6."""
    now = int(time.time())
    rules = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        rules.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise _failed(provider, f"its logout token does not hold: {error}") from error
    events, named = (
        claims.get("events"),
        [claims[name] for name in ("sub", "sid") if name in claims],
    )
    texts = [*named, claims["jti"]]
    if not named or not all(isinstance(each, str) and 0 < len(each) <= 255 for each in texts):
        raise _failed(provider, "its logout token names nobody")
    if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
        raise _failed(provider, "its token is for no logout")
    if now - claims["iat"] > RECENT_SECONDS:
        raise _failed(provider, "its logout token is too old")


def _failed(provider: SignInProvider, why: str) -> ProviderFailed:
    log.warning("provider failed", provider=provider.id, why=why[:300])
    return ProviderFailed(
        _("Signing in with %(name)s did not work. Try again.", name=provider.name)
    )
