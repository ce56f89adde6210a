"""When a request may be finished: the past of its type, put on the route that lies ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from portal.directory.past import History, history_of
from portal.domain.errors import DomainError
from portal.domain.people.directory import Absence
from portal.domain.policy.policy import Mode, StageKind
from portal.domain.routing.approvers import covers
from portal.domain.routing.plan import Attention, Candidate, StagePlan, StageSkip
from portal.domain.time.expected_finish import (
    Decider,
    Expected,
    Past,
    Span,
    StageAhead,
    Unsaid,
    expect,
)
from portal.extensions import db

log = structlog.get_logger("portal.web")

Absences = Mapping[str, Sequence[Absence]]


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What is asked for, under which policy, and the stages that are still to come."""

    type_code: str
    policy_version_id: str
    amount: int | None
    currency: str | None
    ahead: Sequence[StageSkip | StagePlan | Attention]


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """The stage that is open: who still has a task (with its group), and how many are needed."""

    plan: StagePlan
    opened_at: datetime
    people: Sequence[tuple[str, str | None]]
    needed: int


def expected(
    journey: Journey, stage: UnderWay | None, absences: Absences, now: datetime
) -> Expected | Unsaid | None:
    """The range, or why there is none; None where nothing is ahead, or nobody could be asked."""
    if any(isinstance(each, Attention) for each in journey.ahead):
        return None
    try:
        history = history_of(
            db.session.connection(), journey.type_code, journey.policy_version_id, now
        )
        stages = _stages(journey, stage, history, absences, now)
        return expect(stages, now) if stages else None
    except (DomainError, OverflowError) as error:
        # A page must still be drawn: for a policy that cannot be read, or an absence without end.
        log.warning("no expectation", type_code=journey.type_code, error=str(error))
        return None


def _stages(
    journey: Journey,
    stage: UnderWay | None,
    history: History,
    absences: Absences,
    now: datetime,
) -> list[StageAhead]:
    stages = []
    if stage is not None:
        people = tuple(
            Decider(group=group, away=_away(absences.get(who, ()), journey, now))
            for who, group in stage.people
        )
        stages.append(_ahead(stage.plan, people, stage.needed, history, stage.opened_at))
    for each in journey.ahead:
        if isinstance(each, StagePlan) and each.kind is not StageKind.NOTIFY:
            people = tuple(_asked(person, journey, absences, now) for person in each.people)
            stages.append(_ahead(each, people, each.needed, history, None))
    return stages


def _asked(person: Candidate, journey: Journey, absences: Absences, now: datetime) -> Decider:
    away = () if person.stand_in else _away(absences.get(person.person_id, ()), journey, now)
    return Decider(group=person.group, away=away)


def _ahead(
    stage: StagePlan,
    people: tuple[Decider, ...],
    needed: int,
    history: History,
    opened_at: datetime | None,
) -> StageAhead:
    return StageAhead(
        name=stage.name,
        past=history.past.get(stage.key, Past()),
        people=people,
        needed=needed,
        by_group=stage.mode is Mode.PER_GROUP,
        calendar=history.calendars.get(stage.key),
        opened_at=opened_at,
    )


def _away(absences: Sequence[Absence], journey: Journey, now: datetime) -> tuple[Span, ...]:
    """When nobody decides for the person: the absence is not about such a request, or it is on and
    the task is theirs all the same, as their delegate may not have it."""
    spans = ((each.starts_at or now, each.ends_at, each) for each in absences)
    return tuple(
        (begins, ends)
        for begins, ends, each in spans
        if begins <= now or not covers(each, journey.type_code, journey.amount, journey.currency)
    )
