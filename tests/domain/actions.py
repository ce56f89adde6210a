"""What may happen to a world next; each action draws its own details."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from portal.domain.policy.policy import Decision
from portal.domain.request import apply as approval
from portal.domain.request import commands
from portal.domain.request.events import SYSTEM
from portal.domain.request.state import Status, TaskStatus
from tests.domain.passing import add, inquire, lend, reassign
from tests.domain.worlds import (
    EVERYBODY,
    FIELDS,
    World,
    answers,
    contents,
    people,
    reasons,
    some_task,
    submissions,
    texts,
)

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]
Action = Callable[[Any, World], None]

DECISIONS = (*[commands.Approve] * 5, commands.Reject, commands.SendBack, commands.SendBack)


def submit(draw: Any, world: World) -> None:
    """The requester asks; mostly once."""
    world.command(commands.Submit, "rita", **draw(submissions))


def decide(draw: Any, world: World) -> None:
    """Somebody decides: mostly the right person about what is there, sometimes not."""
    task = some_task(draw, world)
    right = draw(st.integers(0, 5)) > 0
    actor = task.assignee_id if right else draw(people)
    stale = draw(st.integers(0, 9))
    world.command(
        draw(st.sampled_from(DECISIONS)),
        actor,
        task_id=task.id,
        round=max(1, world.state.round - (stale == 1)),
        content_version=world.state.content_version - (stale == 2),
        comment=draw(reasons),
    )


def retract(draw: Any, world: World) -> None:
    """Somebody takes a decision back, mostly the one who took it."""
    known = world.known_tasks()
    decided = [task for task in known if task.status is TaskStatus.DECIDED]
    task = draw(st.sampled_from(decided or known))
    actor = task.decided_by if task.decided_by and draw(st.booleans()) else draw(people)
    entitled = draw(st.sampled_from([None, True, True, False]))
    world.command(commands.Retract, actor, task_id=task.id, entitled=entitled)


def repeat(draw: Any, world: World) -> None:
    """A command arrives once more."""
    if world.given:
        world.apply(draw(st.sampled_from(world.given)))


def resubmit(draw: Any, world: World) -> None:
    """The request is sent again, changed or not."""
    version = world.state.content_version - (draw(st.integers(0, 5)) == 0)
    content = draw(st.just(world.state.content) | contents)
    actor = draw(st.sampled_from(["rita", "rita", "bob", "ana"]))
    world.command(commands.Resubmit, actor, content=content, content_version=version)


def amend(draw: Any, world: World) -> None:
    """The request is changed while it waits; mostly by its owner, mostly a little."""
    content, stale = world.state.content, draw(st.integers(0, 5)) == 0
    fields = content.fields | {draw(st.sampled_from(FIELDS)): draw(st.integers(1, 3))}
    actor = draw(st.sampled_from(["rita", "rita", "rita", "bob", "ana"]))
    world.command(
        commands.Amend,
        actor,
        content=draw(st.just(replace(content, fields=fields)) | contents),
        content_version=world.state.content_version - stale,
    )


def comment(draw: Any, world: World) -> None:
    """Somebody says something."""
    world.command(commands.Comment, draw(people), comment=draw(texts))


def stop(draw: Any, world: World) -> None:
    """The request is taken back or cancelled; mostly by people who may not, or without reason."""
    if draw(st.booleans()):
        world.command(commands.Withdraw, draw(st.sampled_from(EVERYBODY)))
    else:
        world.command(commands.Cancel, "admin", reason=draw(st.sampled_from(["", " ", "Stop."])))


def override(draw: Any, world: World) -> None:
    """Somebody decides in place of others; mostly an admin, about what is there."""
    stage = world.state.stage
    keys = [None, "stage-9", *([] if stage is None else [stage.plan.key] * 2)]
    world.command(
        commands.Override,
        draw(st.sampled_from(["admin", "admin", "ana", "rita", "bob"])),
        decision=draw(st.sampled_from(Decision)),
        stage_key=draw(st.sampled_from(keys)),
        reason=draw(reasons),
        content_version=world.state.content_version - (draw(st.integers(0, 5)) == 0),
    )


def move_policy(draw: Any, world: World) -> None:
    """An admin moves the request to another version, whose stages are others in another order."""
    keys = draw(st.permutations([f"stage-{index}" for index in range(4)]))[
        draw(st.integers(0, 3)) :
    ]
    old = world.state.policy_version_id
    world.command(
        commands.MoveToPolicy,
        draw(st.sampled_from(["admin", "admin", "admin", "rita"])),
        policy_version_id="v2" if old == "v1" else "v1",
        from_version_id=old,
        version=2,
        stages=tuple(keys),
        same=tuple(draw(st.lists(st.sampled_from(["stage-0", "stage-1", "stage-2"])))),
        reason=draw(reasons),
    )


def hold(draw: Any, world: World) -> None:
    """The clocks are stopped."""
    world.command(commands.Hold, "admin", reason=draw(texts))


def resume(draw: Any, world: World) -> None:
    """The clocks run on."""
    world.command(commands.Resume, "admin", comment=draw(texts))


def remind(draw: Any, world: World) -> None:
    """Somebody nudges."""
    world.command(commands.Remind, draw(st.sampled_from(["rita", "rita", "bob", "ana"])))


def delegate(draw: Any, world: World) -> None:
    """Somebody goes away, or returns: mostly the one who is asked, sometimes anybody."""
    task = some_task(draw, world)
    given = {"task_id": task.id, "delegation_id": draw(st.sampled_from(["d1", "d2"]))}
    whose = task.owner_id if draw(st.integers(0, 5)) else draw(people)
    actor = draw(st.sampled_from([SYSTEM] * 9 + ["ana"]))
    if draw(st.booleans()):
        given["delegation_id"] = task.delegation_id or given["delegation_id"]
        world.command(commands.EndDelegation, actor, **given)
    else:
        command = commands.StartDelegation
        world.command(command, actor, on_behalf_of=whose, delegate_id=draw(people), **given)


def review(draw: Any, world: World) -> None:
    """People change: it is looked at again who is asked."""
    actor = draw(st.sampled_from([SYSTEM, "admin"]))
    world.command(commands.ReviewPeople, actor, cause="Somebody left.")


def route(draw: Any, world: World) -> None:
    """Routing answers, asked or not."""
    world.route(draw(answers(world.state, world.now)))


def wait(draw: Any, world: World) -> None:
    """Time passes: a little, a lot, or exactly until something is due; the clock may be late."""
    due = approval.next_due(world.state)
    kind = draw(st.sampled_from(["seconds", "hours", "due", "due", "before due", "late"]))
    if due is not None and kind in ("due", "before due", "late"):
        offset = {"due": 0, "before due": -0.5, "late": 3600 * 30}[kind]
        world.now = max(world.now, due + timedelta(seconds=offset))
    else:
        seconds = st.floats(0, 15) if kind == "seconds" else st.integers(0, 3600 * 30)
        world.now += timedelta(seconds=draw(seconds))
    if draw(st.integers(0, 4)):
        world.tick()


ACTIONS: dict[str, Action] = {
    each.__name__: each
    for each in (
        decide, retract, repeat, resubmit, amend, comment, stop, hold, resume, remind, route, wait,
        delegate, reassign, lend, review, inquire, override, add, move_policy,
    )
}  # fmt: skip

# The actions that lead somewhere in each situation: drawn more often than the others.
LIKELY = {
    Status.PENDING: (
        decide, decide, decide, decide, delegate, reassign, lend, review, inquire, wait, amend,
        add,
    ),
    Status.ON_HOLD: (resume, wait),
    Status.RETURNED: (resubmit, resubmit, comment),
}  # fmt: skip


def likely(world: World) -> tuple[Action, ...]:
    """What would move this world on."""
    state = world.state
    if state.wants_route:
        return (route,)
    if state.status is Status.PENDING and state.stage is None:
        return (wait, resume)
    if state.stage is not None and state.stage.settles_at is not None:
        return (wait, wait, wait, retract, amend)
    return LIKELY.get(state.status, (repeat, wait))


@st.composite
def histories(draw: st.DrawFn, longest: int = 40) -> World:
    """A world after some steps."""
    world = World()
    submit(draw, world)
    for _ in range(draw(st.integers(5, longest))):
        usual = draw(st.integers(0, 9)) > 1
        choices = likely(world) if usual else tuple(ACTIONS.values())
        draw(st.sampled_from(choices))(draw, world)
    return world
