"""What people may do, with a sentence each, and the one table of who may do it."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """A person's standing in the portal. Everybody active is a member."""

    MEMBER = "member"
    AUDITOR = "auditor"
    PEOPLE_ADMIN = "people_admin"
    TYPE_EDITOR = "type_editor"
    TYPE_PUBLISHER = "type_publisher"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing a person may do; the value is its code in logs and tests."""

    SUBMIT = "submit"
    DECIDE_OWN_TASKS = "decide_own_tasks"
    READ_INVOLVED = "read_involved"
    READ_ALL = "read_all"
    READ_AUDIT = "read_audit"
    HOLD = "hold"
    CANCEL = "cancel"
    REASSIGN = "reassign"
    OVERRIDE = "override"
    MOVE_POLICY = "move_policy"
    MANAGE_PEOPLE = "manage_people"
    EDIT_TYPES = "edit_types"
    PUBLISH_TYPES = "publish_types"
    ADMINISTER = "administer"


SENTENCES: dict[Permission, str] = {
    Permission.SUBMIT: "Ask for an approval.",
    Permission.DECIDE_OWN_TASKS: "Decide tasks that were given to them.",
    Permission.READ_INVOLVED: "Read requests they made, were named in, or were asked about.",
    Permission.READ_ALL: "Read every request.",
    Permission.READ_AUDIT: "Read every request's audit events.",
    Permission.HOLD: "Put an open request on hold and resume it.",
    Permission.CANCEL: "Cancel an open request, with a reason.",
    Permission.REASSIGN: "Give somebody's task to someone else, with a reason.",
    Permission.OVERRIDE: "Decide in place of those who are asked, with a reason and a password.",
    Permission.MOVE_POLICY: "Move open requests to a newer version of their policy.",
    Permission.MANAGE_PEOPLE: "Add people, and change their records, managers and groups.",
    Permission.EDIT_TYPES: "Draft new versions of request types: forms and routes.",
    Permission.PUBLISH_TYPES: "Approve, publish and retire request types; say who sees all of one.",
    Permission.ADMINISTER: "See what needs attention, and the state of the system.",
}

_MEMBER = frozenset({Permission.SUBMIT, Permission.DECIDE_OWN_TASKS, Permission.READ_INVOLVED})
_READER = frozenset({Permission.READ_INVOLVED, Permission.READ_ALL, Permission.READ_AUDIT})

# An auditor reads everything and changes nothing; an admin never decides what is not theirs.
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: _MEMBER,
    Role.AUDITOR: _READER,
    Role.PEOPLE_ADMIN: _MEMBER | {Permission.MANAGE_PEOPLE},
    Role.TYPE_EDITOR: _MEMBER | {Permission.EDIT_TYPES},
    Role.TYPE_PUBLISHER: _MEMBER | {Permission.EDIT_TYPES, Permission.PUBLISH_TYPES},
    Role.ADMIN: _MEMBER
    | _READER
    | {
        Permission.HOLD,
        Permission.CANCEL,
        Permission.REASSIGN,
        Permission.OVERRIDE,
        Permission.MOVE_POLICY,
        Permission.MANAGE_PEOPLE,
        Permission.EDIT_TYPES,
        Permission.PUBLISH_TYPES,
        Permission.ADMINISTER,
    },
}


def roles_in(names: Iterable[str]) -> frozenset[Role]:
    """The roles that the portal knows among these names."""
    held = set(names)
    return frozenset(role for role in Role if role.value in held)


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything these roles allow. An auditor's ban on changes wins over the member's rights."""
    if Role.AUDITOR in roles:
        return GRANTS[Role.AUDITOR]
    granted = GRANTS[Role.MEMBER]
    for role in roles:
        granted |= GRANTS[role]
    return granted


def may_change(actor: frozenset[Role], person: frozenset[Role], *, roles: bool = False) -> bool:
    """Whether somebody with the roles `actor` may change a person with those of `person`; `roles`:
    also which roles they have.

    Whoever keeps people without being an administrator changes nobody who may do more, and gives no
    role: by the address of an administrator or auditor, or a role of their own, they would be one.
    """
    granted = permissions_of(actor)
    if Permission.MANAGE_PEOPLE not in granted:
        return False
    return Permission.ADMINISTER in granted or (not roles and permissions_of(person) <= granted)
