"""What lies ahead of an open request: those who are asked, and when it may be finished."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.domain.policy.policy import Decision, Mode
from portal.domain.routing.plan import StagePlan
from portal.domain.time.expected_finish import Expected, Unsaid
from portal.presenters.asked_people import Reading, Who, is_asking, open_ones, who
from portal.presenters.progress import Forecast, UnderWay
from portal.queries import asked
from portal.queries.asked import Away
from portal.queries.request import RequestRecord, TaskRecord
from portal.services import expecting
from portal.services.expecting import Journey, expected

# So many people of one stage are looked up among absences; the others count as there.
LOOKED_UP = 50


@dataclass(frozen=True, slots=True)
class Ahead:
    """`who`: None while nobody is asked; `finish`: None while nothing can be expected at all."""

    who: Who | None = None
    finish: Expected | Unsaid | None = None


def look_ahead(
    record: RequestRecord,
    stage: UnderWay | None,
    forecast: Forecast,
    names: Mapping[str, str],
    view: Reading,
) -> Ahead:
    """Both, from one look at the absences. Nothing is expected while an answer is waited for."""
    tasks = open_ones(stage.tasks) if stage is not None and is_asking(record) else []
    if stage is None or not tasks:
        return Ahead()
    people = [task.assignee_id for task in tasks[:LOOKED_UP]] + people_of(forecast)
    away = asked.absences(people, stage.at)
    drawn = who(record, stage.plan, stage.at, tasks, away, names, view)
    if record.questions:
        return Ahead(drawn)
    journey = Journey(
        type_code=record.type_code,
        policy_version_id=record.policy_version_id,
        amount=record.amount,
        currency=record.currency,
        ahead=forecast,
    )
    found = expected(journey, _under_way(stage, tasks), absences_of(away), view.now)
    return Ahead(drawn, found)


def people_of(forecast: Forecast) -> list[str]:
    """Those who would be asked in the stages to come; a part of many."""
    stages = (each for each in forecast if isinstance(each, StagePlan))
    return [person.person_id for stage in stages for person in stage.people[:LOOKED_UP]]


def absences_of(away: Mapping[str, list[Away]]) -> expecting.Absences:
    """By person, without the delegates' names."""
    return {person: [each.absence for each in found] for person, found in away.items()}


def _under_way(stage: UnderWay, tasks: list[TaskRecord]) -> expecting.UnderWay:
    given = sum(1 for task in stage.tasks if task.decision == Decision.APPROVE)
    is_each = stage.plan.mode is Mode.ALL
    return expecting.UnderWay(
        plan=stage.plan,
        opened_at=stage.at,
        people=[(task.assignee_id, task.group_name) for task in tasks],
        needed=len(tasks) if is_each else stage.plan.needed - given,
    )
