"""Erasing what people wrote about a closed request: texts with their salts, and everything that was
made of them. Events and hashes stay, so that the record verifies as before.

What it cannot reach: Temporal's histories until their retention ends, backups, messages that were
sent, and evidence packs that were given out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update

from portal.activities.projection import content_columns
from portal.activities.texts import project
from portal.domain.proof.acts import ActKind, ActRecord
from portal.domain.proof.retention import (
    HoldScope,
    Kept,
    KeptRequest,
    Retention,
    StandingHold,
    may_erase,
)
from portal.domain.proof.retention import due as due_of
from portal.domain.request.state import Approval
from portal.models import Attachment, LegalHold, Participant, Request, RequestState, RequestType
from portal.models.acts import record_act
from portal.models.columns import new_id
from portal.models.recorded import ERASED, recorded_events
from portal.models.retention import is_there, stands
from portal.models.states import state_row

# Raw: a lock by name, a function of the owner's, and JSON within rows. Who erases and who places a
# hold take turns: a hold that was placed is seen.
LOCK = text("SELECT pg_advisory_xact_lock_shared(hashtext('portal.legal_holds'))")
LOCK_HOLDS = text("SELECT pg_advisory_xact_lock(hashtext('portal.legal_holds'))")
TEXTS = text("""
SELECT seq, name FROM portal.audit_texts
WHERE request_id = CAST(:id AS uuid) AND text IS NOT NULL ORDER BY seq, name
""")
ERASE = text("""
SELECT count(*) FILTER (WHERE portal.erase_text(request_id, seq, name, CAST(:act AS uuid)))
FROM portal.audit_texts WHERE request_id = CAST(:id AS uuid) AND text IS NOT NULL
""")
# What was made of the texts, in the order in which it is reached.
MADE_OF_THEM = (
    text("""
    UPDATE portal.comments SET text = :erased
    WHERE request_id = CAST(:id AS uuid) AND text NOT IN ('', :erased)
    """),
    text("""
    UPDATE portal.tasks SET comment = CASE comment WHEN '' THEN '' ELSE :erased END,
        why = CASE WHEN why #>> '{given,because}' <> ''
            THEN jsonb_set(why, '{given,because}', to_jsonb(CAST(:erased AS text))) ELSE why END
    WHERE request_id = CAST(:id AS uuid)
    """),
    text("""
    UPDATE portal.batches b SET comment = '' FROM portal.commands c
    WHERE c.request_id = CAST(:id AS uuid) AND c.via = 'bulk' AND b.user_id = c.actor_id
        AND b.comment <> '' AND b.items @> jsonb_build_array(jsonb_build_object('command', c.id))
    """),
    text("""
    UPDATE portal.commands SET payload = '{}'
    WHERE request_id = CAST(:id AS uuid) AND (applied_at IS NOT NULL OR parked_at IS NOT NULL)
    """),
    text("""
    DELETE FROM portal.notifications n USING portal.users u
    WHERE n.user_id = u.id AND n.request_id = CAST(:id AS uuid)
    """),
    text("""
    UPDATE portal.webhook_attempts a SET answer = ''
    FROM portal.webhook_deliveries d, portal.webhook_endpoints e
    WHERE d.endpoint_id = e.id AND a.delivery_id = d.id
        AND d.request_id = CAST(:id AS uuid) AND a.answer <> ''
    """),
    text("""
    UPDATE portal.webhook_deliveries d SET data = '{}',
        status = CASE d.status WHEN 'WAITING' THEN 'DROPPED' ELSE d.status END
    FROM portal.webhook_endpoints e
    WHERE d.endpoint_id = e.id AND d.request_id = CAST(:id AS uuid)
    """),
)


class NotErasable(Exception):
    """The request is open, not settled yet, or held."""


@dataclass(frozen=True, slots=True)
class ErasedBy:
    """Who erases, from where, and why. `way`: "retention", or "asked" by a person."""

    actor: str
    way: str
    reason: str = ""
    session_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of a request; `files`: the ids of those whose bytes are to go."""

    texts: int = 0
    files: tuple[str, ...] = ()


def erase(connection: Connection, request_id: str, what: frozenset[Kept], by: ErasedBy) -> Erased:
    """Erase texts, files or both of a closed request in the caller's transaction, with the act that
    says so. Whoever calls removes the bytes of the files behind the commit.

    Raises LookupError where there is none, and NotErasable.
    """
    connection.execute(LOCK)
    row = _locked(connection, request_id)
    if not may_erase(_kept(connection, row), _holds(connection), row.now):
        raise NotErasable
    return _erase(connection, row, what | ({Kept.FILES} if Kept.TEXTS in what else set()), by)


