"""A chat server on this machine, and settings that let channels lead to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from portal.config import ChatSettings, Settings

RULES = ChatSettings(schemes=("json", "ntfy", "rocket"), allowed_hosts=("127.0.0.1",))


@dataclass
class ChatServer:
    """What it was sent, by path. `answer`: the status, or a function that is given the request."""

    port: int = 0
    answer: int | Callable[[BaseHTTPRequestHandler], int] = 200
    location: str = ""
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def address(self, path: str = "people/{mail_name}", secret: str = "user:t0k3n-of-ours") -> str:
        """An address with a secret that leads here."""
        return f"json://{secret}@127.0.0.1:{self.port}/{path}"


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """One that takes everything until it is told otherwise."""
    chat = ChatServer()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.heard.append((self.path, json.loads(body)))
            status = chat.answer if isinstance(chat.answer, int) else chat.answer(self)
            if status:
                self.send_response(status)
                if chat.location:
                    self.send_header("Location", chat.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    server.daemon_threads = True
    chat.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield chat
    finally:
        chat.done.set()
        server.shutdown()
        thread.join()
        server.server_close()


def chatting(settings: Settings, **rules: Any) -> Settings:
    """Settings that allow a chat server here."""
    return replace(settings, chat=replace(RULES, **rules))
