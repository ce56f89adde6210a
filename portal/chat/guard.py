"""A watch over what a thread connects to while it talks to a chat service or a webhook's receiver.

A name may mean another address a moment later, and libraries connect by themselves, so the check
stands where nothing comes after it: Python tells (PEP 578) before each connection of the process,
and a thread that is watched gets no further than the public network and the hosts that the
operator named. A hook cannot be taken away again; to threads without a watch it does nothing.
"""

import contextlib
import functools
import socket
import sys
import threading
from types import TracebackType
from typing import Any, Self

from portal.domain.networks import is_public

INTERNET = (socket.AF_INET, socket.AF_INET6)
# A chat service needs none of these.
PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")
DATAGRAMS = ("socket.sendto", "socket.sendmsg", "socket.bind")

_thread = threading.local()


class HostRefused(ConnectionError):
    """A connection that a watched thread may not make; the sentence says why."""


class Watch:
    """Watches the thread in its `with` block, for so many seconds; then it cuts every connection.

    `setting`: the one that names the allowed hosts. `refused`: why a connection was refused, if one
    was. `is_late`: the time was over.
    """

    def __init__(
        self, allowed_hosts: tuple[str, ...], seconds: float, setting: str = "CHAT_ALLOWED_HOSTS"
    ) -> None:
        self._setting = setting
        self.refused = ""
        self.is_late = False
        self._allowed = allowed_hosts
        self._name = ""
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _install()
        _thread.watch = self
        self._timer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        _thread.watch = None
        self._timer.cancel()
        with self._lock:
            while self._open:
                self._open.pop().close()

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Let it happen, or raise HostRefused."""
        if event == "socket.getaddrinfo":
            self._name = str(args[0]).lower()
        elif event == "socket.connect":
            self._connect(*args)
        elif event in PROGRAMS or event in DATAGRAMS:
            self._refuse("It wanted to do more than to talk to a chat service.")

    def _connect(self, sock: socket.socket, address: Any) -> None:
        if self.is_late:
            raise HostRefused("too late")
        host = str(address[0]).lower() if sock.family in INTERNET else ""
        if not host or not (self._name in self._allowed or is_public(host)):
            self._refuse(f"Its host is inside the network and not one of {self._setting}.")
        # Another handle on the same connection: the library may wrap its own.
        with self._lock:
            self._open.append(sock.dup())

    def _refuse(self, why: str) -> None:
        self.refused = why
        raise HostRefused(why)

    def _cut(self) -> None:
        self.is_late = True
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@functools.cache
def _install() -> None:
    sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    watch: Watch | None = getattr(_thread, "watch", None)
    if watch is not None:
        watch.see(event, args)
