"""Who reports to somebody: who of them is away, and their open requests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, text, true
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Delegation, Participant, Request, User
from portal.models.columns import by_name
from portal.models.requests import OPEN
from portal.queries import own_texts

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody active who reports to the reader. `away_until`: they are away; `delegate` decides
    for them meanwhile. `open` and `late`: how many of their requests are."""

    id: str
    name: str
    job_title: str | None
    away_until: datetime | None
    delegate: str | None
    open: int
    late: int


@dataclass(frozen=True, slots=True)
class TeamRequest:
    """An open request of one of them. `may_open`: the reader has to do with it."""

    number: str
    title: str
    type_name: str
    requester_name: str
    status: str
    waiting_for: list[dict[str, Any]]
    due_at: datetime | None
    may_open: bool
    policy_version_id: str


def colleagues(manager_id: str) -> tuple[Colleague, ...]:
    """Those who report to somebody directly, by name; up to `SHOWN`."""
    delegate = aliased(User)
    away = (
        select(Delegation.ends_at, delegate.name)
        .join(delegate, delegate.id == Delegation.delegate_id)
        .where(
            Delegation.delegator_id == User.id,
            Delegation.starts_at <= func.now(),
            Delegation.ends_at > func.now(),
            Delegation.revoked_at.is_(None),
        )
        .order_by(Delegation.ends_at.desc())
        .limit(1)
        .correlate(User)
        .lateral()
    )
    mine = select(func.count()).where(Request.requester_id == User.id, text(OPEN)).correlate(User)
    late = mine.where(Request.stage_due_at < func.now())
    rows = db.session.execute(
        select(
            User.id, User.name, User.job_title, away.c.ends_at, away.c.name,
            mine.scalar_subquery(), late.scalar_subquery(),
        )
        .outerjoin(away, true())
        .where(User.manager_id == manager_id, User.is_active)
        .order_by(by_name(User.name), User.id)
        .limit(SHOWN)
    )  # fmt: skip
    return tuple(Colleague(*row) for row in rows)


def requests(manager_id: str) -> tuple[TeamRequest, ...]:
    """Their open requests, the earliest due first; up to `SHOWN`."""
    seen = exists().where(Participant.request_id == Request.id, Participant.user_id == manager_id)
    theirs = select(User.id).where(User.manager_id == manager_id, User.is_active)
    rows = db.session.execute(
        select(
            Request.number, Request.title, Request.type_name, Request.requester_name,
            Request.status, Request.waiting_for, Request.stage_due_at, seen,
            Request.policy_version_id,
        )
        .where(Request.requester_id.in_(theirs), text(OPEN))
        .order_by(Request.stage_due_at.nulls_last(), Request.id)
        .limit(SHOWN)
    )  # fmt: skip
    return tuple(own_texts.as_read(TeamRequest(*row), "type_name") for row in rows)
