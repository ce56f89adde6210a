"""An OpenID provider for tests: a real one over HTTP, which says yes to everybody, and can be made
to lie. `lies`: claims that its next tokens have instead; `signs`: by which key and algorithm."""

import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "gloria", "between the two"


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": uuid4().hex, "use": "sig", "alg": "RS256"})


@dataclass
class TestProvider:
    """What it knows. `person`: the claims of whoever signs in."""

    __test__ = False

    issuer: str = ""
    key: RSAKey = field(default_factory=_key)
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ana-at-provider"})
    lies: dict[str, Any] = field(default_factory=dict)
    signs: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def back(self, url: str) -> str:
        """Where somebody who says yes is sent."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = uuid4().hex
        self.codes[code] = asked
        given = urlencode({"code": code, "state": asked["state"]})
        return f"{asked['redirect_uri']}?{given}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """A token for a code, once, for whoever began; None else."""
        asked = self.codes.pop(form.get("code", ""), None)
        who = b64decode(authorization.removeprefix("Basic ")).decode()
        if asked is None or who.partition(":")[2].replace("+", " ") != SECRET:
            return None
        made = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest())
        if made.decode().rstrip("=") != asked["code_challenge"]:
            return None
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.signed(asked)}

    def logout_token(self, **claims: Any) -> str:
        """A token by which it says that somebody signed out; None: without that claim."""
        now, event = int(time.time()), "http://schemas.openid.net/event/backchannel-logout"
        said = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": uuid4().hex,
            "events": {event: {}}, "sub": self.person["sub"], **claims,
        }  # fmt: skip
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, kept, self.key)

    def signed(self, asked: dict[str, str]) -> str:
        """The token itself."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now,
            "nonce": asked["nonce"], **self.person, **self.lies,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signs == "none":
            parts = ({"alg": "none"}, claims)
            return ".".join(_plain(json.dumps(each).encode()) for each in parts) + "."
        if self.signs == "HS256":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        key = self.key if self.signs == "RS256" else _key()
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key)


def _plain(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _answers(provider: TestProvider) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/authorize":
                self.send_response(303)
                self.send_header("Location", provider.back(self.path))
                self.end_headers()
            elif path == "/keys":
                self._say({"keys": [provider.key.as_dict(private=False)]})
            else:
                self._say(provider.configuration())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            token = provider.token(form, self.headers.get("Authorization", ""))
            self._say(token or {"error": "invalid_grant"}, 200 if token else 400)

        def _say(self, data: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Answers


@contextmanager
def providing() -> Iterator[TestProvider]:
    """One that runs, on a port of this machine."""
    provider = TestProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answers(provider))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
