"""A small clamd for tests: it speaks INSTREAM and knows one virus, EICAR's test file."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# The test file of eicar.org, in two parts so that no scanner takes this file for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def _exactly(line: socket.socket, number: int) -> bytes:
    got = b""
    while len(got) < number:
        part = line.recv(number - len(got))
        if not part:
            raise ConnectionError
        got += part
    return got


def _heard(line: socket.socket) -> bytes:
    """The bytes of a stream; fails the client's protocol loudly."""
    assert _exactly(line, 10) == b"zINSTREAM\0"
    data = b""
    while length := int.from_bytes(_exactly(line, 4), "big"):
        data += _exactly(line, length)
    return data


def _serve(door: socket.socket, answer: bytes | None) -> None:
    while True:
        try:
            line, _ = door.accept()
        except OSError:
            return
        with line:
            try:
                found = EICAR in _heard(line)
            except (AssertionError, ConnectionError):
                continue
            verdict = b"stream: Eicar-Test-Signature FOUND\0" if found else b"stream: OK\0"
            line.sendall(verdict if answer is None else answer)


@contextmanager
def running_clamd(path: str = "", answer: bytes | None = None) -> Iterator[str]:
    """Its address: on a port of this machine, or at `path`. `answer` is said in any case."""
    door = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM)
    door.bind(path or ("127.0.0.1", 0))
    door.listen()
    thread = threading.Thread(target=_serve, args=(door, answer), daemon=True)
    thread.start()
    try:
        yield path or f"127.0.0.1:{door.getsockname()[1]}"
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        thread.join(60)
