"""Makes the saved histories anew: `python -m tests.replay.make`, with the names of paths or all.

Only for a path that is new, or when no workflow of the former code runs anywhere any more: a
history that no longer replays is a reason to write `workflow.patched`, not to run this.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from portal.domain import codec
from portal.domain.policy.policy import Decision, Mode, WorkflowKind
from portal.domain.request import commands
from portal.domain.request.events import SYSTEM
from portal.domain.request.state import Content
from portal.domain.routing.plan import Candidate, LeftOut, RouteReview
from portal.models.columns import new_id
from tests.workflows.fakes import days, permanent
from tests.workflows.given import ANA, BEN, CAI, DAN, escalates_to_ben, stage
from tests.workflows.journey import Journey, time_skipping_server

HISTORIES = Path(__file__).parent / "histories"

Path_ = Callable[[Journey], Awaitable[None]]


async def approved(journey: Journey) -> None:
    """Two stages, one with an undo window."""
    await journey.start(stage("manager", ANA, undo=10), stage("budget", BEN))
    await journey.give(journey.request.approve(ANA))
    await journey.sleep(seconds=11)
    await journey.seen("TaskAssigned", times=2)
    await journey.give(journey.request.approve(BEN, opening=2))


async def ended_quietly(journey: Journey) -> None:
    """The outcome is the workflow's result, and no search attribute."""
    await journey.start(stage("manager", ANA), stage("budget", BEN), is_lean=True)
    await journey.give(journey.request.approve(ANA))
    await journey.seen("TaskAssigned", times=2)
    await journey.give(journey.request.approve(BEN, opening=2))


async def told_its_place(journey: Journey) -> None:
    """With an attribute that says up to which event it has recorded: how requests start today."""
    await journey.start(stage("manager", ANA), is_lean=True, tells_place=True)
    await journey.give(journey.request.give(commands.Comment, ANA, comment="Well."))
    await journey.give(journey.request.approve(ANA))


async def rejected(journey: Journey) -> None:
    """One stage."""
    await journey.start(stage("manager", ANA))
    await journey.give(journey.request.reject(ANA))


async def escalated(journey: Journey) -> None:
    """Reminded, escalated, decided by the other."""
    clocks = {"reminders": lambda q: (days(q, 1),), "escalations": escalates_to_ben}
    await journey.start(stage("manager", ANA, **clocks))
    await journey.sleep(days=1, minutes=1)
    await journey.seen("ReminderDue")
    await journey.sleep(days=2, minutes=1)
    await journey.seen("TaskEscalated")
    await journey.give(journey.request.give(commands.Withdraw, DAN))


async def timed_out(journey: Journey) -> None:
    """All deadlines passed, in the simple workflow."""
    journey.kind = WorkflowKind.SIMPLE
    await journey.start(stage("manager", ANA))
    await journey.sleep(days=7, minutes=1)


async def sent_back(journey: Journey) -> None:
    """Sent back, resubmitted, approved; a decision taken back on the way."""
    await journey.start(stage("manager", ANA, undo=60))
    await journey.give(journey.request.send_back(ANA))
    task = journey.request.task(ANA)
    await journey.give(journey.request.give(commands.Retract, ANA, task_id=task))
    await journey.give(journey.request.send_back(ANA))
    await journey.sleep(seconds=61)
    await journey.seen("RequestReturned")
    content = Content(title="A better lens")
    again = journey.request.give(commands.Resubmit, DAN, content=content, content_version=1)
    await journey.give(again)
    await journey.give(journey.request.approve(ANA, opening=2, round=2))
    await journey.sleep(seconds=61)


async def amended(journey: Journey) -> None:
    """Changed twice while it waits: the stage goes on, then it is asked anew."""
    await journey.start(stage("manager", ANA, reads=("title",)))
    for title, seats in (("A lens", 2), ("A better lens", 2)):
        content = Content(title=title, fields={"seats": seats})
        version = journey.recorder.state.content_version
        await journey.give(
            journey.request.give(commands.Amend, DAN, content=content, content_version=version)
        )
    await journey.seen("TaskAssigned", times=2)
    await journey.give(journey.request.approve(ANA, opening=2, version=3))


async def overridden(journey: Journey) -> None:
    """An administrator lets one stage pass, then decides the request."""
    await journey.start(stage("manager", ANA), stage("budget", BEN))
    over = {"decision": Decision.APPROVE, "reason": "Both are away."}
    await journey.give(journey.request.give(commands.Override, CAI, stage_key="manager", **over))
    await journey.seen("TaskAssigned", times=2)
    await journey.give(journey.request.give(commands.Override, CAI, **over))


async def moved_to_policy(journey: Journey) -> None:
    """Moved to a version with one more stage before the one that waits."""
    await journey.start(stage("manager", ANA))
    journey.router.stages = (stage("legal", BEN), stage("manager", ANA))
    version, same = journey.recorder.state.policy_version_id, ("manager",)
    await journey.give(journey.request.move(version, "legal", "manager", same=same))
    await journey.seen("TaskAssigned", times=2)
    await journey.give(journey.request.approve(BEN, opening=2))
    await journey.seen("TaskAssigned", times=3)
    await journey.give(journey.request.approve(ANA, opening=3))


