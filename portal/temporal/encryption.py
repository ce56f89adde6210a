"""What Temporal keeps, encrypted: its server and whoever reads its disks see no title or comment.

Each payload is sealed by AES-256-GCM under the first key of TEMPORAL_ENCRYPTION_KEYS and names the
key, so that older keys open what they sealed. What was written before there was a key stays
readable. Search attributes, ids and names of types are not payloads: they hold codes only.
"""

import os
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace

import temporalio.converter
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
NONCE = 12


class KeyMissing(Exception):
    """A payload was changed, or sealed with a key that TEMPORAL_ENCRYPTION_KEYS does not hold."""


class Encryption(PayloadCodec):
    """Seals with the first of the keys, opens with any."""

    def __init__(self, keys: str) -> None:
        named = [each.strip().partition(":") for each in keys.split(",") if each.strip()]
        self._ciphers = {name: AESGCM(b64decode(key)) for name, _, key in named}
        self._first = next(iter(self._ciphers))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload whole, with its own encoding."""
        return [self._sealed(each) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open what is sealed, and leave alone what is not. Raises KeyMissing."""
        return [self._opened(each) for each in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        nonce, name = os.urandom(NONCE), self._first.encode()
        sealed = self._ciphers[self._first].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": ENCODING, KEY_ID: name}, data=nonce + sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(KEY_ID, b"")
        cipher = self._ciphers.get(name.decode())
        if cipher is None:
            raise KeyMissing(f"TEMPORAL_ENCRYPTION_KEYS holds no key {name.decode()!r}")
        nonce, sealed = payload.data[:NONCE], payload.data[NONCE:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, name))
        except InvalidTag as error:
            raise KeyMissing(f"the key {name.decode()!r} does not open a payload") from error


def converter(keys: str) -> DataConverter:
    """How messages become payloads; without keys in plain JSON. Failures' texts are sealed, too."""
    plain = temporalio.converter.default()
    if not keys:
        return plain
    return replace(
        plain,
        payload_codec=Encryption(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
