"""The search attributes that the workflows set; the server has to know them before first use."""

import asyncio

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from portal.temporal.client import NotYet
from portal.workflows.names import KEYS

LIMIT_SECONDS = 10.0


async def missing(client: Client) -> tuple[str, ...]:
    """Names of ours that the server does not know. Raises RPCError."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        answer = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        # Temporal's test server has no list; it takes what is added twice.
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            return tuple(key.name for key in KEYS)
        raise
    return tuple(key.name for key in KEYS if key.name not in answer.custom_attributes)


async def register(client: Client) -> tuple[str, ...]:
    """Register what is missing and name it; safe to repeat. Raises RPCError if it may not."""
    names = await missing(client)
    if not names:
        return ()
    kinds = {
        key.name: IndexedValueType.ValueType(int(key.indexed_value_type))
        for key in KEYS
        if key.name in names
    }
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=kinds)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    return names


async def require(client: Client) -> None:
    """Return if the server knows them all, registering them if it may; raises NotYet."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await register(client)
            left = await missing(client)
    except (RPCError, RuntimeError, TimeoutError) as error:
        raise NotYet("its search attributes cannot be registered") from error
    if left:
        raise NotYet(f"it does not know the search attributes {', '.join(left)} yet")
