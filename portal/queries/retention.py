"""Legal holds, and how long each type keeps texts and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal.domain.people.organisation import SETTINGS, OrganisationPart
from portal.domain.proof.acts import ActKind
from portal.domain.proof.retention import HoldScope, Kept, KeptPerson, Retention
from portal.extensions import db
from portal.models import (
    AuditAct,
    Check,
    LegalHold,
    Organisation,
    Participant,
    Request,
    RequestType,
    User,
)
from portal.models.retention import due_requests, is_held, kept_person, stands
from portal.queries import own_texts

SHOWN = 200
COUNTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """A legal hold; people by their names."""

    id: str
    scope: str
    subject: str
    label: str
    reason: str
    placed_by: str
    placed_at: datetime
    until: datetime | None
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_because: str


@dataclass(frozen=True, slots=True)
class TypeRetention:
    """How long a type keeps texts and files of its closed requests."""

    code: str
    name: str
    retention: Retention


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """The last clean-up: when it began and came to its end, why it broke off, and its report."""

    begun_at: datetime | None = None
    done_at: datetime | None = None
    trouble: str | None = None
    report: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """When texts or files were erased, by whom (None: by retention) and why."""

    at: datetime
    by: str | None
    reason: str


def holds(*, standing: bool) -> tuple[HoldRecord, ...]:
    """Those that stand, else those that ended; the newest first, up to `SHOWN`."""
    chosen = stands() if standing else ~stands()
    return _holds(chosen)


def hold(hold_id: str) -> HoldRecord | None:
    """The hold of that id."""
    return next(iter(_holds(LegalHold.id == hold_id)), None)


def holds_of_request(request_id: str) -> tuple[HoldRecord, ...]:
    """Every hold that keeps a request now, whatever it is on."""
    held = select(Request.id).where(Request.id == request_id, is_held())
    if db.session.scalar(held) is None:
        return ()
    row = db.session.execute(select(Request.type_code).where(Request.id == request_id)).one()
    found = holds(standing=True)
    people = _people_of(request_id)
    named = {HoldScope.REQUEST: {request_id}, HoldScope.TYPE: {row[0]}, HoldScope.PERSON: people}
    return tuple(each for each in found if each.subject in named[HoldScope(each.scope)])


def holds_of_person(person_id: str) -> tuple[HoldRecord, ...]:
    """The holds on somebody."""
    mine = LegalHold.scope == HoldScope.PERSON.value
    return _holds(stands() & mine & (LegalHold.subject == person_id))


def person(person_id: str) -> KeptPerson | None:
    """Somebody as erasure sees them; None where their personal data were erased."""
    return kept_person(db.session.connection(), person_id)


def types() -> tuple[TypeRetention, ...]:
    """All types, by the names as the reader reads them."""
    rows = db.session.execute(
        select(
            RequestType.code, RequestType.name, RequestType.policy_version_id,
            RequestType.texts_days, RequestType.files_days, RequestType.requests_days,
        )
    )  # fmt: skip
    return own_texts.by_name(
        TypeRetention(code, own_texts.told(version, name), Retention(*days))
        for code, name, version, *days in rows
    )


def over_now(code: str, retention: Retention) -> int:
    """How many requests of a type would lose texts or files tonight by this retention; at most
    `COUNTED`."""
    found = [
        select(func.count()).select_from(
            due_requests(what, None, COUNTED, code, retention.days(what)).subquery()
        )
        for what in Kept
        if retention.days(what) is not None
    ]
    return max((db.session.scalar(each) or 0 for each in found), default=0)


def is_wanted() -> bool:
    """Whether the clean-up has anything to do: something is not kept for ever."""
    lengths = RequestType.texts_days, RequestType.files_days, RequestType.requests_days
    texts = or_(*(each.is_not(None) for each in lengths))
    days = or_(
        *(getattr(Organisation, each).is_not(None) for each in SETTINGS[OrganisationPart.RETENTION])
    )
    either = select(exists().where(texts) | exists().where(days))
    return bool(db.session.scalar(either))


def cleaned_up() -> CleanedUp:
    """The last clean-up; an empty one where there was none yet."""
    row = db.session.execute(
        select(Check.begun_at, Check.done_at, Check.trouble, Check.report)
        .where(Check.name == "cleaning")
    ).one_or_none()  # fmt: skip
    return CleanedUp() if row is None else CleanedUp(*row)


def erasures(request_id: str) -> tuple[ErasureRecord, ...]:
    """What was erased of a request, the oldest first."""
    named = AuditAct.data["texts"].contains([{"request": request_id}])
    rows = db.session.execute(
        select(AuditAct.at, AuditAct.actor, User.name, AuditAct.data["reason"].astext)
        .outerjoin(User, cast(User.id, Text) == AuditAct.actor)
        .where(AuditAct.kind == ActKind.TEXT_ERASED.value, named)
        .order_by(AuditAct.at)
    )  # fmt: skip
    return tuple(ErasureRecord(at, name, reason or "") for at, _, name, reason in rows)


def _people_of(request_id: str) -> set[str]:
    mine = select(Participant.user_id).where(Participant.request_id == request_id)
    return set(db.session.scalars(mine))


def _holds(chosen: Any) -> tuple[HoldRecord, ...]:
    placed, lifted = aliased(User), aliased(User)
    statement = (
        select(
            LegalHold.id, LegalHold.scope, LegalHold.subject, LegalHold.label, LegalHold.reason,
            placed.name.label("placed_by"), LegalHold.placed_at, LegalHold.until,
            lifted.name.label("lifted_by"), LegalHold.lifted_at, LegalHold.lifted_because,
        )
        .join(placed, placed.id == LegalHold.placed_by)
        .outerjoin(lifted, lifted.id == LegalHold.lifted_by)
        .where(chosen)
        .order_by(LegalHold.placed_at.desc(), LegalHold.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    return tuple(HoldRecord(**row._mapping) for row in db.session.execute(statement))
