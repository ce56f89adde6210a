"""A Temporal development server of our own, from the wheel's program.

The options are those that were measured: WAL and synchronous=normal double the rate on disk and
lose nothing when the process is killed; the poll rate takes away a wait of 35 ms for each hop.
"""

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.local import binaries, processes
from scripts.local.failure import from_log
from scripts.local.ports import HOST, any_free

PATIENCE = 60.0
NAMESPACE = "default"
DYNAMIC_CONFIGURATION = ("history.transferProcessorMaxPollRPS=2000",)
PRAGMAS = ("journal_mode=wal", "synchronous=normal")
SEARCH_ATTRIBUTES = {
    "ApprovalStatus": "Keyword",
    "ApprovalStage": "Keyword",
    "RequestType": "Keyword",
    "Priority": "Keyword",
    "OpenedAt": "Datetime",
    "RecordSeq": "Keyword",
}


@dataclass(frozen=True)
class TemporalServer:
    """A running development server."""

    service: processes.Service
    port: int
    ui_port: int | None

    @property
    def address(self) -> str:
        """``host:port`` of its gRPC service."""
        return f"{HOST}:{self.port}"

    @property
    def ui_url(self) -> str:
        """Where a browser finds its own pages; empty without them."""
        return f"http://localhost:{self.ui_port}" if self.ui_port else ""

    def stop(self) -> None:
        """End it; with a store, everything it acknowledged is there the next time."""
        self.service.stop()


def launch_temporal(
    port: int,
    log: Path,
    *,
    ui_port: int | None = None,
    store: Path | None = None,
    options: tuple[str, ...] = (),
) -> TemporalServer:
    """Start the server and return at once; ``wait_until_serving`` waits.

    Without a store it keeps everything in memory. Without a UI port it has no pages. `options`:
    more of the server's dynamic configuration.
    """
    command = [str(binaries.temporal()), "server", "start-dev", "--ip", HOST, "--port", str(port)]
    command += ["--log-format", "json", "--log-level", "error"]
    if ui_port is None:
        command += ["--headless"]
    else:
        command += ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    for value in (*DYNAMIC_CONFIGURATION, *options):
        command += ["--dynamic-config-value", value]
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    if store is not None:
        store.parent.mkdir(parents=True, exist_ok=True)
        command += ["--db-filename", str(store)]
        for pragma in PRAGMAS:
            command += ["--sqlite-pragma", pragma]
    return TemporalServer(processes.start("Temporal", command, log), port, ui_port)


def wait_until_serving(server: TemporalServer, patience: float = PATIENCE) -> None:
    """Wait until the namespace answers; an open port is not yet a healthy server.

    Raises LocalFailure with the end of the log where the server ends or stays silent.
    """
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        if not server.service.is_running():
            break
        if port_answers(server.port) and _serves(server.address):
            return
        time.sleep(0.05)
    raise from_log("Temporal", server.service.log)


@contextmanager
def running_temporal(log: Path, *, store: Path | None = None) -> Iterator[TemporalServer]:
    """A server without pages on a free port, for the length of a ``with`` block."""
    server = launch_temporal(any_free(), log, store=store)
    try:
        wait_until_serving(server)
        yield server
    finally:
        if store is None:
            server.service.process.kill()  # its memory goes anyway; a polite end takes a second
        server.stop()


def port_answers(port: int, host: str = HOST) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex((host, port)) == 0


async def keep_histories(address: str, days: int, namespace: str = NAMESPACE) -> None:
    """Say how long the histories of closed workflows stay; the server's own default is a day."""
    from google.protobuf.duration_pb2 import Duration
    from temporalio.api.namespace.v1 import NamespaceConfig
    from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
    from temporalio.client import Client

    client = await Client.connect(address, namespace=namespace)
    length = NamespaceConfig(workflow_execution_retention_ttl=Duration(seconds=days * 86_400))
    request = UpdateNamespaceRequest(namespace=namespace, config=length)
    await client.workflow_service.update_namespace(request)


def _serves(address: str) -> bool:
    """Ask in a thread of its own: the caller's may have a running event loop, as Playwright's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(namespace_answers(address))).result()


async def namespace_answers(address: str, namespace: str = NAMESPACE) -> bool:
    """Whether the server at the address serves the namespace now."""
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
    from temporalio.client import Client
    from temporalio.service import RPCError

    try:
        async with asyncio.timeout(3):
            client = await Client.connect(address, namespace=namespace)
            request = DescribeNamespaceRequest(namespace=namespace)
            await client.workflow_service.describe_namespace(request)
    except (RuntimeError, RPCError, TimeoutError):
        return False
    return True
