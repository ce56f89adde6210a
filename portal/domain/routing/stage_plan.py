"""A policy's stage made ready to open: people, reasons, facts and absolute times."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.domain.people.directory import Workplace
from portal.domain.policy.forms import plain
from portal.domain.policy.policy import ApproverRule, Policy, Stage, StageKind
from portal.domain.request.reasons import Code, Reason, reason
from portal.domain.routing.approvers import ApproverChoice, ApproverSelector
from portal.domain.routing.plan import Candidate, PlannedEscalation, RouteQuestion, StagePlan
from portal.domain.routing.routing_evidence import evidence_of
from portal.domain.time.stage_times import Clock, Clocks, StageTimes, stage_times


def stage_plan(
    index: int, policy: Policy, choice: ApproverChoice, chooser: ApproverSelector, clock: Clock
) -> StagePlan:
    """The plan of a stage whose people were found."""
    stage = policy.stages[index]
    if stage.kind is StageKind.NOTIFY:
        return _notify_plan(index, policy, choice, chooser.question)
    places = chooser.directory.places()
    targets = [tuple(chooser.candidates(level.to, [])) for level in stage.escalate]
    calendars = {who: place.calendar for who, place in places.items()}
    clocks = Clocks(now=chooser.question.now, of_type=clock, places=calendars)
    times = stage_times(stage, clocks, _asked(choice.people), [_ids(each) for each in targets])
    return StagePlan(
        index=index,
        key=stage.key,
        name=stage.name,
        mode=stage.mode,
        needed=choice.needed,
        groups=choice.groups,
        people=_due(choice.people, times.own, places),
        left_out=tuple(choice.left_out),
        excluded=tuple(chooser.excluded),
        reason=reason_for(stage),
        facts=facts_of(stage, chooser.question),
        used_fallback=choice.used_fallback,
        rejection=stage.rejection_rule,
        distinct=stage.distinct,
        reads=stage.reads,
        comment_required=stage.comment_required,
        undo_seconds=policy.undo_seconds,
        asking_stops_clock=stage.asking_stops_clock,
        reminders=times.reminders,
        escalations=_escalations(stage, targets, times),
        expires_at=times.expires_at,
        due_at=times.due_at,
        is_last=_is_last(index, policy),
        basis=evidence_of(_followed(stage, policy, choice), chooser.question, chooser.directory),
        parts_settle=True,
        step_up=stage.step_up,
    )


def _followed(stage: Stage, policy: Policy, choice: ApproverChoice) -> tuple[ApproverRule, ...]:
    """The rules that were followed: fallbacks only where somebody is asked by one."""
    return stage.rules + (stage.fallback + policy.fallback if choice.used_fallback else ())


def reason_for(stage: Stage) -> Reason:
    """Why the stage applies."""
    if stage.condition is None:
        return reason(Code.ALWAYS)
    if not stage.condition_text:
        return reason(Code.NEEDED)
    code = Code.NEEDED_IF if stage.when is None else Code.NEEDED_BECAUSE
    return reason(code, condition=stage.condition_text)


def reason_against(stage: Stage) -> Reason:
    """Why the stage does not apply."""
    if not stage.condition_text:
        return reason(Code.ONLY)
    code = Code.ONLY_IF if stage.when is None else Code.ONLY_WHERE
    return reason(code, condition=stage.condition_text)


def facts_of(stage: Stage, question: RouteQuestion) -> dict[str, Any]:
    """The request's values that the stage's condition mentions, by name."""
    if stage.condition is None:
        return {}
    values = {
        **plain(question.fields),
        "title": question.title,
        "amount": question.amount,
        "currency": question.currency,
        "priority": question.priority,
    }
    mentioned = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", stage.condition)
    return {name: values[name] for name in dict.fromkeys(mentioned) if name in values}


def _notify_plan(
    index: int, policy: Policy, choice: ApproverChoice, question: RouteQuestion
) -> StagePlan:
    stage = policy.stages[index]
    return StagePlan(
        index=index,
        key=stage.key,
        name=stage.name,
        kind=StageKind.NOTIFY,
        needed=0,
        people=choice.people,
        left_out=tuple(choice.left_out),
        reason=reason_for(stage),
        facts=facts_of(stage, question),
        used_fallback=choice.used_fallback,
        reads=stage.reads,
        is_last=_is_last(index, policy),
    )


def _is_last(index: int, policy: Policy) -> bool:
    return index == len(policy.stages) - 1


def _asked(people: Sequence[Candidate]) -> dict[str, set[str]]:
    """Everybody asked, each with who may have their task from the start."""
    return {
        each.person_id: {each.person_id} | ({each.stand_in.person_id} if each.stand_in else set())
        for each in people
    }


def _ids(people: Sequence[Candidate]) -> set[str]:
    return {each.person_id for each in people}


def _due(
    people: Sequence[Candidate], own: Mapping[str, datetime], places: Mapping[str, Workplace]
) -> tuple[Candidate, ...]:
    """The people, each with their own deadline and place, where the stage goes by places."""
    return tuple(
        replace(each, due_at=own[each.person_id], place=_name(places.get(each.person_id)))
        if each.person_id in own
        else each
        for each in people
    )


def _name(place: Workplace | None) -> str:
    return "" if place is None else place.name


def _escalations(
    stage: Stage, targets: Sequence[tuple[Candidate, ...]], times: StageTimes
) -> tuple[PlannedEscalation, ...]:
    levels = zip(stage.escalate, targets, times.escalations, strict=True)
    return tuple(
        PlannedEscalation(level=number, at=at, to=to, message=level.message)
        for number, (level, to, at) in enumerate(levels, start=1)
    )
