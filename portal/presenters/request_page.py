"""Everything the page of one request shows to one person, put together from the kept state, the
typed events and the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.domain.errors import Refusal
from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.domain.request import apply as approval
from portal.domain.request.commands import Remind, Retract
from portal.domain.request.events import CommandRefused
from portal.domain.request.lifecycle import NUDGE_EVERY
from portal.domain.request.state import Approval, Status, Via
from portal.domain.routing.step import question_ahead
from portal.forms.moment import in_address
from portal.presentation.labels import people_in
from portal.presentation.parts import Remark, Step
from portal.presenters.approver_choice import Handed, away_from
from portal.presenters.comments import remarks
from portal.presenters.current_stage import (
    JUST_NOW,
    Now,
    StageReader,
    asked_ids,
    is_asking,
    opened,
)
from portal.presenters.facts import Fact, File, Revision, facts, files, revision_of, seen_version
from portal.presenters.progress import KINDS, Forecast, ProgressReader, did, voter
from portal.queries import attachments, commands, inbox
from portal.queries.attachments import AddedFile
from portal.queries.commands import CommandRecord
from portal.queries.inbox import InboxTask
from portal.queries.people import names_of
from portal.queries.request import RequestParts, RequestRecord, TaskRecord, parts_of
from portal.queries.request_then import RequestThen, names_then
from portal.security.sessions import Identity
from portal.services.snapshots import forecast
from portal.translation import _

MOVABLE_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPart:
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
    """The last thing that moved the request, as a sentence without its full stop; `already`: the
    same, to whoever wanted to do something else. `is_news`: it came after the reader was asked."""

    text: str
    already: str
    at: datetime
    is_news: bool


def already(decision: str, name: str) -> str:
    """ "Ana Ruiz already approved this"."""
    if decision == Decision.APPROVE:
        return _("%(name)s already approved this", name=name)
    if decision == Decision.REJECT:
        return _("%(name)s already rejected this", name=name)
    return _("%(name)s already returned this", name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What the reader may do beside deciding. `remind_from`: from when on they may remind again,
    where it is only too soon. `reassign`: tasks they may give to others as an administrator."""

    remind: bool
    remind_from: datetime | None
    edit: bool
    withdraw: bool
    add_approver: bool
    comment: bool
    hold: bool
    resume: bool
    cancel: bool
    override: bool
    move_policy: bool
    erase: bool
    reassign: tuple[TaskRecord, ...]

    @property
    def administer(self) -> bool:
        """Whether there is anything for an administrator to do."""
        steered = self.hold or self.resume or self.cancel or self.override or self.move_policy
        return steered or self.erase or bool(self.reassign)


