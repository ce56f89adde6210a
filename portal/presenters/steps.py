"""Steps of a course: a stage that is skipped or still to come, its rule, and its votes."""

from collections.abc import Sequence

from portal.domain.policy.policy import Mode, StageKind
from portal.domain.request.values import TaskStatus
from portal.domain.routing.plan import Attention, StagePlan, StageSkip
from portal.presentation.labels import mode, people
from portal.presentation.parts import Step, Vote
from portal.queries.request import TaskRecord

VOTES_SHOWN = 12


def skipped(name: str, reason: str) -> Step:
    """A stage that is not needed."""
    return Step("skipped", name, reason=reason)


def expected(entry: StageSkip | StagePlan | Attention) -> Step:
    """A stage that is still to come, as routing sees it today."""
    if isinstance(entry, StageSkip):
        return skipped(entry.name, entry.reason)
    if isinstance(entry, Attention):
        return Step("future", entry.name, reason=entry.reason)
    votes = tuple(Vote(person.name) for person in entry.people[:VOTES_SHOWN])
    return Step("future", entry.name, rule_of(entry), votes=votes)


def rule_of(plan: StagePlan) -> str:
    """How many must say yes; nothing where only one person is asked."""
    if plan.kind is StageKind.NOTIFY:
        return "Is told, nothing waits for it"
    if plan.mode is Mode.PER_GROUP:
        return mode(plan.mode, len(plan.groups))
    return mode(plan.mode, len(plan.people), plan.needed) if len(plan.people) > 1 else ""


def votes_of(tasks: Sequence[TaskRecord], me: str) -> tuple[Vote, ...]:
    """What was decided, in order, then who has not decided; a few of many."""
    decided = sorted(
        (task for task in tasks if task.decided_at), key=lambda task: task.decided_at or task.id
    )
    waiting = [task for task in tasks if task.status == TaskStatus.OPEN]
    waiting.sort(key=lambda task: task.assignee_id != me)
    return tuple(_vote(task, me) for task in [*decided, *waiting][:VOTES_SHOWN])


def _vote(task: TaskRecord, me: str) -> Vote:
    decider = task.decided_by or task.assignee_id
    acting = task.assignee_name if decider != task.assignee_id else task.acting_for_name
    return Vote(
        name=task.decided_by_name or task.assignee_name,
        decision=task.decision,
        at=task.decided_at,
        acting_for=acting,
        comment=task.comment,
        is_you=decider == me,
    )


def lowered(sentence: str) -> str:
    """A sentence as it goes on after a colon."""
    return sentence[:1].lower() + sentence[1:]


def some(names: list[str]) -> str:
    """A few of many names."""
    shown = ", ".join(names[:VOTES_SHOWN])
    hidden = len(names) - VOTES_SHOWN
    return f"{shown} and {people(hidden)} more" if hidden > 0 else shown
