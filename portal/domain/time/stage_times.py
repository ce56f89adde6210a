"""When a stage's reminders, escalations and end come: worked out as it opens, stored as they are.

By the request type's calendar everybody has the same time. By the approvers' places each person has
their own, by the calendar of where they work, and what is done to the stage as a whole (reminders,
an escalation, its end) waits for the latest: of those asked, of those who stand in for them, and of
those to whom an earlier level may have moved the task. So nobody whom the policy asks is ever told
too early that time is up; some are told late (promise 6: late rather than never, never early).

Times that stand do not move with people: whoever gets a task later (handed over, delegated,
escalated, routed anew) takes it with its times, and whoever is added gets those of the stage. After
a hold all of them are later by as long as it was. A stage that is opened anew is worked out anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.policy.policy import Stage, WorkingTime
from portal.domain.time.working_time import Calendar, add_business_minutes

# When `minutes` will have passed from now; business minutes, or by the wall clock if `elapsed`.
Clock = Callable[[int, bool], datetime]


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """The request type's clock from `now` on, and the calendars of people's places by person."""

    now: datetime
    of_type: Clock
    places: Mapping[str, Calendar] = field(default_factory=dict)

    def at(self, stage: Stage, minutes: int, people: Iterable[str]) -> datetime:
        """When so many minutes of the stage's working time will have passed for all of them."""
        if stage.working_time is WorkingTime.TYPE:
            return self.of_type(minutes, stage.elapsed)
        own = {each: self._at_place(each, minutes) for each in people}
        return max(own.values(), default=self.of_type(minutes, False))

    def _at_place(self, person: str, minutes: int) -> datetime:
        place = self.places.get(person)
        if place is None:
            return self.of_type(minutes, False)
        return add_business_minutes(place, self.now, minutes)


@dataclass(frozen=True, kw_only=True)
class StageTimes:
    """A stage's times; `escalations` in the order of its levels.

    `due_at`: the first of the first escalation and the end. `own`: that of each person asked, where
    they have different ones.
    """

    reminders: tuple[datetime, ...] = ()
    escalations: tuple[datetime, ...] = ()
    expires_at: datetime | None = None
    due_at: datetime | None = None
    own: Mapping[str, datetime] = field(default_factory=dict)


def stage_times(
    stage: Stage,
    clocks: Clocks,
    asked: Mapping[str, Iterable[str]],
    targets: Sequence[Iterable[str]] = (),
) -> StageTimes:
    """The times of a stage that opens now.

    `asked`: each person asked, with everybody who may have that task from the start (themselves and
    who stands in). `targets`: to whom each level of escalation may move a task.
    """
    people = {each for several in asked.values() for each in several}
    reminders = tuple(clocks.at(stage, after, people) for after in sorted(stage.remind_after))
    escalations = []
    for number, level in enumerate(stage.escalate):
        escalations.append(clocks.at(stage, level.after, people))
        people.update(*targets[number : number + 1])
    ends = stage.expire_after
    expires_at = None if ends is None else clocks.at(stage, ends, people)
    deadlines = [*escalations[:1], *([expires_at] if expires_at else [])]
    return StageTimes(
        reminders=reminders,
        escalations=tuple(escalations),
        expires_at=expires_at,
        due_at=min(deadlines, default=None),
        own=_own(stage, clocks, asked),
    )


def _own(
    stage: Stage, clocks: Clocks, asked: Mapping[str, Iterable[str]]
) -> Mapping[str, datetime]:
    first = [level.after for level in stage.escalate[:1]]
    first += [stage.expire_after] if stage.expire_after is not None else []
    if stage.working_time is WorkingTime.TYPE or not first:
        return {}
    return {each: clocks.at(stage, min(first), people) for each, people in asked.items()}
