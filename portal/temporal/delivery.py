"""Bringing one command to Temporal, and what became of it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.domain.policy.policy import WorkflowKind
from portal.temporal import requests
from portal.workflows import names
from portal.workflows.messages import CommandMessage, StartApproval

SUBMIT = "Submit"
_FOR_GOOD = (
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.OUT_OF_RANGE,
    RPCStatusCode.UNIMPLEMENTED,
)


class Delivery(StrEnum):
    """What became of a delivery.

    CLOSED: no workflow of that id is running. UNKNOWN: no answer in time, or none that says; the
    command may have arrived, and delivering it again is safe. REFUSED: the server or we ourselves
    can make nothing of it, and trying again will not help.
    """

    DELIVERED = "delivered"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class CommandDelivery:
    """A command as it stands in `portal.commands`. `workflow`: see `names.address`."""

    command_id: str
    request_id: str
    number: str
    kind: str
    payload: dict[str, Any]
    workflow: str = WorkflowKind.APPROVAL.value


@dataclass(frozen=True)
class Answer:
    """What became of a delivery, and the error behind it if there was one."""

    delivery: Delivery
    error: str = ""


async def deliver(client: Client, queue: str, command: CommandDelivery, limit: float) -> Answer:
    """Start the workflow (Submit) or signal it, within `limit` seconds. Never raises for a failure.

    A Submit whose workflow exists, running or closed, counts as delivered.
    """
    try:
        async with asyncio.timeout(limit):
            if command.kind == SUBMIT:
                await _start(client, queue, command, limit)
            else:
                await _signal(client, command, limit)
    except RPCError as error:
        return _answer(command, error)
    except TimeoutError:
        return Answer(Delivery.UNKNOWN, f"no answer within {limit:g} s")
    except RuntimeError as error:  # what a failed connect raises
        return Answer(Delivery.UNKNOWN, _short(error))
    except (KeyError, TypeError, ValueError) as error:  # a payload that makes no message
        return Answer(Delivery.REFUSED, f"{type(error).__name__}: {_short(error)}")
    return Answer(Delivery.DELIVERED)


async def _start(client: Client, queue: str, command: CommandDelivery, limit: float) -> None:
    request = await requests.start_request(
        client,
        queue,
        WorkflowKind(command.workflow),
        StartApproval(command.request_id, command=_message(command), is_lean=True),
        request_id=command.command_id,
        summary=names.summary(command.number, str(command.payload["type_code"])),
        attributes=requests.attributes_of_submit(command.payload),
    )
    await client.workflow_service.start_workflow_execution(
        request, retry=True, timeout=timedelta(seconds=limit)
    )


async def _signal(client: Client, command: CommandDelivery, limit: float) -> None:
    _, workflow_id = names.address(command.workflow, command.request_id)
    request = await requests.signal_request(client, workflow_id, _message(command))
    await client.workflow_service.signal_workflow_execution(
        request, retry=True, timeout=timedelta(seconds=limit)
    )


def _message(command: CommandDelivery) -> CommandMessage:
    return CommandMessage(command_id=command.command_id, kind=command.kind, payload=command.payload)


def _answer(command: CommandDelivery, error: RPCError) -> Answer:
    if command.kind == SUBMIT and error.status is RPCStatusCode.ALREADY_EXISTS:
        return Answer(Delivery.DELIVERED)
    if command.kind != SUBMIT and error.status is RPCStatusCode.NOT_FOUND:
        return Answer(Delivery.CLOSED)
    delivery = Delivery.REFUSED if error.status in _FOR_GOOD else Delivery.UNKNOWN
    return Answer(delivery, f"{error.status.name}: {_short(error)}")


def _short(error: Exception) -> str:
    return str(error)[:300]
