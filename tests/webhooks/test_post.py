"""The talk with a receiver: bounded, guarded, followed nowhere."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from portal.config import WebhookSettings
from portal.domain.webhooks import HookReply, HookTarget
from portal.webhooks.post import KEPT_ANSWER, post
from tests.receiving import Receiver, receiver

HERE = WebhookSettings(allowed_hosts=("127.0.0.1",), timeout_seconds=1)
PUBLIC_ONLY = WebhookSettings(timeout_seconds=5)


@pytest.fixture
def ear() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def send(
    ear: Receiver, host: str = "127.0.0.1", settings: WebhookSettings = HERE, port: int = 0
) -> HookReply:
    place = HookTarget(is_tls=False, host=host, port=port or ear.port, path="/hooks?a=1")
    return post(place, b'{"type":"ping"}', {"webhook-id": "1"}, settings)


def test_what_is_answered_is_kept_and_no_redirect_is_followed(ear: Receiver) -> None:
    ear.text = "süß\x00\x1b[31m".encode() + b"\xff" * 9_000
    reply = send(ear)
    assert (reply.status, reply.error, reply.is_delivered) == (204, "", True)
    assert (ear.heard[0].path, ear.heard[0].headers["webhook-id"]) == ("/hooks?a=1", "1")
    for status in (301, 307, 404, 500):
        ear.answer, ear.headers = status, {"Location": f"http://127.0.0.1:{ear.port}/other"}
        reply = send(ear)
        assert not reply.is_delivered
        assert not reply.is_away
        assert str(status) in reply.error
        assert len(reply.answer) <= KEPT_ANSWER
        assert not {"\x00", "\x1b"} & set(reply.answer)
    assert {each.path for each in ear.heard} == {"/hooks?a=1"}


def test_a_receiver_asks_for_time_by_seconds_or_by_a_date(ear: Receiver) -> None:
    soon = formatdate(time.time() + 600, usegmt=True)
    past = formatdate(0, usegmt=True)
    for said, least, most in ((" 7 ", 7, 7), (soon, 590, 601), (past, 0, 0)):
        ear.answer, ear.headers = 503, {"Retry-After": said}
        asked = send(ear).retry_after
        assert asked is not None
        assert least <= asked <= most
    for said in ("", "soon", "-5", "Mon, 99 Foo 2026", "Sun, 01 Jan 99999 00:00:00 GMT"):
        ear.headers = {"Retry-After": said}
        assert send(ear).retry_after is None


@pytest.mark.parametrize("what", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_receiver_that_drips_is_left_after_the_time(ear: Receiver, what: bytes) -> None:
    def drip(request: BaseHTTPRequestHandler) -> int:
        with contextlib.suppress(OSError):  # the other side hangs up
            while not ear.done.wait(0.1):
                request.wfile.write(what)
        return 0

    ear.answer = drip
    begun = time.monotonic()
    reply = send(ear)
    assert time.monotonic() - begun < 60
    assert reply.is_away
    assert "no whole answer within 1 s" in reply.error


def test_an_endless_answer_is_read_no_further_than_needed(ear: Receiver) -> None:
    def flood(request: BaseHTTPRequestHandler) -> int:
        with contextlib.suppress(OSError):
            request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not ear.done.is_set():
                request.wfile.write(b"x" * 65_536)
        return 0

    ear.answer = flood
    reply = send(ear, settings=WebhookSettings(allowed_hosts=("127.0.0.1",), timeout_seconds=60))
    assert (reply.status, len(reply.answer)) == (200, KEPT_ANSWER)


def test_one_that_speaks_no_http_or_is_not_there_is_away(ear: Receiver) -> None:
    ear.answer = lambda request: request.wfile.write(b"SSH-2.0-x\r\n") and 0
    assert send(ear).is_away
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert send(ear, port=port).is_away


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "::1"])
def test_the_inside_is_refused_before_a_message_leaves(ear: Receiver, host: str) -> None:
    reply = send(ear, host, PUBLIC_ONLY)
    assert "WEBHOOK_ALLOWED_HOSTS" in reply.error
    assert ear.heard == []


def test_a_receiver_whose_name_changes_its_mind_is_refused(
    ear: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = socket.getaddrinfo
    answers = ["93.184.215.14"]

    def changing(host: str, *args: Any, **more: Any) -> Any:
        if host != "erp.example.org":
            return real(host, *args, **more)
        return real(answers.pop() if answers else "127.0.0.1", *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    assert socket.getaddrinfo("erp.example.org", 80)[0][4][0] == "93.184.215.14"
    assert "WEBHOOK_ALLOWED_HOSTS" in send(ear, "erp.example.org", PUBLIC_ONLY).error
    assert ear.heard == []
