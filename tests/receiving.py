"""A receiver of webhooks on this machine, and settings that let them lead to it."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from portal.config import Settings, WebhookSettings


@dataclass(frozen=True)
class Heard:
    """One message as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def signatures(self) -> list[str]:
        """Those that came with it."""
        return self.headers["webhook-signature"].split()

    def signed_with(self, *secrets: str) -> list[str]:
        """What the signatures have to be by Standard Webhooks, worked out without our code."""
        parts = (self.headers["webhook-id"], self.headers["webhook-timestamp"])
        signed = ".".join(parts).encode() + b"." + self.body
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
        made = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
        return [f"v1,{base64.b64encode(each).decode()}" for each in made]


@dataclass
class Receiver:
    """What it was sent. `answer`: the status, or a function that is given the request and answers
    one, 0 where it answered by itself; `headers` go with it."""

    port: int = 0
    answer: int | Callable[[BaseHTTPRequestHandler], int] = 204
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes = b""
    heard: list[Heard] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hooks"

    def types(self) -> list[str]:
        """What it was told, in the order of arrival."""
        return [each.said["type"] for each in self.heard]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that takes everything until it is told otherwise."""
    found = Receiver()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            found.heard.append(Heard(self.path, names, body))
            status = found.answer if isinstance(found.answer, int) else found.answer(self)
            if status:
                self.send_response(status)
                for name, value in found.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(found.text)))
                self.end_headers()
                self.wfile.write(found.text)

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        found.done.set()
        server.shutdown()
        thread.join()
        server.server_close()


def receiving(settings: Settings, **rules: Any) -> Settings:
    """Settings that allow a receiver here."""
    return replace(settings, webhooks=WebhookSettings(allowed_hosts=("127.0.0.1",), **rules))
