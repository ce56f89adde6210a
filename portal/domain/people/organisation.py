"""Departments and groups: their codes, and lines that must not close to a circle."""

import re
from collections.abc import Mapping
from enum import StrEnum

from portal.domain.marked import msgid

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
CODE_RULE = msgid("Use 1 to 40 letters, digits, dots, hyphens or underscores, such as FIN-2.")
NAME_LIMIT = 120
PURPOSE_LIMIT = 500


class UnitKind(StrEnum):
    """What people belong to."""

    DEPARTMENT = "department"
    GROUP = "group"


class UnitChangeKind(StrEnum):
    """A change to a department or group, as `portal.organisation_changes` keeps it."""

    ADDED = "added"
    CHANGED = "changed"


def is_code(text: str) -> bool:
    """Whether rules and files may name something by this text."""
    return CODE.fullmatch(text) is not None


def circles(above: Mapping[str, str | None]) -> tuple[tuple[str, ...], ...]:
    """Every circle in a line such as that of managers: each once, beginning with its least name.

    `above` says who stands directly above whom; nobody stands above those it does not name.
    """
    found: list[tuple[str, ...]] = []
    settled: set[str] = set()
    for start in above:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in settled and at not in path:
            path.append(at)
            at = above.get(at)
        if at is not None and at in path:
            circle = path[path.index(at) :]
            least = circle.index(min(circle))
            found.append((*circle[least:], *circle[:least]))
        settled.update(path)
    return tuple(sorted(found))
