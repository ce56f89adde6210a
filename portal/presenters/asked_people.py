"""Who is asked now: each person, since when, away or not, what was sent to them, and why they."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.domain.request.values import Status, TaskStatus
from portal.domain.routing.delegates import covers
from portal.domain.routing.plan import StagePlan
from portal.presenters.assignment_reasons import facts_of, left_out_of
from portal.presenters.delivery import Sent, sent
from portal.presenters.reassignments import given_of
from portal.presenters.routing_changes import Kept, kept
from portal.queries import asked
from portal.queries.asked import Away, Told
from portal.queries.request import RequestRecord, TaskRecord

SHOWN = 6
NAMED = 60
LEFT_OUT = 60
TURNS = 6
MOVED = ("escalated_from", "reassigned_from", "delegated")


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads, and when."""

    me: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Absent:
    """An absence. `decides`: who does meanwhile; empty where nobody does."""

    is_on: bool
    starts_at: datetime
    ends_at: datetime
    decides: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPerson:
    """Somebody with an open task. `due_by`: the place by whose working hours it is due, if one;
    `why`: in a sentence about them, empty where none was kept."""

    name: str
    is_you: bool
    acting_for: str | None
    group: str | None
    since: datetime
    due_at: datetime | None
    due_by: str
    is_active: bool
    waits_for_answer: bool
    absences: tuple[Absent, ...]
    sent: Sent
    why: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the clock does if nobody decides, and when."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The people asked now, you first. `others`: names of those not shown in full, `hidden`: how
    many more. `kept` is None where the request is older than the keeping of it."""

    people: tuple[AskedPerson, ...]
    others: tuple[str, ...]
    hidden: int
    count: int
    turns: tuple[Turn, ...]
    stands_still: bool
    reason: str
    values: tuple[str, ...]
    asked_at: datetime
    kept: Kept | None
    left_out: tuple[str, ...]
    was_fallback: bool


def who(
    record: RequestRecord,
    plan: StagePlan,
    opened_at: datetime,
    tasks: Sequence[TaskRecord],
    away: Mapping[str, list[Away]],
    names: Mapping[str, str],
    view: Reading,
) -> Who:
    """Put together for one reader; `tasks`: the open ones of the stage, `away` by person."""
    me, now = view.me, view.now
    mine_first = sorted(tasks, key=lambda task: task.assignee_id != me)
    shown, rest = mine_first[:SHOWN], mine_first[SHOWN:]
    told = asked.told(record.id, [(task.assignee_id, task.id) for task in shown])
    people = (_person(task, record, told.get(task.id, []), away, names, view) for task in shown)
    stands_still = record.stage_due_at is None and plan.due_at is not None
    return Who(
        people=tuple(people),
        others=tuple(task.assignee_name for task in rest[:NAMED]),
        hidden=len(rest[NAMED:]),
        count=len(tasks),
        turns=() if stands_still else _turns(record, plan, now),
        stands_still=stands_still,
        reason=plan.reason,
        values=facts_of(plan.facts, record),
        asked_at=opened_at,
        kept=kept(plan.basis, asked.meant_now(plan.basis), me) if plan.basis else None,
        left_out=left_out_of(plan.left_out, LEFT_OUT),
        was_fallback=plan.used_fallback,
    )


def is_asking(record: RequestRecord) -> bool:
    """Whether somebody is asked now: not while it is settled, held, sent back or stuck."""
    return (
        record.status is Status.PENDING and record.settles_at is None and record.attention is None
    )


def open_ones(tasks: Iterable[TaskRecord]) -> list[TaskRecord]:
    """The tasks that wait for a decision."""
    return [task for task in tasks if task.status == TaskStatus.OPEN]


def _person(
    task: TaskRecord,
    record: RequestRecord,
    notices: list[Told],
    away: Mapping[str, list[Away]],
    names: Mapping[str, str],
    view: Reading,
) -> AskedPerson:
    me, now = view.me, view.now
    found = away.get(task.assignee_id, [])
    ahead = [each for each in found if each.absence.ends_at > now]
    return AskedPerson(
        name=task.assignee_name,
        is_you=task.assignee_id == me,
        acting_for=task.acting_for_name,
        group=task.group_name,
        since=_since(task, notices),
        due_at=task.due_at,
        due_by=str(task.why.get("place") or ""),
        is_active=task.assignee_is_active,
        waits_for_answer=task.asked_at is not None,
        absences=tuple(_absent(each, task, record, now) for each in ahead[:2]),
        sent=sent(notices, now),
        why=_why(task, names, me),
    )


def _since(task: TaskRecord, notices: list[Told]) -> datetime:
    """Since when this very person has it: a task keeps the time at which it was first given."""
    given = given_of(task).get("at")
    if given:
        return datetime.fromisoformat(given)
    was_moved = task.acting_for is not None or any(task.why.get(name) for name in MOVED)
    return notices[-1].at if was_moved and notices else task.opened_at


def _absent(away: Away, task: TaskRecord, record: RequestRecord, now: datetime) -> Absent:
    """Whoever still has the task while they are away has nobody who may decide for them."""
    absence = away.absence
    starts_at = absence.starts_at or now
    is_on = starts_at <= now
    is_covered = covers(absence, record.type_code, record.amount, record.currency)
    stays = is_on or not away.can_act or task.acting_for is not None
    decides = away.delegate if is_covered and not stays else ""
    return Absent(is_on, starts_at, absence.ends_at, decides)


def _why(task: TaskRecord, names: Mapping[str, str], me: str) -> str:
    """How it came to them: by a person's hand, or by the sentence that the rule has for them."""
    given = given_of(task)
    by, name = names.get(given.get("by") or "", "Somebody"), task.assignee_name
    name = "you" if task.assignee_id == me else name
    if given:
        if given.get("how") == "added":
            return f"{by} asked {name}, too."
        return f"{by} {'lent' if task.acting_for else 'handed'} it to {name}."
    said = str(task.why.get("moved") or task.why.get("why") or "")
    return said if me == task.owner_id else about(said, task.owner_name)


def about(sentence: str, name: str) -> str:
    """A sentence to somebody as one about them: "You are in Finance" as "Ben is in Finance"."""
    for told, said in (("are", "is"), ("hold", "holds"), ("act", "acts")):
        sentence = re.sub(rf"\b[Yy]ou {told}\b", f"{name} {said}", sentence)
    return re.sub(r"\b[Yy]ou\b", name, sentence)


def _turns(record: RequestRecord, plan: StagePlan, now: datetime) -> tuple[Turn, ...]:
    """What is to come, in order; a hold or a question made all of it later by the same length."""
    due_at, planned = record.stage_due_at, plan.due_at
    later = due_at - planned if due_at and planned else timedelta()
    turns = [Turn("Reminder to everybody who has not decided", at) for at in plan.reminders]
    turns += [Turn(_escalation(level.to), level.at) for level in plan.escalations]
    turns += [Turn("Ends undecided", plan.expires_at)] if plan.expires_at else []
    ahead = (Turn(each.what, each.at + later) for each in turns if each.at + later > now)
    return tuple(sorted(ahead, key=lambda turn: turn.at))[:TURNS]


def _escalation(to: Sequence[Any]) -> str:
    names = " or ".join(each.name for each in to[:3])
    return f"Moves on to {names}" if names else "Reminder, as nobody else could be asked"
