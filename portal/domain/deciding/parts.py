"""The parts of a stage, each of which needs so many approvals, and what is still asked of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.domain.policy.policy import Decision, Mode
from portal.domain.request.state import OpenStage, Task, TaskStatus
from portal.domain.routing.plan import StagePlan


@dataclass(frozen=True, slots=True)
class Part:
    """Tasks of a stage among which so many approvals are needed: those of one group, those of all
    whom the policy asks, or those of people who were added."""

    tasks: tuple[Task, ...]
    needed: int

    @property
    def lacks_votes(self) -> bool:
        """It has fewer approvals than it needs: a vote here can still change the outcome."""
        return len(self.approvals) < self.needed

    @property
    def is_reachable(self) -> bool:
        """Approvals and open tasks together are enough."""
        return len(self.approvals) + len(self.open_tasks) >= self.needed

    @property
    def approvals(self) -> tuple[Task, ...]:
        """The tasks that were approved."""
        return tuple(task for task in self.tasks if is_approved(task))

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The tasks that nobody decided yet."""
        return tuple(task for task in self.tasks if task.status is TaskStatus.OPEN)

    def settles_at(self, opened_at: datetime) -> datetime | None:
        """When the approvals it needs can no longer be undone; None while it lacks some."""
        if self.lacks_votes:
            return None
        final = sorted(task.undo_until or opened_at for task in self.approvals)
        return final[self.needed - 1] if self.needed else opened_at


def parts_of(plan: StagePlan, tasks: Sequence[Task]) -> list[Part]:
    """A stage's parts: it passes when none lacks votes. Who was added is one more, all of whom
    have to approve.
    """
    asked = [task for task in tasks if not task.added]
    added = [task for task in tasks if task.added and not task.dropped]
    more = [Part(tuple(added), needed=len(added))] if added else []
    if plan.mode is not Mode.PER_GROUP or not plan.groups:
        return [Part(tuple(asked), votes_needed(plan, asked)), *more]
    parts = [Part(tuple(t for t in asked if t.group == group), needed=1) for group in plan.groups]
    # Whoever stands for no group of the plan is not needed.
    beside = tuple(task for task in asked if task.group not in plan.groups)
    return [*parts, *([Part(beside, needed=0)] if beside else []), *more]


def asked_tasks(stage: OpenStage) -> tuple[Task, ...]:
    """The open tasks whose vote can still change the outcome: those of parts that lack votes."""
    return tuple(task for part in asked_parts(stage) for task in part.open_tasks)


def asked_parts(stage: OpenStage) -> list[Part]:
    """The parts that lack votes; all in one where the stage is older than this rule."""
    if not stage.plan.parts_settle:
        return [Part(stage.tasks, needed=len(stage.tasks))]
    return [part for part in parts_of(stage.plan, stage.tasks) if part.lacks_votes]


def is_asked(stage: OpenStage, task: Task) -> bool:
    """Whether an open task of the stage is one whose vote can still change the outcome."""
    return any(each.id == task.id for each in asked_tasks(stage))


def settled_tasks(stage: OpenStage) -> tuple[tuple[datetime, Task], ...]:
    """The open tasks of parts that have their votes, each with when it is not needed any more: as
    soon as nobody can undo."""
    if not stage.plan.parts_settle:
        return ()
    settled = (
        (part, part.settles_at(stage.opened_at)) for part in parts_of(stage.plan, stage.tasks)
    )
    return tuple((at, task) for part, at in settled if at is not None for task in part.open_tasks)


def votes_needed(plan: StagePlan, tasks: Sequence[Task]) -> int:
    """Approvals that pass the stage: never fewer than one, whatever the plan says."""
    if plan.mode is Mode.ALL:
        return max(1, sum(1 for task in tasks if not (task.dropped or task.added)))
    if plan.mode is Mode.PER_GROUP:
        return max(1, len(plan.groups))
    return max(1, plan.needed)


def is_approved(task: Task) -> bool:
    """Whether the task was decided with an approval."""
    return task.status is TaskStatus.DECIDED and task.decision is Decision.APPROVE
