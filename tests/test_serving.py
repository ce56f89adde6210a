"""Half-sent requests hold up nobody else, and a whole one arrives as it was sent."""

import contextlib
import hashlib
import re
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal import serving
from portal.config import ROOT
from portal.serving import Framing
from scripts.local.ports import any_free
from tests.programs import started

THREADS = 4
APP = """
import hashlib, time
def app(environ, start_response):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.02)
    words = hashlib.sha256(body).hexdigest() + " " + str(len(body))
    start_response("200 OK", [("Content-Length", str(len(words)))])
    return [words.encode()]
"""
SHORT = """
from portal import serving
serving.HEAD_SECONDS, serving.BODY_SECONDS, serving.SLOWEST = 1.0, 1.0, 1e9
"""
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@contextlib.contextmanager
def served(
    folder: Path, worker: str = "portal.serving.PatientWorker", before: str = ""
) -> Iterator[int]:
    """A small application behind four threads; the port."""
    (folder / "small_app.py").write_text(before + APP)
    port = any_free()
    command = [
        *(
            "-m",
            "gunicorn",
            "small_app:app",
            "--bind",
            f"127.0.0.1:{port}",
            "--worker-class",
            worker,
        ),
        *("--threads", str(THREADS), "--pythonpath", f"{folder},{ROOT}", "--log-level", "error"),
        *("--graceful-timeout", "5"),
    ]
    with started([sys.executable, *command], cwd=folder):
        _until_there(port)
        yield port


def _until_there(port: int) -> None:
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        with contextlib.suppress(OSError):
            ask(port)
            return
        time.sleep(0.1)
    raise AssertionError("gunicorn does not answer")


def ask(
    port: int, sent: bytes = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", timeout: float = 30
) -> bytes:
    """One request on a connection of its own; the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return everything(client)


def everything(client: socket.socket) -> bytes:
    """What comes until the end; what the other side did not read resets the connection."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while data := client.recv(65536):
            said += data
    return said


def pace(port: int) -> float:
    """The median of some requests, in seconds."""
    lengths = []
    for _ in range(25):
        began = time.perf_counter()
        assert b"200 OK" in ask(port)
        lengths.append(time.perf_counter() - began)
    return statistics.median(lengths)


HALVES = {
    "nothing": b"",
    "line": b"GET / HT",
    "head": HEAD + b"X-A: 1\r\n",
    "body": HEAD + b"Content-Length: 1000\r\n\r\nabc",
    "large body": HEAD + b"Content-Length: 50000000\r\n\r\n" + b"a" * 300_000,
    "chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
}


@pytest.mark.parametrize("number", [16, 64, 300])
def test_slow_clients_hold_up_nobody_else(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as port, contextlib.ExitStack() as slow:
        alone = pace(port)
        for at in range(number):
            half = list(HALVES.values())[at % len(HALVES)]
            client = slow.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(half)
        assert pace(port) < 10 * alone


def test_what_does_not_arrive_in_time_is_let_go_with_a_word(tmp_path: Path) -> None:
    with served(tmp_path, before=SHORT) as port, contextlib.ExitStack() as slow:
        clients = {}
        for name, half in HALVES.items():
            clients[name] = slow.enter_context(socket.create_connection(("127.0.0.1", port)))
            clients[name].settimeout(30)
            clients[name].sendall(half)
        for name, client in clients.items():
            said = everything(client)
            if name == "nothing":
                assert said == b""
            elif name != "large body":
                assert b" 408 " in said
                assert b"X-Request-Id" in said
                assert b"did not arrive" in said
        assert b"200 OK" in ask(port)


def test_one_who_drips_is_let_go_as_well(tmp_path: Path) -> None:
    with (
        served(tmp_path, before=SHORT) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as client,
    ):
        client.sendall(HEAD)
        client.settimeout(0.05)
        said = None
        for _ in range(600):
            with contextlib.suppress(ConnectionError):
                client.send(b"X")
            with contextlib.suppress(TimeoutError):
                said = everything(client)
                break
        assert said is not None
        assert b"200 OK" in ask(port)


def test_requests_arrive_as_they_were_sent(tmp_path: Path) -> None:
    large = bytes(range(256)) * 8000
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in (b"abc", large, b"d"))
    cases = [
        (HEAD + b"Content-Length: %d\r\n\r\n" % len(large) + large, large),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n",
            b"abc" + large + b"d",
        ),
        (HEAD + b"Content-Length: 0\r\n\r\n", b""),
        (b"\r\n" + HEAD + b"Content-Length: 3\r\n\r\nabc", b"abc"),
    ]
    with served(tmp_path) as port:
        for sent, body in cases:
            assert hashlib.sha256(body).hexdigest().encode() in ask(port, sent)
        # Two on one connection, the second behind the first without waiting.
        both = HEAD + b"Content-Length: 3\r\n\r\nabc" + HEAD + b"Content-Length: 1\r\n\r\nd"
        said = ask(port, both)
        assert [hashlib.sha256(part).hexdigest().encode() in said for part in (b"abc", b"d")] == [
            True
        ] * 2


def test_what_cannot_be_read_is_refused_in_our_words(tmp_path: Path) -> None:
    with served(tmp_path) as port:
        for sent in (
            b"<script>\r\n\r\n",
            HEAD + b"A" * 70_000 + b"\r\n\r\n",
            b"\x16\x03\x01" * 20 + b"\r\n\r\n",
        ):
            said = ask(port, sent)
            assert b"Content-Security-Policy" in said
            assert b"request id" in said
            assert b"<script>" not in said


def test_a_process_that_stops_does_not_wait_for_them(tmp_path: Path) -> None:
    with served(tmp_path) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(HEAD)
        pace(port)
    client.close()  # Popen's end has waited for gunicorn, which would else go on for ten seconds


