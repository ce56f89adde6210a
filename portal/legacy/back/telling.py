"""Telling the old rows what happened here: one event after the other."""

from collections.abc import Callable
from typing import Any

from portal.domain.policy.policy import Decision
from portal.domain.request import events as happened
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Content
from portal.legacy.back.rows import (
    DELEGATIONS,
    ESCALATIONS,
    StepVerdict,
    begin_step,
    begin_step_anew,
    end_step,
    leave_out_step,
    reopen_step,
    stamp,
)
from portal.legacy.back.teller import Opening, Sitting, Teller, WrittenDecision
from portal.legacy.engine import EngineStep, Row
from portal.legacy.route import RoutePart
from portal.legacy.values import text

# What has no row of its own: it changed nothing, or the state after all events says it.
SILENT: tuple[type[Event], ...] = (
    happened.RequestSubmitted, happened.RequestImported, happened.LegacyRecorded,
    happened.CommandRefused, happened.AttentionNeeded, happened.RoutingRetried,
    happened.RouteQuestioned, happened.RouteReviewed,
    happened.TaskExpired, happened.RequestApproved, happened.RequestRejected,
    happened.RequestTimedOut, happened.RequestFailed, happened.RequestWithdrawn,
    happened.RequestCancelled,
)  # fmt: skip

# What the old engine had no action for is told as a comment that begins so.
WORDS: dict[type[Event], str] = {
    happened.InformationAsked: "Asked the requester",
    happened.InformationGiven: "Answered",
}

DECISIONS = {
    Decision.APPROVE: "APPROVE",
    Decision.REJECT: "REJECT",
    Decision.SEND_BACK: "RETURN",
}


def _decided(teller: Teller, event: happened.TaskDecided) -> None:
    opening = teller.opening
    sitting = None if opening is None else opening.sittings.get(event.task_id)
    if opening is None or sitting is None:
        if teller.is_since(event):
            teller.act(event, DECISIONS[event.decision], event.comment)
        return
    sitting.is_open = False
    steps = teller.steps_of(sitting)
    person = teller.profile(event.actor)
    said = WrittenDecision(
        event.task_id, person, sitting.owner, event.decision, event.comment, steps
    )
    opening.said.append(said)
    if teller.is_since(event):
        _write(teller, event, said)
        if opening.is_group and event.decision is Decision.APPROVE:
            _end_parts(teller, event, opening, steps)


def _carried(teller: Teller, event: happened.DecisionCarried) -> None:
    """A decision that stands in a stage that is opened anew: its row is there."""
    if teller.opening is None:
        return
    owner = teller.profile(event.acting_for or event.person_id)
    person = teller.profile(event.decided_by)
    sitting = Sitting(person, owner, owner, event.group, is_open=False)
    teller.opening.sittings[event.task_id] = sitting
    steps = teller.steps_of(sitting)
    teller.opening.said.append(
        WrittenDecision(event.task_id, person, owner, event.decision, "", steps)
    )


def _overridden(teller: Teller, event: happened.RequestOverridden) -> None:
    """An administrator decided in place of those who were asked: the steps under way end so."""
    admin, approved = teller.profile(event.actor), event.decision is Decision.APPROVE
    passed_over = [teller.profile(each) for each in event.passed_over]
    opening = teller.opening
    waiting = [] if opening is None else list(opening.steps)
    waiting = [step for step in waiting if not teller.rows.is_finished(step)]
    steps: list[EngineStep | None] = [*waiting] or [None]
    for step in steps:
        teller.act(event, DECISIONS[event.decision], event.reason, step, passedOver=passed_over)
    for step in waiting:
        verdict = StepVerdict(approved, (admin,), event.reason)
        end_step(teller.rows.steps[step.id], event.at, verdict)


def _write(teller: Teller, event: happened.TaskDecided, said: WrittenDecision) -> None:
    """A row for each step that the decision is about."""
    acting = {} if said.person == said.owner else {"onBehalfOf": said.owner}
    steps: list[EngineStep | None] = list(said.steps) or [None]
    for step in steps:
        row = teller.act(event, DECISIONS[event.decision], event.comment, step, **acting)
        said.rows += [] if row is None else [row]


