"""Webhooks as pages and programs read them: endpoints, messages and their tries; never a secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY

from portal.domain.proof.acts import ActKind
from portal.domain.webhooks import DeliveryState, EndpointState
from portal.extensions import db
from portal.models import (
    ApiToken,
    AuditAct,
    Request,
    User,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from portal.models.columns import by_name
from portal.queries.messages import Overdue

SHOWN = 50
SHOWN_CHANGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReader:
    """Whose endpoints: of the service `token_id` those that it made, of everybody else all;
    `modules`: only those that hear of nothing beside these."""

    token_id: str | None = None
    modules: tuple[str, ...] = ()

    @property
    def its_own(self) -> list[ColumnElement[bool]]:
        """What its endpoints have in common."""
        found: list[ColumnElement[bool]] = []
        if self.token_id is not None:
            found.append(WebhookEndpoint.token_id == self.token_id)
        if self.modules:
            named = cast(list(self.modules), ARRAY(Text))
            found += [WebhookEndpoint.modules.contained_by(named), WebhookEndpoint.modules != []]
        return found


EVERYBODY = HookReader()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecord:
    """An endpoint. `has_ended_token`: the service that made it may not come in any more, so that
    it is sent nothing. `waiting`, `failed`: messages."""

    id: str
    name: str
    url: str
    types: Sequence[str]
    modules: Sequence[str]
    request_types: Sequence[str]
    is_full: bool
    state: str
    created_at: datetime
    changed_at: datetime
    old_until: datetime | None
    token_name: str | None
    has_ended_token: bool
    failing_since: datetime | None
    rest_until: datetime | None
    last_error: str | None
    delivered_at: datetime | None
    waiting: int
    failed: int

    @property
    def is_on(self) -> bool:
        """Messages go out."""
        return self.state == EndpointState.ON and not self.has_ended_token

    @property
    def mark(self) -> str:
        """Its present state, for a form that changes it."""
        return self.changed_at.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One message to one endpoint. `number`: its request's, None for a test."""

    id: str
    endpoint_id: str
    endpoint_name: str
    type: str
    at: datetime
    number: str | None
    seq: int | None
    status: str
    tries: int
    due_at: datetime
    last_status: int | None
    last_error: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One try of a message."""

    at: datetime
    status: int | None
    took_ms: int
    error: str
    answer: str


@dataclass(frozen=True, slots=True)
class HookChange:
    """What somebody did to an endpoint."""

    actor: str | None
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryCursor:
    """The last message of the page before."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesSought:
    """Which messages; None: whatever it is."""

    endpoint_id: str | None = None
    status: DeliveryState | None = None
    type: str | None = None
    number: str | None = None


def listed(reader: HookReader = EVERYBODY) -> tuple[EndpointRecord, ...]:
    """Endpoints by name; there are few."""
    found = _endpoints(reader).order_by(by_name(WebhookEndpoint.name), WebhookEndpoint.id)
    return tuple(EndpointRecord(**row) for row in db.session.execute(found).mappings())


def find(endpoint_id: str, reader: HookReader = EVERYBODY) -> EndpointRecord | None:
    """The endpoint of that id."""
    found = _endpoints(reader).where(WebhookEndpoint.id == endpoint_id)
    row = db.session.execute(found).mappings().one_or_none()
    return None if row is None else EndpointRecord(**row)


def troubled() -> tuple[EndpointRecord, ...]:
    """Endpoints that are sent nothing, or do not take what they are sent: whatever does not go on
    by itself, and what somebody paused."""
    return tuple(
        each for each in listed()
        if not each.is_on or each.failed or each.failing_since is not None
    )  # fmt: skip


def overdue(late: timedelta) -> Overdue:
    """What should have been sent to endpoints that take everything: nobody hands it over, or nobody
    sends it."""
    each, at = WebhookDelivery, WebhookEndpoint
    found = (
        select(func.count().label("number"), func.min(each.due_at).label("since"))
        .join(at, at.id == each.endpoint_id)
        .where(
            at.state == EndpointState.ON, at.failing_since.is_(None),
            or_(at.rest_until.is_(None), at.rest_until <= func.now()),
            each.status == DeliveryState.WAITING, each.due_at < func.now() - late,
        )
    )  # fmt: skip
    row = db.session.execute(found).one()
    return Overdue(row.number, row.since)