def erase_due(connection: Connection, request_id: str, by: ErasedBy) -> Erased:
    """Erase what the retention of its type says, if that is still so; of a submission that was
    refused, and so began no request, whatever there is."""
    connection.execute(LOCK)
    try:
        row = _locked(connection, request_id)
    except LookupError:
        return _erase_refused(connection, request_id, by)
    retention = Retention(row.texts_days, row.files_days, row.requests_days)
    found = due_of(_kept(connection, row), retention, _holds(connection), row.now)
    return _erase(connection, row, found, by) if found else Erased()


def _erase_refused(connection: Connection, request_id: str, by: ErasedBy) -> Erased:
    texts = connection.execute(TEXTS, {"id": request_id}).all()
    files = _forget_files(connection, request_id, names=True)
    if texts or files:
        act_id = _record(connection, (request_id, ""), texts, files, by)
        connection.execute(ERASE, {"id": request_id, "act": act_id})
    return Erased(len(texts), files)


def _locked(connection: Connection, request_id: str) -> Any:
    found = connection.execute(
        select(
            Request.id, Request.number, Request.type_code, Request.closed_at,
            RequestType.texts_days, RequestType.files_days, RequestType.requests_days,
            func.now().label("now"),
            is_there(Kept.TEXTS).label("texts"), is_there(Kept.FILES).label("files"),
        )
        .outerjoin(RequestType, RequestType.code == Request.type_code)
        .where(Request.id == request_id)
        .with_for_update(of=Request)
    ).one_or_none()  # fmt: skip
    if found is None:
        raise LookupError(request_id)
    return found


def _kept(connection: Connection, row: Any) -> KeptRequest:
    people = select(Participant.user_id).where(Participant.request_id == row.id)
    there = {what for what in Kept if getattr(row, what.value)}
    return KeptRequest(
        row.id, row.type_code, frozenset(connection.scalars(people)), row.closed_at,
        frozenset(there),
    )  # fmt: skip


def _holds(connection: Connection) -> list[StandingHold]:
    columns = LegalHold.scope, LegalHold.subject, LegalHold.until, LegalHold.lifted_at
    rows = connection.execute(select(*columns).where(stands()))
    return [
        StandingHold(HoldScope(scope), subject, until, lifted_at)
        for scope, subject, until, lifted_at in rows
    ]


def _erase(connection: Connection, row: Row[Any], what: frozenset[Kept], by: ErasedBy) -> Erased:
    texts = connection.execute(TEXTS, {"id": row.id}).all() if Kept.TEXTS in what else []
    files = _forget_files(connection, row.id, names=Kept.TEXTS in what) if what else ()
    if not texts and not files:
        return Erased()
    act_id = _record(connection, (row.id, row.number), texts, files, by)
    if texts:
        connection.execute(ERASE, {"id": row.id, "act": act_id})
        _project(connection, row.id)
        for statement in MADE_OF_THEM:
            given = {"id": row.id, "erased": ERASED}
            connection.execute(statement, {n: given[n] for n in statement.compile().params})
    return Erased(len(texts), files)


def _forget_files(connection: Connection, request_id: str, *, names: bool) -> tuple[str, ...]:
    left = update(Attachment).where(Attachment.request_id == request_id)
    if names:
        connection.execute(left.values(name=ERASED))
    gone = left.where(Attachment.erased_at.is_(None)).values(erased_at=func.now())
    return tuple(connection.scalars(gone.returning(Attachment.id)))


def _record(
    connection: Connection, of: tuple[str, str], texts: Sequence[Row[Any]], files: tuple[str, ...],
    by: ErasedBy,
) -> str:  # fmt: skip
    request_id, number = of
    said = {
        "number": number,
        "way": by.way,
        "reason": by.reason,
        "texts": [{"request": request_id, "seq": each.seq, "name": each.name} for each in texts],
        "files": list(files),
    }
    act = ActRecord(
        id=new_id(), at=datetime.now(UTC), kind=ActKind.TEXT_ERASED, actor=by.actor,
        session_id=by.session_id, address=by.address, subject=request_id, data=said,
    )  # fmt: skip
    record_act(connection, act)
    return act.id


def _project(connection: Connection, request_id: str) -> None:
    """The request's row and kept state as the events without their texts give them."""
    events = recorded_events(connection, request_id)
    _, state = project(Approval(request_id=request_id), events)
    columns = content_columns(state.content) | {
        "hold_reason": state.hold_reason, "questions": [], "meta": {},
        "changed_fields": list(state.changed),
    }  # fmt: skip
    connection.execute(update(Request).where(Request.id == request_id).values(**columns))
    kept = update(RequestState).where(RequestState.request_id == request_id)
    connection.execute(kept.values(state_row(state)))
