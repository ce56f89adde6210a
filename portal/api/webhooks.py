"""Webhooks by programs: endpoints, their secrets, messages and tries; and what a message looks
like."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from pydantic import AwareDatetime, Field

from portal.api.approvals import Statuses
from portal.api.endpoints import Answer, Input, Output, endpoint
from portal.api.pages import cursor_of, invalid_cursor, text_of
from portal.api.people import Person
from portal.domain.people.tokens import Scope, TokenKind
from portal.domain.webhooks import LONGEST_NAME, LONGEST_URL, DeliveryState
from portal.forms.fields import uuid_of
from portal.presentation.problems import PREFIX, InputError, ProblemRaised
from portal.queries import webhooks as hooks
from portal.queries.webhooks import (
    DeliveriesSought,
    DeliveryCursor,
    DeliveryRecord,
    EndpointRecord,
    HookReader,
)
from portal.security import callers
from portal.security.sessions import current_settings
from portal.services import webhooks as service
from portal.services.webhooks import (
    HookActor,
    HookGone,
    HookRejected,
    HookRules,
    HookUsed,
    HookWish,
)

Types = Literal[
    "request.started", "request.changed", "request.approved", "request.rejected",
    "request.returned", "request.withdrawn", "request.cancelled", "request.expired",
    "task.opened", "task.decided",
]  # fmt: skip
MessageTypes = Literal[Types, "ping"]
States = Literal["unverified", "on", "paused", "gone"]
DeliveryStates = Literal["WAITING", "DELIVERED", "FAILED", "DROPPED"]
POINTERS = {"request_types": "requestTypes"}
Found = TypeVar("Found")


class WebhookMoney(Output):
    """An amount of money: a decimal number as text, and its currency."""

    value: str
    currency: str


class WebhookData(Output):
    """What happened. `status`, `stage` and `contentVersion` are those committed with the event;
    `seq` grows with each event, so keep the highest: messages may come in another order. `title`,
    `amount`, `requester` and `actor` only where the endpoint is full."""

    workflow_id: str | None = None
    request_id: str | None = Field(None, description="Your own id of it, where you asked for it.")
    number: str | None = None
    module: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    status: Statuses | None = None
    stage: str | None = None
    content_version: int | None = None
    seq: int | None = None
    task_id: str | None = None
    decision: str | None = None
    title: str | None = None
    amount: WebhookMoney | None = None
    requester: Person | None = None
    actor: Person | None = None
    url: str


class WebhookMessage(Output):
    """The body of a message."""

    type: MessageTypes
    timestamp: datetime
    data: WebhookData


class WebhookInput(Input):
    """Where messages go, and which. `modules` and `requestTypes` empty: all that the token may see.
    `isFull`: titles, amounts and names are sent, too (this needs the scope approvals:read)."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    url: str = Field(
        min_length=1, max_length=LONGEST_URL, examples=["https://erp.example.org/approvals"]
    )
    types: list[Types] = Field(min_length=1, max_length=20)
    modules: list[str] = Field(default_factory=list, max_length=20)
    request_types: list[str] = Field(default_factory=list, max_length=100)
    is_full: bool = False


class WebhookSwitch(Input):
    """Whether messages go out; otherwise they gather."""

    is_on: bool


class RedeliveryInput(Input):
    """Which messages are sent once more."""

    since: AwareDatetime
    only_failed: bool = False


class Webhook(Output):
    """An endpoint. `state`: unverified (no test event was answered yet), on, paused, or gone (it
    answered 410); in all but on messages gather. `oldSecretUntil`: so long messages are signed with
    the secret before, too."""

    id: str
    name: str
    url: str
    types: list[str]
    modules: list[str]
    request_types: list[str]
    is_full: bool
    state: States
    failing_since: datetime | None
    last_error: str | None
    delivered_at: datetime | None
    waiting: int
    failed: int
    old_secret_until: datetime | None


class WebhookSecret(Webhook):
    """An endpoint with its new secret, which is not told again; null where this call was made
    before."""

    secret: str | None


class WebhookPage(Output):
    """All endpoints; there is one page."""

    items: list[Webhook]
    next: str | None


