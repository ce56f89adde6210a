"""How a web process takes requests in: whole, within a time, before a thread works on one.

gunicorn's threads read from the network themselves, so that sixteen clients who send half of a
request and wait hold sixteen threads, and everybody else waits for them. Here the process's own
loop collects each request, without a thread; what does not arrive in time is let go. Whatever this
module does not understand of a request is handed on: gunicorn's parser refuses it.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from select import select
from selectors import EVENT_READ
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import uuid4

from gunicorn.workers.gthread import ThreadWorker

from portal.domain.marked import msgid
from portal.translation import _

HEAD_SECONDS = 10.0
BODY_SECONDS = 20.0
# Bytes a second that a body must come at, beside those seconds.
SLOWEST = 32_000
# One write by a thread: a client that takes nothing of its answer is let go.
THREAD_SECONDS = 30.0
STOP_SECONDS = 2.0
# How long a client may take to leave after its last answer.
LEAVE_SECONDS = 2.0
# How long one client that sends fast keeps the loop from the others.
TURN_SECONDS = 0.005
LARGEST_HEAD = 65_536
READ = 65_536
# Looked at in such pieces: many short lines in a large one would be copied too often.
PIECE = 4096
IN_MEMORY = 262_144
# Of bodies that are still on their way, on disk, for one process.
MOST_ON_DISK = 2_000_000_000
LARGEST_BODY = 100_000_000

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")
SENTENCES = {
    408: msgid("What you sent did not arrive in time. Reload the page, then try again."),
    503: msgid("The portal is busy. Try again in a minute."),
    400: msgid("The request could not be read. Reload the page, then try again."),
}
# As on every other answer: the page is only text.
HEADERS = (
    "Content-Type: text/plain; charset=utf-8", "Content-Security-Policy: default-src 'none'",
    "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Referrer-Policy: strict-origin",
    "Cross-Origin-Opener-Policy: same-origin", "Cache-Control: no-store", "Connection: close",
    "Retry-After: 60",
)  # fmt: skip


class RequestPart(Enum):
    """What of a request comes next."""

    HEAD = auto()
    BODY = auto()
    CHUNK_HEAD = auto()
    CHUNK = auto()
    TRAILER = auto()
    NOTHING = auto()


class Framing:
    """Where a request ends. Fed with its bytes in any pieces; `left` of a body that is known, or
    of the chunk that is on its way; `length` is what is known of the whole body."""

    def __init__(self) -> None:
        self.part = RequestPart.HEAD
        self.left = 0
        self.length = 0
        self.expects = False
        self._line = b""

    @property
    def is_whole(self) -> bool:
        """Whether everything has come, or what comes cannot be understood here."""
        return self.part is RequestPart.NOTHING

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        while data and not self.is_whole:
            if self.part is RequestPart.HEAD:
                data = self._head(data)
            elif self.part in (RequestPart.BODY, RequestPart.CHUNK):
                data = self._skip(data)
            else:
                data = self._read_line(data)

    def _head(self, data: bytes) -> bytes:
        seen = len(self._line)
        self._line += data
        # Empty lines before a request are no part of it.
        skipped = len(self._line) - len(self._line.lstrip(b"\r\n"))
        end = self._line.find(HEAD_END, max(skipped, seen - len(HEAD_END)))
        if end < 0:
            if len(self._line) > LARGEST_HEAD:
                self.part = RequestPart.NOTHING
            return b""
        head, rest = self._line[: end + 2], self._line[end + len(HEAD_END) :]
        self._line = b""
        self._begin_body(head)
        return rest

    def _begin_body(self, head: bytes) -> None:
        length = LENGTH.search(head)
        self.expects = EXPECTS.search(head) is not None
        if CHUNKED.search(head):
            self.part = RequestPart.CHUNK_HEAD
        elif length and int(length[1]):
            self.part, self.left = RequestPart.BODY, int(length[1])
            self.length = self.left
        else:
            self.part = RequestPart.NOTHING

    def _skip(self, data: bytes) -> bytes:
        taken = min(self.left, len(data))
        self.left -= taken
        if not self.left:
            self.part = (
                RequestPart.NOTHING if self.part is RequestPart.BODY else RequestPart.CHUNK_HEAD
            )
        return data[taken:]

    def _read_line(self, data: bytes) -> bytes:
        before, newline, rest = data.partition(b"\n")
        self._line += before + newline
        if not newline:
            if len(self._line) > LARGEST_HEAD:
                self.part = RequestPart.NOTHING
            return b""
        line, self._line = self._line.rstrip(b"\r\n"), b""
        if self.part is RequestPart.TRAILER:
            self.part = RequestPart.TRAILER if line else RequestPart.NOTHING
            return rest
        found = CHUNK_SIZE.fullmatch(line)
        if found is None:
            self.part = RequestPart.NOTHING
        elif int(found[1], 16):
            self.part, self.left = RequestPart.CHUNK, int(found[1], 16) + 2  # with its line's end
            self.length += int(found[1], 16)
        else:
            self.part = RequestPart.TRAILER
        return rest


class HeldSocket:
    """A client's socket, with what was collected from it in front. Everything else is the
    socket's own."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.framing = Framing()
        self.deadline = 0.0
        self._held: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def begin(self, ahead: bytes) -> None:
        """Collect the next request; `ahead` of it came behind the one before."""
        self.framing, self._held = Framing(), SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self.deadline = time.monotonic() + HEAD_SECONDS
        self.real.setblocking(False)
        if ahead:
            self._take(ahead)

    def collect(self) -> bool:
        """Take what has come, for one turn; whether the request is whole. Raises OSError, and
        EOFError where the client has gone."""
        end = time.monotonic() + TURN_SECONDS
        while not self.framing.is_whole and time.monotonic() < end:
            try:
                data = self.real.recv(READ)
            except (BlockingIOError, InterruptedError):
                return False
            if not data:
                raise EOFError
            self._take(data)
        return self.framing.is_whole

    def _take(self, data: bytes) -> None:
        was_head = self.framing.part is RequestPart.HEAD
        for at in range(0, len(data), PIECE):
            self.framing.feed(data[at : at + PIECE])
        self._held.write(data)
        if was_head and self.framing.part is not RequestPart.HEAD:
            allowed = BODY_SECONDS + self.framing.length / SLOWEST
            self.deadline = time.monotonic() + allowed
            if self.framing.expects and not self.framing.is_whole:
                self.real.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    @property
    def size(self) -> int:
        """Bytes that were collected so far."""
        return self._held.tell() if self._held is not None else 0

    def hand_over(self) -> None:
        """From now on a thread reads."""
        self._held.seek(0)

    def setblocking(self, flag: bool) -> None:
        """Blocking means for so long: no thread waits for ever."""
        self.real.settimeout(THREAD_SECONDS if flag else 0.0)

    def recv(self, size: int = -1) -> bytes:
        """What was collected, and then nothing: no thread waits for a client to send."""
        return self._held.read(size) if self._held is not None else b""

    def drop(self) -> None:
        """Free what was collected."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def close(self) -> None:
        """End the connection."""
        self.drop()
        self.real.close()


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # no types there
    """gunicorn's threads, given whole requests only."""

    ready: int | None = None  # where a new process says that it can answer: see Reload

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.collecting: dict[Any, None] = {}  # connections in the order in which they began
        self.leaving: dict[Any, float] = {}  # answered for the last time, and until when they stay

    def run(self) -> None:
        """Begin to answer."""
        for begin in getattr(self.wsgi, "extensions", {}).get("beside", ()):
            begin()
        if self.ready is not None:
            os.write(self.ready, b".")
        super().run()

    def accept(self, listener: Any) -> None:
        """Take a connection; where there are too many, the oldest half-sent request makes room."""
        super().accept(listener)
        if self.nr_conns > self.worker_connections - self.cfg.threads and self.collecting:
            self._let_go(next(iter(self.collecting)), 503)

    def enqueue_req(self, conn: Any) -> None:
        """Collect the request first; only then it is one for a thread."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        ahead = b""
        if not isinstance(conn.sock, HeldSocket):
            conn.sock = HeldSocket(conn.sock)
        elif conn.parser is not None:
            ahead = conn.parser.unreader.take_buffered()
        conn.sock.begin(ahead)
        self.collecting[conn] = None
        self._collect(conn)

    def _collect(self, conn: Any) -> None:
        """Hand a whole request over; else listen for more of it."""
        try:
            is_whole = conn.sock.collect() or self._is_too_large(conn.sock)
        except (OSError, EOFError):
            self._let_go(conn)
            return
        if is_whole:
            del self.collecting[conn]
            conn.sock.hand_over()
            conn.data_ready = True
            super().enqueue_req(conn)
        elif self._on_their_way() > MOST_ON_DISK:
            self._let_go(conn, 503)
        else:
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_more, conn))

    def _on_more(self, conn: Any, _socket: Any) -> None:
        if conn in self.collecting:  # else it made room for one that came in the same turn
            self.poller.unregister(conn.sock)
            self._collect(conn)

    def _is_too_large(self, held: HeldSocket) -> bool:
        """Whether so much came, or is told to come, that the application refuses it as it is."""
        framing, largest = held.framing, self._largest()
        if max(framing.left, framing.length - framing.left) > largest:
            return True
        return held.size > 2 * (largest + LARGEST_HEAD)  # trailers, and what stands beside chunks

    def _largest(self) -> int:
        """Bytes of a body that any page takes; the application refuses a larger one unread."""
        return int(getattr(self.wsgi, "config", {}).get("LARGEST_UPLOAD", LARGEST_BODY))

    def _on_their_way(self) -> int:
        sizes = (conn.sock.size for conn in self.collecting)
        return sum(size for size in sizes if size > IN_MEMORY)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Whether another request may follow: not where this one was not whole. What came of the
        next ones is where gunicorn looks for it."""
        if not isinstance(conn.sock, HeldSocket):
            return bool(super()._keepalive_after(conn, keepalive))
        kept = conn.sock.framing.is_whole and bool(super()._keepalive_after(conn, keepalive))
        if kept:
            unreader = conn.parser.unreader
            unreader.unread(unreader.take_buffered() + conn.sock.recv())
            conn.sock.drop()
        return kept

    def finish_request(self, conn: Any, fs: Any) -> None:
        """After the last answer the client has a while to take it and leave. gunicorn waits for
        that on the loop, so that nobody else is heard meanwhile."""
        if not isinstance(conn.sock, HeldSocket) or fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        conn.sock.drop()
        self.leaving[conn] = time.monotonic() + LEAVE_SECONDS
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_leaving, conn))
        except (OSError, ValueError):
            self._let_go(conn)

    def _on_leaving(self, conn: Any, _socket: Any) -> None:
        """Nothing is read any more; but to close on unread bytes would take the answer back."""
        with contextlib.suppress(OSError):
            if conn.sock.real.recv(READ):
                return
        self._let_go(conn)

    def murder_pending(self) -> None:
        """Let go what did not arrive in time; a process that stops waits for little."""
        super().murder_pending()
        now = time.monotonic()
        if not self.alive:
            for conn in self.collecting:
                conn.sock.deadline = min(conn.sock.deadline, now + STOP_SECONDS)
        for conn in [each for each in self.collecting if each.sock.deadline <= now]:
            self._let_go(conn, 408)
        for conn in [each for each, until in self.leaving.items() if until <= now]:
            self._let_go(conn)

    def _let_go(self, conn: Any, status: int = 0) -> None:
        """Close a connection, with an answer where the client has begun to ask for something."""
        self.collecting.pop(conn, None)
        self.leaving.pop(conn, None)
        with contextlib.suppress(KeyError, ValueError, OSError):
            self.poller.unregister(conn.sock)
        if status and conn.sock.size:
            _say(conn.sock.real, status)
        self.nr_conns -= 1
        conn.close()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """What gunicorn's parser refuses, in our words: its own repeat what was sent."""
        refusal = _Refusal()
        super().handle_error(req, refusal, addr, exc)
        _say(client, refusal.status)


