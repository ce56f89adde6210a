"""Passwords by Argon2id, with the least parameters that OWASP's Password Storage Cheat Sheet names.

At most two hashes are computed at a time in a process: sign-in must not starve the pages of the
people who are already in. Who waits longer than two seconds is told to try again.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from portal.services.errors import Busy

MEBIBYTE = 1024
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * MEBIBYTE, parallelism=1)
AT_ONCE = 2
LONGEST_WAIT_SECONDS = 2.0
SHORTEST = 15
LONGEST = 1000
# How hard a password is to guess, from 0 to 4, by zxcvbn: good enough, and hard.
GOOD, HARD = 3, 4
SHORTEST_HARD = 10
MOST_JUDGED = 72  # the estimator's time grows with the length

# A hash that no password is known for: people who do not exist take as long as those who do.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$0FYZ0mB1vgJz4R1y0cUuQQ$Eo9b0vD2Jm3l0mV3PpCq0o3y0yq8c9k6w2m1s5tXb1k"
)

OURS = ("Gloria Approvals", "approval", "password")

log = structlog.get_logger("portal.web")

_places = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """The hash to store. Raises Busy."""
    with _place():
        return HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; None takes the same time and is False.

    Raises Busy.
    """
    with _place():
        try:
            HASHER.verify(password_hash or NOBODY, password[:LONGEST])
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
    return password_hash is not None and len(password) <= LONGEST


def score(password: str, words: Iterable[str]) -> int:
    """How hard the password is to guess, 0 to 4, for somebody who knows these words and us."""
    parts = [part for text in (*words, *OURS) for part in (text, *re.split(r"[\W_]+", text))]
    known = [part[:MOST_JUDGED] for part in parts if part]
    return int(zxcvbn(password[:MOST_JUDGED], user_inputs=known)["score"])


def is_listed(password: str, file: Path | None) -> bool:
    """Whether a list of known passwords has it, whatever its case. One that cannot be read refuses
    nobody, and the log says so."""
    if file is None:
        return False
    try:
        return password.strip().casefold() in _listed(file, file.stat().st_mtime_ns)
    except OSError as error:
        log.error("passwords.list_away", error=str(error), alarm=True)
        return False


@lru_cache(maxsize=1)
def _listed(file: Path, _changed: int) -> frozenset[str]:
    """Its lines, read anew once it changed."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return frozenset(line.strip().casefold() for line in lines)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _places.release()
