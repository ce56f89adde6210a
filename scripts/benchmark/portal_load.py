"""Drives the portal through its web forms: submit, decide, and the outcome in the database."""

import http.client
import re
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

import psycopg

from portal.models.columns import new_id
from scripts.benchmark.figures import Sample
from scripts.local.ports import HOST

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE = 30.0
IDLE = 60.0
FORM = "application/x-www-form-urlencoded"


@dataclass
class Browser:
    """A signed-in person with one kept-alive connection."""

    port: int
    email: str
    password: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        """Sign in and keep a form token."""
        self.used = time.monotonic()
        self.connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)
        self._token_from("/sign-in")
        status, where, _ = self.post("/sign-in", email=self.email, password=self.password)
        if status != 303:
            raise RuntimeError(f"sign-in of {self.email}: {status} {where}")
        self._token_from("/requests/new/bench")

    def _token_from(self, path: str) -> None:
        status, where, body = self.send("GET", path, None)
        if status in (302, 303):  # a form's draft has an address of its own
            status, _, body = self.send("GET", where, None)
        found = TOKEN.search(body)
        if found is None:
            raise RuntimeError(f"no form token on {path} ({status})")
        self.token = found.group(1)

    def post(self, path: str, **values: str) -> tuple[int, str, str]:
        """Send a form; the answer's status, Location and body."""
        return self.send("POST", path, urllib.parse.urlencode({"csrf_token": self.token} | values))

    def send(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        """One request on the kept-alive connection."""
        if time.monotonic() - self.used > IDLE:
            self.connection.close()  # the server closes it about now; the next request opens anew
        self.used = time.monotonic()
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = FORM
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location") or "", text


@dataclass
class Lane:
    """A requester, their approver, and a connection that watches the database."""

    port: int
    database: str
    requester: tuple[str, str]
    approver: tuple[str, str]

    def __post_init__(self) -> None:
        """Sign both in."""
        self.asking = Browser(self.port, *self.requester)
        self.deciding = Browser(self.port, *self.approver)
        self.watch = psycopg.connect(self.database, autocommit=True)
        self.drafts: list[str] = []

    def prepare(self, how_many: int) -> None:
        """Fill in forms (not measured): each leaves a draft that can be sent."""
        for _ in range(how_many - len(self.drafts)):
            status, where, body = self.asking.post(
                "/requests/new/bench", draft_id=new_id(), title="A chair", amount="120.00",
                reason="The old one is broken.", priority="MEDIUM",
            )  # fmt: skip
            if status != 303:
                raise RuntimeError(f"the form was not accepted: {status} {body[:2000]}")
            self.drafts.append(
                urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["draft"][0]
            )

    def one(self, sample: Sample) -> None:
        """One approval, from the press on Submit to the outcome in the database."""
        command_id = self.drafts.pop()
        started = time.perf_counter()
        status, where, body = self.asking.post("/requests/new/bench/submit", command_id=command_id)
        sample.add("submit", time.perf_counter() - started)
        if status != 303:
            sample.failures.append(f"submit {status} {where} {body[:200]}")
            return
        task = self.task_of(command_id)
        pressed = time.perf_counter()
        status, where, body = self.deciding.post(
            f"/tasks/{task[0]}/decision", decision="approve", comment="", content_version="1",
            command_id=new_id(),
        )  # fmt: skip
        sample.add("decide", time.perf_counter() - pressed)
        if status != 303:
            sample.failures.append(f"decide {status} {where} {body[:200]}")
            return
        self._wait("SELECT id FROM portal.requests WHERE id = %s AND status = 'APPROVED'", task[1])
        sample.add("outcome", time.perf_counter() - pressed)
        sample.done += 1

    def task_of(self, command_id: str) -> tuple[str, ...]:
        """The open task of what was submitted, and its request, as soon as there is one."""
        return self._wait(
            "SELECT t.id::text, r.id::text FROM portal.commands c JOIN portal.requests r"
            " ON r.id = c.request_id JOIN portal.tasks t ON t.request_id = r.id"
            " WHERE c.id = %s AND t.status = 'OPEN'",
            command_id,
        )

    def _wait(self, question: str, value: str) -> tuple[str, ...]:
        limit = time.perf_counter() + PATIENCE
        while time.perf_counter() < limit:
            row = self.watch.execute(question, [value]).fetchone()
            if row is not None:
                return row
            time.sleep(0.015)
        raise TimeoutError(question)


def drive(lanes: list[Lane], seconds: float, pause: float = 0.0) -> Sample:
    """Run approvals on all lanes for some seconds. Drafts must have been prepared."""
    samples = [Sample() for _ in lanes]
    started = time.perf_counter()
    deadline = started + seconds

    def run(lane: Lane, sample: Sample) -> None:
        while time.perf_counter() < deadline and lane.drafts:
            try:
                lane.one(sample)
            except (OSError, TimeoutError, http.client.HTTPException) as error:
                sample.failures.append(repr(error))
                return
            time.sleep(pause)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(lanes, samples, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = Sample(seconds=time.perf_counter() - started)
    for sample in samples:
        sample.seconds = 0
        total.join(sample)
    return total
