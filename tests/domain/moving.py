"""A move to another policy keeps what is the same there, and nothing else."""

from portal.domain.request import commands
from portal.domain.request.events import RequestMovedToPolicy
from tests.domain.worlds import World


def a_move_keeps_what_is_the_same(world: World) -> None:
    """Approvals and stages under way stay if their stage is the same, at its new place."""
    for step in world.steps[-1:]:
        moved = [event for event in step.events if isinstance(event, RequestMovedToPolicy)]
        assert not moved or isinstance(step.what, commands.MoveToPolicy)
        for event in moved:
            before, after = step.before, step.after
            same = set(step.what.same) & set(step.what.stages)  # type: ignore[union-attr]
            assert after.policy_version_id == event.policy_version_id
            assert [s.key for s in after.passed] == [s.key for s in before.passed if s.key in same]
            kept = [s.plan.key for s in before.under_way if s.plan.key in same]
            assert [s.plan.key for s in after.interrupted] == kept
            places = [(s.key, s.index) for s in after.passed]
            places += [(s.plan.key, s.plan.index) for s in after.interrupted]
            assert all(event.stages[index] == key for key, index in places)
            assert after.status is before.status
