"""Approval of exactly this: no decision outlives a change of what it depended on."""

from dataclasses import dataclass

from portal.domain.deciding.decide import Verdict, verdict
from portal.domain.policy.policy import Decision
from portal.domain.request import commands
from portal.domain.request.events import (
    DecisionCarried,
    DecisionRetracted,
    Event,
    RequestAmended,
    RequestResubmitted,
    StageContinued,
    StageOpened,
    TaskDecided,
)
from portal.domain.request.state import OpenStage
from portal.domain.routing.plan import StagePlan
from tests.domain.worlds import World


@dataclass
class Vote:
    """A decision in a stage, and whether something it depended on has changed since."""

    person: str
    plan: StagePlan
    is_outdated: bool = False


class Votes:
    """Every person's last vote in each stage, read from the log alone."""

    def __init__(self, log: list[Event]) -> None:
        self.of: dict[tuple[str, str], Vote] = {}
        self.places: dict[str, tuple[str, str]] = {}
        self.plans: dict[int, StagePlan] = {}
        self.plan = StagePlan(index=0, key="", name="")
        for event in log:
            self._read(event)

    def _read(self, event: Event) -> None:
        match event:
            case StageOpened():
                self.plan = self.plans[event.opening] = event.plan
            case StageContinued():
                self.plan = self.plans[event.opening]
            case TaskDecided():
                self.places[event.task_id] = (self.plan.key, event.actor)
                self.of[self.plan.key, event.actor] = Vote(event.actor, self.plan)
            case DecisionRetracted():
                self.of.pop(self.places[event.task_id], None)
            case DecisionCarried():
                self.of[self.places[event.task_id]].plan = self.plan
            case RequestAmended() | RequestResubmitted():
                for vote in self.of.values():
                    reads = vote.plan.reads
                    touched = reads is None or bool(set(reads) & set(event.changed))
                    vote.is_outdated |= bool(event.changed) and touched


def decisions_are_of_what_stands(world: World) -> None:
    """Whatever a standing decision's stage reads still says what it said at the decision."""
    votes = Votes(world.log).of
    for passed in world.state.passed:
        assert not any(votes[passed.key, person].is_outdated for person in passed.deciders)
    for stage in world.state.under_way:
        decided = [task.decided_by for task in stage.tasks if task.decided_by]
        assert not any(votes[stage.plan.key, person].is_outdated for person in decided)


def a_decision_names_what_was_seen(world: World) -> None:
    """Version and fingerprint in each decision are those of the content at that moment."""
    for step in world.steps[-1:]:
        for event in step.events:
            if isinstance(event, TaskDecided):
                assert event.content_version == step.before.content_version
                assert event.content_hash == step.before.content.fingerprint()


def a_change_asks_again_what_reads_it(world: World) -> None:
    """After a change what does not read it stays, and nothing that was lost is won back."""
    step = world.steps[-1] if world.steps else None
    if step is None or not isinstance(step.what, commands.Amend):
        return
    before, after = step.before, step.after
    if after.content_version == before.content_version:
        return
    changed = set(after.content.changed_from(before.content))
    kept = [each.key for each in before.passed if not _reads(each.reads, changed)]
    assert [each.key for each in after.passed] == kept == list(after.carried)
    untouched = [each for each in before.under_way if not _reads(each.plan.reads, changed)]
    assert [_places(each) for each in after.interrupted] == [_places(each) for each in untouched]
    if before.stage is not None and before.stage.settles_at is not None:
        assert verdict(before.stage.plan, before.stage.tasks) is Verdict.PASSED
    said = {task.decision for stage in before.under_way for task in stage.tasks}
    assert Decision.SEND_BACK not in said


def _places(stage: OpenStage) -> tuple[str, list[tuple[object, ...]]]:
    """Whose tasks stand how; clocks that waited for an answer run on."""
    tasks = [(each.id, each.assignee_id, each.status, each.decision) for each in stage.tasks]
    return stage.plan.key, tasks


def _reads(reads: tuple[str, ...] | None, changed: set[str]) -> bool:
    return reads is None or bool(changed & set(reads))


CONTENT_RULES = (
    decisions_are_of_what_stands,
    a_decision_names_what_was_seen,
    a_change_asks_again_what_reads_it,
)
