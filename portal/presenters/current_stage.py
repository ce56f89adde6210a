"""The stage under way, opened: who is asked and since when, what is due, what the clock does next,
how the approvers were chosen, and when the request may be finished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.domain.deciding.decide import asked_tasks, parts_of
from portal.domain.request.state import Approval, OpenStage, Status
from portal.domain.routing.approvers import covers
from portal.domain.routing.plan import PlannedEscalation, StagePlan
from portal.domain.time.expected_finish import Expected, Unsaid
from portal.presenters.approver_choice import Explanation, choice_of
from portal.presenters.delivery import Sent, sent
from portal.presenters.progress import Forecast, owner_of_vote, rule_of, some
from portal.queries import asked
from portal.queries.asked import Away, Told
from portal.queries.request import RequestParts, RequestRecord, TaskRecord, given_of
from portal.services import expecting
from portal.services.expecting import Journey, expected
from portal.services.tasks import may_take
from portal.translation import _, own

SHOWN = 6
NAMED = 60
# So many people of one stage are looked up among absences; the others count as there.
LOOKED_UP = 50
# So long after its time something is not late yet.
JUST_NOW = timedelta(seconds=30)
MOVED = ("escalated_from", "reassigned_from", "delegated")


@dataclass(frozen=True, slots=True)
class Absent:
    """An absence. `decides`: who does meanwhile; empty where nobody does."""

    is_on: bool
    starts_at: datetime
    ends_at: datetime
    decides: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody who is asked, or who decided already while the stage goes on.

    `due_at`: where it is another time than the stage's, and `due_by` the place by whose working
    hours; `sent`: what they were told, None for readers to whom that is nobody's business.
    """

    name: str
    is_you: bool
    acting_for: str | None
    group: str | None
    since: datetime
    decision: str | None = None
    decided_at: datetime | None = None
    due_at: datetime | None = None
    due_by: str = ""
    is_active: bool = True
    waits_for_answer: bool = False
    absences: tuple[Absent, ...] = ()
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """To whom the open tasks move, and when, after the one that makes the stage due."""

    at: datetime
    to: str


@dataclass(frozen=True, slots=True)
class LateClock:
    """What the clock should have done: a page promises no time that has passed."""

    what: str
    at: datetime
    is_delayed: bool


