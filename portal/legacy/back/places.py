"""Which old steps a stage here is: by the stage's key, as the mover gives it."""

from dataclasses import dataclass

from portal.legacy.live import general_shapes, lay_out
from portal.legacy.people import People
from portal.legacy.records import Definition, Finding, Instance, Step
from portal.legacy.setting import Answer, Setting
from portal.legacy.shaping import Shaper
from portal.legacy.stages import group_names
from portal.legacy.units import Unit


@dataclass(frozen=True)
class Places:
    """`units`: the old steps of each stage; `people` finds whom a step asks.

    `past`: the steps before where the request stood at the move.
    """

    units: dict[str, Unit]
    people: People
    past: tuple[Step, ...] = ()

    def steps_of(self, unit: Unit, person: str, group: str | None) -> list[Step]:
        """The steps that somebody's task is about: of a stage of several, those that ask them."""
        if len(unit.steps) == 1:
            return list(unit.steps)
        if group is not None:
            pairs = zip(unit.steps, group_names(unit.steps), strict=True)
            named = [s for s, name in pairs if f", {name}, " in f", {group}, "]
            if named:
                return named
        asking = [s for s in unit.steps if person in self.people.of_step(s, Finding()).people]
        return asking or [s for s in unit.steps if s.assignee == person] or list(unit.steps[:1])


def places_of(instance: Instance, setting: Setting, answer: Answer | None = None) -> Places:
    """The stages of a request that was moved here."""
    assert instance.definition is not None
    shaper = Shaper(instance, instance.definition, setting, Finding(), answer)
    if not instance.steps:
        return Places({}, shaper.people)
    laid = lay_out(shaper)
    units = {each.shape.key: each.shape.unit for each in laid.behind}
    units |= {shape.key: shape.unit for shape in laid.ahead()}
    return Places(units, shaper.people, tuple(laid.route.past))


def places_of_new(instance: Instance, definition: Definition, setting: Setting) -> Places:
    """The stages of a request that began here: every step of the definition is one."""
    shaper = Shaper(instance, definition, setting, Finding())
    units = {shape.key: shape.unit for shape in general_shapes(shaper, instance.steps)}
    return Places(units, shaper.people)
