"""What the server itself says about a request's workflow."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

from portal.domain.policy.policy import WorkflowKind
from portal.temporal import client as clients
from portal.temporal.gateway import CommandDelivery, deliver
from portal.workflows import names
from tests.temporal.office import Desk

T = TypeVar("T")


class History:
    """Questions about the workflow of a desk's request, asked without an event loop."""

    def __init__(self, desk: Desk) -> None:
        self._settings = desk.settings
        self._id = names.workflow_id(WorkflowKind(desk.workflow), desk.request_id)

    def events(self, kind: str) -> list[Any]:
        """The events of a kind, such as WORKFLOW_EXECUTION_SIGNALED, in the latest run."""

        async def ask(handle: WorkflowHandle[Any, Any]) -> list[Any]:
            history = await handle.fetch_history()
            return list(history.events)

        found = self._ask(ask)
        return [each for each in found if _name(each) == kind]

    def describe(self) -> Any:
        """The description, with its static summary."""

        async def ask(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription:
            described = await handle.describe()
            described.static_summary = await described.static_summary()
            return described

        return self._ask(ask)

    def is_closed(self) -> bool:
        """Whether the latest run has ended."""
        return self.describe().close_time is not None

    def place(self) -> int | None:
        """Up to which event it says that it has recorded."""
        told = self.describe().typed_search_attributes.get(names.PLACE)
        return None if told is None else int(told)

    def signal(self, command: CommandDelivery) -> None:
        """Deliver a command, as the relay does."""

        async def work() -> None:
            client = await clients.connect(self._settings)
            await deliver(client, self._settings.temporal_task_queue, command, 5)

        asyncio.run(work())

    def terminate(self) -> None:
        """End the workflow from outside, as an operator may."""
        self._ask(lambda handle: handle.terminate())

    def _ask(self, question: Callable[[WorkflowHandle[Any, Any]], Awaitable[T]]) -> T:
        async def work() -> T:
            client: Client = await clients.connect(self._settings)
            return await question(client.get_workflow_handle(self._id))

        return asyncio.run(work())


def _name(event: Any) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
