"""Those who are asked about a request: what was sent to them, when they are away, and what the
directory says now of the groups and managers by which they came.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from portal.domain.people.directory import Absence
from portal.domain.policy.policy import RuleKind
from portal.domain.routing.plan import RoutingEvidence
from portal.extensions import db

NOTICES = 20
ABSENCES = 200
MEMBERS = 200

TOLD = text("""
SELECT n.task_id::text, n.kind, n.created_at, n.read_at, n.handed_at IS NOT NULL AS is_handed,
    n.hidden, m.channel, m.status, m.digest, m.due_at, m.sent_at, m.last_error,
    m.batch_id IS NOT NULL AS is_taken
FROM unnest(CAST(:people AS uuid[]), CAST(:tasks AS uuid[])) AS asked(person, task)
CROSS JOIN LATERAL (
    SELECT * FROM portal.notifications n
    WHERE n.user_id = asked.person AND n.request_id = CAST(:request AS uuid)
        AND n.task_id = asked.task
    ORDER BY n.seq DESC LIMIT :most
) n
LEFT JOIN portal.messages m ON m.notification_id = n.id
ORDER BY n.seq DESC, m.channel
""")
AWAY = text("""
SELECT d.id::text, d.delegator_id::text, d.delegate_id::text, u.name AS delegate,
    u.is_active AS can_act, d.starts_at, d.ends_at, d.type_codes, d.max_amount, d.currency
FROM unnest(CAST(:people AS uuid[])) AS asked(person)
JOIN portal.delegations d ON d.delegator_id = asked.person
    AND d.ends_at > :since AND d.revoked_at IS NULL
JOIN portal.users u ON u.id = d.delegate_id
ORDER BY d.starts_at, d.id LIMIT :most
""")
# For each rule's kind and code: whom it means now, and since when where that is known. Each group
# and role has a bound of its own: a large one must not make others look as if people were missing.
MEANT_NOW = text("""
SELECT 'group' AS kind, g.code, member.id::text, member.name, member.added_at AS since
    FROM portal.groups g CROSS JOIN LATERAL (
        SELECT u.id, u.name, m.added_at
        FROM portal.group_members m JOIN portal.users u ON u.id = m.user_id
        WHERE m.group_id = g.id ORDER BY u.name, u.id LIMIT :most
    ) member WHERE g.code = ANY(:groups)
UNION ALL
SELECT 'role', role, holder.id::text, holder.name, NULL
    FROM unnest(CAST(:roles AS text[])) AS role CROSS JOIN LATERAL (
        SELECT u.id, u.name FROM portal.users u
        WHERE u.roles @> ARRAY[role] ORDER BY u.name, u.id LIMIT :most
    ) holder
UNION ALL
SELECT 'department_head', d.code, u.id::text, u.name, NULL
    FROM portal.departments d JOIN portal.users u ON u.id = d.head_id
    WHERE d.code = ANY(:departments)
UNION ALL
SELECT 'manager', below.id::text, u.id::text, u.name, NULL
    FROM portal.users below JOIN portal.users u ON u.id = below.manager_id
    WHERE below.id = ANY(CAST(:chain AS uuid[]))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice about a task to whom it is with, and how it left the portal by one channel (None:
    by none). `hidden`: by their choice not in the portal. `status`: of the message there, `digest`:
    with which it goes, `is_taken`: it was on its way; `error`: why it was dropped or not taken."""

    kind: str
    at: datetime
    read_at: datetime | None
    is_handed: bool
    hidden: bool
    channel: str | None
    status: str | None
    digest: str | None
    is_taken: bool
    due_at: datetime | None
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """An absence on or to come, and its delegate's name; `can_act`: whether they are active."""

    absence: Absence
    delegate: str
    can_act: bool


@dataclass(frozen=True, slots=True)
class Meant:
    """Somebody whom a rule means now; `since` if it is known."""

    id: str
    name: str
    since: datetime | None


@dataclass(frozen=True)
class MeantNow:
    """By kind and code of a rule (for managers: the id of the person below): whom it means."""

    people: Mapping[tuple[str, str], tuple[Meant, ...]] = field(default_factory=dict)

    def of(self, kind: RuleKind, code: str) -> tuple[Meant, ...]:
        """Those people; none where the group, department or manager is not there any more."""
        return self.people.get((kind.value, code), ())


def told(request_id: str, people: Sequence[tuple[str, str]]) -> dict[str, list[Told]]:
    """By task, the newest first: what each person, given with their task, was told of it."""
    if not people:
        return {}
    rows = db.session.execute(
        TOLD,
        {
            "request": request_id,
            "people": [person for person, _ in people],
            "tasks": [task for _, task in people],
            "most": NOTICES,
        },
    )
    found: dict[str, list[Told]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append(
            Told(
                kind=row.kind, at=row.created_at, read_at=row.read_at, is_handed=row.is_handed,
                channel=row.channel, status=row.status, due_at=row.due_at, sent_at=row.sent_at,
                error=row.last_error, hidden=row.hidden, digest=row.digest, is_taken=row.is_taken,
            )
        )  # fmt: skip
    return found


def absences(people: Iterable[str], since: datetime) -> dict[str, list[Away]]:
    """By person: the absences that end after `since`, in order."""
    wanted = sorted(set(people))
    if not wanted:
        return {}
    found: dict[str, list[Away]] = {}
    for row in db.session.execute(AWAY, {"people": wanted, "since": since, "most": ABSENCES}):
        absence = Absence(
            id=row.id, delegator_id=row.delegator_id, delegate_id=row.delegate_id,
            starts_at=row.starts_at, ends_at=row.ends_at, max_amount=row.max_amount,
            type_codes=None if row.type_codes is None else tuple(row.type_codes),
            currency=row.currency,
        )  # fmt: skip
        away = Away(absence=absence, delegate=row.delegate, can_act=row.can_act)
        found.setdefault(row.delegator_id, []).append(away)
    return found


def meant_now(kept: Iterable[RoutingEvidence]) -> MeantNow:
    """Whom the rules mean today, to compare with what was kept."""
    codes: dict[RuleKind, list[str]] = {kind: [] for kind in RuleKind}
    for each in kept:
        is_chain = each.kind is RuleKind.MANAGER
        codes[each.kind] += [known.id for known in each.people[:-1]] if is_chain else [each.code]
    asked = {
        "groups": codes[RuleKind.GROUP],
        "roles": codes[RuleKind.ROLE],
        "departments": codes[RuleKind.DEPARTMENT_HEAD],
        "chain": codes[RuleKind.MANAGER],
    }
    if not any(asked.values()):
        return MeantNow()
    found: dict[tuple[str, str], tuple[Meant, ...]] = {}
    for row in db.session.execute(MEANT_NOW, {**asked, "most": MEMBERS}):
        key = (row.kind, row.code)
        found[key] = (*found.get(key, ()), Meant(row.id, row.name, row.since))
    return MeantNow(found)
