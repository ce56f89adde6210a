"""A request as it stood at a moment: the fold of its events up to then, with people and departments
as they were called then. Who may see it is asked of today's request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Text, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.activities.projection import Row, Rows, request_columns
from portal.activities.projection import people_in as people_of
from portal.activities.texts import project
from portal.domain.codec import encode
from portal.domain.policy.types import is_id
from portal.domain.request.events import (
    Event,
    TaskDelegated,
    TaskEscalated,
    TaskGivenBack,
    TaskReassigned,
)
from portal.domain.request.evolve import until
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import DepartmentHistory, GroupHistory, PolicyVersion, UserHistory
from portal.models.recorded import recorded_events
from portal.queries import own_texts
from portal.queries.asked import Told
from portal.queries.comments import COMMENTS_SHOWN, CommentEntry
from portal.queries.request import RequestParts, RequestRecord, TaskRecord, form_of

# What the record of a request takes of the columns that follow from its state.
NOT_SHOWN = {"content_hash", "last_seq"}
MOVES = (TaskEscalated, TaskReassigned, TaskDelegated, TaskGivenBack)


@dataclass(frozen=True, slots=True)
class PersonThen:
    """A person as they were. `known_since`: from when on that is known, None where it is."""

    id: str
    name: str
    is_active: bool
    known_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The moments at which something was recorded of a request, around one of them."""

    first: datetime
    last: datetime
    older: datetime | None
    newer: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestThen:
    """`record` and `parts`: as those of today's request. `known_since`: from when on it is known
    how the people were called and whether they were active; None where it is known for `at`."""

    at: datetime
    record: RequestRecord
    parts: RequestParts
    known_since: datetime | None


def events_of(record: RequestRecord) -> Sequence[Event]:
    """Everything that was recorded of it. Raises CannotDecode where the record was damaged."""
    return recorded_events(db.session.connection(), record.id)


def moments(events: Sequence[Event], at: datetime) -> Moments:
    """Those of the events, of which there is one at least."""
    all_of = [each.at for each in events]
    return Moments(
        first=all_of[0],
        last=all_of[-1],
        older=max((each for each in all_of if each < at), default=None),
        newer=min((each for each in all_of if each > at), default=None),
    )


def as_of(
    record: RequestRecord, events: Sequence[Event], at: datetime, kinds: Sequence[str]
) -> RequestThen | None:
    """The request then; None before it was submitted. `kinds`: of the events that are wanted.

    Raises DomainError where the record does not fit together.
    """
    known = until(events, at)
    rows, state = project(Approval(request_id=record.id), known)
    if not state.round:
        return None
    people = people_then(_people(known, state, rows), at)
    names = {each.id: each.name for each in people.values()}
    groups = _groups({row["group_name"] for row in rows.tasks.values()}, at)
    tasks = tuple(_task(row, people, groups) for row in rows.tasks.values())
    return RequestThen(
        at=at,
        record=_record(record, state, known[-1].at, names, rows),
        parts=RequestParts(
            state=state,
            tasks=tuple(sorted(tasks, key=lambda task: (task.opened_at, task.id))),
            events=tuple(each for each in known if type(each).__name__ in kinds),
            names=names,
            said=tuple(_said(each, names) for each in rows.comments[-COMMENTS_SHOWN:]),
            told=_moved(known),
        ),
        known_since=_known_since(people.values(), at),
    )


def _people(events: Sequence[Event], state: Approval, rows: Rows) -> set[str]:
    found = people_of(events, state) | {state.on_behalf_of or ""}
    for task in rows.tasks.values():
        given = task["why"].get("given") or {}
        found |= {task.get(name) or "" for name in ("assignee_id", "acting_for", "decided_by")}
        found |= {given.get("by") or "", given.get("from") or ""}
    return {each for each in found if is_id(each)}


def people_then(ids: Iterable[str], at: datetime) -> dict[str, PersonThen]:
    """People by id as they were; where that is not known, as they were when it became known."""
    history = UserHistory
    held = history.held().label("held")
    began = func.lower(history.during)
    rows = db.session.execute(
        select(history.id, history.name, history.is_active, history.known_since, held, began)
        .ext(distinct_on(history.id))
        .where(history.id.in_(set(ids)))
        .order_by(history.id, held.desc(), began),
        {"at": at},
    )
    return {
        row.id: PersonThen(row.id, row.name, row.is_active, row.known_since if row.held else row[5])
        for row in rows
    }


