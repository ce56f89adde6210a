"""Other programs: asking by the API against bare starts, the status against a bare JSON view, and
approvals while a slow receiver is sent a thousand webhooks a minute."""

import asyncio
import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
from flask import Flask, jsonify
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
WANTED = frozenset({Scope.APPROVALS_READ, Scope.APPROVALS_WRITE})
ASKED = {
    "userId": "email:asks0@bench.example", "requestType": "bench", "module": "BENCH",
    "entityType": "ORDER", "entityId": "1", "priority": "MEDIUM", "title": "A chair",
    "fields": {"amount": "120.00", "reason": "It broke."},
}  # fmt: skip


def application(stack: Stack) -> Flask:
    """The portal in this process, over the stack's database."""
    return create_app(Settings.from_environment(stack.environment))


def asking(
    app: Flask, stack: Stack, floor_at: FloorWorker, in_flight: int, rounds: int, seconds: float
) -> dict[str, object]:
    """POST to STARTED and a bare start, interleaved, as many at once; one worker polls each."""
    ours, bare = Sample(), Sample()
    secrets = [_token(app) for _ in range(in_flight)]
    for _ in range(rounds):
        bare.join(asyncio.run(_starts(stack.temporal, floor_at.queue, in_flight, seconds)))
        ours.join(_posts(stack.port, secrets, seconds))
    return {
        "in flight": in_flight,
        "bare starts per second": round(bare.rate, 1),
        "POST to STARTED per second": round(ours.rate, 1),
        "ratio": round(ours.rate / (bare.rate or 1), 2),
        "POST p50 ms": round(ours.milliseconds("post", 0.5), 1),
        "202 instead": len(ours.latencies.get("accepted", [])),
        "failures": len(ours.failures),
    }


def _token(app: Flask) -> str:
    with app.app_context():
        return api_tokens.make_service(TokenWish(name="bench", scopes=WANTED), None)[1]


async def _starts(address: str, queue: str, in_flight: int, seconds: float) -> Sample:
    client, sample = await Client.connect(address), Sample()
    begun = time.perf_counter()

    async def lane() -> None:
        while time.perf_counter() - begun < seconds:
            await client.start_workflow(
                floor.LocalFloor.run, "x", id=f"floor-{uuid.uuid4()}", task_queue=queue
            )
            sample.done += 1

    await asyncio.gather(*(lane() for _ in range(in_flight)))
    sample.seconds = time.perf_counter() - begun
    return sample


def _posts(port: int, secrets: list[str], seconds: float) -> Sample:
    total, begun = Sample(), time.perf_counter()

    def lane(secret: str) -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        while time.perf_counter() - begun < seconds:
            body = json.dumps(ASKED | {"requestId": new_id()})
            pressed = time.perf_counter()
            connection.request("POST", "/api/v1/approvals", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 201:
                total.add("post", time.perf_counter() - pressed)
                total.done += 1
            elif answer.status == 202:  # recorded; Temporal did not answer within its time
                total.add("accepted", time.perf_counter() - pressed)
            else:
                total.failures.append(f"{answer.status} {text[:200]!r}")

    _together([lambda secret=secret: lane(secret) for secret in secrets])  # type: ignore[misc]
    total.seconds = time.perf_counter() - begun
    return total


def _together(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def status(app: Flask, times: int) -> dict[str, object]:
    """GET status and a bare Flask view of the same JSON, one after the other in this process."""
    headers = {"Authorization": f"Bearer {_token(app)}"}
    client = app.test_client()
    asked = client.post("/api/v1/approvals", json=ASKED | {"requestId": new_id()}, headers=headers)
    path = f"/api/v1/approvals/{asked.get_json()['workflowId']}/status"
    said = _until(lambda: client.get(path, headers=headers))
    bare = Flask("bare")
    bare.add_url_rule("/", view_func=lambda: jsonify(said))
    plain, found = bare.test_client(), Sample()
    for turn in range(times + 5):
        for name, web, place in (("bare", plain, "/"), ("status", client, path)):
            begun = time.perf_counter()
            web.get(place, headers=headers).get_data()
            if turn >= 5:
                found.add(name, time.perf_counter() - begun)
    ours, theirs = (found.milliseconds(name, 0.5) for name in ("status", "bare"))
    return {
        "bare view p50 ms": round(theirs, 3),
        "GET status p50 ms": round(ours, 3),
        "ratio": round(ours / theirs, 2),
    }


def _until(get: Callable[[], Any]) -> Any:
    limit = time.monotonic() + 30
    while (answer := get()).get_json()["status"] != "STARTED":
        if time.monotonic() > limit:
            raise TimeoutError(answer.get_data(as_text=True))
        time.sleep(0.1)
    return answer.get_json()


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
