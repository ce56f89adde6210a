"""What every request is given, and what stands on every answer: an id, a line in the log, headers,
and compression.

Secrets in pages do not stay the same beside text from outside (`mask` in guards.py), so answers may
be compressed. Attached files go as they are: they are somebody else's content and may be large.
"""

import re
import time

import structlog
from flask import Flask, Response, g, request, session
from flask_compress import Compress
from uuid_utils import uuid7

from portal.config import Settings
from portal.security.identity import current_settings
from portal.security.sessions import is_https

SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
QUIET = frozenset({"static", "health.healthz", "health.readyz"})

log = structlog.get_logger("portal.web")


def request_id() -> str:
    """The id of this request: a trusted proxy's `X-Request-Id` if that is sane, else a new one."""
    if "request_id" not in g:
        is_behind = current_settings().trusted_proxies > 0
        given = request.headers.get("X-Request-Id", "") if is_behind else ""
        g.request_id = given if SANE_ID.fullmatch(given) else uuid7().hex
    return str(g.request_id)


def number_and_log(app: Flask) -> None:
    """Give every request an id, and write its line when it is answered."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id())

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if request.endpoint not in QUIET or response.status_code >= 400:
            _write(response)
        return response


def _write(response: Response) -> None:
    began = g.get("began") or time.perf_counter()
    identity = getattr(session, "identity", None)
    log.info(
        "request",
        method=request.method,
        path=request.path[:200],
        endpoint=request.endpoint,
        status=response.status_code,
        ms=round((time.perf_counter() - began) * 1000, 1),
        user=identity.id if identity else None,
        ip=request.remote_addr,
        request_id=request_id(),
    )


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"
ONE_YEAR = "public, max-age=31536000, immutable"


def add_security_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the app."""
    headers = dict(HEADERS)
    if is_https(settings):
        headers["Strict-Transport-Security"] = TWO_YEARS

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            # A view may be stricter: downloads are sandboxed.
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        elif request.args.get("v") and response.status_code in (200, 304):
            # The address holds a fingerprint of the content, so it never goes stale.
            response.headers["Cache-Control"] = ONE_YEAR
        return response


KINDS = [
    "text/html", "text/css", "text/javascript", "text/csv", "image/svg+xml", "application/json",
    "application/x-ndjson",
]  # fmt: skip
AS_THEY_ARE = frozenset({"requests.download"})


class _Compress(Compress):
    def after_request(self, response: Response | None) -> Response:
        if response is not None and request.endpoint in AS_THEY_ARE:
            return response
        if response is not None and response.direct_passthrough and response.status_code == 200:
            # A static file: read whole, for streamed through the compressor it stays open.
            response.direct_passthrough = False
            response.make_sequence()
        return super().after_request(response)


def compress(app: Flask) -> None:
    """Compress the answers of the app. To be registered before everything that changes answers."""
    app.config.from_mapping(
        COMPRESS_MIMETYPES=KINDS,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["br", "gzip"],
    )
    _Compress().init_app(app)
