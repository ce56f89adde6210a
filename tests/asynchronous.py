"""Tests that are coroutines: they run on one event loop, which fixtures may use as well.

A folder's conftest.py imports both names.
"""

import asyncio
import inspect
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop of a folder's tests."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on the loop; leave every other test alone."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    loop: asyncio.AbstractEventLoop = pyfuncitem._request.getfixturevalue("loop")
    loop.run_until_complete(asyncio.wait_for(pyfuncitem.obj(**arguments), timeout=120))
    return True
