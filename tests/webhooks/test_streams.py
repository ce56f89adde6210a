"""Streams of the log: what a security system gets, from which leaf on, nothing left out."""

import json
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from portal.background import sealing as sealer
from portal.config import Settings
from portal.domain.proof.acts import ActKind
from portal.domain.proof.ocsf import as_ocsf
from portal.domain.proof.streams import StreamProtocol, StreamShape
from portal.domain.webhooks import signature
from portal.extensions import db
from portal.models.columns import new_id
from portal.proof import beginning
from portal.queries import streams as read
from portal.queries.figures import figures
from portal.queries.streams import StreamRecord
from portal.services import acts, streams
from portal.services.streams import StreamRejected, StreamWish
from portal.services.webhooks import HookRules
from portal.webhooks.streams import StreamSending
from tests.notifications.test_smtp_tls import certificate
from tests.receiving import receiving
from tests.web import People

HTTPS, SYSLOG = StreamProtocol.HTTPS, StreamProtocol.SYSLOG


@dataclass
class Siem:
    """A receiver with TLS on this machine. `status`: what it answers by HTTPS, 0: nothing."""

    port: int
    pem: str
    status: int = 204
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def leaves(self) -> list[int]:
        """The leaves that came, without those of tests."""
        return [each["leaf"] for each in self.said() if each["leaf"] >= 0]

    def said(self) -> list[dict[str, Any]]:
        """Every entry that came."""
        return [json.loads(each) for _head, body in self.heard for each in messages(body)]


def messages(body: bytes) -> Iterator[bytes]:
    """What is in a body of lines, or of frames of syslog."""
    if not re.match(rb"\d+ <", body):
        yield from body.splitlines()
        return
    while body:
        length, _space, rest = body.partition(b" ")
        message, body = rest[: int(length)], rest[int(length) :]
        head = re.match(rb"<\d+>1 \S+ \S+ gloria-approvals - \S{1,32} - ", message)
        assert head is not None
        yield message[head.end() :]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("siem"), "localhost")


def vouching(pem: Path) -> str:
    """The certificate without the key."""
    begin = "-----BEGIN CERTIFICATE"
    return begin + pem.read_text().partition(begin)[2]


def serve(server: ThreadingTCPServer, pem: Path, siem: Siem) -> Iterator[Siem]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    siem.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield siem
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