class WebhookDeliveryItem(Output):
    """A message to an endpoint; `id` is its webhook-id."""

    id: str
    type: MessageTypes
    at: datetime
    number: str | None
    seq: int | None
    status: DeliveryStates
    tries: int
    next_at: datetime | None
    last_status: int | None
    last_error: str | None
    done_at: datetime | None


class WebhookDeliveryPage(Output):
    """A page of messages, the newest first; `next` begins the next one."""

    items: list[WebhookDeliveryItem]
    next: str | None


class WebhookTry(Output):
    """One try of a message. `answer`: the beginning of what the receiver said."""

    at: datetime
    status: int | None
    took_ms: int
    error: str
    answer: str


class WebhookDeliveryDetail(WebhookDeliveryItem):
    """A message with its tries, the newest first."""

    attempts: list[WebhookTry]


class Redelivery(Output):
    """How many messages are sent once more."""

    messages: int


class DeliveriesQuery(Input):
    """Which messages."""

    status: DeliveryStates | None = None
    type: MessageTypes | None = None
    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, max_length=500)


@endpoint("GET", "/webhooks", Scope.WEBHOOKS_MANAGE, answers={200: WebhookPage},
          summary="List webhooks")  # fmt: skip
def list_webhooks() -> Answer:
    """A service sees the endpoints that it made, an administrator all."""
    items = [_webhook(each) for each in hooks.listed(_reader())]
    return Answer(body=WebhookPage(items=items, next=None))


@endpoint(
    "POST", "/webhooks", Scope.WEBHOOKS_MANAGE, body=WebhookInput, keyed=True,
    answers={201: WebhookSecret, 200: WebhookSecret}, refuses=(403, 409), summary="Add a webhook",
)  # fmt: skip
def add_webhook(command_id: str, body: WebhookInput) -> Answer:
    """The Idempotency-Key becomes the endpoint's id. It is turned on by its first answer to a test
    event; what happens until then gathers."""
    wish = _wish(body)
    with _said():
        secret = service.add(_rules(), wish, command_id, _actor())
    place = {"Location": f"{PREFIX}/webhooks/{command_id}"}
    status = 200 if secret is None else 201
    return Answer(body=_with_secret(command_id, secret), status=status, headers=place)


@endpoint("GET", "/webhooks/{endpointId}", Scope.WEBHOOKS_MANAGE, answers={200: Webhook},
          refuses=(404,), summary="One webhook")  # fmt: skip
def show_webhook(endpoint_id: str) -> Answer:
    """Where its messages go, which, and how it stands."""
    return Answer(body=_webhook(_there(endpoint_id)))


@endpoint("PUT", "/webhooks/{endpointId}", Scope.WEBHOOKS_MANAGE, body=WebhookInput,
          answers={200: Webhook}, refuses=(403, 404), summary="Change a webhook")  # fmt: skip
def change_webhook(endpoint_id: str, body: WebhookInput) -> Answer:
    """At another address it has to answer a test event before it is sent anything else."""
    record, wish = _there(endpoint_id), _wish(body)
    with _said():
        service.change(_rules(), wish, record.id, _actor())
    return show_webhook(endpoint_id)


@endpoint("DELETE", "/webhooks/{endpointId}", Scope.WEBHOOKS_MANAGE, answers={204: None},
          refuses=(404,), summary="Remove a webhook")  # fmt: skip
def remove_webhook(endpoint_id: str) -> Answer:
    """What waits for it is dropped."""
    record = _there(endpoint_id)
    with _said():
        service.remove(record.id, _actor())
    return Answer(body=None, status=204)


@endpoint(
    "POST",
    "/webhooks/{endpointId}/state",
    Scope.WEBHOOKS_MANAGE,
    body=WebhookSwitch,
    answers={200: Webhook},
    refuses=(404, 409),
    summary="Pause or resume a webhook",
)
def switch_webhook(endpoint_id: str, body: WebhookSwitch) -> Answer:
    """While it is paused messages gather, and are sent when it is on again."""
    record = _there(endpoint_id)
    with _said():
        service.switch(record.id, _actor(), on=body.is_on)
    return show_webhook(endpoint_id)