def _end_parts(teller: Teller, event: Event, opening: Opening, steps: list[EngineStep]) -> None:
    """One approval of a PARALLEL step's child is enough."""
    for step in steps:
        if not teller.rows.is_finished(step):
            end_step(teller.rows.steps[step.id], event.at, opening.verdict(step, approved=True))


def _retracted(teller: Teller, event: happened.DecisionRetracted) -> None:
    opening = teller.opening
    if opening is None:
        return
    taken = [each for each in opening.said if each.task_id == event.task_id]
    opening.said = [each for each in opening.said if each.task_id != event.task_id]
    if event.task_id in opening.sittings:
        opening.sittings[event.task_id].is_open = True
    for said in taken:
        for row in said.rows:
            words = f"Said {row['action']} and took it back. {said.comment}".strip()
            row.update(action="COMMENT", comment=words)
        for step in said.steps:
            if not step.is_finished and teller.rows.is_finished(step):
                reopen_step(teller.rows.steps[step.id], step.row)


def _escalated(teller: Teller, event: happened.TaskEscalated) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    before, after = sitting.person, teller.profile(event.to_id)
    sitting.person = sitting.owner = after
    sitting.moved = "ESCALATED"
    if not teller.is_since(event):
        return
    for step in teller.steps_of(sitting):
        teller.rows.steps[step.id]["escalation_level"] = event.level
        if not _known(teller, before, after):
            teller.act(event, "ESCALATE", event.message, step, **{"from": before, "to": after})
            continue
        teller.rows.add(
            ESCALATIONS, event.at, event.seq, instance_id=teller.rows.before.id,
            step_instance_id=step.id, escalated_from_id=before, escalated_to_id=after,
            level=str(event.level), reason=event.message or str(event.why) or None,
            escalated_by=teller.profile(event.actor), escalated_at=stamp(event.at),
        )  # fmt: skip


def _delegated(teller: Teller, event: happened.TaskDelegated) -> None:
    """Somebody acts for the owner, whose it stays; until a time, if the owner is away so long."""
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    owner, delegate = teller.profile(event.from_id), teller.profile(event.to_id)
    sitting.person, sitting.owner, sitting.moved = delegate, owner, "DELEGATED"
    for step in teller.steps_of(sitting):
        said = event.comment or str(event.why)
        if not _known(teller, owner, delegate):
            teller.act(event, "DELEGATE", said, step, **{"from": owner, "to": delegate})
            continue
        at = stamp(event.at)
        link = teller.rows.add(
            DELEGATIONS, event.at, event.seq, instance_id=teller.rows.before.id,
            step_instance_id=step.id, delegated_from_id=owner, delegated_to_id=delegate,
            reason=said or None, expires_at=None if event.until is None else stamp(event.until),
            is_active=True, revoked_at=None, revoked_by=None, created_at=at, updated_at=at,
        )  # fmt: skip
        sitting.links.append(link)


def _given_back(teller: Teller, event: happened.TaskGivenBack) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    at = stamp(event.at)
    for link in sitting.links:
        link.update(is_active=False, revoked_at=at, updated_at=at)
        link["revoked_by"] = teller.profile(event.actor)
    sitting.links.clear()
    sitting.person = sitting.owner = teller.profile(event.to_id)
    sitting.moved = "" if sitting.person == sitting.first else "IN_PROGRESS"


def _reassigned(teller: Teller, event: happened.TaskReassigned) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is None:
        return
    before, after = teller.profile(event.from_id), teller.profile(event.to_id)
    sitting.person = sitting.owner = after
    sitting.moved = "IN_PROGRESS"
    for step in teller.steps_of(sitting):
        said = event.comment or str(event.reason)
        teller.act(event, "REASSIGN", said, step, **{"from": before, "to": after})


def _added(teller: Teller, event: happened.ApproverAdded) -> None:
    """One person more is asked: the old step has no place for that but a comment."""
    if teller.opening is None:
        return
    person = teller.profile(event.person_id)
    teller.opening.sittings[event.task_id] = Sitting(
        person, person, person, None, moved="IN_PROGRESS"
    )
    name = teller.places.people.directory.name(person)
    teller.act(event, "COMMENT", f"Asked {name} as well. {event.comment}")


def _withdrawn(teller: Teller, event: happened.TaskWithdrawn) -> None:
    sitting = teller.sitting(event.task_id)
    if sitting is not None:
        sitting.is_open = False


