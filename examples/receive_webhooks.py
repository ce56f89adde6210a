"""Receive webhooks with the standard library alone: check, take each once, keep the newest.

    GLORIA_WEBHOOK_SECRET=whsec_... python receive_webhooks.py 8080

Behind a proxy with TLS, whose address is the endpoint's. A message that is wrong is answered 401, a
repeated one 204 like the first.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["GLORIA_WEBHOOK_SECRET"]
OLDEST_SECONDS, LARGEST = 5 * 60, 1_000_000
seen: set[str] = set()  # in a program of yours: a table, written with what the message changes
newest: dict[str, int] = {}


def is_genuine(headers: "BaseHTTPRequestHandler", body: bytes) -> bool:
    """Whether the portal sent it, lately. One of its signatures has to be right: two secrets are
    good for a while after a rotation."""
    given = headers.headers
    sent = given.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > OLDEST_SECONDS:
        return False
    signed = f"{given.get('webhook-id', '')}.{sent}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mine = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    there = given.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each, f"v1,{mine}") for each in there)


def take(message: dict) -> None:
    """What your program does with it. They may come in another order: the highest seq counts."""
    data = message["data"]
    name, seq = data.get("requestId"), data.get("seq") or 0
    if name and seq > newest.get(name, 0):
        newest[name] = seq
    print(message["type"], data.get("number"), data.get("status"), flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Answers at once; what takes long belongs behind the answer."""

    def do_POST(self) -> None:
        """One message."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST))
        if not is_genuine(self, body):
            return self.answer(401)
        if self.headers["webhook-id"] not in seen:
            seen.add(self.headers["webhook-id"])
            take(json.loads(body))
        return self.answer(204)

    def answer(self, status: int) -> None:
        """A status and nothing else."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing beside what `take` prints."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"Listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
