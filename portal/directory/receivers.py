"""Who may be given a task of the stage under way, by the directory as it is now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from portal.directory.planner import directory_for, load_policy, relations
from portal.domain.deciding.decide import find_task
from portal.domain.people.directory import Standing
from portal.domain.policy.policy import Reach, Receivers
from portal.domain.request.state import Approval, TaskStatus
from portal.domain.routing.eligibility import closed_stages, receiving
from portal.domain.routing.step import question

# Raw: arrays from subqueries, one row for each person.
STANDING = text("""
SELECT u.id::text AS person_id, u.roles,
    ARRAY(SELECT g.code FROM portal.group_members m JOIN portal.groups g ON g.id = m.group_id
        WHERE m.user_id = u.id) AS groups,
    ARRAY(SELECT d.code FROM portal.departments d WHERE d.head_id = u.id) AS heads,
    EXISTS (SELECT 1 FROM portal.users r WHERE r.manager_id = u.id AND r.is_active) AS has_reports
FROM portal.users u WHERE u.id = ANY(CAST(:people AS uuid[]))
""")


def reach(
    connection: Connection, state: Approval, task_id: str | None, to_id: str, now: datetime
) -> Reach | None:
    """How near a person is to the stage under way; `task_id` None: to any of its tasks.

    None where there is no such stage, or the request is older than its policy. Raises
    InvalidPolicy where the policy cannot be read.
    """
    return reaches(connection, state, task_id, [to_id], now).get(to_id)


def reaches(
    connection: Connection,
    state: Approval,
    task_id: str | None,
    to_ids: Iterable[str] | None,
    now: datetime,
) -> dict[str, Reach]:
    """The same for several people; None: for everybody active who may be given it at all."""
    owners, group = _owners(state, task_id)
    wanted = None if to_ids is None else [each for each in to_ids if _is_id(each)]
    if state.stage is None or not owners or not state.policy_version_id:
        return {}
    policy = load_policy(connection, state.policy_version_id)
    asked = question(state, now)
    stage = policy.stages[asked.from_index]
    directory = directory_for(connection, policy, asked)
    named = receiving(policy, stage, asked, directory, group)
    is_by_height = stage.receivers is Receivers.AS_HIGH
    found = relations(connection, owners, wanted, by_height=is_by_height)
    near = {person: named.reach(person, relation) for person, relation in found.items()}
    if wanted is not None:
        return near
    return {person: each for person, each in near.items() if each is not Reach.OUTSIDE}


def closed_to(
    connection: Connection, owner_id: str, other_id: str, versions: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """By the key of each policy version (its id is the value): the names of the stages that can ask
    the owner and whose tasks the other may not take; only where there are some.

    Raises InvalidPolicy where a policy cannot be read.
    """
    rows = connection.execute(STANDING, {"people": [owner_id, other_id]})
    known = {
        row.person_id: Standing(
            person_id=row.person_id,
            groups=frozenset(row.groups),
            roles=frozenset(row.roles),
            heads=frozenset(row.heads),
            has_reports=row.has_reports,
        )
        for row in rows
    }
    owner, other = known[owner_id], known[other_id]
    relation = relations(connection, [owner_id], [other_id], by_height=True)[other_id]
    found = {
        key: closed_stages(load_policy(connection, version), owner, other, relation)
        for key, version in versions.items()
    }
    return {key: tuple(stage.name for stage in stages) for key, stages in found.items() if stages}


def _owners(state: Approval, task_id: str | None) -> tuple[set[str], str | None]:
    """Whose the task is (or those of the stage are), and for which group it is asked."""
    if task_id is not None:
        found = find_task(state, task_id)
        return (set(), None) if found is None else ({found[1].owner_id}, found[1].group)
    tasks = () if state.stage is None else state.stage.tasks
    asked = (TaskStatus.OPEN, TaskStatus.DECIDED)
    return {each.owner_id for each in tasks if each.status in asked}, None


def _is_id(words: str) -> bool:
    try:
        UUID(words)
    except ValueError:
        return False
    return True