@dataclass(frozen=True, slots=True)
class Released:
    """Those of a group (or of the whole stage) who are not asked any more: it has its votes."""

    group: str | None
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The current stage's box. `people`: you first; `others`: names of those not shown in full,
    `hidden`: how many more; `then`: what happens when it is due and nobody decided. `released`: who
    was asked and is not needed any more.

    `stands_still`: its clock waits for an answer. `rule`: how many must approve. `late`: what
    should have happened by now.
    """

    people: tuple[Asked, ...]
    others: tuple[str, ...]
    hidden: int
    released: tuple[Released, ...]
    rule: str
    due_at: datetime | None
    then: str
    reminder: datetime | None
    escalations: tuple[Escalation, ...]
    expires_at: datetime | None
    late: tuple[LateClock, ...]
    stands_still: bool
    choice: Explanation
    finish: Expected | Unsaid | None


@dataclass(frozen=True, slots=True)
class StageReader:
    """Who reads, and when. `sees_delivery`: they may know what people were told; `sees_finish`:
    they want to know when it may be finished, which whoever decides it does not.

    `is_past`: `now` is a moment of the past; `compares`: it is known what the directory said then.
    """

    me: str
    now: datetime
    sees_delivery: bool
    sees_finish: bool
    is_past: bool = False
    compares: bool = True


def opened(
    record: RequestRecord,
    parts: RequestParts,
    forecast: Forecast,
    names: Mapping[str, str],
    reader: StageReader,
) -> Now | None:
    """The box of the current stage; None while nobody is asked: settled, held, returned, stuck."""
    stage, tasks = parts.state.stage, stage_tasks(parts)
    wanted = asked_ids(parts.state)
    waiting = [task for task in tasks if task.id in wanted]
    if stage is None or not waiting or not is_asking(record):
        return None
    waiting.sort(key=lambda task: task.assignee_id != reader.me)
    people = [task.assignee_id for task in waiting[:LOOKED_UP]]
    people += people_of(forecast) if reader.sees_finish else []
    then = reader.now if reader.is_past else None
    world = asked.directory_now(people, stage.opened_at, stage.plan.basis, then)
    decided = [task for task in tasks if task.decision]
    drawing = _Drawing(reader, record, parts.state, world.away, parts.told)
    shown, rest = waiting[:SHOWN], waiting[SHOWN:]
    finish = None
    if reader.sees_finish:
        finish = _finish(record, stage, forecast, waiting, world.away, reader.now)
    return _clocks(
        stage,
        reader.now,
        people=(
            *(_decided(task, reader.me) for task in decided[:SHOWN]),
            *(drawing.asked(task) for task in shown),
        ),
        others=tuple(task.assignee_name for task in rest[:NAMED]),
        hidden=len(rest[NAMED:]),
        released=_released(stage, tasks),
        choice=choice_of(
            record, stage.plan, shown, names, world if reader.compares else None, reader.me
        ),
        finish=finish,
    )


def _clocks(stage: OpenStage, now: datetime, **rest: Any) -> Now:
    """With what the clock does next."""
    plan, stands_still = stage.plan, stage.paused_at is not None
    waiting = plan.escalations[stage.escalations_done :]
    escalations = [each for each in waiting if each.at > now]
    return Now(
        rule=rule_of(plan),
        due_at=None if stands_still else plan.due_at,
        then=_then(plan, escalations),
        reminder=next((at for at in plan.reminders[stage.reminders_sent :] if at > now), None),
        escalations=tuple(
            Escalation(each.at, _to(each)) for each in escalations if each.at != plan.due_at
        ),
        expires_at=plan.expires_at if plan.expires_at and plan.expires_at > now else None,
        late=_late(waiting, plan.expires_at, now),
        stands_still=stands_still,
        **rest,
    )


def _late(
    waiting: Sequence[PlannedEscalation], expires_at: datetime | None, now: datetime
) -> tuple[LateClock, ...]:
    """The next escalation and the expiry, where their time has passed and neither has happened."""
    clocks = [(_("Escalates"), waiting[0].at)] if waiting else []
    clocks += [(_("Expires"), expires_at)] if expires_at else []
    return tuple(LateClock(what, at, now - at > JUST_NOW) for what, at in clocks if at <= now)


def is_asking(record: RequestRecord) -> bool:
    """Whether somebody is asked now: not while it is settled, held, returned or stuck."""
    return (
        record.status is Status.PENDING and record.settles_at is None and record.attention is None
    )


def asked_ids(state: Approval) -> set[str]:
    """The tasks of what is under way whose vote is still needed."""
    return {task.id for stage in state.under_way for task in asked_tasks(stage)}


def _released(stage: OpenStage, tasks: Sequence[TaskRecord]) -> tuple[Released, ...]:
    """Who is not asked any more since their part has its votes, by group."""
    asked = {task.id for task in asked_tasks(stage)}
    gone = {
        task.id
        for task in stage.tasks
        if task.decision is None and not task.dropped and task.id not in asked
    }
    names: dict[str | None, list[str]] = {}
    for task in tasks:
        if task.id in gone:
            names.setdefault(task.group_name, []).append(task.assignee_name)
    return tuple(Released(group and own(group), some(found)) for group, found in names.items())


def stage_tasks(parts: RequestParts) -> list[TaskRecord]:
    """The tasks of the stage under way."""
    stage = parts.state.stage
    ids = {task.id for task in stage.tasks} if stage else set()
    return [task for task in parts.tasks if task.id in ids]


def people_of(forecast: Forecast) -> list[str]:
    """Those who would be asked in the stages to come; a part of many."""
    stages = (each for each in forecast if isinstance(each, StagePlan))
    return [person.person_id for stage in stages for person in stage.people[:LOOKED_UP]]


def absences_of(away: Mapping[str, list[Away]]) -> expecting.Absences:
    """By person, without the delegates' names."""
    return {person: [each.absence for each in found] for person, found in away.items()}


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is known of those who are asked, for one reader."""

    reader: StageReader
    record: RequestRecord
    state: Approval
    away: Mapping[str, list[Away]]
    told: Mapping[str, list[Told]]

    def asked(self, task: TaskRecord) -> Asked:
        notices, now = self.told.get(task.id, []), self.reader.now
        coming = self.away.get(task.assignee_id, [])
        return Asked(
            name=task.assignee_name,
            is_you=task.assignee_id == self.reader.me,
            acting_for=task.acting_for_name,
            group=task.group_name and own(task.group_name),
            since=since(task, notices),
            due_at=task.due_at,
            due_by=str(task.why.get("place") or ""),
            is_active=task.assignee_is_active,
            waits_for_answer=task.asked_at is not None,
            absences=tuple(
                self._absent(each, task) for each in coming if each.absence.ends_at > now
            )[:2],
            sent=sent(notices, now) if self.reader.sees_delivery else None,
        )

    def _absent(self, away: Away, task: TaskRecord) -> Absent:
        """Whoever still has the task while they are away has nobody who may decide for them."""
        absence, record = away.absence, self.record
        starts_at = absence.starts_at or self.reader.now
        is_on = starts_at <= self.reader.now
        is_covered = covers(absence, record.type_code, record.amount, record.currency)
        stays = is_on or not away.can_act or task.acting_for is not None
        moves = is_covered and not stays and may_take(self.state, task.id, absence.delegate_id)
        decides = away.delegate if moves else ""
        return Absent(is_on, starts_at, absence.ends_at, decides)


def since(task: TaskRecord, notices: Sequence[Told] = ()) -> datetime:
    """Since when this very person has it: a task keeps the time at which it was first given."""
    given = given_of(task).get("at")
    if given:
        return datetime.fromisoformat(given)
    was_moved = task.acting_for is not None or any(task.why.get(name) for name in MOVED)
    return notices[-1].at if was_moved and notices else task.opened_at


def _decided(task: TaskRecord, me: str) -> Asked:
    decider = task.decided_by or task.assignee_id
    return Asked(
        name=task.decided_by_name or task.assignee_name,
        is_you=decider == me,
        acting_for=owner_of_vote(task),
        group=task.group_name and own(task.group_name),
        since=task.opened_at,
        decision=task.decision,
        decided_at=task.decided_at,
    )


def _then(plan: StagePlan, escalations: Sequence[PlannedEscalation]) -> str:
    """What the clock does when the stage is due."""
    for each in escalations:
        if each.at == plan.due_at:
            to = _to(each)
            if not to:
                return _("Then everybody is reminded.")
            return _("Then escalates to %(names)s.", names=to)
    return ""


def _to(escalation: PlannedEscalation) -> str:
    return _(" or ").join(each.name for each in escalation.to[:3])


def _finish(
    record: RequestRecord,
    stage: OpenStage,
    forecast: Forecast,
    waiting: Sequence[TaskRecord],
    away: Mapping[str, list[Away]],
    now: datetime,
) -> Expected | Unsaid | None:
    """When it may be finished; nothing is expected while an answer is waited for."""
    if record.questions:
        return None
    journey = Journey(
        type_code=record.type_code,
        policy_version_id=record.policy_version_id,
        amount=record.amount,
        currency=record.currency,
        ahead=forecast,
    )
    lacking = [part for part in parts_of(stage.plan, stage.tasks) if part.lacks_votes]
    under_way = expecting.UnderWay(
        plan=stage.plan,
        opened_at=stage.opened_at,
        people=[(task.assignee_id, task.group_name) for task in waiting],
        needed=sum(part.needed - len(part.approvals) for part in lacking),
    )
    return expected(journey, under_way, absences_of(away), now)
