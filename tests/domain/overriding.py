"""An override never counts as an ordinary approval."""

from portal.domain.request import commands
from portal.domain.request.events import (
    RequestApproved,
    RequestOverridden,
    StagePassed,
    TaskDecided,
)
from tests.domain.worlds import World


def an_override_is_no_approval(world: World) -> None:
    """It is its own event, by nobody whose request it is; it leaves no vote, and no open task."""
    for step in world.steps[-1:]:
        if not isinstance(step.what, commands.Override):
            assert not any(isinstance(event, RequestOverridden) for event in step.events)
            continue
        over = [event for event in step.events if isinstance(event, RequestOverridden)]
        assert not any(isinstance(event, TaskDecided) for event in step.events)
        for event in step.events:
            if isinstance(event, StagePassed):
                assert (event.deciders, event.overridden_by) == ((), step.what.actor_id)
        for event in over:
            assert event.actor not in (step.before.requester_id, step.before.on_behalf_of)
            assert event.reason.strip()
            asked = {task.assignee_id for task in step.before.open_tasks} - {event.actor}
            assert asked <= set(event.passed_over)
            assert not step.after.open_tasks
            assert step.after.is_open == (event.stage_key is not None) or _approved(step.events)


def _approved(events: tuple[object, ...]) -> bool:
    return any(isinstance(event, RequestApproved) for event in events)
