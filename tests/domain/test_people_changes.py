"""People join, leave, go away and return, at random: every open request has somebody live who may
decide it, or needs attention, and nobody excluded ever decides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.domain.people.directory import Absence, Department, Directory, Group, Person
from portal.domain.policy.policy import Mode, Policy
from portal.domain.request import commands
from portal.domain.request.apply import question
from portal.domain.request.events import SYSTEM, StageOpened, TaskDecided
from portal.domain.request.state import Status, Task
from portal.domain.routing.step import plan_next
from tests.domain.office import clock, group, manager, named, stage
from tests.domain.story import Story, at

STAFF = ("ana", "ben", "cleo", "dan", "eve", "rita")
GROUPS = ("FIN", "IT")
person = st.sampled_from(STAFF)


@dataclass
class Office:
    """Who works here now, who is in which group, and who is away."""

    inactive: set[str] = field(default_factory=set)
    groups: dict[str, set[str]] = field(
        default_factory=lambda: {"FIN": {"ana", "ben", "cleo"}, "IT": {"cleo", "dan"}}
    )
    managers: dict[str, str] = field(default_factory=lambda: {"rita": "ana", "ana": "dan"})
    absences: dict[str, Absence] = field(default_factory=dict)
    count: int = 0

    def directory(self) -> Directory:
        """The snapshot that routing would take now."""
        return Directory(
            people={
                name: Person(
                    id=name, name=name, manager_id=self.managers.get(name),
                    is_active=name not in self.inactive,
                )
                for name in STAFF
            },
            groups={
                code: Group(code=code, name=code, members=tuple(sorted(members)))
                for code, members in self.groups.items()
            },
            departments={"D": Department(id="d", code="D", name="D")},
            absences={name: (each,) for name, each in self.absences.items()},
        )  # fmt: skip

    def acts_for(self, owner: str) -> Absence | None:
        """The absence by which somebody acts for this person now: no chains."""
        absence = self.absences.get(owner)
        if absence is None or absence.delegate_id in self.inactive | self.absences.keys():
            return None
        return absence


def leaves(office: Office, one: str, _other: str) -> None:
    office.inactive.add(one)


def returns(office: Office, one: str, _other: str) -> None:
    office.inactive.discard(one)


def joins(office: Office, one: str, other: str) -> None:
    office.groups[GROUPS[len(other) % 2]].add(one)


def parts(office: Office, one: str, other: str) -> None:
    office.groups[GROUPS[len(other) % 2]].discard(one)


def goes_away(office: Office, one: str, other: str) -> None:
    if one != other and one not in office.absences:
        office.count += 1
        office.absences[one] = Absence(
            id=f"absence-{office.count}", delegator_id=one, delegate_id=other, ends_at=at(10**6)
        )


def is_back(office: Office, one: str, _other: str) -> None:
    office.absences.pop(one, None)


Change = Callable[[Office, str, str], None]
CHANGES: tuple[Change, ...] = (leaves, returns, joins, parts, goes_away, is_back)
POLICIES = (
    Policy(stages=(stage(group("FIN")), stage(group("IT"), key="second")), undo_seconds=0),
    Policy(stages=(stage(group("FIN"), mode=Mode.ALL),), fallback=(named("eve"),), undo_seconds=0),
    Policy(
        stages=(
            stage(manager(), fallback=(named("eve"),)),
            stage(group("FIN"), group("IT"), key="both", mode=Mode.PER_GROUP, distinct=True),
        ),
        undo_seconds=0,
    ),
)


class Play:
    """A request among people who change, with the portal's watch over both."""

    def __init__(self, policy: Policy, behalf: str | None) -> None:
        self.policy, self.office, self.story = policy, Office(), Story()
        self.refused: set[tuple[str, str]] = set()
        self.story.submits(on_behalf_of=behalf)
        self.watch()

    def watch(self) -> None:
        """What the worker does until nothing is left to do."""
        for _ in range(20):
            while self.story.state.wants_route:
                asked = question(self.story.state, self.story.now)
                known = self.office.directory()
                self.story.routed(plan_next(self.policy, asked, known, {}, clock))
            if not self.look():
                return
        raise AssertionError("the watch finds no rest")

    def look(self) -> bool:
        """One round over the open tasks; True if a command was given."""
        state = self.story.state
        if state.status is not Status.PENDING:
            return False
        if any(self.follow_absence(task) for task in state.open_tasks):
            return True
        unfit = any(self.is_unfit(task) for task in state.open_tasks)
        if unfit and state.attention is None:
            self.story.says(commands.ReviewPeople, SYSTEM, cause="People changed.")
            return True
        return False

    def follow_absence(self, task: Task) -> bool:
        absence = self.office.acts_for(task.owner_id)
        if task.delegation_id is not None:
            if absence is not None and absence.id == task.delegation_id:
                return False
            given = {"task_id": task.id, "delegation_id": task.delegation_id}
            self.story.says(commands.EndDelegation, SYSTEM, **given)
            return True
        if absence is None or (task.id, absence.id) in self.refused:
            return False
        self.story.says(
            commands.StartDelegation, SYSTEM, on_behalf_of=task.owner_id, task_id=task.id,
            delegation_id=absence.id, delegate_id=absence.delegate_id,
        )  # fmt: skip
        if task in self.story.state.open_tasks:
            self.refused.add((task.id, absence.id))
        return True

    def is_unfit(self, task: Task) -> bool:
        """Inactive, or no longer in the group that it came by."""
        people = {task.owner_id, task.assignee_id}
        source = question(self.story.state, self.story.now).sources.get(task.owner_id, "")
        kind, _, code = source.partition(":")
        left = kind == "group" and task.owner_id not in self.office.groups[code]
        return bool(people & self.office.inactive) or left

    def someone_decides(self, which: int) -> None:
        """Whoever has a task says yes."""
        tasks = self.story.state.open_tasks
        if tasks and self.story.state.status is Status.PENDING:
            self.story.approves(tasks[which % len(tasks)].assignee_id)
            self.watch()


def holds(play: Play) -> None:
    """The promise."""
    state = play.story.state
    if state.status is Status.PENDING and state.attention is None:
        assert state.open_tasks
        for task in state.open_tasks:
            assert play.office.inactive.isdisjoint({task.owner_id, task.assignee_id})
    barred: set[str | None] = set()
    for event in play.story.log:
        if isinstance(event, StageOpened):
            barred = {state.requester_id, state.on_behalf_of, *event.plan.excluded} - {None}
        elif isinstance(event, TaskDecided):
            assert barred.isdisjoint({event.actor, event.on_behalf_of})


step = st.tuples(st.integers(0, len(CHANGES) + 1), person, person)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(POLICIES), st.sampled_from([None, "ben"]), st.lists(step, max_size=20))
def test_no_request_is_without_a_live_person(
    policy: Policy, behalf: str | None, steps: list[tuple[int, str, str]]
) -> None:
    play = Play(policy, behalf)
    holds(play)
    for number, one, other in steps:
        if number < len(CHANGES):
            CHANGES[number](play.office, one, other)
            play.watch()
        else:
            play.someone_decides(len(one) + len(other))
        holds(play)


def test_the_play_reaches_what_it_is_about() -> None:
    play: Any = Play(POLICIES[1], None)
    goes_away(play.office, "ana", "dan")
    leaves(play.office, "ben", "")
    play.watch()
    assert {(task.assignee_id, task.acting_for) for task in play.story.state.open_tasks} == {
        ("dan", "ana"), ("cleo", None),
    }  # fmt: skip
    for _ in range(2):
        play.someone_decides(0)
    assert play.story.state.status is Status.APPROVED
