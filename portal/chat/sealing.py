"""Secrets as they are stored, such as addresses of chat services, which hold tokens: encrypted."""

import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
CHANNELS = b"gloria chat channels 1"
WEBHOOKS = b"gloria webhooks 1"
STREAMS = b"gloria streams 1"
AUTHENTICATOR_APPS = b"gloria authenticator apps 1"


class SecretUnreadable(Exception):
    """What is stored was sealed with another SECRET_KEY, or for another row or purpose."""


def seal(text: str, row_id: str, secret_key: str, purpose: bytes = CHANNELS) -> bytes:
    """Encrypt a text (AES-256-GCM) so that it can be read for this row and purpose alone."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher(secret_key, purpose).encrypt(nonce, text.encode(), row_id.encode())


def unseal(sealed: bytes, row_id: str, *secret_keys: str, purpose: bytes = CHANNELS) -> str:
    """The text, which one of the keys sealed. Raises Unreadable."""
    nonce, rest = bytes(sealed[:NONCE]), bytes(sealed[NONCE:])
    for key in reversed(secret_keys):
        with suppress(InvalidTag, ValueError):
            return _cipher(key, purpose).decrypt(nonce, rest, row_id.encode()).decode()
    raise SecretUnreadable


def _cipher(secret_key: str, purpose: bytes) -> AESGCM:
    """The key of a purpose, drawn from the portal's secret (HKDF, RFC 5869)."""
    drawn = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return AESGCM(drawn.derive(secret_key.encode()))
