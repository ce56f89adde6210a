"""What stays decided when a request changes: stages, and votes of a stage that was interrupted."""

from portal.domain.deciding.decide import Verdict, is_excluded, verdict
from portal.domain.policy.policy import Mode
from portal.domain.request.state import Approval, Content, OpenStage, Task, TaskStatus
from portal.domain.routing.plan import Candidate, StagePlan

Shape = tuple[Mode, int, frozenset[str], frozenset[str], frozenset[tuple[str, str | None]]]


def carried_stages(state: Approval, content: Content) -> tuple[str, ...]:
    """Keys of the stages that stay approved if the content becomes this one."""
    changed = content.changed_from(state.content)
    return tuple(stage.key for stage in state.passed if not touches(changed, stage.reads))


def touches(changed: tuple[str, ...], reads: tuple[str, ...] | None) -> bool:
    """Whether a decision that depends on `reads` (None: on everything) has to be asked again."""
    return bool(changed) and (reads is None or not set(reads).isdisjoint(changed))


def goes_on(state: Approval, plan: StagePlan, people: tuple[Candidate, ...]) -> bool:
    """Whether the stage that routing wants next was interrupted, and asks the same people.

    One whose open tasks were taken away meanwhile does not go on: it is opened anew.
    """
    kept = state.interrupted_stage(plan.key)
    if kept is None:
        return False
    is_whole = kept.settles_at is not None or verdict(kept.plan, kept.tasks) is Verdict.PENDING
    return is_whole and _shape(kept.plan, kept.plan.people) == _shape(plan, people)


def standing_votes(state: Approval, plan: StagePlan) -> tuple[Task, ...]:
    """The decided tasks of an interrupted stage that count when it opens anew with this plan.

    Who was added by a person is not among the plan's people, and is added anew where wished.
    """
    kept = state.interrupted_stage(plan.key)
    if kept is None:
        return ()
    opened = OpenStage(plan=plan, opening=state.opening, opened_at=kept.opened_at)
    return tuple(task for task in kept.tasks if _stands(state, opened, task))


def _stands(state: Approval, stage: OpenStage, task: Task) -> bool:
    is_barred = is_excluded(state, stage, *people_of(task))
    return task.status is TaskStatus.DECIDED and not is_barred and not task.added


def people_of(task: Task) -> tuple[str | None, ...]:
    """Everybody who has a part in a task: whoever has it, decided it, or is represented."""
    return task.assignee_id, task.acting_for, task.decided_by


def _shape(plan: StagePlan, people: tuple[Candidate, ...]) -> Shape:
    asked = frozenset((each.person_id, each.group) for each in people)
    return plan.mode, plan.needed, frozenset(plan.groups), frozenset(plan.excluded), asked
