"""A passkey without a browser: what WebAuthn's authenticator and client would answer."""

import json
import os
from dataclasses import dataclass, field, replace
from hashlib import sha256
from struct import pack
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One key for one site. `counts`: how often it signed; `verifies`: it asks for a finger."""

    origin: str
    rp_id: str
    verifies: bool = True
    counts: int = 0
    key_id: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def other(self, **changes: Any) -> "Authenticator":
        """The same key, in another place or mood."""
        return replace(self, **changes)

    def create(self, options: str) -> str:
        """Make the key that these options ask for."""
        public = self.key.public_key().public_numbers()
        point = {-2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        named = bytes(16) + pack(">H", len(self.key_id)) + self.key_id
        data = self._data(HAS_KEY) + named + cbor2.dumps({1: 2, 3: -7, -1: 1, **point})
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", json.loads(options)["challenge"])
        return self._answer({
            "clientDataJSON": bytes_to_base64url(client),
            "attestationObject": bytes_to_base64url(attested),
        })  # fmt: skip

    def sign(self, options: str) -> str:
        """Answer the challenge in these options."""
        self.counts += 1
        data = self._data()
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        signed = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer({
            "clientDataJSON": bytes_to_base64url(client),
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signed),
        })  # fmt: skip

    def _data(self, more: int = 0) -> bytes:
        flags = USER_PRESENT | more | (USER_VERIFIED if self.verifies else 0)
        return sha256(self.rp_id.encode()).digest() + pack(">BI", flags, self.counts)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> str:
        key_id = bytes_to_base64url(self.key_id)
        whole = {"id": key_id, "rawId": key_id, "type": "public-key", "response": response}
        return json.dumps({**whole, "clientExtensionResults": {}})
