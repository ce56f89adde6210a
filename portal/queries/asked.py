"""Those who are asked about a request: when they are away, and what the directory says now of the
groups and managers by which they came; one statement for both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import text

from portal.domain.people.directory import Absence
from portal.domain.policy.policy import RuleKind
from portal.domain.routing.plan import RoutingEvidence
from portal.extensions import db
from portal.models.validity import as_it_stood

NOTICES = 20
ABSENCES = 200
MEMBERS = 200

# Raw: lateral joins over arrays, both lists in one trip as JSON.
AWAY = """
SELECT d.id::text, d.delegator_id::text, d.delegate_id::text, u.name AS delegate,
    u.is_active AS can_act, d.starts_at, d.ends_at, d.type_codes, d.max_amount, d.currency
FROM unnest(CAST(:people AS uuid[])) AS asked(person)
JOIN portal.delegations d ON d.delegator_id = asked.person
    AND d.ends_at > :since AND d.revoked_at IS NULL
JOIN portal.users u ON u.id = d.delegate_id
ORDER BY d.starts_at, d.id LIMIT :absences
"""
# For each rule's kind and code: whom it means now. Each group
# and role has a bound of its own: a large one must not make others look as if people were missing.
MEANT_NOW = """
SELECT 'group' AS kind, g.code, member.id::text, member.name
    FROM portal.groups g CROSS JOIN LATERAL (
        SELECT u.id, u.name
        FROM portal.group_members m JOIN portal.users u ON u.id = m.user_id
        WHERE m.group_id = g.id ORDER BY u.name, u.id LIMIT :most
    ) member WHERE g.code = ANY(:groups)
UNION ALL
SELECT 'role', role, holder.id::text, holder.name
    FROM unnest(CAST(:roles AS text[])) AS role CROSS JOIN LATERAL (
        SELECT u.id, u.name FROM portal.users u
        WHERE u.roles @> ARRAY[role] ORDER BY u.name, u.id LIMIT :most
    ) holder
UNION ALL
SELECT 'department_head', d.code, u.id::text, u.name
    FROM portal.departments d JOIN portal.users u ON u.id = d.head_id
    WHERE d.code = ANY(:departments)
UNION ALL
SELECT 'manager', below.id::text, u.id::text, u.name
    FROM portal.users below JOIN portal.users u ON u.id = below.manager_id
    WHERE below.id = ANY(CAST(:chain AS uuid[]))
"""
BOTH = f"""
SELECT json_build_object(
    'away', COALESCE((SELECT json_agg(a) FROM ({AWAY}) a), '[]'),
    'meant', COALESCE((SELECT json_agg(m) FROM ({MEANT_NOW}) m), '[]')
)::text
"""  # noqa: S608 - put together from our own texts
NOW, THEN = text(BOTH), text(as_it_stood(BOTH))


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
    """Somebody whom a rule means now."""

    id: str
    name: str


@dataclass(frozen=True)
class DirectoryNow:
    """`away`: absences by person; `meant`: whom a rule means, by its kind and code (for managers:
    the id of the person below)."""

    away: dict[str, list[Away]] = field(default_factory=dict)
    meant: dict[tuple[str, str], list[Meant]] = field(default_factory=dict)

    def of(self, kind: RuleKind, code: str) -> Sequence[Meant]:
        """Those people; none where the group, department or manager is not there any more."""
        return self.meant.get((kind.value, code), ())


@dataclass(frozen=True, kw_only=True)
class _AwayRow:
    id: str
    delegator_id: str
    delegate_id: str
    delegate: str
    can_act: bool
    starts_at: datetime
    ends_at: datetime
    type_codes: tuple[str, ...] | None
    max_amount: int | None
    currency: str | None


@dataclass(frozen=True, kw_only=True)
class _MeantRow:
    kind: str
    code: str
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class _AskedRows:
    away: tuple[_AwayRow, ...]
    meant: tuple[_MeantRow, ...]


_ROWS = msgspec.json.Decoder(_AskedRows)


def absences(people: Iterable[str], since: datetime) -> dict[str, list[Away]]:
    """By person: the absences that end after `since`, in order."""
    return directory_now(people, since).away


def directory_now(
    people: Iterable[str],
    since: datetime,
    kept: Iterable[RoutingEvidence] = (),
    at: datetime | None = None,
) -> DirectoryNow:
    """Absences of these people that end after `since`, and whom the rules of `kept` mean today; or
    both as they stood at a moment."""
    codes: dict[RuleKind, list[str]] = {kind: [] for kind in RuleKind}
    for each in kept:
        is_chain = each.kind is RuleKind.MANAGER
        codes[each.kind] += [known.id for known in each.people[:-1]] if is_chain else [each.code]
    values = {
        "people": sorted(set(people)), "since": since, "absences": ABSENCES, "most": MEMBERS,
        "groups": codes[RuleKind.GROUP], "roles": codes[RuleKind.ROLE],
        "departments": codes[RuleKind.DEPARTMENT_HEAD], "chain": codes[RuleKind.MANAGER],
    }  # fmt: skip
    found = DirectoryNow()
    if not any(values[name] for name in ("people", "groups", "roles", "departments", "chain")):
        return found
    statement = NOW if at is None else THEN
    if at is not None:
        values["at"] = at
    rows = _ROWS.decode(db.session.execute(statement, values).scalar_one())
    for row in rows.away:
        absence = Absence(
            id=row.id, delegator_id=row.delegator_id, delegate_id=row.delegate_id,
            starts_at=row.starts_at, ends_at=row.ends_at, max_amount=row.max_amount,
            type_codes=row.type_codes, currency=row.currency,
        )  # fmt: skip
        away = Away(absence=absence, delegate=row.delegate, can_act=row.can_act)
        found.away.setdefault(row.delegator_id, []).append(away)
    for one in rows.meant:
        found.meant.setdefault((one.kind, one.code), []).append(Meant(one.id, one.name))
    return found
