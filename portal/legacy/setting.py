"""What mapping an instance has to know beside its rows: the time, the options, the people."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from portal.domain.policy.policy import Policy
from portal.domain.request.state import Approval
from portal.legacy.choices import PersonsChoice
from portal.legacy.engine import SYSTEM_NAMES, Definition, person_in
from portal.legacy.people import OldDirectory, StepApprovers
from portal.legacy.values import new_key

SYSTEM = "system"
NOBODY = "(unknown)"
"""The profile id of the placeholder that stands for somebody of whom nothing at all is known."""


def nameless(profile: str) -> str:
    """What somebody without a profile is called."""
    return "Somebody unknown" if profile == NOBODY else f"Former user {profile}"


class RejectedRunning(StrEnum):
    """What becomes of a request that was rejected and that the old engine let run on."""

    HOLD = "hold"
    CLOSE = "close"


@dataclass(frozen=True)
class OperatorAnswer:
    """A person's answers to why an instance cannot move by itself; `by`: who that person is.

    `people`: profile ids of those chosen, the members of a chosen group among them.
    """

    choice: PersonsChoice
    people: tuple[str, ...] = ()
    by: str = "An administrator"


@dataclass(frozen=True)
class NewType:
    """The request type of a definition, as it will be."""

    id: str
    code: str
    name: str
    prefix: str


@dataclass(frozen=True)
class GivenBackBefore:
    """What is recorded of a request that was given back to the old engine and comes again.

    `known`: the old rows (table and id) that are in its record already.
    """

    state: Approval
    known: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Setting:
    """One run's knowledge. `accounts`: user ids by profile id; `names` by user id.

    `before`, by instance: what is recorded of it already. `seen`: profile ids that appeared in
    what was mapped, so that their accounts are made. `asked` and `policies` keep
    whom a definition's steps ask, and its route, so that they are worked out once;
    `definition_people` are the profiles of these routes.
    """

    now: datetime
    directory: OldDirectory
    grace: timedelta = timedelta(hours=24)
    rejected_running: RejectedRunning = RejectedRunning.HOLD
    accounts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    types: dict[str, NewType] = field(default_factory=dict)
    choices: dict[str, OperatorAnswer] = field(default_factory=dict)
    before: dict[str, GivenBackBefore] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    asked: dict[tuple[str, int, str], StepApprovers] = field(default_factory=dict)
    policies: dict[str, tuple[Policy, str]] = field(default_factory=dict)
    definition_people: dict[str, set[str]] = field(default_factory=dict)

    def user(self, profile: str) -> str:
        """The user id of a profile, which will have an account."""
        self.seen.add(profile)
        id_ = self.accounts.get(profile)
        if id_ is None:
            id_ = self.accounts[profile] = new_key(profile)
        if id_ not in self.names:
            known = profile in self.directory.profiles
            self.names[id_] = self.directory.name(profile) if known else nameless(profile)
        return id_

    def actor(self, value: Any) -> str:
        """Who did something, for an event: a user id, or the system."""
        if isinstance(value, str) and value in SYSTEM_NAMES:
            return SYSTEM
        profile = person_in(value)
        return SYSTEM if profile is None else self.user(profile)

    def requester(self, profile: str | None) -> str:
        """The user id of who asked; somebody unknown where the old engine does not say."""
        return self.user(profile or NOBODY)

    def type_of(self, definition: Definition) -> NewType:
        """The request type made of a definition."""
        return self.types[definition.id]
