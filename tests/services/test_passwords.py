"""Passwords: Argon2id, two hashes at a time."""

import threading

import pytest

from portal.services import passwords
from portal.services.errors import Busy


def test_a_password_matches_its_own_hash_only() -> None:
    stored = passwords.hashed("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, "correct horse battery")
    assert not passwords.matches(stored, "correct horse batter")
    assert not passwords.is_outdated(stored)


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 5_000, "\x00"])
def test_nobody_has_no_password(password: str) -> None:
    assert not passwords.matches(None, password)
    assert not passwords.matches("not a hash", password)


def test_a_third_at_once_waits_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "LONGEST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(passwords.AT_ONCE))
    with passwords._place(), passwords._place(), pytest.raises(Busy):
        passwords.hashed("correct horse battery")
    assert passwords.hashed("correct horse battery")
