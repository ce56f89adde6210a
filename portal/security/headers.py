"""Headers on every answer, whatever its status."""

from flask import Flask, Response, request

from portal.config import Settings
from portal.security.sessions import is_https

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


def register(app: Flask, settings: Settings) -> None:
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