@pytest.fixture
def siem(pem: Path) -> Iterator[Siem]:
    """One that listens to HTTPS."""
    found = Siem(0, vouching(pem))

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.status == 204:
                heads = {name.lower(): value for name, value in self.headers.items()}
                found.heard.append((heads, body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    yield from serve(ThreadingHTTPServer(("127.0.0.1", 0), Ear), pem, found)


@pytest.fixture
def syslog(pem: Path) -> Iterator[Siem]:
    """One that reads what comes until the other side closes."""
    found = Siem(0, vouching(pem))

    class Ear(BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(60)
            whole = b""
            while piece := self.request.recv(65536):
                whole += piece
            if found.status:
                found.heard.append(({}, whole))
                self.request.unwrap()

    yield from serve(ThreadingTCPServer(("127.0.0.1", 0), Ear), pem, found)


@dataclass
class House:
    """A log with some entries, and what a worker does with streams, by hand."""

    app: Flask
    settings: Settings
    person: str
    rules: HookRules
    sending: StreamSending

    def happen(self, times: int = 1) -> None:
        """Something is recorded, and sealed."""
        for _each in range(times):
            acts.keep(ActKind.SIGN_IN_FAILED, "somebody", fold=new_id())
        with sealer.sealers(self.settings) as engine:
            sealer.seal_now(engine, self.settings)

    def add(
        self, siem: Siem, protocol: StreamProtocol = HTTPS, shape: StreamShape = StreamShape.JSON,
        *, tested: bool = True, pem: str | None = None,
    ) -> str:  # fmt: skip
        """A stream that leads there, from the first entry on; its id."""
        address = f"localhost:{siem.port}"
        address = f"https://{address}/gloria" if protocol is HTTPS else address
        wish = StreamWish(
            name="SIEM", protocol=protocol, address=address, shape=shape,
            certificate=siem.pem if pem is None else pem,
        )  # fmt: skip
        stream_id = new_id()
        self.secret = streams.add(self.rules, wish, stream_id, self.person, from_first=True) or ""
        if tested:
            streams.test(stream_id, self.person)
            assert self.sending.next()
            assert self.look(stream_id).is_on
        return stream_id

    def look(self, stream_id: str) -> StreamRecord:
        """How it stands."""
        found = read.find(stream_id)
        assert found is not None
        return found

    def go(self) -> None:
        """Send everything that is due."""
        while self.sending.next():
            pass


@pytest.fixture
def house(app: Flask, settings: Settings, people: People) -> Iterator[House]:
    settings = receiving(settings, timeout_seconds=20)
    hooks = replace(settings.webhooks, allowed_hosts=("localhost", "127.0.0.1"))
    settings = replace(settings, webhooks=hooks)
    rules = HookRules(settings=hooks, secret_keys=settings.secret_keys)
    with app.app_context():
        with sealer.sealers(settings) as engine:
            beginning.begin(engine, settings.audit_log_dir, settings.audit_key_file)
        found = House(app, settings, people.adam, rules, StreamSending(db.engine, settings))
        found.happen(5)
        yield found


def test_by_https_signed_and_in_order_whatever_happens_meanwhile(house: House, siem: Siem) -> None:
    stream_id = house.add(siem, tested=False)
    house.go()
    assert siem.heard == []  # nothing before its receiver took a test
    assert house.look(stream_id).state == "unverified"
    with pytest.raises(StreamRejected, match="Send a test first"):
        streams.switch(stream_id, house.person, on=True)
    streams.test(stream_id, house.person)
    streams.test(stream_id, house.person)  # pressed twice
    house.go()
    (heads, body), *_rest = siem.heard
    stamp, key = int(heads["webhook-timestamp"]), heads["webhook-id"]
    assert heads["webhook-signature"] == signature([house.secret], key, stamp, body)
    assert siem.leaves() == list(range(house.look(stream_id).size))
    siem.status = 503
    house.happen(3)
    house.go()
    stuck = house.look(stream_id)
    assert stuck.waiting == 3 + 2  # with the acts that set the stream up
    assert (stuck.last_error, stuck.failing_since is None) == ("It answered 503.", False)
    siem.status = 204
    house.go()
    assert len(siem.leaves()) == stuck.next_leaf  # it is left alone for a while
    assert streams.hurry() == 1
    db.session.commit()
    house.go()
    assert siem.leaves() == list(range(stuck.size))
    assert house.look(stream_id).last_error is None


def test_by_syslog_over_tls_as_ocsf(house: House, syslog: Siem) -> None:
    stream_id = house.add(syslog, SYSLOG, StreamShape.OCSF)
    house.go()
    said = [each for each in syslog.said() if each["metadata"]["sequence"] >= 0]
    size = house.look(stream_id).size
    assert [each["metadata"]["sequence"] for each in said] == list(range(size))
    failed = next(each for each in said if each["unmapped"]["kind"] == "sign_in_failed")
    assert (failed["class_uid"], failed["activity_id"], failed["status_id"]) == (3002, 1, 2)
    assert failed["type_uid"] == 300201
    assert failed["time"] > 1_700_000_000_000
    # Who closes without a word may not have read it.
    syslog.status = 0
    house.happen()
    house.go()
    assert house.look(stream_id).failing_since is not None
    assert house.look(stream_id).next_leaf == size


def test_only_to_whom_the_certificate_vouches_for_and_never_inside(
    house: House, siem: Siem, pem: Path
) -> None:
    stream_id = house.add(siem, tested=False, pem="")
    streams.test(stream_id, house.person)
    house.go()
    refused = house.look(stream_id)
    assert refused.state == "unverified"
    assert "CERTIFICATE_VERIFY_FAILED" in (refused.test_error or "")
    for protocol, address, words in (
        (HTTPS, "http://localhost/x", "must begin with https"),
        (HTTPS, "https://10.0.0.1/x", "inside the network"),
        (SYSLOG, "10.0.0.1:6514", "inside the network"),
        (SYSLOG, "siem.example.org:99999", "a host and a port"),
        (SYSLOG, "tls://siem.example.org", "a host and a port"),
        (SYSLOG, "", "a host and a port"),
    ):
        wish = StreamWish(name="SIEM", protocol=protocol, address=address, shape=StreamShape.JSON)
        with pytest.raises(StreamRejected, match=words):
            streams.add(house.rules, wish, new_id(), house.person, from_first=False)
    wish = StreamWish(
        name="SIEM", protocol=SYSLOG, address="siem.example.org", shape=StreamShape.JSON,
        certificate=pem.read_text(),
    )  # fmt: skip
    with pytest.raises(StreamRejected, match="private key"):
        streams.add(house.rules, wish, new_id(), house.person, from_first=False)
    assert siem.heard == []


def test_it_goes_on_elsewhere_and_says_when_it_is_behind(house: House, siem: Siem) -> None:
    stream_id = house.add(siem)
    house.go()
    with pytest.raises(StreamRejected, match="enter a number"):
        streams.move(stream_id, house.person, 10**9)
    streams.switch(stream_id, house.person, on=False)
    siem.heard.clear()
    streams.move(stream_id, house.person, 2)
    house.go()
    assert siem.heard == []
    streams.switch(stream_id, house.person, on=True)
    late = text("UPDATE portal.log_streams SET sent_at = now() - interval '20 minutes'")
    old = text("UPDATE portal.audit_index SET at = at - interval '20 minutes' WHERE number = 2")
    db.session.execute(late)
    db.session.commit()
    assert figures("none")["streams_behind"] == 0
    with sealer.sealers(house.settings) as engine, engine.begin() as connection:
        connection.execute(old)
    assert figures("none")["streams_behind"] == 1
    house.go()
    assert siem.leaves() == list(range(2, house.look(stream_id).size))
    assert figures("none")["streams_behind"] == 0


def test_a_stream_of_another_key_says_so(house: House, siem: Siem) -> None:
    stream_id = house.add(siem)
    other = replace(house.settings, secret_key="another" * 8, secret_key_previous="")
    StreamSending(db.engine, other).next()
    assert "SECRET_KEY" in (house.look(stream_id).last_error or "")
    assert streams.reseal(*house.settings.secret_keys) == (1, 0)


def test_an_event_of_ocsf_has_all_that_its_class_requires() -> None:
    entry = {"leaf": 7, "at": "2026-11-30T12:00:00+00:00", "actor": "x", "request_id": "r"}
    for kind in (*ActKind, "request:submitted", "task:decided:approve", "missing"):
        event = as_ocsf(entry | {"kind": str(kind)})
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        needed = {3001: {"user"}, 3002: {"user", "service"}, 6003: {"actor", "api"}}
        assert needed[event["class_uid"]] | {"time", "severity_id", "src_endpoint"} <= set(event)
