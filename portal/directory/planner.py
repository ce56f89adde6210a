"""Routing with the world's data: the policy, the directory, the conditions and the calendar; and
whether somebody may still act on a task by the same data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, text

from portal.directory import conditions
from portal.directory.calendars import calendar_in
from portal.domain.codec import decode
from portal.domain.deciding.decide import is_excluded, parts_of
from portal.domain.errors import InvalidPolicy
from portal.domain.marked import msgid
from portal.domain.people.delegation import busy
from portal.domain.people.directory import (
    Absence,
    Department,
    Directory,
    Group,
    Person,
    Relation,
    Workplace,
)
from portal.domain.policy.forms import comparable, part_names
from portal.domain.policy.policy import (
    ApproverRule,
    Mode,
    Policy,
    RuleKind,
    Stage,
    WorkflowKind,
    WorkingTime,
)
from portal.domain.policy.simple import simple_stage
from portal.domain.policy.types import TypeContent
from portal.domain.request.reasons import Kept, read, sentence
from portal.domain.request.state import Approval, OpenStage, Task, TaskStatus
from portal.domain.routing import eligibility
from portal.domain.routing import step as routing
from portal.domain.routing.approvers import code_of, name_of
from portal.domain.routing.plan import (
    Attention,
    RoutePlan,
    RouteQuestion,
    RouteReview,
    StagePlan,
    StageSkip,
)
from portal.domain.routing.step import question, review_stage
from portal.domain.time.stage_times import Clock
from portal.domain.time.working_time import Calendar, add_business_minutes
from portal.models import Command
from portal.translation import _, own_value

# One statement, since trips to the server are what a routing costs. UNION drops repeated rows: a
# circle of managers ends by itself. That a delegate is away too is seen by their own absence.
# Raw: a recursion and a dozen aggregates in one trip.
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


# UNION drops repeated rows: a circle of managers ends by itself. How high others stand is looked up
# only where it matters.
# Raw: two recursions in one trip.
RELATIONS = text("""
WITH RECURSIVE others AS (
    SELECT id, roles FROM portal.users
    WHERE CASE WHEN :everybody THEN is_active ELSE id = ANY(CAST(:to AS uuid[])) END
), line(of, id) AS (
    SELECT id, manager_id FROM portal.users
    WHERE manager_id IS NOT NULL AND (
        id = ANY(CAST(:owners AS uuid[])) OR (:by_height AND id IN (SELECT id FROM others)))
    UNION
    SELECT line.of, u.manager_id FROM line JOIN portal.users u ON u.id = line.id
    WHERE u.manager_id IS NOT NULL
), heights AS (
    SELECT of AS id, count(*) AS above FROM line GROUP BY of
), lowest AS (
    SELECT max(COALESCE(h.above, 0)) AS above
    FROM unnest(CAST(:owners AS uuid[])) owner(id) LEFT JOIN heights h ON h.id = owner.id
), sharing AS (
    SELECT DISTINCT b.user_id AS id
    FROM portal.group_members a JOIN portal.group_members b USING (group_id)
    WHERE a.user_id = ANY(CAST(:owners AS uuid[]))
)
SELECT o.id::text AS id,
    EXISTS (
        SELECT 1 FROM line WHERE line.id = o.id AND line.of <> o.id
            AND line.of = ANY(CAST(:owners AS uuid[]))
    ) AS is_above,
    o.id IN (SELECT id FROM sharing) AS shares_group,
    EXISTS (
        SELECT 1 FROM portal.users a
        WHERE a.id = ANY(CAST(:owners AS uuid[])) AND a.roles && o.roles
    ) AS shares_role,
    :by_height AND COALESCE(h.above, 0) <= (SELECT above FROM lowest) AS is_as_high
