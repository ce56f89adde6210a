"""Other programs: asking by the API against bare starts, the status against a bare JSON view that
reads one row (`scripts.benchmark.bare`), and approvals while a slow receiver is sent a thousand
webhooks a minute."""

import asyncio
import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
from flask import Flask
from temporalio.client import Client

from portal.app import create_app
from portal.chat import sealing
from portal.config import Settings
from portal.domain.people.tokens import Scope, TokenWish
from portal.domain.webhooks import secret_of
from portal.models.columns import new_id
from portal.services import api_tokens
from scripts.benchmark import floor, portal_load
from scripts.benchmark.figures import Sample
from scripts.benchmark.portal_load import Lane
from scripts.benchmark.stack import FloorWorker, Stack
from scripts.local.ports import HOST

SLOW_SECONDS, A_MINUTE = 0.2, 1_000
SLICES = 10
WANTED = frozenset({Scope.APPROVALS_READ, Scope.APPROVALS_WRITE})
ASKED = {
    "userId": "email:asks0@bench.example", "requestType": "bench", "module": "BENCH",
    "entityType": "ORDER", "entityId": "1", "priority": "MEDIUM", "title": "A chair",
    "fields": {"amount": "120.00", "reason": "It broke."},
}  # fmt: skip


def application(stack: Stack) -> Flask:
    """The portal in this process, over the stack's database."""
    return create_app(Settings.from_environment(stack.environment))


@dataclass(frozen=True)
class Load:
    """How many at once, for how long, how often."""

    in_flight: int
    rounds: int
    seconds: float


def asking(
    app: Flask, stack: Stack, floor_at: FloorWorker, bare: int, load: Load
) -> dict[str, object]:
    """POST to STARTED, a bare start by the plain client, and a bare view that stores one row and
    starts, interleaved, as many at once; one worker polls each. A round ends when its worker has
    begun whatever was started, so that no round works off what another left."""
    ours, starts, views = Sample(), Sample(), Sample()
    tokens, floor_client = [_token(app) for _ in range(load.in_flight)], _Floor(stack, floor_at)
    for _ in range(load.rounds):
        starts.join(asyncio.run(floor_client.starts(load)))
        views.join(_posts(bare, "/requests", tokens, load, floor_client.settle))
        ours.join(_posts(stack.port, "/api/v1/approvals", tokens, load, lambda: _settle(stack)))
    return {
        "in flight": load.in_flight,
        "bare starts per second": round(starts.rate, 1),
        "bare POST per second": round(views.rate, 1),
        "POST to STARTED per second": round(ours.rate, 1),
        "of the bare starts": round(ours.rate / (starts.rate or 1), 2),
        "of the bare POST": round(ours.rate / (views.rate or 1), 2),
        "POST p50 ms": round(ours.milliseconds("post", 0.5), 1),
        "202 first": len(ours.latencies.get("accepted", [])),
        "failures": len(ours.failures) + len(views.failures),
    }


def _token(app: Flask) -> str:
    with app.app_context():
        return api_tokens.make_service(TokenWish(name="bench", scopes=WANTED), None)[1]


class _Floor:
    """Starts by the plain client on the floor's worker."""

    def __init__(self, stack: Stack, floor_at: FloorWorker) -> None:
        self._address, self._queue = stack.temporal, floor_at.queue

    async def starts(self, load: Load) -> Sample:
        """As many at once for so long, and until its worker has begun them."""
        client, sample = await Client.connect(self._address), Sample()
        begun = time.perf_counter()

        async def lane() -> None:
            while time.perf_counter() - begun < load.seconds:
                await client.start_workflow(
                    floor.LocalFloor.run, "x", id=f"floor-{uuid.uuid4()}", task_queue=self._queue
                )
                sample.done += 1

        await asyncio.gather(*(lane() for _ in range(load.in_flight)))
        await self._begun(client)
        sample.seconds = time.perf_counter() - begun
        return sample

    def settle(self) -> None:
        """Wait until the worker has begun whatever was started."""

        async def wait() -> None:
            await self._begun(await Client.connect(self._address))

        asyncio.run(wait())

    async def _begun(self, client: Client) -> None:
        """The worker takes what waits in its order: what is started last is begun last."""
        handle = await client.start_workflow(
            floor.LocalFloor.run, "x", id=f"floor-{uuid.uuid4()}", task_queue=self._queue
        )
        await handle.signal(floor.LocalFloor.decide)
        await handle.result()