def _known(teller: Teller, *profiles: str) -> bool:
    """Whether all of them have a profile, as the foreign keys of these tables want it."""
    return teller.places.people.directory.profiles.keys() >= set(profiles)


def _returned(teller: Teller, _event: happened.RequestReturned) -> None:
    """The old engine did nothing on RETURN: the step stays open."""
    teller.opening = None


def _resubmitted(teller: Teller, event: happened.RequestResubmitted) -> None:
    """Every stage that does not stay approved is to come again."""
    teller.interrupted.clear()
    _start_over(teller, event, set(event.carried))
    _change(teller, event)


def _amended(teller: Teller, event: happened.RequestAmended) -> None:
    """It was changed while it waited. A stage under way that did not read the change waits on."""
    _interrupt(teller, event.asked_again)
    _start_over(teller, event, {*event.carried, *teller.interrupted})
    _change(teller, event)


def _moved_to_policy(teller: Teller, event: happened.RequestMovedToPolicy) -> None:
    """It goes on by another version of its policy; what is the same there stands."""
    _interrupt(teller, event.asked_again)
    _start_over(teller, event, {*event.carried, *teller.interrupted})
    words = f"Goes on by version {event.version} of the portal's policy. {event.reason}"
    teller.act(event, "COMMENT", words)


def _interrupt(teller: Teller, asked_again: tuple[str, ...]) -> None:
    if teller.opening is not None:
        teller.interrupted[teller.opening.plan.key] = teller.opening
    for key in asked_again:
        teller.interrupted.pop(key, None)


def _continued(teller: Teller, event: happened.StageContinued) -> None:
    teller.opening = teller.interrupted.pop(event.key, None)
    if teller.opening is not None and teller.opening.steps:
        teller.anchor = teller.opening.steps[0]


def _start_over(teller: Teller, event: Event, kept: set[str]) -> None:
    """The route is gone along anew; what these stages came to stays."""
    teller.opening = teller.last = None
    for key, unit in teller.places.units.items():
        if key not in kept:
            for step in (*unit.around, *unit.steps):
                _again(teller, event, step.id)
    for step in teller.rows.before.steps:
        if step.type == "CONDITION":
            _again(teller, event, step.id)


def _change(teller: Teller, event: happened.RequestResubmitted | happened.RequestAmended) -> None:
    """What is asked for now, and what was said to it."""
    if event.changed:
        instance = teller.rows.instance
        instance["context"] = context_of(event.content, instance.get("context"))
    if event.comment.strip():
        teller.act(event, "COMMENT", event.comment)


def _again(teller: Teller, event: Event, step_id: str) -> None:
    row = teller.rows.steps[step_id]
    if row.get("status") != "PENDING" or row.get("started_at") is not None:
        begin_step_anew(row, event.at)


def context_of(content: Content, before: Any) -> Row:
    """What is asked for as the old engine keeps it: the context, with a title and an amount."""
    kept = content.fields
    context = kept["context"] if set(kept) == {"context"} and not isinstance(before, dict) else kept
    if not isinstance(context, dict):
        context = {"context": context}
    said = {text(context.get(key)) for key in ("title", "subject", "name")}
    added: Row = context if content.title in said else {**context, "title": content.title}
    if content.amount is not None:
        added = added | {"amountMinor": content.amount, "currency": content.currency}
    return added


def _held(teller: Teller, event: happened.RequestHeld) -> None:
    if teller.is_since(event):
        teller.held = event.reason


def _resumed(teller: Teller, event: happened.RequestResumed) -> None:
    if teller.is_since(event):
        teller.held, teller.resumed = None, True
        if event.comment.strip():
            teller.act(event, "COMMENT", event.comment)


def _opened(teller: Teller, event: happened.StageOpened) -> None:
    plan, since = event.plan, teller.is_since(event)
    unit = teller.places.units.get(plan.key)
    opening = teller.opening = Opening(plan, unit, since)
    if unit is None:
        teller.lost = True
        teller.problem(f"The stage “{plan.name}” is no step of the old workflow.")
        return
    first = opening.steps[0]
    pass_conditions(teller, event, first)
    for step in (*unit.around, *unit.steps):
        if teller.rows.is_finished(step):
            teller.problem(f"The step “{step.name}” was finished in the old engine as well.")
        else:
            due = plan.due_at if since and step in unit.steps else None
            begin_step(teller.rows.steps[step.id], event.at, due)
    teller.passed_on(event, first)
    teller.anchor = first