FROM others o LEFT JOIN heights h ON h.id = o.id
""")


def relations(
    connection: Connection,
    owners: Iterable[str],
    to_ids: Iterable[str] | None,
    *,
    by_height: bool,
) -> dict[str, Relation]:
    """How these people (None: everybody active) stand to the owners of tasks; `by_height`: also
    whether they stand as high."""
    parameters = {
        "owners": sorted(owners),
        "everybody": to_ids is None,
        "to": sorted(to_ids or ()),
        "by_height": by_height,
    }
    return {
        row.id: Relation(
            is_above=row.is_above,
            shares_group=row.shares_group,
            shares_role=row.shares_role,
            is_as_high=row.is_as_high,
        )
        for row in connection.execute(RELATIONS, parameters)
    }


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
        absences=_by_delegator(connection, row.absences or []),
        calendars=_places(row.calendars or [], needs.places_in),
    )


def _places(rows: Iterable[Any], year: int | None) -> dict[str, Workplace]:
    if year is None:
        return {}
    return {row["id"]: Workplace(name=row["name"], calendar=calendar_in(row, year)) for row in rows}


def _by_delegator(connection: Connection, rows: Iterable[Any]) -> dict[str, tuple[Absence, ...]]:
    absences: dict[str, tuple[Absence, ...]] = {}
    for row in rows:
        read = decode(Absence, row)
        owner, other = [read.delegator_id], [read.delegate_id]
        relation = relations(connection, owner, other, by_height=True)[read.delegate_id]
        absence = replace(read, relation=relation)
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


# Raw: a path within JSON, and columns of three tables.
DEFINITION = text("""
SELECT definition, published_at FROM portal.policy_versions WHERE id = CAST(:id AS uuid)
""")
SETTING = text("""
SELECT jsonb_path_query_array(v.form, '$[*].name') AS names,
    jsonb_path_query_array(v.form, '$[*] ? (@.kind == "lines" || @.kind == "day_range").name')
        AS parted, t.workflow,
    c.time_zone, c.hours, c.country, c.subdivision, c.closed_days, c.worked_days
