"""TLS before a server that speaks none; certificates are read anew for each connection."""

import select
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.proxies import Certificate, certificate

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@dataclass(frozen=True)
class Authority:
    """Whom clients trust (`ca`), and what the doors show (`shown`); both change while they run."""

    folder: Path
    made: dict[str, Certificate] = field(default_factory=dict)

    @property
    def ca(self) -> Path:
        """The file that clients are given."""
        return self.folder / "trusted.pem"

    @property
    def shown(self) -> tuple[Path, Path]:
        """Certificate and key of the doors."""
        return self.folder / "shown.pem", self.folder / "shown.key"

    def trust(self, *names: str) -> None:
        """Let clients trust the authorities of these names, and no other."""
        every = [self._made(name).ca.read_text() for name in names]
        self.ca.write_text("".join(every))

    def show(self, name: str) -> None:
        """Let the doors show a certificate that this authority signed."""
        own = self._made(name)
        for made, shown in zip((own.file, own.key), self.shown, strict=True):
            shutil.copy(made, shown)

    def _made(self, name: str) -> Certificate:
        if name not in self.made:
            folder = self.folder / name
            folder.mkdir()
            self.made[name] = certificate(folder)
        return self.made[name]


@contextmanager
def door(authority: Authority, server: int, *, is_postgres: bool) -> Iterator[int]:
    """The port of a door before a server on this machine."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if is_postgres:
                asked = self.request.recv(8)
                if asked != SSL_REQUEST:
                    return
                self.request.sendall(b"S")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*authority.shown)
            context.set_alpn_protocols(["postgresql" if is_postgres else "h2"])
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as client,
                socket.create_connection(("127.0.0.1", server)) as behind,
            ):
                _pass_on(client, behind)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 100

    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join(60)


def _pass_on(client: ssl.SSLSocket, behind: socket.socket) -> None:
    other = {client: behind, behind: client}
    while True:
        ready = [client] if client.pending() else select.select([client, behind], [], [])[0]
        for each in ready:
            said = each.recv(65_536)
            if not said:
                return
            other[each].sendall(said)