def connected(port: int, stack: contextlib.ExitStack) -> socket.socket:
    """A connection that stays until the stack ends."""
    return stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))


def words(body: bytes) -> bytes:
    """What the small application says of a body."""
    return hashlib.sha256(body).hexdigest().encode()


def test_who_stays_after_the_last_answer_holds_up_nobody(tmp_path: Path) -> None:
    with served(tmp_path) as port, contextlib.ExitStack() as stack:
        began = time.perf_counter()
        pace(port)
        alone = time.perf_counter() - began
        staying = [connected(port, stack) for _ in range(3 * THREADS)]
        began = time.perf_counter()
        for client in staying:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        pace(port)
        assert time.perf_counter() - began < 10 * alone
        for client in staying:
            assert words(b"") in everything(client)


def test_one_who_still_sends_gets_the_refusal(tmp_path: Path) -> None:
    with served(tmp_path) as port, contextlib.ExitStack() as stack:
        client = connected(port, stack)
        client.sendall(b"<script>\r\n\r\n" + b"a" * 300_000)
        assert b"request id" in everything(client)


UNFINISHED = {
    "bare line ends": HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
    "no end of a trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\n",
    "too large": HEAD + b"Content-Length: 900000000\r\n\r\nabc",
    "length of many digits": HEAD + b"Content-Length: %s\r\n\r\nabc" % (b"9" * 19),
    "too large a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\nabc",
}


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=list(UNFINISHED))
def test_no_thread_waits_for_what_does_not_come(tmp_path: Path, sent: bytes) -> None:
    with served(tmp_path) as port, contextlib.ExitStack() as stack:
        alone = pace(port)
        clients = [connected(port, stack) for _ in range(2 * THREADS)]
        for client in clients:
            client.sendall(sent)
        assert pace(port) < 10 * alone
        for client in clients:
            # Neither kept, where what follows would be taken for a request, nor left to wait.
            assert everything(client).count(b"HTTP/1.1 ") <= 1


ENDLESS = {
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "body": (HEAD + b"Content-Length: 99999999\r\n\r\n", b"a"),
}


def _send_until(client: socket.socket, piece: bytes, stop: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while not stop.is_set():
            client.sendall(piece * 20_000)


@pytest.mark.parametrize("name", list(ENDLESS))
def test_one_who_sends_without_an_end_is_heard_in_turns(tmp_path: Path, name: str) -> None:
    begin, piece = ENDLESS[name]
    with served(tmp_path, before=SHORT) as port, contextlib.ExitStack() as stack:
        client, stop = connected(port, stack), threading.Event()
        client.sendall(begin)
        sender = threading.Thread(target=_send_until, args=(client, piece, stop))
        sender.start()
        try:
            for _ in range(25):
                assert b"200 OK" in ask(port)
            sender.join(60)
            assert not sender.is_alive()  # let go as any other
        finally:
            stop.set()
            sender.join()


def test_many_who_announce_much_leave_room_for_others(tmp_path: Path) -> None:
    with served(tmp_path) as port, contextlib.ExitStack() as stack:
        for _ in range(30):
            client = connected(port, stack)
            client.sendall(HEAD + b"Content-Length: 99999999\r\n\r\nabc")
        late = connected(port, stack)
        late.sendall(HEAD + b"Connection: close\r\nContent-Length: 400000\r\n\r\n")
        pace(port)
        late.sendall(b"a" * 400_000)
        assert words(b"a" * 400_000) in everything(late)


def test_requests_behind_one_another_all_arrive(tmp_path: Path) -> None:
    bodies = [b"%d" % at * size for at, size in enumerate((1, 9000, 3, 20_000, 100, 40_000, 7))]
    sent = b"".join(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(each), each) for each in bodies)
    with served(tmp_path) as port, contextlib.ExitStack() as stack:
        client = connected(port, stack)
        client.sendall(sent * 3)
        said = _answers(client, 3 * len(bodies))
        assert said == [words(each) for each in bodies] * 3
        # And the connection is still kept.
        client.sendall(HEAD + b"Content-Length: 3\r\n\r\nabc")
        assert _answers(client, 1) == [words(b"abc")]


def _answers(client: socket.socket, number: int) -> list[bytes]:
    """So many answers of the small application on one connection."""
    said = b""
    while len(found := re.findall(rb"([0-9a-f]{64}) [0-9]+", said)) < number:
        data = client.recv(65536)
        assert data
        said += data
    return found


PIECES = st.lists(st.integers(1, 40), max_size=60)


@given(body=st.binary(max_size=300), cuts=PIECES, rest=st.binary(max_size=20))
@example(body=b"", cuts=[], rest=b"")
def test_the_end_is_found_however_the_bytes_come(body: bytes, cuts: list[int], rest: bytes) -> None:
    sized = HEAD + b"content-LENGTH: %d\r\n\r\n" % len(body) + body
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for start in range(0, len(body), 7):
        part = body[start : start + 7]
        chunked += b"%X\r\n%s\r\n" % (len(part), part)
    chunked += b"0\r\nX-Trailer: 1\r\n\r\n"
    for whole in (sized, chunked):
        framing, left, sizes = Framing(), whole, iter(cuts)
        while len(left) > 1:
            size = min(next(sizes, 50), len(left) - 1)
            framing.feed(left[:size])
            left = left[size:]
            assert not framing.is_whole
        framing.feed(left + rest)
        assert framing.is_whole


@given(st.binary(max_size=400))
def test_nothing_that_comes_breaks_it(data: bytes) -> None:
    framing = Framing()
    for at in range(0, len(data), 5):
        framing.feed(data[at : at + 5])
    framing.feed(b"\r\n" * (serving.LARGEST_HEAD // 2 + 9))
