"""The key that signs checkpoints: an Ed25519 seed in a file that the database never sees."""

import os
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.domain.proof import notes

SEED_BYTES = 32


class NoKey(Exception):
    """There is no key, or none that can be used; the message is a sentence for people."""


class Signer:
    """Signs under one name with one key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = notes.VerifierKey(name, self._key.public_key().public_bytes_raw())

    def sign(self, checkpoint: notes.Checkpoint) -> str:
        """The checkpoint as a signed note."""
        return notes.signed(checkpoint, self.verifier, self._key.sign)


def read(file: Path) -> bytes:
    """The seed in a file. Raises NoKey."""
    try:
        seed = b64decode(file.read_text(encoding="ascii").strip(), validate=True)
    except FileNotFoundError as error:
        raise NoKey(f"There is no key in {file}: flask portal audit begin makes it.") from error
    except (OSError, ValueError) as error:
        raise NoKey(f"The key in {file} cannot be read.") from error
    if len(seed) != SEED_BYTES:
        raise NoKey(f"The key in {file} has {len(seed)} bytes, and not {SEED_BYTES}.")
    return seed


def make(file: Path) -> bytes:
    """A new seed, in a file that only its owner reads. Raises FileExistsError."""
    seed = os.urandom(SEED_BYTES)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as out:
        out.write(b64encode(seed) + b"\n")
        os.fsync(out.fileno())
    return seed


def is_good(key: notes.VerifierKey, note: str) -> bool:
    """Whether a note carries a good signature of this key."""

    def check(signature: bytes, text: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(key.key).verify(signature, text)
        except InvalidSignature:
            return False
        return True

    return notes.is_signed(note, key, check)