# What anybody may do to the past.
NOTHING = May(
    remind=False, remind_from=None, edit=False, withdraw=False, add_approver=False, comment=False,
    hold=False, resume=False, cancel=False, override=False, move_policy=False, erase=False,
    reassign=(),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """What the template draws. `todo`: an open task of the reader's; `done`: one decided
    just now; `now`: the current stage, opened; `revision`: what changed since the reader last
    looked; `waiting`: commands recorded and not applied yet; `following`: next in the inbox;
    `handed`: what was the reader's."""

    record: RequestRecord
    facts: tuple[Fact, ...]
    files: tuple[File, ...]
    enclosed: tuple[AddedFile, ...]
    revision: Revision | None
    steps: tuple[Step, ...]
    step_note: str
    now: Now | None
    remarks: tuple[Remark, ...]
    waiting: tuple[CommandRecord, ...]
    todo: OwnPart | None
    done: OwnPart | None
    handed: list[Handed]
    following: InboxTask | None
    last_word: LastWord | None
    return_comment: str
    is_mine: bool
    may: May
    at: datetime
    is_past: bool = False

    @property
    def keeps(self) -> dict[str, str]:
        """What links to other pages of the request take along: the moment, where it is past."""
        return {"at": in_address(self.at)} if self.is_past else {}

    @property
    def settling(self) -> str:
        """How far the decision of the stage is: "undo" while it can be undone, then "applying",
        and "delayed" where that takes long; empty without one."""
        settles_at = self.record.settles_at
        if settles_at is None or self.record.status is not Status.PENDING:
            return ""
        if settles_at > self.at:
            return "undo"
        return "delayed" if self.at - settles_at > JUST_NOW else "applying"

    @property
    def status_name(self) -> str:
        """The status to show: a stuck request, or one with an open question, says so."""
        if self.record.attention:
            return "ATTENTION"
        is_asked = self.record.questions and self.record.status is Status.PENDING
        return "QUESTION" if is_asked else self.record.status.value

    @property
    def took(self) -> timedelta | None:
        """How long it was open, once it is closed."""
        closed_at = self.record.closed_at
        return closed_at - self.record.submitted_at if closed_at else None


def compose(record: RequestRecord, person: Identity, since: int | None = None) -> RequestPage:
    """Put everything together for this person; `since`: the version they saw, if a form says."""
    is_mine = record.is_by(person.id)
    sees_delivery = is_mine or person.may(Permission.READ_AUDIT)
    parts = parts_of(record, KINDS, told=sees_delivery and is_asking(record))
    names = _names(record, parts)
    waiting = commands.waiting_for_request(record.id) if record.has_waiting else ()
    mine = [task for task in parts.tasks if task.assignee_id == person.id]
    todo = _todo(record, parts.state, mine, waiting)
    done = _done(record, parts.state, mine, person.now)
    revision = revision_of(record, names, seen_version(record, mine) if since is None else since)
    reader = StageReader(person.id, person.now, sees_delivery, sees_finish=todo is None)
    coming = _forecast(parts.state, person.now)
    steps = _steps(record, parts, names, coming, person.id)
    return RequestPage(
        record=record,
        facts=facts(record.form, record.fields, names, revision.fields if revision else ()),
        files=files(record.form, record.fields),
        enclosed=attachments.added_to(record.id) if record.was_enclosed else (),
        revision=revision,
        steps=steps,
        step_note=_step_note(parts.state, steps),
        now=opened(record, parts, coming, names, reader),
        remarks=remarks(parts.said, parts.tasks, person.id),
        waiting=waiting,
        todo=todo,
        done=done,
        handed=away_from(parts.tasks, names, person.id),
        following=_following(person, record, mine) if todo or done else None,
        last_word=_last_word(parts.tasks, steps, person.id, mine),
        return_comment=_return_comment(parts.tasks) if record.status is Status.RETURNED else "",
        is_mine=is_mine,
        may=_may(record, parts, person, has_task=todo is not None),
        at=person.now,
    )


def compose_then(then: RequestThen, person: Identity) -> RequestPage:
    """The page as it stood at a moment: nothing can be done there, and what was still to come, and
    what people were sent, is left out."""
    record, parts, at = then.record, then.parts, then.at
    asked = people_in(record.form, record.fields) - parts.names.keys()
    names = parts.names | names_then(asked, at)
    mine = [task for task in parts.tasks if task.assignee_id == person.id]
    revision = revision_of(record, names, seen_version(record, mine))
    reader = StageReader(
        person.id, at, sees_delivery=False, sees_finish=False, is_past=True,
        compares=then.known_since is None,
    )  # fmt: skip
    steps = _steps(record, parts, names, (), person.id)
    enclosed = attachments.added_to(record.id) if record.was_enclosed else ()
    return RequestPage(
        record=record,
        facts=_facts_then(record, names, revision, at),
        files=files(record.form, record.fields),
        enclosed=tuple(each for each in enclosed if each.at <= at),
        revision=revision,
        steps=steps,
        step_note="",
        now=opened(record, parts, (), names, reader),
        remarks=remarks(parts.said, parts.tasks, person.id),
        waiting=(),
        todo=None,
        done=None,
        handed=[],
        following=None,
        last_word=None,
        return_comment=_return_comment(parts.tasks) if record.status is Status.RETURNED else "",
        is_mine=record.is_by(person.id),
        may=NOTHING,
        at=at,
        is_past=True,
    )


def _facts_then(
    record: RequestRecord, names: dict[str, str], revision: Revision | None, at: datetime
) -> tuple[Fact, ...]:
    """What was asked for; a request that it links to is seen as of the same moment."""
    found = facts(record.form, record.fields, names, revision.fields if revision else ())
    when = f"?at={in_address(at)}"
    return tuple(replace(each, url=each.url + when) if each.url else each for each in found)


def _steps(
    record: RequestRecord, parts: RequestParts, names: dict[str, str], coming: Forecast, me: str
) -> tuple[Step, ...]:
    course = ProgressReader(record, {task.id: task for task in parts.tasks}, names, me)
    return course.read(parts.events).finish(parts.state, coming)


def _names(record: RequestRecord, parts: RequestParts) -> dict[str, str]:
    known = parts.names | {record.requester_id: record.requester_name}
    if record.on_behalf_of and record.on_behalf_of_name:
        known[record.on_behalf_of] = record.on_behalf_of_name
    known |= {task.assignee_id: task.assignee_name for task in parts.tasks}
    missing = people_in(record.form, record.fields) - known.keys()
    return known | names_of(missing)


def _forecast(state: Approval, now: datetime) -> Forecast:
    """What follows; nothing while the requester has it, for a change may alter the route. Routing
    is asked only where a stage can still follow."""
    if not state.is_open or state.status is Status.RETURNED or state.attention:
        return ()
    stage = state.stage
    if stage is not None:
        votes = {task.decision for task in stage.tasks}
        is_refused = stage.settles_at and votes & {Decision.REJECT, Decision.SEND_BACK}
        if stage.plan.is_last or is_refused:
            return ()
    return forecast(question_ahead(state, now))


def _may(record: RequestRecord, parts: RequestParts, person: Identity, *, has_task: bool) -> May:
    is_mine = record.is_by(person.id)
    status, is_open = record.status, record.status.is_open
    is_pending, is_settling = status is Status.PENDING, record.settles_at is not None
    others = [each for each in record.waiting_for if each["id"] != record.requester_id]
    is_under_way = record.stage_name is not None and not is_settling
    refusal = _reminding(parts.state, person) if is_mine else None
    moves = is_open and person.may(Permission.REASSIGN) and not is_mine and not is_settling
    return May(
        remind=is_mine and bool(others) and is_asking(record) and refusal is None,
        remind_from=_remind_from(parts.state, refusal) if is_mine else None,
        edit=is_mine and is_pending,
        withdraw=is_mine and is_open,
        add_approver=(is_mine or has_task)
        and is_open
        and is_under_way
        and status is not Status.RETURNED,
        comment=is_open and not person.is_auditor,
        hold=is_pending and person.may(Permission.HOLD),
        resume=person.may(Permission.HOLD)
        and (status is Status.ON_HOLD or (is_pending and record.attention is not None)),
        cancel=is_open and person.may(Permission.CANCEL),
        override=is_open and person.may(Permission.OVERRIDE) and not is_mine,
        move_policy=record.has_newer_policy and person.may(Permission.MOVE_POLICY),
        erase=not is_open and person.may(Permission.ADMINISTER),
        reassign=_movable(parts, person.id) if moves else (),
    )


def _reminding(state: Approval, person: Identity) -> Refusal | None:
    """What the request's own rules say to a reminder now."""
    command = Remind(
        command_id="", request_id=state.request_id, actor_id=person.id, at=person.now, via=Via.WEB
    )
    events = approval.apply(state, command, person.now)
    refused = next((each for each in events if isinstance(each, CommandRefused)), None)
    return None if refused is None else Refusal(refused.reason)


def _remind_from(state: Approval, refusal: Refusal | None) -> datetime | None:
    if refusal is not Refusal.TOO_SOON or state.nudged_at is None:
        return None
    return state.nudged_at + NUDGE_EVERY


def _movable(parts: RequestParts, me: str) -> tuple[TaskRecord, ...]:
    """The tasks of others that somebody can be given: a few of many, each has a link of its own."""
    asked = asked_ids(parts.state)
    open_ones = [task for task in parts.tasks if task.id in asked]
    return tuple(task for task in open_ones if task.assignee_id != me)[:MOVABLE_SHOWN]


def _todo(
    record: RequestRecord,
    state: Approval,
    mine: Sequence[TaskRecord],
    waiting: tuple[CommandRecord, ...],
) -> OwnPart | None:
    """The task to decide; none on hold, while the stage settles, or once a decision is recorded."""
    if record.status is not Status.PENDING or record.settles_at is not None:
        return None
    sent = {command.task_id for command in waiting if command.kind != Retract.__name__}
    asked = asked_ids(state)
    for task in mine:
        if task.id in asked and task.id not in sent:
            return OwnPart(task=task, undo_seconds=_undo_seconds(state))
    return None


def _done(
    record: RequestRecord, state: Approval, mine: Sequence[TaskRecord], now: datetime
) -> OwnPart | None:
    """The reader's decision of the last moments, or one that can still be undone."""
    decided = [task for task in mine if task.decided_at is not None]
    last = max(decided, key=lambda task: task.decided_at or now, default=None)
    if last is None or last.decided_at is None:
        return None
    seconds = _undo_seconds(state)
    until = last.decided_at + timedelta(seconds=seconds)
    under_way = state.stage is not None and last.id in {each.id for each in state.stage.tasks}
    if until > now and under_way and record.status is Status.PENDING:
        return OwnPart(task=last, undo_seconds=seconds, undo_until=until)
    is_news = now - last.decided_at < JUST_NOW
    return OwnPart(task=last, undo_seconds=seconds) if is_news else None


def _last_word(
    tasks: Sequence[TaskRecord], steps: tuple[Step, ...], me: str, mine: Sequence[TaskRecord]
) -> LastWord | None:
    words = []
    asked = max(mine, key=_place, default=None)
    for task in tasks:
        if task.decided_at is not None and task.decision:
            name = voter(task, _("You") if task.decided_by == me else task.decided_by_name or "")
            said, before = did(task.decision, name), already(task.decision, name)
            is_news = asked is None or _place(task) >= _place(asked)
            words.append(LastWord(said, before, task.decided_at, is_news))
    # A line that was not decided by anybody: withdrawn, cancelled, expired.
    last = next((step for step in reversed(steps) if step.at and not step.number), None)
    if last is not None and last.at is not None:
        said = f"{last.title}: {last.who}"
        words.append(LastWord(said, said, last.at, asked is None or last.at >= asked.opened_at))
    return max(words, key=lambda word: word.at, default=None)


def _place(task: TaskRecord) -> tuple[int, int]:
    return task.round, task.stage_index


def _return_comment(tasks: Sequence[TaskRecord]) -> str:
    back = [task for task in tasks if task.decision == Decision.SEND_BACK and task.decided_at]
    return max(back, key=lambda task: task.decided_at or task.opened_at).comment if back else ""


def _undo_seconds(state: Approval) -> int:
    return state.stage.plan.undo_seconds if state.stage else 0


def _following(
    person: Identity, record: RequestRecord, mine: Sequence[TaskRecord]
) -> InboxTask | None:
    """The open task behind this one in the reader's inbox; at its end, the first again."""
    last = max(mine, key=lambda task: task.opened_at)
    return inbox.following(person.id, record.number, inbox.InboxCursor(last.due_at, last.id))


def _step_note(state: Approval, steps: tuple[Step, ...]) -> str:
    if state.stage is None:
        return ""
    current = next(place for place, step in enumerate(steps) if step.state == "current")
    number = state.stage.plan.index + 1
    return _("Stage %(n)s of %(all)s", n=number, all=number + len(steps) - current - 1)
