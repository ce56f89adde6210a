"""What people do with a task beside deciding it: pass it on, lend it, ask about it."""

from typing import Any

from hypothesis import strategies as st

from portal.domain.request import commands
from portal.domain.request.state import Task
from tests.domain.worlds import EVERYBODY, GHOST, World, reasons, some_task


def reassign(draw: Any, world: World) -> None:
    """Somebody hands a task over: its owner, an admin, or somebody who may not."""
    task = some_task(draw, world)
    actor = draw(st.sampled_from([task.owner_id, task.owner_id, "admin", "rita", "ben"]))
    by_admin = actor in ("admin", "rita")
    world.command(commands.Reassign, actor, as_admin=by_admin, **_gift(draw, task))


def lend(draw: Any, world: World) -> None:
    """Somebody delegates one task, or takes it back; mostly those who may."""
    task = some_task(draw, world)
    actor = draw(st.sampled_from([task.owner_id, task.owner_id, task.assignee_id, "admin"]))
    if task.acting_for and draw(st.booleans()):
        world.command(commands.TakeBack, actor, task_id=task.id)
    else:
        world.command(commands.Delegate, actor, **_gift(draw, task))


def inquire(draw: Any, world: World) -> None:
    """Somebody asks for information, or answers; mostly those who may, mostly with words."""
    task = some_task(draw, world)
    given = {"task_id": task.id, "comment": draw(reasons)}
    if task.asked_at is not None and draw(st.integers(0, 2)):
        actor = draw(st.sampled_from(["rita", "rita", "bob", "ana"]))
        world.command(commands.AnswerInformation, actor, **given)
    else:
        actor = draw(st.sampled_from([task.assignee_id, task.assignee_id, "rita", "ben"]))
        world.command(commands.AskInformation, actor, **given)


def add(draw: Any, world: World) -> None:
    """Somebody asks one person more; mostly somebody who may."""
    actor = draw(st.sampled_from(["rita", "bob", "ana", "ben", "admin"]))
    gift = _gift(draw, some_task(draw, world))
    del gift["task_id"]
    round_ = max(1, world.state.round - (draw(st.integers(0, 9)) == 0))
    world.command(commands.AddApprover, actor, round=round_, **gift)


def _gift(draw: Any, task: Task) -> dict[str, Any]:
    """What a command says that gives a task to somebody; a ghost has no name."""
    to = draw(st.sampled_from([*EVERYBODY, GHOST]))
    name = draw(st.sampled_from([to, to, to, None])) if to != GHOST else ""
    return {"task_id": task.id, "to_id": to, "to_name": name, "comment": draw(reasons)}