@endpoint(
    "POST",
    "/webhooks/{endpointId}/test",
    Scope.WEBHOOKS_MANAGE,
    answers={202: WebhookDeliveryDetail},
    refuses=(404,),
    summary="Send a test event",
)
def test_webhook(endpoint_id: str) -> Answer:
    """A message of the type ping, also to a paused endpoint. Its delivery says what came of it."""
    record = _there(endpoint_id)
    with _said():
        delivery_id = service.test(record.id, _actor())
    place = {"Location": f"{PREFIX}/webhooks/{record.id}/deliveries/{delivery_id}"}
    return Answer(body=_detail(_delivery(record.id, delivery_id)), status=202, headers=place)


@endpoint(
    "POST",
    "/webhooks/{endpointId}/rotate",
    Scope.WEBHOOKS_MANAGE,
    answers={200: WebhookSecret},
    refuses=(404, 409),
    summary="Rotate the secret",
)
def rotate_webhook(endpoint_id: str) -> Answer:
    """For a day messages are signed with both secrets; so long it cannot be rotated again, unless
    the old one is ended first."""
    record = _there(endpoint_id)
    with _said():
        secret = service.rotate(_rules(), record.id, _actor())
    return Answer(body=_with_secret(record.id, secret))


@endpoint("POST", "/webhooks/{endpointId}/end-old-secret", Scope.WEBHOOKS_MANAGE,
          answers={200: Webhook}, refuses=(404,), summary="End the old secret")  # fmt: skip
def end_old_webhook_secret(endpoint_id: str) -> Answer:
    """Messages are signed with the newest secret alone from now on."""
    record = _there(endpoint_id)
    with _said():
        service.end_old(record.id, _actor())
    return show_webhook(endpoint_id)


@endpoint(
    "POST",
    "/webhooks/{endpointId}/redeliver",
    Scope.WEBHOOKS_MANAGE,
    body=RedeliveryInput,
    answers={200: Redelivery},
    refuses=(404,),
    summary="Deliver everything again",
)
def redeliver_all(endpoint_id: str, body: RedeliveryInput) -> Answer:
    """Whatever happened since then, with the same ids. Messages are kept for 30 days."""
    record = _there(endpoint_id)
    with _said():
        count = service.deliver_all_again(
            record.id, body.since, _actor(), only_failed=body.only_failed
        )
    return Answer(body=Redelivery(messages=count))


@endpoint("GET", "/webhooks/{endpointId}/deliveries", Scope.WEBHOOKS_MANAGE, query=DeliveriesQuery,
          answers={200: WebhookDeliveryPage}, refuses=(404,), summary="List messages")  # fmt: skip
def list_webhook_deliveries(endpoint_id: str, query: DeliveriesQuery) -> Answer:
    """What was sent to the endpoint, and what waits, the newest first."""
    sought = DeliveriesSought(
        endpoint_id=_there(endpoint_id).id, type=query.type,
        status=DeliveryState(query.status) if query.status else None,
    )  # fmt: skip
    rows, more = hooks.deliveries(sought, query.limit, _place(query.cursor))
    place = None if more is None else (more.at.isoformat(), more.id)
    items = [WebhookDeliveryItem(**_item(each)) for each in rows]
    return Answer(body=WebhookDeliveryPage(items=items, next=text_of(place)))


@endpoint(
    "GET", "/webhooks/{endpointId}/deliveries/{deliveryId}", Scope.WEBHOOKS_MANAGE,
    answers={200: WebhookDeliveryDetail}, refuses=(404,), summary="One message",
)  # fmt: skip
def show_webhook_delivery(endpoint_id: str, delivery_id: str) -> Answer:
    """With its tries."""
    return Answer(body=_detail(_delivery(_there(endpoint_id).id, delivery_id)))


@endpoint(
    "POST", "/webhooks/{endpointId}/deliveries/{deliveryId}/redeliver", Scope.WEBHOOKS_MANAGE,
    answers={202: WebhookDeliveryDetail}, refuses=(404,), summary="Deliver a message again",
)  # fmt: skip
def redeliver_one(endpoint_id: str, delivery_id: str) -> Answer:
    """With the same id."""
    record = _delivery(_there(endpoint_id).id, delivery_id)
    with _said():
        service.deliver_again(record.id, _actor())
    return Answer(body=_detail(_delivery(record.endpoint_id, record.id)), status=202)


