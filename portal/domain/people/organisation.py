"""Departments and groups: their codes, and lines that must not close to a circle."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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


class OrganisationPart(StrEnum):
    """What of the organisation itself is changed on one page, in the order of the list."""

    NAME = "name"
    COLOUR = "colour"
    DEFAULTS = "defaults"
    MAIL = "mail"
    LANGUAGES = "languages"
    RETENTION = "retention"


SETTINGS: dict[OrganisationPart, tuple[str, ...]] = {
    OrganisationPart.NAME: ("name",),
    OrganisationPart.COLOUR: ("accent",),
    OrganisationPart.DEFAULTS: ("currency", "calendar_id", "time_zone", "locale"),
    OrganisationPart.MAIL: ("sender_name", "mail_footer"),
    OrganisationPart.LANGUAGES: ("translations",),
    OrganisationPart.RETENTION: (
        "drafts_days",
        "sessions_days",
        "notifications_days",
        "former_days",
    ),
}
"""The columns that each part sets."""


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
        seen: set[str] = set()
        at: str | None = start
        while at is not None and at not in settled and at not in seen:
            path.append(at)
            seen.add(at)
            at = above.get(at)
        if at is not None and at in seen:
            circle = path[path.index(at) :]
            least = circle.index(min(circle))
            found.append((*circle[least:], *circle[:least]))
        settled.update(path)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Branch:
    """Somebody with those who report to them. `below`: how many stand under them in all; `reports`
    is empty where the chart ends above them."""

    id: str
    below: int
    reports: tuple["Branch", ...] = ()


def chart(
    above: Mapping[str, str | None], levels: int, top: str | None = None
) -> tuple[Branch, ...]:
    """So many levels of who reports to whom, under `top`, else under everybody who reports to
    nobody that is named. Whoever stands in a circle, or under one, is not in it."""
    reports: dict[str | None, list[str]] = {}
    for person, manager in above.items():
        reports.setdefault(manager if manager in above else None, []).append(person)
    order = list(reports.get(None, ()))
    for person in order:  # grows while it is walked: those below come after those above
        order.extend(reports.get(person, ()))
    below: dict[str, int] = {}
    for person in reversed(order):
        below[person] = sum(1 + below[each] for each in reports.get(person, ()))

    def branch(person: str, left: int) -> Branch:
        own = reports.get(person, ()) if left > 1 else ()
        return Branch(person, below[person], tuple(branch(each, left - 1) for each in own))

    tops = reports.get(None, []) if top is None else [top]
    return tuple(branch(each, levels) for each in tops if each in below)