FROM portal.policy_versions v JOIN portal.request_types t ON t.id = v.request_type_id
LEFT JOIN portal.calendars c ON c.id = t.calendar_id
WHERE v.id = CAST(:id AS uuid)
""")

TYPE_SETTING = text("""
SELECT t.workflow, c.time_zone, c.hours, c.country, c.subdivision, c.closed_days, c.worked_days
FROM portal.request_types t LEFT JOIN portal.calendars c ON c.id = t.calendar_id
WHERE t.code = :code
""")


@dataclass(frozen=True, kw_only=True)
class World:
    """What routing takes beside the policy and the question."""

    directory: Directory
    conditions: dict[str, bool | str]
    clock: Clock
    is_simple: bool


def plan_next(connection: Connection, question: RouteQuestion) -> RoutePlan:
    """What follows for a request: stages skipped, then one to open, or why nobody can be asked.

    Raises InvalidPolicy if the policy version is unknown or its calendar makes no sense.
    """
    policy = load_policy(connection, question.policy_version_id)
    if question.from_index >= len(policy.stages):
        return RoutePlan(total=len(policy.stages))
    if question.reviewing:
        directory = directory_for(connection, policy, question)
        return RoutePlan(
            review=routing.review_stage(policy, question, directory), total=len(policy.stages)
        )
    world = _world(connection, policy, question)
    return routing.plan_next(policy, question, world.directory, world.conditions, world.clock)


def predict(
    connection: Connection, question: RouteQuestion
) -> list[StageSkip | StagePlan | Attention]:
    """Every stage from `question.from_index` on, as it would be if it came now.

    Raises InvalidPolicy as `plan_next` does.
    """
    policy = load_policy(connection, question.policy_version_id)
    if question.from_index >= len(policy.stages):
        return []
    return _predicted(policy, question, _world(connection, policy, question))


def predict_draft(
    connection: Connection, content: TypeContent, question: RouteQuestion
) -> list[StageSkip | StagePlan | Attention]:
    """The same by what a draft of the type `question.type_code` says.

    Raises InvalidPolicy where its calendar makes no sense.
    """
    row = connection.execute(TYPE_SETTING, {"code": question.type_code}).one()
    names = [each.name for each in (*content.form, *comparable(content.form))]
    world = _world_by(connection, content.policy, question, row, names)
    return _predicted(content.policy, question, world)


def _predicted(
    policy: Policy, question: RouteQuestion, world: World
) -> list[StageSkip | StagePlan | Attention]:
    steps = routing.predict(policy, question, world.directory, world.conditions, world.clock)
    if not world.is_simple:
        return steps
    # The simple workflow narrows each stage when it opens; the prediction has to say the same.
    return [
        simple_stage(step, question.now) if isinstance(step, StagePlan) else step for step in steps
    ]


def directory_for(connection: Connection, policy: Policy, question: RouteQuestion) -> Directory:
    """What the directory says now, as far as the open stage of a question under review needs it."""
    stage = policy.stages[question.from_index]
    rules = rules_of([stage], (*policy.fallback, *policy.stand_ins))
    needs = needs_of(rules, question)
    return snapshot(connection, needs, question.requester_id)


# Published versions never change (a trigger holds that), so each process reads one only once.
_published: dict[str, Policy] = {}
_lock = Lock()
MOST_KEPT = 500


def load_policy(connection: Connection, policy_version_id: str) -> Policy:
    """A policy version. Raises InvalidPolicy if there is none with this id."""
    known = _published.get(policy_version_id)
    if known is not None:
        return known
    row = connection.execute(DEFINITION, {"id": policy_version_id}).first()
    if row is None:
        raise InvalidPolicy(msgid("There is no policy version %(id)s."), id=policy_version_id)
    policy = decode(Policy, row.definition)
    if row.published_at is not None:
        with _lock:
            if len(_published) >= MOST_KEPT:
                _published.clear()
            _published[policy_version_id] = policy
    return policy


def _world(connection: Connection, policy: Policy, question: RouteQuestion) -> World:
    setting = connection.execute(SETTING, {"id": question.policy_version_id}).one()
    names = [*setting.names, *part_names(setting.parted)]
    return _world_by(connection, policy, question, setting, names)


def _world_by(
    connection: Connection, policy: Policy, question: RouteQuestion, setting: Any, names: list[str]
) -> World:
    stages = policy.stages[question.from_index :]
    needs = needs_of(rules_of(stages, (*policy.fallback, *policy.stand_ins)), question)
    needs.own_department |= any("department" in (stage.condition or "") for stage in stages)
    if any(stage.working_time is WorkingTime.APPROVER for stage in stages):
        needs.places_in = question.now.year
    directory = snapshot(connection, needs, question.requester_id)
    return World(
        directory=directory,
        conditions=_evaluate(stages, question, names, directory),
        clock=clock_by(calendar_by(setting, question.now.year), question.now),
        is_simple=setting.workflow == WorkflowKind.SIMPLE,
    )


def _evaluate(
    stages: Sequence[Stage], question: RouteQuestion, names: list[str], directory: Directory
) -> dict[str, bool | str]:
    requester = directory.people.get(question.requester_id)
    own = requester.department_id if requester is not None else None
    code = next((each.code for each in directory.departments.values() if each.id == own), None)
    values = conditions.values_of(question, names, code)
    return {
        stage.key: conditions.evaluate(stage.condition, values)
        for stage in stages
        if stage.condition is not None
    }


def clock_by(calendar: Calendar | None, now: datetime) -> Clock:
    """Minutes from now to a time: of this calendar, or by the wall clock without one."""

    def at(minutes: int, elapsed: bool) -> datetime:
        if elapsed or calendar is None:
            return now + timedelta(minutes=minutes)
        return add_business_minutes(calendar, now, minutes)

    return at


def calendar_by(setting: Any, year: int) -> Calendar | None:
    """The calendar of a type, from a row of `SETTING`; None for one that has none."""
    return None if setting.time_zone is None else calendar_in(setting._mapping, year)


MOST_NAMED = 3
# Changes of people wait for what is being recorded, and the other way round: whatever a command's
# transaction reads of the directory after this holds until the command is stored.
LOCK = 0x676C6F72
# Raw: locks that belong to no table.
HOLD_STILL = text(f"SELECT pg_advisory_xact_lock_shared({LOCK})")
BEFORE_A_CHANGE = text(f"SELECT pg_advisory_xact_lock({LOCK})")

# What ended later than the command was recorded had not ended then.
# Raw: a union of what two tables say, in one trip.
CHANGED_SINCE = text("""
SELECT EXISTS (
    SELECT 1 FROM portal.people_changes
    WHERE person_id = ANY(CAST(:people AS uuid[])) AND at > :recorded_at
) OR EXISTS (
    SELECT 1 FROM portal.delegations WHERE id = CAST(:delegation AS uuid)
        AND (revoked_at > :recorded_at OR (revoked_at IS NULL AND ends_at > :recorded_at))
)
""")


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A right that has ended: whose, why (said of them), and the names of who may decide now."""

    person_id: str
    name: str
    reason: Kept
    others: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """It in words for the person who wanted to act, in their language."""
        why = sentence(read(self.reason), _, own_value)
        said = _("This task is no longer yours: %(name)s %(reason)s.", name=self.name, reason=why)
        if not self.others:
            return f"{said} " + _("The administrators are told.")
        return f"{said} " + _("%(names)s can decide it.", names=_(" or ").join(self.others))


