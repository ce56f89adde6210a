"""The old rows of one request while they are told what happened here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.domain.request.events import Event
from portal.legacy.back import marks
from portal.legacy.back.keys import stamp
from portal.legacy.back.openings import Opening, Sitting
from portal.legacy.back.places import Places
from portal.legacy.back.rows import ACTIONS, TRANSITIONS, OldRows
from portal.legacy.note import NAME
from portal.legacy.records import Row, Step


@dataclass
class Teller:
    """Changes the rows of one request. `moved_to`: the last event that the mover recorded.

    `profile` gives the old id of a user. `problems`: what the old tables have no place for.
    `anchor` is the step that a comment goes to; `held` the reason of a hold since the move.
    """

    rows: OldRows
    places: Places
    profile: Callable[[str], str]
    number: str
    moved_to: int
    problems: list[str] = field(default_factory=list)
    opening: Opening | None = None
    anchor: Step | None = None
    last: Step | None = None
    interrupted: dict[str, Opening] = field(default_factory=dict)
    held: str | None = None
    resumed: bool = False
    lost: bool = False

    def __post_init__(self) -> None:
        steps = self.rows.before.steps
        under_way = [step for step in steps if step.is_under_way]
        self.anchor = next(iter(under_way or steps), None)
        for step in self.places.past:
            marks.leave_out(self.rows.steps[step.id])  # nextSteps jumped over it

    def is_since(self, event: Event) -> bool:
        """Whether it happened here, and not at the move."""
        return event.seq > self.moved_to

    def problem(self, words: str) -> None:
        """Something that a person should know, once."""
        if words not in self.problems:
            self.problems.append(words)

    def sitting(self, task_id: str) -> Sitting | None:
        """Who has a task of the stage under way."""
        return None if self.opening is None else self.opening.sittings.get(task_id)

    def steps_of(self, sitting: Sitting) -> list[Step]:
        """The old steps that somebody's task is about."""
        unit = None if self.opening is None else self.opening.unit
        return [] if unit is None else self.places.steps_of(unit, sitting.first, sitting.group)

    def act(
        self, event: Event, action: str, comment: str, step: Step | None = None, **data: Any
    ) -> Row | None:
        """A row of workflow_actions; without a step it belongs to the one under way."""
        step = step or self.anchor
        if step is None:
            self.problem(f"{action}, with no step to write it to: {comment}")
            return None
        note = {"number": self.number, "seq": event.seq, **data}
        return self.rows.add(
            ACTIONS, event.at, event.seq, step_instance_id=step.id, action=action,
            actor_id=self.profile(event.actor), comment=comment.strip() or None,
            data={NAME: note}, performed_at=stamp(event.at),
        )  # fmt: skip

    def passed_on(self, event: Event, step: Step) -> None:
        """A row of workflow_transitions from the last step that was over to this one."""
        if self.last is not None and self.last.index != step.index and self.is_since(event):
            self.rows.add(
                TRANSITIONS, event.at, event.seq, instance_id=self.rows.before.id,
                from_step=self.last.index, to_step=step.index, transition_type="NEXT",
                transitioned_at=stamp(event.at), transitioned_by=self.profile(event.actor),
            )  # fmt: skip
