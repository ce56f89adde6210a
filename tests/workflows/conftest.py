"""A time-skipping server, and a journey with a worker, for each test.

One server for all would be quicker by a tenth of a second each, but it has one clock, and a task
that nobody serves any more stops that clock for everybody.
"""

import asyncio
from collections.abc import Iterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.asynchronous import loop, pytest_pyfunc_call
from tests.workflows.journey import Journey, time_skipping_server

__all__ = ["loop", "pytest_pyfunc_call"]


@pytest.fixture
def server(loop: asyncio.AbstractEventLoop) -> Iterator[WorkflowEnvironment]:
    """Temporal's test server, which skips time while nobody has anything to do."""
    server = loop.run_until_complete(time_skipping_server())
    yield server
    loop.run_until_complete(server.shutdown())


@pytest.fixture
def journey(loop: asyncio.AbstractEventLoop, server: WorkflowEnvironment) -> Iterator[Journey]:
    """A request on the time-skipping server, with a worker that serves it."""
    journey = Journey(server.client, server.sleep)
    served = journey.served()
    loop.run_until_complete(served.__aenter__())
    yield journey
    loop.run_until_complete(served.__aexit__(None, None, None))
