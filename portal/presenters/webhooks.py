"""Webhooks in words: how an endpoint and a message stand, and what was done to an endpoint."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from portal.domain.webhooks import DeliveryState, EndpointState
from portal.forms.webhook import DeliveriesForm
from portal.presentation.filters import trouble
from portal.presentation.labels import Label
from portal.queries.webhooks import (
    DeliveriesSought,
    DeliveryCursor,
    DeliveryRecord,
    EndpointRecord,
    HookChange,
)
from portal.translation import _, lazy

STATES: dict[DeliveryState, str] = {
    DeliveryState.WAITING: lazy("Waiting"),
    DeliveryState.DELIVERED: lazy("Delivered"),
    DeliveryState.FAILED: lazy("Failed"),
    DeliveryState.DROPPED: lazy("Dropped"),
}
FILTERS = ("webhook", "status", "type", "number")


def endpoint_label(endpoint: EndpointRecord) -> Label:
    """How an endpoint stands."""
    if endpoint.has_ended_token:
        return Label(_("Off: its token ended"), "bad", "x-circle")
    match endpoint.state:
        case EndpointState.UNVERIFIED:
            return Label(_("Needs a test event"), "warn", "paper-airplane")
        case EndpointState.PAUSED:
            return Label(_("Paused"), "neutral", "pause")
        case EndpointState.GONE:
            return Label(_("Off: the receiver is gone"), "bad", "x-circle")
    if endpoint.failing_since is not None:
        return Label(_("Failing"), "warn", "exclamation-triangle")
    return Label(_("On"), "ok", "check")


def endpoint_trouble(endpoint: EndpointRecord) -> str:
    """Why an endpoint is sent nothing, or what is wrong with it; "" where all is well."""
    if endpoint.has_ended_token:
        return _("The token that made this endpoint was revoked or has expired. Messages gather.")
    match endpoint.state:
        case EndpointState.UNVERIFIED:
            return _("Messages gather until it has answered a test event.")
        case EndpointState.PAUSED:
            return _("Messages gather until somebody turns it on.")
        case EndpointState.GONE:
            return _("The receiver answered 410: it wants no more messages. They gather here.")
    if endpoint.failing_since is not None:
        return _("The newest tries failed: %(error)s", error=trouble(endpoint.last_error))
    return ""


def delivery_label(delivery: DeliveryRecord) -> Label:
    """How a message stands."""
    words = str(STATES[DeliveryState(delivery.status)])
    match delivery.status:
        case DeliveryState.DELIVERED:
            return Label(words, "ok", "check")
        case DeliveryState.FAILED:
            return Label(words, "bad", "x-circle")
        case DeliveryState.DROPPED:
            return Label(words, "neutral", "no-symbol")
    return Label(_("Retrying"), "warn", "arrow-path") if delivery.tries else Label(words, "info")


def data_text(data: Mapping[str, Any]) -> str:
    """What a message says, for people."""
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True)


def done(change: HookChange) -> str:
    """What was done to an endpoint, in a line."""
    data = change.data
    for name, words in (
        ("added", _("Added")),
        ("removed", _("Removed")),
        ("rotated", _("Rotated the secret")),
        ("ended_old_secret", _("Ended the old secret")),
        ("tested", _("Sent a test event")),
        ("delivered_again", _("Delivered a message again")),
    ):
        if name in data:
            return words
    if "delivered_again_since" in data:
        return _("Delivered %(messages)s messages again", messages=data.get("messages"))
    before, after = data.get("before") or {}, data.get("after") or {}
    changed = [
        _("%(name)s from %(before)s to %(after)s", name=name, before=_text(before.get(name)),
          after=_text(value))
        for name, value in after.items()
        if before.get(name) != value
    ]  # fmt: skip
    return _("Changed: %(parts)s", parts="; ".join(changed))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _("all")
    return str(value)


def sought_of(
    given: Mapping[str, str], endpoints: Mapping[str, str]
) -> tuple[DeliveriesForm, DeliveriesSought]:
    """The filters as the address fills them in, and what they ask for."""
    form = DeliveriesForm(endpoints, STATES)
    form.process(MultiDict({name: given.get(name, "") for name in FILTERS}))
    form.validate()
    status = form.given("status")
    sought = DeliveriesSought(
        endpoint_id=form.given("webhook"),
        status=DeliveryState(status) if status else None,
        type=form.given("type"),
        number=form.given("number"),
    )
    return form, sought


def text_of_cursor(cursor: DeliveryCursor) -> str:
    """A place in the list as it stands in an address."""
    return f"{cursor.at.isoformat()}_{cursor.id}"


def cursor_of(text: str) -> DeliveryCursor | None:
    """The place that an address names; None, the beginning, for anything else."""
    at, _sep, key = text.rpartition("_")
    try:
        found = DeliveryCursor(datetime.fromisoformat(at), str(UUID(key)))
    except ValueError:
        return None
    return found if found.at.tzinfo is not None else None
