"""What the votes of a stage amount to."""

from collections.abc import Sequence
from enum import StrEnum

from portal.domain.policy.policy import Decision, Mode, Rejection
from portal.domain.request.state import Task
from portal.domain.request.values import TaskStatus
from portal.domain.routing.plan import StagePlan


class Verdict(StrEnum):
    """Where a stage stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    RETURNED = "returned"


def verdict(plan: StagePlan, tasks: Sequence[Task]) -> Verdict:
    """The verdict on a stage: PENDING while its votes can still go either way.

    One SEND_BACK returns. One rejection fails where the plan says ENDS; beyond that a stage fails
    as soon as approvals and open tasks together are fewer than the votes needed.
    """
    said = {task.decision for task in tasks if task.status is TaskStatus.DECIDED}
    if Decision.SEND_BACK in said:
        return Verdict.RETURNED
    if Decision.REJECT in said and plan.rejection is Rejection.ENDS:
        return Verdict.FAILED
    shares = _shares(plan, tasks)
    if all(approvals >= needed for approvals, _, needed in shares):
        return Verdict.PASSED
    if any(approvals + still_open < needed for approvals, still_open, needed in shares):
        return Verdict.FAILED
    return Verdict.PENDING


def approvers(tasks: Sequence[Task]) -> tuple[str, ...]:
    """Who approved, in the order of the tasks."""
    return tuple(task.decided_by for task in tasks if _approved(task) and task.decided_by)


def represented(tasks: Sequence[Task]) -> tuple[str, ...]:
    """In whose place somebody approved."""
    return tuple(task.acting_for for task in tasks if _approved(task) and task.acting_for)


def votes_needed(plan: StagePlan, tasks: Sequence[Task]) -> int:
    """Approvals that pass the stage: never fewer than one, whatever the plan says."""
    if plan.mode is Mode.ALL:
        return max(1, sum(1 for task in tasks if not (task.dropped or task.added)))
    if plan.mode is Mode.PER_GROUP:
        return max(1, len(plan.groups))
    return max(1, plan.needed)


def _approved(task: Task) -> bool:
    return task.status is TaskStatus.DECIDED and task.decision is Decision.APPROVE


def _shares(plan: StagePlan, tasks: Sequence[Task]) -> list[tuple[int, int, int]]:
    """Approvals, open tasks and votes needed: of the policy's people or each of their groups, and
    of those who were added, every one of whom has to approve.
    """
    asked = [task for task in tasks if not task.added]
    added = [task for task in tasks if task.added and not task.dropped]
    more = [_share(added, needed=len(added))] if added else []
    if plan.mode is not Mode.PER_GROUP or not plan.groups:
        return [_share(asked, votes_needed(plan, asked)), *more]
    groups = ([task for task in asked if task.group == group] for group in plan.groups)
    return [*(_share(group, needed=1) for group in groups), *more]


def _share(tasks: Sequence[Task], needed: int) -> tuple[int, int, int]:
    approvals = sum(1 for task in tasks if _approved(task))
    still_open = sum(1 for task in tasks if task.status is TaskStatus.OPEN)
    return approvals, still_open, needed
