"""Whose turn it is in the step under way, where that is not what the old rows say already."""

from portal.domain.policy.policy import Mode
from portal.legacy.back.openings import Opening, Sitting
from portal.legacy.back.teller import Teller
from portal.legacy.records import Finding, Step


def seat(teller: Teller) -> None:
    """Write the assignees of the stage that is open at the end."""
    opening = teller.opening
    if opening is None or opening.unit is None:
        return
    if len(opening.steps) > 1:
        _seat_parts(teller, opening)
    elif opening.since or any(each.moved for each in opening.sittings.values()):
        _seat_one(teller, opening, opening.steps[0])


def _seat_one(teller: Teller, opening: Opening, step: Step) -> None:
    now = opening.asked_now
    voted = {each.owner for each in opening.said}
    if not now or now == _asked(teller, step) - voted:
        return
    if len(now) > 1 or (opening.plan.mode is not Mode.ANY and len(opening.sittings) > 1):
        teller.problem(_others(teller, step, now))
        return
    (person,) = now
    moved = [each.moved for each in opening.sittings.values() if each.is_open and each.moved]
    _assign(teller, step, person, moved[0] if moved else "")


def _seat_parts(teller: Teller, opening: Opening) -> None:
    """Of several steps that are one stage, those that now ask somebody whom their row does not."""
    assert opening.unit is not None
    sitting: dict[str, list[Sitting]] = {}
    for each in opening.sittings.values():
        for step in teller.places.steps_of(opening.unit, each.first, each.group):
            if each.is_open and (opening.since or each.moved):
                sitting.setdefault(step.id, []).append(each)
    for step in opening.steps:
        waiting = sitting.get(step.id, [])
        people = {each.person for each in waiting}
        if people <= _asked(teller, step):
            continue
        if len(people) == 1:
            _assign(teller, step, waiting[0].person, waiting[0].moved)
        else:
            teller.problem(_others(teller, step, people))


def _asked(teller: Teller, step: Step) -> set[str]:
    """Whom the step asks by its row as it is now."""
    now = next(each for each in teller.rows.as_instance().steps if each.id == step.id)
    return set(teller.places.people.of_step(now, Finding()).people)


def _others(teller: Teller, step: Step, people: set[str]) -> str:
    names = ", ".join(sorted(map(teller.places.people.directory.name, people)))
    return f"The step “{step.name}” waits for {names}; its old rule asks others."


def _assign(teller: Teller, step: Step, person: str, moved: str) -> None:
    row = teller.rows.steps[step.id]
    row["assignee_id"] = person
    row["status"] = moved or row["status"]
