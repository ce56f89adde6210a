"""The request's id, and one log line for each request."""

import re
import time

import structlog
from flask import Flask, Response, g, request, session
from uuid_utils import uuid7

from portal.security.identity import current_settings

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


def register(app: Flask) -> None:
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