def names_then(ids: set[str], at: datetime) -> dict[str, str]:
    """Full names of people by id, and names of departments by code, as they were called."""
    people = {each for each in ids if is_id(each)}
    found = {each.id: each.name for each in people_then(people, at).values()} if people else {}
    if codes := ids - people:
        history = DepartmentHistory
        named = select(history.code, history.name).where(history.code.in_(codes), history.held())
        found |= {row.code: row.name for row in db.session.execute(named, {"at": at})}
    return found


def _known_since(people: Iterable[PersonThen], at: datetime) -> datetime | None:
    later = [each.known_since for each in people if each.known_since and each.known_since > at]
    return max(later, default=None)


def _record(
    record: RequestRecord, state: Approval, at: datetime, names: dict[str, str], rows: Rows
) -> RequestRecord:
    columns = request_columns(state, names, at)
    stood: dict[str, Any] = {name: columns[name] for name in columns if name not in NOT_SHOWN}
    stood["policy_version_id"] = stood["policy_version_id"] or record.policy_version_id
    own_texts.show_version(stood["policy_version_id"])
    found = replace(
        record,
        **stood | _version(stood["policy_version_id"], record) | {
            "questions": encode(stood["questions"]),
            "requester_name": names.get(record.requester_id, record.requester_name),
            "on_behalf_of_name": names.get(record.on_behalf_of or "", record.on_behalf_of_name),
            "department": _department(record, at),
            "newest_policy_version_id": None,
            "was_said": bool(rows.comments),
            "was_seen": True,
            "has_waiting": False,
        },
    )  # fmt: skip
    return own_texts.as_read(found, "stage_name")


def _version(version_id: str, record: RequestRecord) -> dict[str, Any]:
    """Number and form of the version that it had then."""
    if version_id == record.policy_version_id:
        return {}
    version = select(PolicyVersion.version, PolicyVersion.form.cast(Text))
    number, form = db.session.execute(version.where(PolicyVersion.id == version_id)).one()
    return {"policy_version": number, "form": own_texts.form_of(version_id, form_of(form))}


def _department(record: RequestRecord, at: datetime) -> str | None:
    """Where the requester was then; today's where that is not known."""
    of_person = select(UserHistory.department_id, DepartmentHistory.name).outerjoin(
        DepartmentHistory,
        (DepartmentHistory.id == UserHistory.department_id) & DepartmentHistory.held(),
    )
    held = of_person.where(UserHistory.id == record.requester_id, UserHistory.held())
    row = db.session.execute(held, {"at": at}).one_or_none()
    return record.department if row is None else row[1]


def _groups(codes: set[str | None], at: datetime) -> dict[str | None, str]:
    """What the groups of these codes were called, by code."""
    history, wanted = GroupHistory, {each for each in codes if each}
    if not wanted:
        return {}
    rows = db.session.execute(
        select(history.code, history.name)
        .ext(distinct_on(history.code))
        .where(history.code.in_(wanted))
        .order_by(history.code, history.held().desc(), func.lower(history.during)),
        {"at": at},
    )
    return {row.code: row.name for row in rows}


def _task(row: Row, people: dict[str, PersonThen], groups: dict[str | None, str]) -> TaskRecord:
    def name(person: str | None) -> str | None:
        return people[person].name if person in people else None

    values: dict[str, Any] = {
        name: row.get(name)
        for name in (
            "id", "round", "stage_index", "stage_key", "stage_name", "group_name", "assignee_id",
            "status", "opened_at", "due_at", "comment", "content_version", "comment_required",
            "acting_for", "delegation_id", "asked_at", "decided_at", "decided_by", "decision",
        )
    }  # fmt: skip
    person = people.get(row["assignee_id"])
    return TaskRecord(
        **values | {"group_name": groups.get(row["group_name"], row["group_name"])},
        why=encode(row["why"]),
        assignee_name=name(row["assignee_id"]) or "",
        assignee_is_active=person is None or person.is_active,
        acting_for_name=name(row.get("acting_for")),
        decided_by_name=name(row.get("decided_by")),
    )


def _said(row: Row, names: dict[str, str]) -> CommentEntry:
    author = row["author_id"]
    return CommentEntry(
        row["seq"], author, names.get(author, ""), row["about"], row["text"], row["created_at"]
    )


def _moved(events: Sequence[Event]) -> dict[str, list[Told]]:
    """When whoever has a task got it, where it was moved: what people were sent is not shown."""
    nothing = dict.fromkeys(
        ("read_at", "channel", "status", "digest", "due_at", "sent_at", "error")
    )
    return {
        each.task_id: [
            Told(
                kind=type(each).__name__, at=each.at, is_handed=False, hidden=False,
                is_taken=False, **nothing,
            )
        ]
        for each in events
        if isinstance(each, MOVES)
    }  # fmt: skip
