"""A snapshot of people, groups and managers, as far as one routing needs it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone who may be asked. Inactive people are kept so that "left out" can name them."""

    id: str
    name: str
    manager_id: str | None = None
    department_id: str | None = None
    is_active: bool = True


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group's code, name and member ids, in a stable order."""

    code: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Department:
    """A department's id, code, name and head (None = vacant)."""

    id: str
    code: str
    name: str
    head_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Directory:
    """People by id, groups and departments by code, holders of a role by the role's code."""

    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