def pass_conditions(teller: Teller, event: Event, first: EngineStep) -> None:
    """Conditions before a step that is reached have been judged."""
    for step in teller.rows.before.steps:
        before = step.type == "CONDITION" and step.index < first.index
        if before and not teller.rows.is_finished(step):
            end_step(teller.rows.steps[step.id], event.at, None)


def _assigned(teller: Teller, event: happened.TaskAssigned) -> None:
    if teller.opening is not None:
        person = teller.profile(event.person_id)
        teller.opening.sittings[event.task_id] = Sitting(person, person, person, event.group)


def _passed(teller: Teller, event: happened.StagePassed) -> None:
    opening = teller.opening
    if opening is None or opening.plan.key != event.key or opening.unit is None:
        return  # it lies behind the request from before the move, or has no old step
    for step in opening.unit.steps:
        row = teller.rows.steps[step.id]
        if teller.rows.is_finished(step):
            continue
        approval = step.type == "APPROVAL"
        end_step(row, event.at, opening.verdict(step, approved=True) if approval else None)
    _end_around(teller, event)


def _failed(teller: Teller, event: happened.StageFailed) -> None:
    opening = teller.opening
    if opening is None or opening.unit is None:
        return
    waiting = [step for step in opening.steps if not teller.rows.is_finished(step)]
    rejected = [step for step in waiting if opening.rejected(step)] or waiting[:1]
    for step in waiting:
        row = teller.rows.steps[step.id]
        if step in rejected:
            end_step(row, event.at, opening.verdict(step, approved=False))
        else:
            leave_out_step(row)
    _end_around(teller, event)


def _end_around(teller: Teller, event: Event) -> None:
    """The PARALLEL steps are over with their children."""
    opening = teller.opening
    assert opening is not None
    assert opening.unit is not None
    for step in opening.unit.around:
        if not teller.rows.is_finished(step):
            end_step(teller.rows.steps[step.id], event.at, None)
    teller.last, teller.opening = opening.steps[-1], None


def _skipped(teller: Teller, event: happened.StageSkipped) -> None:
    unit = teller.places.units.get(event.key)
    if unit is not None and (teller.is_since(event) or unit.part is RoutePart.LEFT_OUT):
        for step in unit.steps:
            leave_out_step(teller.rows.steps[step.id])


def _commented(teller: Teller, event: happened.CommentAdded) -> None:
    if teller.is_since(event):
        teller.act(event, "COMMENT", event.comment)


def _reminded(teller: Teller, event: happened.ReminderDue) -> None:
    if teller.is_since(event) and event.actor != SYSTEM:
        teller.act(event, "REMIND", "")


Handler = Callable[[Teller, Any], None]
HANDLERS: dict[type[Event], Handler] = {
    happened.StageOpened: _opened,
    happened.TaskAssigned: _assigned,
    happened.StagePassed: _passed,
    happened.StageFailed: _failed,
    happened.StageSkipped: _skipped,
    happened.CommentAdded: _commented,
    happened.ReminderDue: _reminded,
    happened.TaskDecided: _decided,
    happened.DecisionCarried: _carried,
    happened.RequestOverridden: _overridden,
    happened.DecisionRetracted: _retracted,
    happened.TaskEscalated: _escalated,
    happened.TaskDelegated: _delegated,
    happened.TaskGivenBack: _given_back,
    happened.TaskReassigned: _reassigned,
    happened.ApproverAdded: _added,
    happened.TaskWithdrawn: _withdrawn,
    happened.RequestReturned: _returned,
    happened.RequestResubmitted: _resubmitted,
    happened.RequestAmended: _amended,
    happened.RequestMovedToPolicy: _moved_to_policy,
    happened.StageContinued: _continued,
    happened.RequestHeld: _held,
    happened.RequestResumed: _resumed,
}


def tell(teller: Teller, event: Event) -> None:
    """What this event means for the old rows."""
    handler = HANDLERS.get(type(event))
    if handler is not None:
        handler(teller, event)
    elif teller.is_since(event) and not isinstance(event, SILENT):
        said = " ".join(str(getattr(event, name)) for name in event.TEXTS)
        words = WORDS.get(type(event), type(event).__name__)
        teller.act(event, "COMMENT", f"{words}: {said}".rstrip(": "))
