"""What people may do, with a sentence each, and the one table of who may do it."""

from enum import StrEnum


class Role(StrEnum):
    """A person's standing in the portal. Everybody active is a member."""

    MEMBER = "member"
    AUDITOR = "auditor"
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
    Permission.ADMINISTER: "See what needs attention, and the state of the system.",
}

_MEMBER = frozenset({Permission.SUBMIT, Permission.DECIDE_OWN_TASKS, Permission.READ_INVOLVED})
_READER = frozenset({Permission.READ_INVOLVED, Permission.READ_ALL, Permission.READ_AUDIT})

# An auditor reads everything and changes nothing; an admin never decides what is not theirs.
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: _MEMBER,
    Role.AUDITOR: _READER,
    Role.ADMIN: _MEMBER
    | _READER
    | {
        Permission.HOLD,
        Permission.CANCEL,
        Permission.REASSIGN,
        Permission.OVERRIDE,
        Permission.MOVE_POLICY,
        Permission.ADMINISTER,
    },
}


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything these roles allow. An auditor's ban on changes wins over the member's rights."""
    if Role.AUDITOR in roles:
        return GRANTS[Role.AUDITOR]
    granted = GRANTS[Role.MEMBER]
    for role in roles:
        granted |= GRANTS[role]
    return granted