def _rules() -> HookRules:
    settings = current_settings()
    return HookRules(settings=settings.webhooks, secret_keys=settings.secret_keys)


def _actor() -> HookActor:
    caller = callers.caller()
    person = caller.identity
    return HookActor(person_id=person.id if person else None, reader=_reader())


def _reader() -> HookReader:
    caller = callers.caller()
    is_service = caller.kind is TokenKind.SERVICE
    return HookReader(token_id=caller.token_id if is_service else None, modules=caller.modules)


def _wish(body: WebhookInput) -> HookWish:
    if body.is_full and not callers.caller().may(Scope.APPROVALS_READ):
        raise ProblemRaised("insufficient-scope")
    return HookWish(
        name=body.name, url=body.url, types=tuple(body.types), modules=tuple(body.modules),
        request_types=tuple(body.request_types), is_full=body.is_full,
    )  # fmt: skip


@contextmanager
def _said() -> Iterator[None]:
    """What the service refuses, as problems."""
    try:
        yield
    except HookGone:
        raise ProblemRaised("not-found") from None
    except HookUsed:
        raise ProblemRaised("idempotency-key-used") from None
    except HookRejected as rejected:
        if not rejected.field:
            raise ProblemRaised("conflict", str(rejected)) from None
        pointer = f"/{POINTERS.get(rejected.field, rejected.field)}"
        raise ProblemRaised("invalid", errors=(InputError(pointer, str(rejected)),)) from None


def _found(text: str, find: Callable[[str], Found | None]) -> Found:
    known = uuid_of(text)
    record = find(known) if known else None
    if record is None:
        raise ProblemRaised("not-found")
    return record


def _there(endpoint_id: str) -> EndpointRecord:
    return _found(endpoint_id, lambda known: hooks.find(known, _reader()))


def _delivery(endpoint_id: str, delivery_id: str) -> DeliveryRecord:
    record = _found(delivery_id, hooks.delivery)
    if record.endpoint_id != endpoint_id:
        raise ProblemRaised("not-found")
    return record


def _shown(record: EndpointRecord) -> dict[str, Any]:
    return {
        "id": record.id, "name": record.name, "url": record.url, "types": list(record.types),
        "modules": list(record.modules), "request_types": list(record.request_types),
        "is_full": record.is_full, "state": cast(States, record.state),
        "failing_since": record.failing_since, "last_error": record.last_error,
        "delivered_at": record.delivered_at, "waiting": record.waiting, "failed": record.failed,
        "old_secret_until": record.old_until,
    }  # fmt: skip


def _webhook(record: EndpointRecord) -> Webhook:
    return Webhook(**_shown(record))


def _with_secret(endpoint_id: str, secret: str | None) -> WebhookSecret:
    return WebhookSecret(**_shown(_there(endpoint_id)), secret=secret)


def _item(record: DeliveryRecord) -> dict[str, Any]:
    waits = record.status == DeliveryState.WAITING
    return {
        "id": record.id, "type": record.type, "at": record.at, "number": record.number,
        "seq": record.seq, "status": record.status, "tries": record.tries,
        "next_at": record.due_at if waits else None, "last_status": record.last_status,
        "last_error": record.last_error, "done_at": record.done_at,
    }  # fmt: skip


def _detail(record: DeliveryRecord) -> WebhookDeliveryDetail:
    tries = [
        WebhookTry(
            at=each.at, status=each.status, took_ms=each.took_ms, error=each.error,
            answer=each.answer,
        )
        for each in hooks.attempts(record.id)
    ]  # fmt: skip
    return WebhookDeliveryDetail(**_item(record), attempts=tries)


def _place(cursor: str | None) -> DeliveryCursor | None:
    parts = cursor_of(cursor, 2)
    if parts is None:
        return None
    try:
        at = datetime.fromisoformat(parts[0])
    except ValueError:
        raise invalid_cursor() from None
    key = uuid_of(parts[1])
    if key is None or at.tzinfo is None:
        raise invalid_cursor()
    return DeliveryCursor(at, key)
