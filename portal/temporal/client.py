"""How the portal connects to Temporal: one place for address, namespace, converter and retries."""

import asyncio
import atexit
import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, TypeVar

import temporalio.converter
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RetryConfig, RPCError, RPCStatusCode, TLSConfig

from portal.config import Settings, TlsSettings
from portal.temporal.encryption import converter

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0


class NotYet(Exception):
    """The server cannot serve now; the message says why, in words for people."""


async def wait_for(what: str, attempt: Callable[[], Awaitable[T]], say: Callable[[str], None]) -> T:
    """What `attempt` gives as soon as it does not raise NotYet; until then say why, and retry."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except NotYet as reason:
            say(f"Waiting for {what}: {reason}; next try in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


DATA_CONVERTER = temporalio.converter.default()
LIMIT_SECONDS = 5.0

# Inside a web request or the relay an answer that is late is no answer: the command is tried again.
SHORT = RetryConfig(max_elapsed_time_millis=2000, max_retries=3)


# How long a process that is about to end lets the SDK's threads leave Python.
LAST_PAUSE_SECONDS = 0.2


@cache
def end_gently() -> None:
    """Let the SDK's threads leave Python before the interpreter is taken down.

    A thread that has just handed over an answer and still holds its thread state would abort a
    short-lived process at its very end (github.com/temporalio/sdk-python/issues/300).
    """
    atexit.register(time.sleep, LAST_PAUSE_SECONDS)


def is_unreachable(error: RuntimeError) -> bool:
    """Whether it is what the SDK raises where nobody answers, which has no class of its own."""
    return str(error).startswith("Failed client connect")


async def connect(settings: Settings, *, patient: bool = False) -> Client:
    """A client for the settings' server and namespace; the first call opens the connection.

    `patient`: the SDK's own retries (10 s), for batches; else calls fail within two seconds.
    """
    return await _client(settings, retry_config=None if patient else SHORT, lazy=True)


async def connect_now(settings: Settings, runtime: Runtime | None = None) -> Client:
    """A connected client, as a worker needs it; raises NotYet with the reason."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            client = await _client(settings, retry_config=SHORT, runtime=runtime)
    except TimeoutError as error:
        raise NotYet(f"no answer within {LIMIT_SECONDS:g} s") from error
    except RuntimeError as error:  # what a failed connect raises
        raise NotYet("nobody answers there") from error
    await require_namespace(client)
    return client


async def _client(settings: Settings, **options: Any) -> Client:
    end_gently()
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=converter(settings.temporal_encryption_keys),
        tls=_tls(settings.tls),
        api_key=settings.temporal_api_key or None,
        **options,
    )


def _tls(of: TlsSettings) -> TLSConfig | bool:
    """Read anew for each connection: a renewed certificate is used by the next."""
    if not of.is_on:
        return False
    return TLSConfig(
        server_root_ca_cert=of.ca.read_bytes() if of.ca else None,
        client_cert=of.certificate.read_bytes() if of.certificate else None,
        client_private_key=of.key.read_bytes() if of.key else None,
        domain=of.name or None,
    )


async def require_namespace(client: Client) -> None:
    """Return if the server serves the client's namespace now; raises NotYet with the reason."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotYet(f"it has no namespace {client.namespace}") from error
        raise NotYet(f"it answers {error.status.name.lower()}") from error
    except TimeoutError as error:
        raise NotYet(f"no answer within {LIMIT_SECONDS:g} s") from error
    except RuntimeError as error:  # what a failed connect raises
        raise NotYet("nobody answers there") from error


PORTS = 10


def telemetry(metrics_port: int, say: Callable[[str], None]) -> Runtime:
    """A runtime that logs as we do, with Prometheus metrics on a local port (0: none): the first
    free one of ten from this on, since a second worker of the same machine has the same settings.
    """
    if not metrics_port:
        return _runtime(None)
    for port in range(metrics_port, min(metrics_port + PORTS, 65_536)):
        address = f"127.0.0.1:{port}"
        try:
            runtime = _runtime(PrometheusConfig(bind_address=address))
        except (RuntimeError, ValueError):  # what a port that is taken raises
            continue
        say(f"Figures for Prometheus at http://{address}/metrics.")
        return runtime
    say(f"No port is free from {metrics_port} on: no figures for Prometheus.")
    return _runtime(None)


def _runtime(metrics: PrometheusConfig | None) -> Runtime:
    filter_ = TelemetryFilter(core_level="WARN", other_level="ERROR")
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(filter=filter_, forwarding=forwarding), metrics=metrics
        )
    )
