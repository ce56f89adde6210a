"""Everything the page of one request shows to one person, put together from the records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.domain.request import apply as approval
from portal.domain.request.values import Status, TaskStatus
from portal.presentation.form_words import people_in
from portal.presentation.parts import Remark, Step
from portal.presenters import progress as course
from portal.presenters import reassignments as handed
from portal.presenters.asked_people import Reading
from portal.presenters.assignment_reasons import Why, why
from portal.presenters.comments import remarks
from portal.presenters.facts import Fact, File, facts, files
from portal.presenters.forecast import Ahead, look_ahead
from portal.presenters.reassignments import Handed
from portal.presenters.revisions import Revision, revision_of, seen_version
from portal.queries import attachments, audit, commands, comments, inbox, request
from portal.queries.attachments import AddedFile
from portal.queries.audit import EventRecord
from portal.queries.commands import CommandRecord
from portal.queries.inbox import InboxTask
from portal.queries.request import RequestRecord, TaskRecord
from portal.security.identity import Identity
from portal.services.forecast import forecast

MOVABLE_SHOWN = 12
JUST_NOW = timedelta(seconds=30)
VERBS = {
    Decision.APPROVE: "approved it",
    Decision.REJECT: "rejected it",
    Decision.SEND_BACK: "sent it back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The reader's own part: an open task to decide, or a decision of a moment ago.

    `undo_until`: until when the decision can be undone, None where it cannot.
    """

    task: TaskRecord
    undo_seconds: int
    undo_until: datetime | None = None

    @property
    def must_say_why(self) -> frozenset[Decision]:
        """The decisions that need a comment."""
        return frozenset(Decision(each) for each in self.task.comment_required)


@dataclass(frozen=True, slots=True)
class LastWord:
    """The last thing that moved the request, as a sentence without its full stop."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the template draws. `todo`: an open task of the reader's; `done`: one decided
    just now; `revision`: what changed since the reader last looked; `waiting`: commands recorded
    and not applied yet; `following`: next in the inbox;
    `handed`: what was the reader's; `may_move`: what they may give to others as an admin."""

    record: RequestRecord
    facts: tuple[Fact, ...]
    files: tuple[File, ...]
    enclosed: tuple[AddedFile, ...]
    revision: Revision | None
    steps: tuple[Step, ...]
    step_note: str
    remarks: tuple[Remark, ...]
    waiting: tuple[CommandRecord, ...]
    todo: Turn | None
    done: Turn | None
    why: Why | None
    ahead: Ahead
    handed: list[Handed]
    may_move: tuple[TaskRecord, ...]
    following: InboxTask | None
    last_word: LastWord | None
    return_comment: str
    is_mine: bool
    may_change: bool
    may_comment: bool
    may_hold: bool
    may_cancel: bool
    may_override: bool
    may_move_policy: bool

    @property
    def status_name(self) -> str:
        """The status to show: a stuck request, or one with an open question, says so."""
        if self.record.attention:
            return "ATTENTION"
        is_asked = self.record.questions and self.record.status is Status.PENDING
        return "QUESTION" if is_asked else self.record.status.value


def compose(record: RequestRecord, person: Identity, since: int | None = None) -> Sheet:
    """Put everything together for this person; `since`: the version they saw, if a form says."""
    tasks = request.tasks_of(record.id)
    events = audit.course_of(record.id, record.submitted_at)
    names = _names(record, tasks, events)
    walk = course.Course(record, {task.id: task for task in tasks}, names, person.id).read(events)
    coming = _forecast(record, walk, person.now)
    steps = walk.finish(coming)
    waiting = commands.waiting_for_request(record.id) if record.has_waiting else ()
    mine = [task for task in tasks if task.assignee_id == person.id]
    todo, done = _todo(record, mine, walk, waiting), _done(record, mine, walk, person.now)
    seen = seen_version(record, mine) if since is None else since
    revision, is_open = revision_of(record, events, names, seen), record.status.is_open
    return Sheet(
        record=record,
        facts=facts(record.form, record.fields, names, revision.fields if revision else ()),
        files=files(record.form, record.fields),
        enclosed=attachments.added_to(record.id) if record.was_enclosed else (),
        revision=revision,
        steps=steps,
        step_note=_step_note(walk, steps),
        remarks=remarks(comments.comments_of(record.id) if record.was_said else ()),
        waiting=waiting,
        todo=todo,
        done=done,
        why=why(todo.task, record, names) if todo else None,
        ahead=look_ahead(record, walk.stage, coming, names, Reading(person.id, person.now)),
        handed=handed.away_from(tasks, names, person.id),
        may_move=_movable(record, tasks) if _may_move(record, person) else (),
        following=_following(person, record, mine) if todo or done else None,
        last_word=_last_word(tasks, walk.steps),
        return_comment=_return_comment(tasks) if record.status is Status.RETURNED else "",
        is_mine=record.is_by(person.id),
        may_change=record.is_by(person.id) and record.status is Status.PENDING,
        may_comment=is_open and not person.is_auditor,
        may_hold=is_open and person.may(Permission.HOLD),
        may_cancel=is_open and person.may(Permission.CANCEL),
        may_move_policy=record.has_newer_policy and person.may(Permission.MOVE_POLICY),
        may_override=is_open and person.may(Permission.OVERRIDE) and not record.is_by(person.id),
    )


