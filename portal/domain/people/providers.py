"""Providers by whose accounts people sign in (OpenID Connect), as a file of settings has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ID = re.compile(r"[a-z0-9-]{1,40}")
# Signed by the provider's own key; never "none", and never by a secret that both sides know.
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
LOCAL = ("localhost", "127.0.0.1")
SCOPES = ("openid", "email", "profile")
KNOWN = {
    "id", "name", "issuer", "client_id", "client_secret_file", "scopes", "second_factor", "join",
}  # fmt: skip


class ProviderMalformed(ValueError):
    """The file says something that no provider can be; the message says what."""


@dataclass(frozen=True, kw_only=True)
class SignInProvider:
    """One provider. `is_strong`: it asks for a second factor itself. `join_claim`, `join_values`:
    whoever has one of these values there gets an account at their first sign-in; without, nobody
    does."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = SCOPES
    is_strong: bool = False
    join_claim: str = ""
    join_values: frozenset[str] = frozenset()

    def lets_join(self, claims: Mapping[str, Any]) -> bool:
        """Whether somebody with these claims gets an account. A claim that is missing, as where
        somebody has too many groups, lets nobody join."""
        said = claims.get(self.join_claim) if self.join_claim else None
        values = said if isinstance(said, list) else [said]
        return any(isinstance(each, str) and each in self.join_values for each in values)


def provider_of(data: Mapping[str, Any], secret: str) -> SignInProvider:
    """A provider as the file has it. Raises ProviderMalformed."""
    unknown = sorted(set(data) - KNOWN)
    if unknown:
        raise ProviderMalformed(f"knows no {', '.join(unknown)}")
    for name in ("id", "name", "issuer", "client_id"):
        if not isinstance(data.get(name), str) or not data[name].strip():
            raise ProviderMalformed(f"lacks {name}")
    if not ID.fullmatch(data["id"]):
        raise ProviderMalformed("has an id of other characters than a-z, 0-9 and -")
    parts = urlsplit(data["issuer"])
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise ProviderMalformed("has an issuer that does not begin with https://")
    scopes = tuple(data.get("scopes", SCOPES))
    if "openid" not in scopes:
        raise ProviderMalformed("lacks openid among its scopes")
    join = data.get("join", {})
    if not isinstance(join, Mapping) or set(join) - {"claim", "values"}:
        raise ProviderMalformed("has a join that is not {claim, values}")
    return SignInProvider(
        id=data["id"],
        name=data["name"].strip(),
        issuer=data["issuer"],
        client_id=data["client_id"],
        client_secret=secret,
        scopes=scopes,
        is_strong=data.get("second_factor", False) is True,
        join_claim=str(join.get("claim", "")),
        join_values=frozenset(map(str, join.get("values", ()))),
    )
