"""Whether somebody may still act on a task, by the directory as it is at this moment.

The answer comes from the rules by which the task came to them: the same look that the workflow has
at a stage when people change (`eligibility`), taken before anything is recorded.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from portal.directory.planner import directory_for, load_policy
from portal.domain.deciding.decide import is_excluded
from portal.domain.people.delegation import busy
from portal.domain.people.directory import Directory
from portal.domain.request.reasons import Kept
from portal.domain.request.state import Approval, OpenStage, Task
from portal.domain.routing import eligibility
from portal.domain.routing.approver_rules import name_of
from portal.domain.routing.next_stage import review_stage
from portal.domain.routing.plan import RouteReview
from portal.domain.routing.step import question

MOST_NAMED = 3
# Changes of people wait for what is being recorded, and the other way round: whatever a command's
# transaction reads of the directory after this holds until the command is stored.
LOCK = 0x676C6F72
HOLD_STILL = text(f"SELECT pg_advisory_xact_lock_shared({LOCK})")
BEFORE_A_CHANGE = text(f"SELECT pg_advisory_xact_lock({LOCK})")

# What ended later than the command was recorded had not ended then.
CHANGED_SINCE = text("""
SELECT EXISTS (
    SELECT 1 FROM portal.people_changes
    WHERE person_id = ANY(CAST(:people AS uuid[])) AND at > :recorded_at
) OR EXISTS (
    SELECT 1 FROM portal.delegations WHERE id = CAST(:delegation AS uuid)
        AND (revoked_at > :recorded_at OR (revoked_at IS NULL AND ends_at > :recorded_at))
)
""")
RECORDED_AT = text("SELECT created_at FROM portal.commands WHERE id = CAST(:id AS uuid)")


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A right that has ended: whose, why (said of them), and the names of who may decide now."""

    person_id: str
    name: str
    reason: Kept
    others: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """It in words for the person who wanted to act."""
        said = f"This task is no longer yours: {self.name} {self.reason}."
        if not self.others:
            return f"{said} The administrators are told."
        return f"{said} {' or '.join(self.others)} can decide it."


def lost(
    connection: Connection, state: Approval, task: Task, person_id: str, now: datetime
) -> Lost | None:
    """Why somebody who has or owns an open task of the stage under way may not act on it any more;
    None if they may. An owner keeps the right that a delegate lost.

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


def was_entitled(
    connection: Connection, state: Approval, task: Task, command_id: str, now: datetime
) -> bool:
    """Whether a command about an open task was recorded, by the database's clock, before the right
    of whoever has the task ended; True as long as it has not."""
    if lost(connection, state, task, task.assignee_id, now) is None:
        return True
    recorded_at = connection.execute(RECORDED_AT, {"id": command_id}).scalar_one_or_none()
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
    asked in the stage anyway; else who would be asked instead."""
    unfit = {each.person_id for each in review.unfit}
    if task.acting_for is not None and task.acting_for not in unfit:
        return (name_of(directory, task.acting_for),)
    asked = [each.assignee_id for each in state.open_tasks if each.id != task.id]
    names = [name_of(directory, each) for each in asked if each not in unfit]
    if names:
        return tuple(names)
    taken = busy(stage)
    return tuple(
        each.name
        for each in (*review.people, *review.fallback)
        if each.person_id not in taken and not is_excluded(state, stage, each.person_id)
    )