class _Refusal:
    """A socket that only notes the status of an answer."""

    status = 400

    def sendall(self, data: bytes) -> None:
        found = re.match(rb"HTTP/1\.[01] ([0-9]{3}) ", data)
        self.status = int(found[1]) if found else self.status

    def gettimeout(self) -> float:
        return 0.0


def _say(client: Any, status: int) -> None:
    """A short answer, if the client takes it at once."""
    sentence = SENTENCES.get(status, SENTENCES[400 if status < 500 else 503])
    number = uuid4().hex
    body = f"{_(sentence)}\n\nError {status} \u00b7 request id {number}\n".encode()
    lines = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *HEADERS, f"X-Request-Id: {number}",
        f"Content-Length: {len(body)}", "", "",
    )  # fmt: skip
    with contextlib.suppress(OSError):
        client.setblocking(False)
        client.send("\r\n".join(lines).encode() + body)


class Reload:
    """What SIGHUP does in gunicorn's master, in place of its own `reload`. Settings that cannot be
    used would end the pages, so it looks first; and nobody would answer between the old processes
    and the new ones, so the old ones stay until the new ones can."""

    COMMAND = (sys.executable, "-m", "portal.doctor.reloading")
    LOOK_SECONDS = 120
    WAIT_SECONDS = 120

    def __init__(self, server: Any) -> None:
        self.server = server
        self.reload, self.manage = server.reload, server.manage_workers

    def __call__(self) -> None:
        """Replace the processes, or say why not."""
        if wrong := self._wrong():
            self.server.log.error("The pages go on with the settings they have: %s", wrong)
            return
        reader, PatientWorker.ready = os.pipe()
        self.server.manage_workers = partial(self._leave, reader)
        try:
            self.reload()
        finally:
            self.server.manage_workers = self.manage
            os.close(reader)
            os.close(PatientWorker.ready)
            PatientWorker.ready = None

    def _leave(self, reader: int) -> None:
        """Let the old processes go when each new one has said that it can answer."""
        end, missing = time.monotonic() + self.WAIT_SECONDS, self.server.cfg.workers
        while missing and time.monotonic() < end:
            if select([reader], [], [], 0.5)[0]:
                missing -= len(os.read(reader, missing))
        self.manage()

    def _wrong(self) -> str:
        """What speaks against new processes. One of its own looks: the master keeps no code."""
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                self.COMMAND, capture_output=True, text=True, timeout=self.LOOK_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return f"whether they can be used was not known after {self.LOOK_SECONDS} s"
        return done.stdout.strip() or done.stderr.strip()[-300:]
