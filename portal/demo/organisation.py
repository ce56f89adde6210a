"""The people of the demonstration, as `data/organisation.toml` has them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.domain.codec import decode
from portal.domain.notices.preferences import DeliveryMode

DATA = Path(__file__).parent / "data"


def read(name: str) -> dict[str, Any]:
    """One of the demonstration's data files."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class DemoDepartment:
    """A department; its code is also the cost centre. `head` is the key of a person."""

    code: str
    name: str
    head: str
    school: str | None = None


@dataclass(frozen=True)
class DemoCalendar:
    """The working time of a place."""

    name: str
    time_zone: str
    country: str
    subdivision: str
    hours: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DemoPerson:
    """A person; `manager` is another person's key, `account` their part in the demo.

    `calendar`: of their own place, where that is not what they are asked goes by.
    """

    key: str
    name: str
    job_title: str
    department: str | None = None
    manager: str | None = None
    roles: tuple[str, ...] = ("member",)
    account: str | None = None
    calendar: str | None = None

    @property
    def email(self) -> str:
        """The key as a mail address of the demonstration's domain."""
        return f"{self.key}@{_FILE['mail_domain']}"


@dataclass(frozen=True)
class DemoGroup:
    """A group, with the keys of its members."""

    code: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class DemoDigest:
    """Of what somebody hears only once a day or hour, as codes of topics."""

    person: str
    mode: DeliveryMode
    topics: tuple[str, ...]


_FILE = read("organisation")
CALENDARS = tuple(decode(DemoCalendar, each) for each in _FILE["calendars"])
DEPARTMENTS = tuple(decode(DemoDepartment, each) for each in _FILE["departments"])
PEOPLE = tuple(decode(DemoPerson, each) for each in _FILE["people"])
GROUPS = tuple(decode(DemoGroup, each) for each in _FILE["groups"])
DIGESTS = tuple(decode(DemoDigest, each) for each in _FILE["digests"])
SCHOOLS = CALENDARS[0]
"""Everybody's calendar who has no other."""