def lost(
    connection: Connection, state: Approval, task: Task, person_id: str, now: datetime
) -> Lost | None:
    """Why somebody who has or owns a task of the stage under way may not act on it any more; None
    if they may. An owner keeps the right that a delegate lost.

    Raises InvalidPolicy where the request's policy cannot be read.
    """
    stage = state.stage
    if stage is None or not state.policy_version_id:
        return None
    policy = load_policy(connection, state.policy_version_id)
    asked = question(state, now)
    directory = directory_for(connection, policy, asked)
    review = review_stage(policy, asked, directory)
    found = eligibility.lost(asked, directory, review, task)
    if found is None or (person_id == task.owner_id != found.person_id):
        return None
    others = _others(state, stage, task, review, directory)
    return Lost(
        person_id=found.person_id or task.assignee_id,
        name=found.name,
        reason=found.reason,
        others=others[:MOST_NAMED],
    )


def all_may(connection: Connection, state: Approval, task: Task, now: datetime) -> bool:
    """Whether everybody who would be asked in the stage under way, were the task open again, may
    decide there. Raises InvalidPolicy where the request's policy cannot be read."""
    stage = state.stage
    if stage is None or not state.policy_version_id:
        return True
    again = _as_open(state, stage, task)
    policy, asked = load_policy(connection, state.policy_version_id), question(again, now)
    directory = directory_for(connection, policy, asked)
    review = review_stage(policy, asked, directory)
    tasks = again.open_tasks
    return not any(eligibility.lost(asked, directory, review, each) for each in tasks)


def _as_open(state: Approval, stage: OpenStage, task: Task) -> Approval:
    """The state with the task open."""
    if task.status is TaskStatus.OPEN:
        return state
    tasks = tuple(
        replace(each, status=TaskStatus.OPEN) if each.id == task.id else each
        for each in stage.tasks
    )
    return replace(state, stage=replace(stage, tasks=tasks))


def was_entitled(
    connection: Connection, state: Approval, task: Task, command_id: str, now: datetime
) -> bool:
    """Whether a command about an open task was recorded, by the database's clock, before the right
    of whoever has the task ended; True as long as it has not."""
    if lost(connection, state, task, task.assignee_id, now) is None:
        return True
    recorded_at = connection.scalar(select(Command.created_at).where(Command.id == command_id))
    if recorded_at is None:
        return False
    values: dict[str, Any] = {
        "people": [task.assignee_id, task.owner_id, state.requester_id],
        "delegation": task.delegation_id,
        "recorded_at": recorded_at,
    }
    return bool(connection.execute(CHANGED_SINCE, values).scalar_one())


def _others(
    state: Approval, stage: OpenStage, task: Task, review: RouteReview, directory: Directory
) -> tuple[str, ...]:
    """Who may decide in their place: the owner, where only a delegate's right has ended; who is
    asked in the same part of the stage anyway; else who would be asked instead."""
    unfit = {each.person_id for each in review.unfit}
    if task.acting_for is not None and task.acting_for not in unfit:
        return (name_of(directory, task.acting_for),)
    part = next(each for each in parts_of(stage.plan, stage.tasks) if task in each.tasks)
    asked = [each.assignee_id for each in part.open_tasks if each.id != task.id]
    names = [name_of(directory, each) for each in asked if each not in unfit]
    if names:
        return tuple(names)
    taken, is_grouped = busy(stage), stage.plan.mode is Mode.PER_GROUP
    own = (each for each in review.people if not is_grouped or each.group == task.group)
    return tuple(
        each.name
        for each in (*own, *review.fallback)
        if each.person_id not in taken and not is_excluded(state, stage, each.person_id)
    )
