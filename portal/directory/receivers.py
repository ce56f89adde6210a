"""Who may be given a task of the stage under way, by the directory as it is now."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from portal.directory.planner import directory_for, load_policy
from portal.domain.deciding.decide import find_task
from portal.domain.policy.policy import Reach
from portal.domain.request.state import Approval, TaskStatus
from portal.domain.routing.receivers import Relation, reach_of
from portal.domain.routing.step import question

# UNION drops repeated rows: a circle of managers ends by itself.
RELATION = text("""
WITH RECURSIVE line(of, id) AS (
    SELECT id, manager_id FROM portal.users
    WHERE manager_id IS NOT NULL AND (id = ANY(CAST(:owners AS uuid[])) OR id = CAST(:to AS uuid))
    UNION
    SELECT line.of, u.manager_id FROM line JOIN portal.users u ON u.id = line.id
    WHERE u.manager_id IS NOT NULL
), heights AS (
    SELECT u.id, (SELECT count(*) FROM line WHERE line.of = u.id) AS above
    FROM portal.users u WHERE u.id = ANY(CAST(:owners AS uuid[])) OR u.id = CAST(:to AS uuid)
)
SELECT
    EXISTS (
        SELECT 1 FROM line WHERE id = CAST(:to AS uuid) AND of <> CAST(:to AS uuid)
    ) AS is_above,
    EXISTS (
        SELECT 1 FROM portal.group_members a JOIN portal.group_members b USING (group_id)
        WHERE a.user_id = ANY(CAST(:owners AS uuid[])) AND b.user_id = CAST(:to AS uuid)
    ) AS shares_group,
    EXISTS (
        SELECT 1 FROM portal.users a JOIN portal.users b ON a.roles && b.roles
        WHERE a.id = ANY(CAST(:owners AS uuid[])) AND b.id = CAST(:to AS uuid)
    ) AS shares_role,
    EXISTS (
        SELECT 1 FROM heights a JOIN heights b ON b.above <= a.above
        WHERE a.id = ANY(CAST(:owners AS uuid[])) AND b.id = CAST(:to AS uuid)
    ) AS is_as_high
""")


def reach(
    connection: Connection, state: Approval, task_id: str | None, to_id: str, now: datetime
) -> Reach | None:
    """How near a person is to the stage under way; `task_id` None: to any of its tasks.

    None where there is no such stage, or the request is older than its policy. Raises
    InvalidPolicy where the policy cannot be read.
    """
    owners = _owners(state, task_id)
    if state.stage is None or not owners or not state.policy_version_id or not _is_id(to_id):
        return None
    policy = load_policy(connection, state.policy_version_id)
    asked = question(state, now)
    directory = directory_for(connection, policy, asked)
    return reach_of(policy, asked, directory, _relation(connection, owners, to_id), to_id)


def _relation(connection: Connection, owners: Iterable[str], to_id: str) -> Relation:
    row = connection.execute(RELATION, {"owners": list(owners), "to": to_id}).one()
    return Relation(**{name: getattr(row, name) for name in asdict(Relation())})


def _owners(state: Approval, task_id: str | None) -> set[str]:
    if task_id is not None:
        found = find_task(state, task_id)
        return set() if found is None else {found[1].owner_id}
    tasks = () if state.stage is None else state.stage.tasks
    asked = (TaskStatus.OPEN, TaskStatus.DECIDED)
    return {each.owner_id for each in tasks if each.status in asked}


def _is_id(words: str) -> bool:
    try:
        UUID(words)
    except ValueError:
        return False
    return True
