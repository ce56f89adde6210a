"""A snapshot of people, groups and managers, as far as one routing needs it."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.time.working_time import Calendar


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone who may be asked. Inactive people are kept so that "left out" can name them.

    `calendar_id`: the calendar of their place, where they have one of their own. `is_auditor`: they
    may read everything and decide nothing.
    """

    id: str
    name: str
    manager_id: str | None = None
    department_id: str | None = None
    is_active: bool = True
    is_auditor: bool = False
    calendar_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group's code, name and member ids, in a stable order."""

    code: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Department:
    """A department's id, code, name, head (None = vacant), and the department that it is part of,
    where that was asked for."""

    id: str
    code: str
    name: str
    head_id: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Relation:
    """How a person stands to those who have tasks of a stage (to any of them).

    `is_above`: among their managers. `is_as_high`: no more managers are above than above them.
    """

    is_above: bool = False
    shares_group: bool = False
    shares_role: bool = False
    is_as_high: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What rules can know of a person: their groups and roles, the departments that they head (by
    code), and whether anybody active reports to them."""

    person_id: str
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    has_reports: bool = False


@dataclass(frozen=True, kw_only=True)
class Absence:
    """An absence: `delegate_id` acts for `delegator_id` from `starts_at` (None: in force already)
    until `ends_at`.

    `type_codes`: for these types of request only, None = all. `max_amount`: up to so many minor
    units of `currency`. `zone`: the delegator's time zone, for words. `relation`: how the delegate
    stands to the delegator.
    """

    id: str
    delegator_id: str
    delegate_id: str
    ends_at: datetime
    type_codes: tuple[str, ...] | None = None
    max_amount: int | None = None
    currency: str | None = None
    zone: str = "UTC"
    starts_at: datetime | None = None
    relation: Relation = Relation()


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Where people work: the name of its calendar, and its working time."""

    name: str
    calendar: Calendar


@dataclass(frozen=True, kw_only=True)
class Directory:
    """People by id, groups and departments by code, holders of a role by the role's code, the
    absences in force by who is away, and people's places by the id of their calendar."""

    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absences: dict[str, tuple[Absence, ...]] = field(default_factory=dict)
    calendars: dict[str, Workplace] = field(default_factory=dict)

    def places(self) -> dict[str, Workplace]:
        """The place of each person who has one of their own."""
        return {
            person.id: self.calendars[person.calendar_id]
            for person in self.people.values()
            if person.calendar_id in self.calendars
        }


@dataclass(frozen=True, slots=True)
class OnNow:
    """An absence that is on: the other person's name, and until when."""

    name: str
    until: datetime