def _names(
    record: RequestRecord, tasks: tuple[TaskRecord, ...], events: tuple[EventRecord, ...]
) -> Mapping[str, str]:
    known = {record.requester_id: record.requester_name}
    if record.on_behalf_of and record.on_behalf_of_name:
        known[record.on_behalf_of] = record.on_behalf_of_name
    known |= {task.assignee_id: task.assignee_name for task in tasks}
    wanted = course.people_in(events) | people_in(record.form, record.fields)
    wanted |= handed.people_in(tasks)
    return known | request.names_of(wanted - known.keys())


def _forecast(record: RequestRecord, walk: course.Course, now: datetime) -> course.Forecast:
    """What follows; nothing while the requester has it, for a change may alter the route."""
    if not record.status.is_open or record.status is Status.RETURNED or record.attention:
        return ()
    votes = {task.decision for task in walk.stage.tasks} if walk.stage else set()
    if record.settles_at is not None and votes & {Decision.REJECT, Decision.SEND_BACK}:
        return ()
    return forecast(approval.question_ahead(request.state_of(record.id), now))


def _may_move(record: RequestRecord, person: Identity) -> bool:
    is_settling = record.settles_at is not None
    return person.may(Permission.REASSIGN) and not record.is_by(person.id) and not is_settling


def _movable(record: RequestRecord, tasks: tuple[TaskRecord, ...]) -> tuple[TaskRecord, ...]:
    """The tasks that somebody can be given: a few of many, for each has a link of its own."""
    if not record.status.is_open:
        return ()
    return tuple(task for task in tasks if task.status == TaskStatus.OPEN)[:MOVABLE_SHOWN]


def _todo(
    record: RequestRecord,
    mine: list[TaskRecord],
    walk: course.Course,
    waiting: tuple[CommandRecord, ...],
) -> Turn | None:
    """The task to decide; none on hold, while the stage settles, or once a decision is recorded."""
    if record.status is not Status.PENDING or record.settles_at is not None:
        return None
    sent = {command.task_id for command in waiting if command.kind != "Retract"}
    for task in mine:
        if task.status == TaskStatus.OPEN and task.id not in sent:
            return Turn(task=task, undo_seconds=_undo_seconds(walk))
    return None


def _done(
    record: RequestRecord, mine: list[TaskRecord], walk: course.Course, now: datetime
) -> Turn | None:
    """The reader's decision of the last moments, or one that can still be undone."""
    decided = [task for task in mine if task.decided_at is not None]
    last = max(decided, key=lambda task: task.decided_at or now, default=None)
    if last is None or last.decided_at is None:
        return None
    seconds = _undo_seconds(walk)
    until = last.decided_at + timedelta(seconds=seconds)
    under_way = walk.stage is not None and last in walk.stage.tasks
    if until > now and under_way and record.status is Status.PENDING:
        return Turn(task=last, undo_seconds=seconds, undo_until=until)
    is_news = now - last.decided_at < JUST_NOW
    return Turn(task=last, undo_seconds=seconds) if is_news else None


def _last_word(tasks: tuple[TaskRecord, ...], steps: list[Step]) -> LastWord | None:
    votes = [
        LastWord(f"{task.decided_by_name} {VERBS[Decision(task.decision)]}", task.decided_at)
        for task in tasks
        if task.decided_at is not None and task.decision
    ]
    # A step that was not decided by anybody: withdrawn, cancelled, out of time.
    ends = [LastWord(step.title, step.at) for step in steps[-1:] if step.at and not step.votes]
    return max([*votes, *ends], key=lambda word: word.at, default=None)


def _return_comment(tasks: tuple[TaskRecord, ...]) -> str:
    back = [task for task in tasks if task.decision == Decision.SEND_BACK and task.decided_at]
    return max(back, key=lambda task: task.decided_at or task.opened_at).comment if back else ""


def _undo_seconds(walk: course.Course) -> int:
    return walk.current_plan.undo_seconds if walk.current_plan else 0


def _following(person: Identity, record: RequestRecord, mine: list[TaskRecord]) -> InboxTask | None:
    """The open task behind this one in the reader's inbox; at its end, the first again."""
    last = max(mine, key=lambda task: task.opened_at)
    return inbox.following(person.id, record.number, inbox.Cursor(last.due_at, last.id))


def _step_note(walk: course.Course, steps: tuple[Step, ...]) -> str:
    if walk.current_plan is None:
        return ""
    ahead = sum(1 for step in steps[len(walk.steps) + 1 :])
    index = walk.current_plan.index
    return f"Stage {index + 1} of {index + 1 + ahead}"
