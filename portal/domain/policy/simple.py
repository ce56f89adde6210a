"""The rules of a simple request: one approver, no escalation, a deadline in any case."""

from dataclasses import replace
from datetime import datetime, timedelta

from portal.domain.policy.policy import Mode, StageKind
from portal.domain.request.reasons import Code, reason
from portal.domain.routing.plan import LeftOut, RoutePlan, StagePlan

TIME_LIMIT = timedelta(days=7)


def one_approver(plan: RoutePlan, now: datetime) -> RoutePlan:
    """The plan with its stage made simple; see `simple_stage`."""
    if plan.stage is None:
        return plan
    return replace(plan, stage=simple_stage(plan.stage, now))


def simple_stage(stage: StagePlan, now: datetime) -> StagePlan:
    """The stage with one person, no escalation, and seven elapsed days if it has no deadline."""
    if stage.kind is StageKind.NOTIFY:
        return stage
    expires_at = stage.expires_at or now + TIME_LIMIT
    return replace(
        stage,
        mode=Mode.ANY,
        needed=1,
        groups=(),
        people=tuple(replace(each, due_at=None, place="") for each in stage.people[:1]),
        left_out=(*stage.left_out, *_not_asked(stage)),
        escalations=(),
        reminders=tuple(at for at in stage.reminders if at < expires_at),
        expires_at=expires_at,
        due_at=expires_at,
    )


def _not_asked(stage: StagePlan) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(person_id=each.person_id, name=each.name, reason=reason(Code.ONE_APPROVER))
        for each in stage.people[1:]
    )
