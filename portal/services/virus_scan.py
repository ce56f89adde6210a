"""Asking a virus scanner about a file: the INSTREAM command of clamd (see `man clamd`).

The packages for it are unmaintained, and the protocol is one page: a command, then parts with their
length in four bytes, then a part of no length; the answer is one line that ends with NUL.
"""

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

PART = 64 * 1024
_COMMAND = b"zINSTREAM\0"
_LONGEST_ANSWER = 4096


class ScannerAway(Exception):
    """The scanner does not answer, or says something that is no verdict."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd at `address`: host:port, or the path of its socket. `patience` in seconds."""

    address: str
    patience: float = 30.0

    def finding(self, file: IO[bytes]) -> str | None:
        """The name of what is wrong with the file from where it stands; None for a clean one.

        Raises ScannerAway.
        """
        try:
            with self._connect() as line:
                line.settimeout(self.patience)
                # A scanner that has heard enough answers and hangs up before the end.
                with suppress(BrokenPipeError, ConnectionResetError):
                    _send(line, file)
                return _verdict(_answer(line))
        except OSError as error:
            raise ScannerAway(str(error)) from error

    def _connect(self) -> socket.socket:
        if self.address.startswith("/"):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(2)
            try:
                line.connect(self.address)
            except OSError:
                line.close()
                raise
            return line
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=2)


def _send(line: socket.socket, file: IO[bytes]) -> None:
    line.sendall(_COMMAND)
    while part := file.read(PART):
        line.sendall(len(part).to_bytes(4, "big") + part)
    line.sendall(bytes(4))


def _answer(line: socket.socket) -> str:
    said = b""
    while b"\0" not in said and len(said) < _LONGEST_ANSWER and (part := line.recv(1024)):
        said += part
    return said.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _verdict(answer: str) -> str | None:
    """ "stream: OK" is clean, "stream: <name> FOUND" is not, and anything else is no verdict."""
    _, _, words = answer.partition(": ")
    if words == "OK":
        return None
    if words.endswith(" FOUND"):
        return words.removesuffix(" FOUND")
    raise ScannerAway(f"the scanner said: {answer or 'nothing'}")
