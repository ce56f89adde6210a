"""What stands behind entries of the log: requests, tasks, acts, leaves, commands, sessions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, null, select, text

from portal.domain.proof.acts import ActRecord
from portal.domain.request.catalogue import EVENTS_BY_NAME
from portal.extensions import db
from portal.models import (
    AuditAct,
    AuditEvent,
    AuditIndex,
    AuditLeaf,
    Command,
    Request,
    Task,
    UserSession,
)
from portal.queries import own_texts, removals
from portal.queries.audit_entries import AuditEntry

_STATUS_KINDS = [name for name, entry in EVENTS_BY_NAME.items() if entry.status is not None]
# Raw: the nearest of the earlier events of each, by the key of the record.
_BEFORE = text("""
SELECT w.id::text, w.seq, p.kind
FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[]), CAST(:moments AS timestamptz[]))
    AS w(id, seq, at)
JOIN portal.requests r ON r.id = w.id,
LATERAL (SELECT e.kind FROM portal.audit_events e
    WHERE e.request_id = w.id AND e.seq < w.seq AND e.at <= w.at
        AND e.at >= r.submitted_at - interval '1 day' AND e.kind = ANY(:kinds)
    ORDER BY e.seq DESC LIMIT 1) p
""")


@dataclass(frozen=True, slots=True)
class ActKept:
    """An act with its salt and hash."""

    act: ActRecord
    salt: str
    hash: str


@dataclass(frozen=True, slots=True)
class RequestNamed:
    """What an entry says of its request."""

    number: str
    title: str
    type_name: str
    policy_version_id: str


@dataclass(frozen=True, slots=True)
class CommandSeen:
    """The command behind an event."""

    id: str
    kind: str
    via: str
    ip: str | None
    user_agent: str | None
    created_at: datetime
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """The session that an act was done in."""

    id: str
    ip: str | None
    user_agent: str | None
    created_at: datetime
    ended_at: datetime | None


def acts(ids: Iterable[str]) -> dict[str, ActKept]:
    """Acts by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(
            AuditAct.id, AuditAct.at, AuditAct.kind, AuditAct.actor, AuditAct.session_id,
            AuditAct.address, AuditAct.subject, AuditAct.data, AuditAct.salt, AuditAct.hash,
        ).where(AuditAct.id.in_(wanted))
    )  # fmt: skip
    names = ActRecord.__slots__
    return {
        row.id: ActKept(
            ActRecord(**{name: getattr(row, name) for name in names}), row.salt, row.hash
        )
        for row in rows
    }


def requests(ids: Iterable[str]) -> dict[str, RequestNamed]:
    """What is said of requests, by id."""
    rows = db.session.execute(
        select(
            Request.id, Request.number, Request.title, Request.type_name, Request.policy_version_id
        ).where(Request.id.in_(set(ids)))
    )
    return {key: own_texts.as_read(RequestNamed(*values), "type_name") for key, *values in rows}


def request_of(number: str) -> str | None:
    """The id of the request of that number, however its letters are written, also of one that was
    removed after its retention."""
    wanted = number.strip().upper()
    found = select(Request.id).where(Request.number == wanted)
    return db.session.execute(found).scalar() or removals.request_numbered(wanted)


def stages(task_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The stage and the assignee of tasks, by id."""
    wanted = set(task_ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Task.id, Task.stage_name, Task.assignee_id).where(Task.id.in_(wanted))
    )
    return {row.id: (row.stage_name, row.assignee_id) for row in rows}


def statuses_before(places: Sequence[tuple[str, int, datetime]]) -> Mapping[tuple[str, int], str]:
    """The status that each request had before an event of it."""
    if not places:
        return {}
    ids, numbers, moments = zip(*places, strict=True)
    given = {"ids": list(ids), "numbers": list(numbers), "moments": list(moments)}
    found: dict[tuple[str, int], str] = {}
    for request_id, seq, kind in db.session.execute(_BEFORE, given | {"kinds": _STATUS_KINDS}):
        status = EVENTS_BY_NAME[kind].status
        if status is not None:
            found[request_id, seq] = status.value
    return found


def leaf(number: int) -> tuple[str, int] | None:
    """What a leaf is of: the request or act, and the event's number (0 for an act)."""
    row = db.session.execute(
        select(AuditLeaf.subject_id, AuditLeaf.seq).where(AuditLeaf.number == number)
    ).one_or_none()
    return None if row is None else (row.subject_id, row.seq)


def one(subject_id: str, seq: int) -> AuditEntry | None:
    """The entry of an event or act; None where there is none."""
    if seq:
        found = db.session.execute(
            select(AuditEvent.at, AuditEvent.tag, AuditEvent.actor, AuditEvent.on_behalf_of).where(
                AuditEvent.request_id == subject_id, AuditEvent.seq == seq
            )
        ).first()
    else:
        found = db.session.execute(
            select(AuditAct.at, AuditAct.kind, AuditAct.actor, null()).where(
                AuditAct.id == subject_id
            )
        ).first()
    if found is None:  # removed after its retention: the index knows when it was, and by whom
        row = AuditIndex
        listed = select(row.at, row.kind, row.actor, row.on_behalf_of)
        found = db.session.execute(
            listed.where(row.subject_id == subject_id, row.seq == seq)
        ).first()
    if found is None:
        return None
    at, kind, actor, on_behalf_of = found
    sealed = select(AuditLeaf.number).where(
        AuditLeaf.subject_id == subject_id, AuditLeaf.seq == seq
    )
    number = db.session.execute(sealed).scalar()
    is_sealed = number is not None
    place = -1 if number is None else number
    return AuditEntry(place, subject_id, seq, at, kind, actor, on_behalf_of, None, is_sealed)


def sealed_hash(number: int) -> str:
    """The hash that is sealed as this leaf."""
    found = select(AuditLeaf.hash).where(AuditLeaf.number == number)
    return db.session.execute(found).scalar_one()


def command(command_id: str | None) -> CommandSeen | None:
    """The command behind an event; None where the portal gave it none, or it is gone."""
    if command_id is None:
        return None
    row = db.session.execute(
        select(
            Command.id, Command.kind, Command.via, func.host(Command.ip), Command.user_agent,
            Command.created_at, Command.applied_at,
        ).where(Command.id == command_id)
    ).one_or_none()  # fmt: skip
    return None if row is None else CommandSeen(*row)


def session(session_id: str | None) -> SessionSeen | None:
    """A session; None once it was cleared away."""
    if session_id is None:
        return None
    row = db.session.execute(
        select(
            UserSession.id, UserSession.ip, UserSession.user_agent, UserSession.created_at,
            UserSession.ended_at,
        ).where(UserSession.id == session_id)
    ).one_or_none()  # fmt: skip
    return None if row is None else SessionSeen(*row)
