"""Free ports on 127.0.0.1."""

import errno
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from scripts.local.failure import LocalFailure

HOST = "127.0.0.1"
TRIES = 200
FIRST, LAST = 20_000, 32_000
QUEUE = "\0gloria-approvals-ports"


def is_free(port: int) -> bool:
    """Whether a server could listen there now; a port in TIME_WAIT counts as free.

    ``localhost`` may mean ::1 to a browser, so a program that listens only there counts too.
    """
    return _can_bind(socket.AF_INET, HOST, port) and _can_bind(socket.AF_INET6, "::1", port)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except OSError as error:
        return error.errno not in (errno.EADDRINUSE, errno.EACCES)
    return True


def any_free() -> int:
    """A free port at random. Another program may take it first: start, and retry.

    Not one that the system would pick: it gives those to outgoing connections as well, and a
    client that waits for a server there can end up connected to itself.
    """
    for _ in range(TRIES):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if is_free(port):
            return port
    raise LocalFailure(f"No port from {FIRST} to {LAST} is free.")


def insist(port: int, option: str) -> int:
    """The port that was asked for. Raises LocalFailure where another program has it."""
    if not is_free(port):
        raise LocalFailure(
            f"Port {port} is taken by another program: give another one with {option}."
        )
    return port


def next_free(port: int, spoken_for: frozenset[int] = frozenset()) -> int:
    """The first free port from ``port`` upwards that is not spoken for."""
    for candidate in range(port, min(port + TRIES, 65536)):
        if candidate not in spoken_for and is_free(candidate):
            return candidate
    raise LocalFailure(f"No port from {port} to {port + TRIES - 1} is free.")


@contextmanager
def choosing_alone(patience: float = 20.0) -> Iterator[None]:
    """Let one run of this machine at a time choose ports and start servers on them.

    A name in Linux's abstract namespace serves as the lock: it needs no file, works between users,
    and goes with its process. After ``patience`` seconds, and on other systems, we go on without.
    """
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as lock:
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            try:
                lock.bind(QUEUE)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    break
                time.sleep(0.05)
            else:
                break
        yield