async def people_changed(journey: Journey) -> None:
    """Represented and given back; then who is asked leaves, and somebody else decides."""
    cai = Candidate(person_id=CAI, name="Cai", why="Because.")
    ana = LeftOut(person_id=ANA, name="Ana", reason="is no longer active")
    journey.router.review = RouteReview(people=(cai,), unfit=(ana,))
    await journey.start(stage("manager", ANA))
    absence = {"task_id": journey.request.task(ANA), "delegation_id": new_id()}
    started = {"on_behalf_of": ANA, "delegate_id": BEN, **absence}
    await journey.give(journey.request.give(commands.StartDelegation, SYSTEM, **started))
    await journey.give(journey.request.give(commands.EndDelegation, SYSTEM, **absence))
    await journey.give(journey.request.give(commands.ReviewPeople, SYSTEM, cause="Ana left."))
    await journey.seen("TaskReassigned")
    task = absence["task_id"]
    await journey.give(journey.request.give(commands.Approve, CAI, task_id=task))


async def withdrawn(journey: Journey) -> None:
    """Held and resumed first, with a command nobody knows."""
    await journey.start(stage("manager", ANA, expires_at=lambda q: days(q, 5)))
    await journey.give(journey.request.give(commands.Hold, BEN, reason="An audit"))
    await journey.give(journey.request.give(commands.Resume, BEN))
    await journey.give(journey.request.give(commands.Comment, DAN, comment="Never mind"))
    await journey.give(journey.request.give(commands.Withdraw, DAN))


async def from_state(journey: Journey) -> None:
    """Begun from a recorded state, as by the cutover."""
    lost = Journey(journey.client, journey.sleep_for, request=journey.request)
    async with lost.served():
        await lost.start(stage("manager", ANA))
        await lost.handle.terminate()
    journey.recorder.events = list(lost.recorder.events)
    await journey.begin(state=codec.encode(lost.recorder.state))
    await journey.give(journey.request.approve(ANA))


async def continued_as_new(journey: Journey) -> None:
    """The second run of a long request."""
    journey.continue_after = 20
    await journey.start(stage("manager", ANA))
    for number in range(9):
        comment = journey.request.give(commands.Comment, DAN, comment=f"Number {number}")
        await journey.give(comment)
    await journey.give(journey.request.approve(ANA))


async def needs_attention(journey: Journey) -> None:
    """Routing fails for good, later finds somebody; the record refuses once."""
    journey.router.fail = [permanent(), permanent()]
    await journey.start(stage("manager", ANA))
    await journey.seen("AttentionNeeded")
    journey.recorder.fail = [permanent()]
    await journey.sleep(hours=1, minutes=1)
    await journey.until(lambda: not journey.recorder.fail)
    await asyncio.sleep(0.3)
    await journey.sleep(minutes=2)
    await journey.seen("TaskAssigned")
    await journey.give(journey.request.approve(ANA))


async def handed_over(journey: Journey) -> None:
    """Given to somebody who is there, and to somebody who is not."""
    journey.staff.names = {BEN: "Ben"}
    await journey.start(stage("manager", ANA))
    task = journey.request.task(ANA)
    for to in (DAN, "nobody", BEN):
        give = journey.request.give(commands.Reassign, ANA, task_id=task, to_id=to)
        await journey.give(give)
    await journey.give(journey.request.give(commands.Approve, BEN, task_id=task))


BY_GROUP = {"mode": Mode.PER_GROUP, "groups": ("IT", "IT", "HR"), "needed": 2}


async def asked_to_the_end(journey: Journey) -> None:
    """A stage of before settled groups were asked no more: a late rejection of one ends it."""
    await journey.start(stage("both", ANA, BEN, CAI, undo=10, **BY_GROUP))
    await journey.give(journey.request.approve(ANA))
    await journey.sleep(seconds=11)
    await journey.give(journey.request.reject(BEN))
    await journey.sleep(seconds=11)


async def part_settled(journey: Journey) -> None:
    """A group has its vote for good, so its other member is asked no more; then the other group."""
    await journey.start(stage("both", ANA, BEN, CAI, undo=10, parts_settle=True, **BY_GROUP))
    await journey.give(journey.request.approve(ANA))
    await journey.sleep(seconds=11)
    await journey.seen("TaskWithdrawn")
    await journey.give(journey.request.reject(BEN))
    await journey.give(journey.request.approve(CAI))
    await journey.sleep(seconds=11)


PATHS: tuple[Path_, ...] = (
    approved, ended_quietly, told_its_place, rejected, escalated, timed_out, sent_back, amended,
    overridden, moved_to_policy, withdrawn, from_state, continued_as_new, needs_attention,
    handed_over, people_changed, asked_to_the_end, part_settled,
)  # fmt: skip


async def make(path: Path_) -> None:
    """Walk one path on a server of its own and save its history."""
    async with await time_skipping_server() as server:
        journey = Journey(server.client, server.sleep)
        async with journey.served():
            await path(journey)
            await journey.outcome()
        history = await journey.handle.fetch_history()
    text = history.to_json() + "\n"
    await asyncio.to_thread((HISTORIES / f"{path.__name__}.json").write_text, text)


async def main() -> None:
    """Make them all, or those that are named."""
    for path in PATHS:
        if path.__name__ in (sys.argv[1:] or [each.__name__ for each in PATHS]):
            await make(path)


if __name__ == "__main__":
    asyncio.run(main())