def _settle(stack: Stack) -> None:
    """Wait until each request that was asked for is recorded, by whichever way it started."""
    waiting = "SELECT count(*) FROM portal.commands WHERE applied_at IS NULL"
    limit = time.monotonic() + 120
    with psycopg.connect(stack.postgres.url(), autocommit=True) as connection:
        while connection.execute(waiting).fetchall() != [(0,)]:
            if time.monotonic() > limit:
                raise TimeoutError("commands without an outcome")
            time.sleep(0.02)


def _posts(
    port: int, path: str, tokens: list[str], load: Load, settle: Callable[[], None]
) -> Sample:
    """So many at once. What was answered 202 is STARTED by the end of the round, too."""
    total, begun = Sample(), time.perf_counter()

    def lane(token: str) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        while time.perf_counter() - begun < load.seconds:
            body = json.dumps(ASKED | {"requestId": new_id()})
            pressed = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status in (201, 202):
                kind = "post" if answer.status == 201 else "accepted"
                total.add(kind, time.perf_counter() - pressed)
                total.done += 1
            else:
                total.failures.append(f"{answer.status} {text[:200]!r}")

    _together([partial(lane, token) for token in tokens])
    settle()
    total.seconds = time.perf_counter() - begun
    return total


def _together(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def status(app: Flask, stack: Stack, bare: int, load: Load, times: int) -> dict[str, object]:
    """GET status and the bare view of one row of the same table, by HTTP from the same kind of
    server, interleaved: one at a time, then as many at once, each with a token and request of its
    own."""
    asked = [_asked(app) for _ in range(load.in_flight)]
    _settle(stack)
    places = {
        "bare": [
            Place(bare, f"/requests/{each[0].removeprefix('approval-')}", {}) for each in asked
        ],
        "status": [
            Place(stack.port, f"/api/v1/approvals/{workflow}/status", headers)
            for workflow, headers in asked
        ],
    }
    found = _one_by_one({name: each[0] for name, each in places.items()}, times)
    many = {name: Sample() for name in places}
    # In slices, so that whatever else the machine does meanwhile meets both.
    for _ in range(load.rounds * SLICES):
        for name, each in places.items():
            many[name].join(_reads(each, load.seconds / SLICES))
    ours, theirs = (found.milliseconds(name, 0.5) for name in ("status", "bare"))
    return {
        "bare view p50 ms": round(theirs, 2),
        "GET status p50 ms": round(ours, 2),
        "times the bare view": round(ours / theirs, 2),
        "in flight": load.in_flight,
        "bare view per second": round(many["bare"].rate, 1),
        "GET status per second": round(many["status"].rate, 1),
        "times as long": round(many["bare"].rate / (many["status"].rate or 1), 2),
        "failures": sum(len(each.failures) for each in (found, *many.values())),
    }


@dataclass(frozen=True)
class Place:
    """What is read where, and by whom."""

    port: int
    path: str
    headers: dict[str, str]


def _asked(app: Flask) -> tuple[str, dict[str, str]]:
    """The workflow of a request, and who asked for it."""
    headers, client = {"Authorization": f"Bearer {_token(app)}"}, app.test_client()
    said = ASKED | {"requestId": new_id()}
    answer = client.post("/api/v1/approvals", json=said, headers=headers)
    return answer.get_json()["workflowId"], headers


def _one_by_one(places: dict[str, Place], times: int) -> Sample:
    found, lines = Sample(), {name: _line(place) for name, place in places.items()}
    for turn in range(times + 20):
        for name, place in places.items():
            begun = time.perf_counter()
            _read(lines[name], place, found)
            if turn >= 20:
                found.add(name, time.perf_counter() - begun)
    return found


def _reads(places: list[Place], seconds: float) -> Sample:
    total, begun = Sample(), time.perf_counter()

    def lane(place: Place) -> None:
        line = _line(place)
        while time.perf_counter() - begun < seconds:
            total.done += _read(line, place, total)

    _together([partial(lane, place) for place in places])
    total.seconds = time.perf_counter() - begun
    return total


def _line(place: Place) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(HOST, place.port, timeout=30)


def _read(line: http.client.HTTPConnection, place: Place, sample: Sample) -> bool:
    line.request("GET", place.path, headers=place.headers)
    answer = line.getresponse()
    text = answer.read()
    if answer.status != 200:
        sample.failures.append(f"{answer.status} {text[:200]!r}")
    return answer.status == 200


def webhooks(
    app: Flask, stack: Stack, lanes: list[Lane], rounds: int, seconds: float
) -> dict[str, object]:
    """Approvals by the forms without webhooks and with them, interleaved."""
    without, during, delivered = Sample(), Sample(), 0
    with _slow_receiver() as (port, heard):
        endpoint = _endpoint(app, stack, f"http://{HOST}:{port}/")
        for _ in range(rounds):
            without.join(_approvals(lanes, seconds))
            before = len(heard)
            with _loaded(stack, endpoint):
                during.join(_approvals(lanes, seconds))
            delivered += len(heard) - before
    return {
        "per second without": round(without.rate, 2),
        "per second with": round(during.rate, 2),
        "ratio": round(during.rate / (without.rate or 1), 2),
        "delivered a minute": round(delivered / (during.seconds or 1) * 60),
        "failures": len(without.failures) + len(during.failures),
    }


def _approvals(lanes: list[Lane], seconds: float) -> Sample:
    for lane in lanes:
        lane.prepare(int(80 * seconds / len(lanes)))
    return portal_load.drive(lanes, seconds)


@contextmanager
def _slow_receiver() -> Iterator[tuple[int, list[float]]]:
    heard: list[float] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take it, after a while."""
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(SLOW_SECONDS)
            heard.append(time.monotonic())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((HOST, 0), Ear)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _endpoint(app: Flask, stack: Stack, url: str) -> str:
    """One that hears of nothing but what the load writes."""
    settings: Settings = app.config["SETTINGS"]
    endpoint = new_id()
    sealed = sealing.seal(secret_of(b"x" * 32), endpoint, settings.secret_key, sealing.WEBHOOKS)
    with psycopg.connect(stack.postgres.url(), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO portal.webhook_endpoints (id, name, url, sealed, types, state)"
            " VALUES (%s, 'Slow', %s, %s, '{request.expired}', 'on')",
            [endpoint, url, sealed],
        )
    return endpoint


@contextmanager
def _loaded(stack: Stack, endpoint: str) -> Iterator[None]:
    """So many messages as come in a minute, evenly, while the block runs."""
    stop = threading.Event()
    load = threading.Thread(target=_load, args=(stack, endpoint, stop))
    load.start()
    try:
        yield
    finally:
        stop.set()
        load.join()


def _load(stack: Stack, endpoint: str, stop: threading.Event) -> None:
    """As many messages as come in a minute, evenly."""
    with psycopg.connect(stack.postgres.url(), autocommit=True) as connection:
        while not stop.wait(60 / A_MINUTE):
            connection.execute(
                "INSERT INTO portal.webhook_deliveries (id, endpoint_id, request_id, seq, type, at)"
                " VALUES (%s, %s, %s, 1, 'request.expired', now())",
                [new_id(), endpoint, new_id()],
            )
