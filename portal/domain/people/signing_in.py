"""By which ways people prove who they are, what came of it, and what a decision may ask for."""

import re
from enum import StrEnum

CODE = re.compile(r"[0-9]{6}")
RECOVERY_CODE = re.compile(r"[a-z2-7]{10}")


class Way(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 - the name of a way
    PASSKEY = "passkey"
    CODE = "code"
    RECOVERY_CODE = "recovery_code"
    PROVIDER = "provider"
    LINK = "link"


class Went(StrEnum):
    """What came of it: they are in, they were let go on, or they were refused."""

    IN = "in"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


def typed_code(text: str) -> str:
    """A code as it is compared: without the spaces and strokes that people type into it."""
    return re.sub(r"[\s-]+", "", text).lower()


def is_code(code: str) -> bool:
    """Whether it looks like a code of an app, not like one of those on paper."""
    return CODE.fullmatch(code) is not None


def is_recovery_code(code: str) -> bool:
    """Whether it looks like a recovery code."""
    return RECOVERY_CODE.fullmatch(code) is not None
