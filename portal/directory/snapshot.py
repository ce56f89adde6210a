"""A snapshot of the directory for one routing: only what its rules can ask for, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from portal.directory.calendars import calendar_in
from portal.domain.codec import decode
from portal.domain.people.directory import Absence, Department, Directory, Group, Person, Workplace
from portal.domain.policy.policy import ApproverRule, RuleKind, Stage
from portal.domain.routing.approvers import code_of
from portal.domain.routing.plan import RouteQuestion

# One statement, since trips to the server are what a routing costs. UNION drops repeated rows: a
# circle of managers ends by itself. That a delegate is away too is seen by their own absence.
SNAPSHOT = text("""
WITH RECURSIVE above(id) AS (
    SELECT CAST(:requester AS uuid)
    UNION
    SELECT u.manager_id FROM above JOIN portal.users u ON u.id = above.id
    WHERE :managers AND u.manager_id IS NOT NULL
), some_groups AS (
    SELECT g.code, g.name,
        COALESCE(jsonb_agg(u.id ORDER BY u.name, u.id) FILTER (WHERE u.id IS NOT NULL), '[]')
            AS members
    FROM portal.groups g
    LEFT JOIN portal.group_members m ON m.group_id = g.id
    LEFT JOIN portal.users u ON u.id = m.user_id
    WHERE g.code = ANY(:groups) GROUP BY g.code, g.name
), some_departments AS (
    SELECT id, code, name, head_id FROM portal.departments
    WHERE code = ANY(:departments) OR (:own AND id = (
        SELECT department_id FROM portal.users WHERE id = CAST(:requester AS uuid)))
), wanted AS (
    SELECT id FROM above
    UNION SELECT unnest(CAST(:people AS uuid[]))
    UNION SELECT CAST(jsonb_array_elements_text(members) AS uuid) FROM some_groups
    UNION SELECT head_id FROM some_departments
    UNION SELECT id FROM portal.users WHERE :by_role AND roles && :roles
), away AS (
    SELECT d.* FROM wanted JOIN portal.delegations d ON d.delegator_id = wanted.id
    WHERE d.ends_at > now() AND d.starts_at <= now() AND d.revoked_at IS NULL
), some_absences AS (
    SELECT d.id, d.delegator_id, d.delegate_id, d.ends_at, d.type_codes, d.max_amount, d.currency,
        u.time_zone AS zone
    FROM (
        TABLE away
        UNION
        SELECT d.* FROM away JOIN portal.delegations d ON d.delegator_id = away.delegate_id
        WHERE d.ends_at > now() AND d.starts_at <= now() AND d.revoked_at IS NULL
    ) d JOIN portal.users u ON u.id = d.delegator_id
), some_people AS (
    SELECT u.id, u.name, u.manager_id, u.department_id, u.is_active, u.roles,
        u.roles @> '{auditor}' AS is_auditor,
        CASE WHEN :places THEN u.calendar_id END AS calendar_id
    FROM (TABLE wanted UNION SELECT delegate_id FROM away) asked
    JOIN portal.users u ON u.id = asked.id
)
SELECT
    (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.name, p.id) FROM some_people p) AS people,
    (SELECT jsonb_agg(to_jsonb(g) ORDER BY g.code) FROM some_groups g) AS groups,
    (SELECT jsonb_agg(to_jsonb(d) ORDER BY d.code) FROM some_departments d) AS departments,
    (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.id) FROM some_absences a) AS absences,
    (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id) FROM portal.calendars c
        WHERE :places AND c.id IN (SELECT calendar_id FROM some_people)) AS calendars
""")


@dataclass
class Needs:
    """What the rules of some stages can ask the directory for.

    `places_in`: the year from which on the calendars of people's places are wanted, if they are.
    """

    groups: set[str] = field(default_factory=set)
    departments: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    managers: bool = False
    own_department: bool = False
    places_in: int | None = None


def needs_of(rules: Iterable[ApproverRule], question: RouteQuestion) -> Needs:
    """Everything these rules can ask for, and the people whose names may be said."""
    needs = Needs()
    needs.people |= {question.requester_id, *question.deciders, *question.asked}
    needs.people |= {person for each in question.earlier for person in each.deciders}
    if question.on_behalf_of is not None:
        needs.people.add(question.on_behalf_of)
    for rule in rules:
        _add(needs, rule, question)
    return needs


def rules_of(stages: Iterable[Stage], fallback: Iterable[ApproverRule]) -> list[ApproverRule]:
    """Every rule of these stages: approvers, fallbacks, targets of escalations."""
    rules = list(fallback)
    for stage in stages:
        rules += [*stage.rules, *stage.fallback]
        rules += [rule for level in stage.escalate for rule in level.to]
    return rules


def snapshot(connection: Connection, needs: Needs, requester_id: str) -> Directory:
    """Read the directory. Ids that are no ids find nobody."""
    parameters = {
        "requester": requester_id,
        "managers": needs.managers,
        "groups": sorted(needs.groups),
        "departments": sorted(needs.departments),
        "own": needs.own_department,
        "people": sorted(person for person in needs.people if _is_id(person)),
        "by_role": bool(needs.roles),
        "roles": sorted(needs.roles),
        "places": needs.places_in is not None,
    }
    row = connection.execute(SNAPSHOT, parameters).one()
    people, groups, departments = row.people or [], row.groups or [], row.departments or []
    return Directory(
        people={each["id"]: decode(Person, each) for each in people},
        groups={each["code"]: decode(Group, each) for each in groups},
        departments={each["code"]: decode(Department, each) for each in departments},
        roles={
            role: tuple(each["id"] for each in people if role in each["roles"])
            for role in needs.roles
        },
        absences=_by_delegator(row.absences or []),
        calendars=_places(row.calendars or [], needs.places_in),
    )


def _places(rows: Iterable[Any], year: int | None) -> dict[str, Workplace]:
    if year is None:
        return {}
    return {row["id"]: Workplace(name=row["name"], calendar=calendar_in(row, year)) for row in rows}


def _by_delegator(rows: Iterable[Any]) -> dict[str, tuple[Absence, ...]]:
    absences: dict[str, tuple[Absence, ...]] = {}
    for row in rows:
        absence = decode(Absence, row)
        known = absences.get(absence.delegator_id, ())
        absences[absence.delegator_id] = (*known, absence)
    return absences


def _add(needs: Needs, rule: ApproverRule, question: RouteQuestion) -> None:
    code = code_of(rule, question)
    match rule.kind:
        case RuleKind.PEOPLE:
            needs.people |= set(rule.people)
        case RuleKind.GROUP if code is not None:
            needs.groups.add(code)
        case RuleKind.ROLE if code is not None:
            needs.roles.add(code)
        case RuleKind.MANAGER:
            needs.managers = True
        case RuleKind.DEPARTMENT_HEAD if code is not None:
            needs.departments.add(code)
        case RuleKind.DEPARTMENT_HEAD:
            needs.own_department = True
        case RuleKind.CHOSEN:
            needs.people |= _chosen(question.fields.get(rule.form_field or ""))


def _chosen(value: Any) -> set[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return {each for each in values if isinstance(each, str)}


def _is_id(text_: str) -> bool:
    try:
        UUID(text_)
    except ValueError:
        return False
    return True
