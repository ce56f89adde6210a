"""A policy's stage made ready to open: people, reasons, facts and absolute times."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.domain.choosing import Choice, Chooser
from portal.domain.plan import PlannedEscalation, RouteQuestion, StagePlan
from portal.domain.policy import Policy, Stage, StageKind

# When `minutes` will have passed from now; business minutes, or by the wall clock if `elapsed`.
Clock = Callable[[int, bool], datetime]

ALWAYS = "Every request of this type goes through this stage."


def stage_plan(
    index: int, policy: Policy, choice: Choice, chooser: Chooser, clock: Clock
) -> StagePlan:
    """The plan of a stage whose people were found."""
    stage = policy.stages[index]
    if stage.kind is StageKind.NOTIFY:
        return _notify_plan(index, policy, choice, chooser.question)
    escalations = _escalations(stage, chooser, clock)
    expires_at = None if stage.expire_after is None else clock(stage.expire_after, stage.elapsed)
    deadlines = [level.at for level in escalations[:1]] + ([expires_at] if expires_at else [])
    return StagePlan(
        index=index,
        key=stage.key,
        name=stage.name,
        mode=stage.mode,
        needed=choice.needed,
        groups=choice.groups,
        people=choice.people,
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
        reminders=tuple(clock(after, stage.elapsed) for after in sorted(stage.remind_after)),
        escalations=escalations,
        expires_at=expires_at,
        due_at=min(deadlines, default=None),
        is_last=_is_last(index, policy),
    )


def reason_for(stage: Stage) -> str:
    """Why the stage applies, as a sentence."""
    if stage.condition is None:
        return ALWAYS
    return f"Needed {stage.condition_text or 'because its condition is met'}."


def reason_against(stage: Stage) -> str:
    """Why the stage does not apply, as a sentence."""
    return f"Only {stage.condition_text or 'if its condition is met'}."


def facts_of(stage: Stage, question: RouteQuestion) -> dict[str, Any]:
    """The request's values that the stage's condition mentions, by name."""
    if stage.condition is None:
        return {}
    values = {
        **question.fields,
        "title": question.title,
        "amount": question.amount,
        "currency": question.currency,
        "priority": question.priority,
    }
    mentioned = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", stage.condition)
    return {name: values[name] for name in dict.fromkeys(mentioned) if name in values}


def _notify_plan(index: int, policy: Policy, choice: Choice, question: RouteQuestion) -> StagePlan:
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


def _escalations(stage: Stage, chooser: Chooser, clock: Clock) -> tuple[PlannedEscalation, ...]:
    return tuple(
        PlannedEscalation(
            level=number,
            at=clock(level.after, stage.elapsed),
            to=tuple(chooser.candidates(level.to, [])),
            message=level.message,
        )
        for number, level in enumerate(stage.escalate, start=1)
    )
