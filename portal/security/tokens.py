"""Random tokens: the holder has the token, the database only its SHA-256."""

import hashlib
import secrets


def new_token() -> str:
    """A random token: 256 bits, 43 characters that need no escaping in cookies and addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database stores of a token, as hexadecimal text."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
