"""Addresses of chat services as they are stored: encrypted, since they hold tokens."""

import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
PURPOSE = b"gloria chat channels 1"


class Unreadable(Exception):
    """What is stored was sealed with another SECRET_KEY, or for another channel."""


def seal(text: str, channel_id: str, secret_key: str) -> bytes:
    """Encrypt an address (AES-256-GCM) so that only this channel's row can be read with it."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher(secret_key).encrypt(nonce, text.encode(), channel_id.encode())


def unseal(sealed: bytes, channel_id: str, *secret_keys: str) -> str:
    """The address, which one of the keys sealed. Raises Unreadable."""
    nonce, rest = bytes(sealed[:NONCE]), bytes(sealed[NONCE:])
    for key in reversed(secret_keys):
        with suppress(InvalidTag, ValueError):
            return _cipher(key).decrypt(nonce, rest, channel_id.encode()).decode()
    raise Unreadable


def _cipher(secret_key: str) -> AESGCM:
    """The key of this purpose, drawn from the portal's secret (HKDF, RFC 5869)."""
    drawn = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return AESGCM(drawn.derive(secret_key.encode()))