def deliveries(
    sought: DeliveriesSought, limit: int = SHOWN, after: DeliveryCursor | None = None,
) -> tuple[tuple[DeliveryRecord, ...], DeliveryCursor | None]:  # fmt: skip
    """Messages, the newest first, and where the next page begins."""
    found = _deliveries().where(*_wanted(sought))
    if after is not None:
        last = literal(after.at), literal(after.id, UuidType(as_uuid=False))
        found = found.where(tuple_(WebhookDelivery.at, WebhookDelivery.id) < tuple_(*last))
    newest = found.order_by(WebhookDelivery.at.desc(), WebhookDelivery.id.desc()).limit(limit + 1)
    rows = [DeliveryRecord(**row) for row in db.session.execute(newest).mappings()]
    shown = tuple(rows[:limit])
    more = DeliveryCursor(shown[-1].at, shown[-1].id) if len(rows) > limit else None
    return shown, more


def delivery(delivery_id: str) -> DeliveryRecord | None:
    """One message."""
    found = _deliveries().where(WebhookDelivery.id == delivery_id)
    row = db.session.execute(found).mappings().one_or_none()
    return None if row is None else DeliveryRecord(**row)


def data_of(delivery_id: str) -> dict[str, Any]:
    """What a message says."""
    found = select(WebhookDelivery.data).where(WebhookDelivery.id == delivery_id)
    return dict(db.session.scalar(found) or {})


def attempts(delivery_id: str) -> tuple[AttemptRecord, ...]:
    """The tries of a message, the newest first."""
    each = WebhookAttempt
    found = select(each.at, each.status, each.took_ms, each.error, each.answer)
    newest = found.where(each.delivery_id == delivery_id).order_by(each.id.desc()).limit(SHOWN)
    return tuple(AttemptRecord(*row) for row in db.session.execute(newest))


def last_test(endpoint_id: str) -> DeliveryRecord | None:
    """The newest test event of an endpoint."""
    sought = DeliveriesSought(endpoint_id=endpoint_id, type="ping")
    rows, _ = deliveries(sought, 1)
    return rows[0] if rows else None


def changes(subject: str, kind: ActKind = ActKind.WEBHOOK_CHANGED) -> tuple[HookChange, ...]:
    """What was done to an endpoint, or by acts of that kind to something else; newest first."""
    found = (
        select(User.name, AuditAct.data, AuditAct.at)
        .outerjoin(User, cast(User.id, Text) == AuditAct.actor)
        .where(AuditAct.kind == kind, AuditAct.subject == subject)
        .order_by(AuditAct.id.desc())
        .limit(SHOWN_CHANGES)
    )
    return tuple(HookChange(*row) for row in db.session.execute(found))


def _endpoints(reader: HookReader) -> Select[*tuple[Any, ...]]:
    each, message = WebhookEndpoint, WebhookDelivery

    def count(status: str) -> Any:
        mine = and_(message.endpoint_id == each.id, message.status == status)
        return select(func.count()).where(mine).correlate(each).scalar_subquery()

    ended = or_(ApiToken.revoked_at.is_not(None), ApiToken.expires_at <= func.now())
    found = (
        select(
            each.id, each.name, each.url, each.types, each.modules, each.request_types,
            each.is_full, each.state, each.created_at, each.changed_at, each.failing_since,
            each.rest_until, each.last_error, each.delivered_at,
            case((each.old_until > func.now(), each.old_until)).label("old_until"),
            ApiToken.name.label("token_name"),
            func.coalesce(ended, False).label("has_ended_token"),
            count("WAITING").label("waiting"), count("FAILED").label("failed"),
        )
        .outerjoin(ApiToken, ApiToken.id == each.token_id)
        .where(each.state != EndpointState.REMOVED)
    )  # fmt: skip
    return found.where(*reader.its_own)


def _deliveries() -> Select[*tuple[Any, ...]]:
    each, at = WebhookDelivery, WebhookEndpoint
    return (
        select(
            each.id, each.endpoint_id, at.name.label("endpoint_name"), each.type, each.at,
            Request.number, each.seq, each.status, each.tries, each.due_at, each.last_status,
            each.last_error, each.done_at,
        )
        .join(at, at.id == each.endpoint_id)
        .outerjoin(Request, Request.id == each.request_id)
    )  # fmt: skip


def _wanted(sought: DeliveriesSought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.endpoint_id is not None:
        found.append(WebhookDelivery.endpoint_id == sought.endpoint_id)
    if sought.status is not None:
        found.append(WebhookDelivery.status == sought.status.value)
    if sought.type is not None:
        found.append(WebhookDelivery.type == sought.type)
    if sought.number is not None:
        found.append(Request.number == sought.number)
    return found
