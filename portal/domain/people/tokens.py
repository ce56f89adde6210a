"""Tokens by which programs come in: what they may, and how a secret is written.

A secret says what it is and ends with a checksum, so that scanners of source code find it and a
mistyped one never reaches the database: ``gloria_svc_`` + 40 letters and digits + 6 of a CRC-32.
"""

import re
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM, CHECKED = 40, 6
LONGEST_LIFE = timedelta(days=366)
USUAL_DAYS = 90
# After a rotation the old secret is good for so long, so that whoever uses it can change over.
OVERLAP = timedelta(days=1)
NAME_LENGTH, MODULE_LENGTH, MOST_MODULES = 80, 60, 20
# How secrets begin, unless the settings say otherwise.
PREFIX = "gloria"


class TokenKind(StrEnum):
    """PERSONAL acts for its owner; SERVICE belongs to a program and names whom it acts for."""

    PERSONAL = "personal"
    SERVICE = "service"


class Scope(StrEnum):
    """One thing that a token is good for; the value is its name in the API."""

    APPROVALS_READ = "approvals:read"
    APPROVALS_WRITE = "approvals:write"
    AUDIT_READ = "audit:read"
    TASKS_READ = "tasks:read"
    TASKS_DECIDE = "tasks:decide"
    PEOPLE_READ = "people:read"
    PEOPLE_PROVISION = "people:provision"
    WEBHOOKS_MANAGE = "webhooks:manage"


SENTENCES: dict[Scope, str] = {
    Scope.APPROVALS_READ: msgid("Read approval requests and their status."),
    Scope.APPROVALS_WRITE: msgid("Ask for approvals, comment on them, withdraw and cancel them."),
    Scope.AUDIT_READ: msgid("Read the audit events of a request."),
    Scope.TASKS_READ: msgid("Read the tasks that wait for its owner."),
    Scope.TASKS_DECIDE: msgid("Decide tasks, where the request type allows it."),
    Scope.PEOPLE_READ: msgid("Look up people and request types."),
    Scope.PEOPLE_PROVISION: msgid(
        "Add, change and deactivate people and groups, for an identity provider (SCIM)."
    ),
    Scope.WEBHOOKS_MANAGE: msgid("Set up webhooks for what it may see, and deliver again."),
}

# What the owner of a personal token has to be allowed for the scope to count, asked anew each time.
# A scope that is not here is for services only.
NEEDS: dict[Scope, Permission] = {
    Scope.APPROVALS_READ: Permission.READ_INVOLVED,
    Scope.APPROVALS_WRITE: Permission.SUBMIT,
    Scope.AUDIT_READ: Permission.READ_INVOLVED,
    Scope.TASKS_READ: Permission.DECIDE_OWN_TASKS,
    Scope.TASKS_DECIDE: Permission.DECIDE_OWN_TASKS,
    Scope.PEOPLE_READ: Permission.READ_INVOLVED,
    Scope.WEBHOOKS_MANAGE: Permission.ADMINISTER,
}
# A service is no person: nothing is ever asked of it.
OF_SERVICES = frozenset(Scope) - {Scope.TASKS_READ, Scope.TASKS_DECIDE}

_MARKS = {TokenKind.PERSONAL: "pat", TokenKind.SERVICE: "svc"}
_SHAPE = re.compile(
    rf"[a-z][a-z0-9]{{1,15}}_(?:pat|svc)_[{LETTERS}]{{{RANDOM}}}[{LETTERS}]{{{CHECKED}}}", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class TokenWish:
    """What a token shall be. `days`: until it expires. `modules` empty: of every module. `prefix`:
    how its secret begins."""

    name: str
    scopes: frozenset[Scope]
    days: int = USUAL_DAYS
    modules: tuple[str, ...] = ()
    prefix: str = PREFIX


def secret_of(kind: TokenKind, drawn: Iterable[str], prefix: str = PREFIX) -> str:
    """The secret of that kind with the letters that were drawn: `RANDOM` of `LETTERS`."""
    start = f"{prefix}_{_MARKS[kind]}_" + "".join(drawn)
    return start + checksum(start)


def checksum(text: str) -> str:
    """The CRC-32 of the text, as six letters and digits."""
    number, letters = zlib.crc32(text.encode()), ""
    for _ in range(CHECKED):
        number, rest = divmod(number, len(LETTERS))
        letters = LETTERS[rest] + letters
    return letters


def is_whole(secret: str) -> bool:
    """Whether it is written like one of ours and its checksum fits."""
    if not _SHAPE.fullmatch(secret):
        return False
    return secret[-CHECKED:] == checksum(secret[:-CHECKED])


def offered(kind: TokenKind, permissions: Collection[Permission] = ()) -> tuple[Scope, ...]:
    """The scopes that a token of that kind can have, for an owner of these permissions."""
    if kind is TokenKind.SERVICE:
        return tuple(scope for scope in Scope if scope in OF_SERVICES)
    return tuple(scope for scope in Scope if NEEDS.get(scope) in permissions)
