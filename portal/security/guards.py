"""What every request passes before its view (is it well-formed, ours, and allowed?) and what every
answer gets on its way out: its number, its headers, compression.

Deny by default: a view says who may come in, or the portal does not start.

    @blueprint.get("/inbox")
    @requires(Permission.DECIDE_OWN_TASKS)
    def inbox() -> str: ...

The rule is only noted by the decorator; the gate holds it before any view runs.

CSRF tokens, masked anew for each answer.

Answers are compressed, and pages show text from their own address. A secret that stood beside it
unchanged could be guessed letter by letter from the lengths of many answers (BREACH,
https://www.breachattack.com). So what a page holds is the token under a random pad, with the pad.
"""

import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_bytes
from typing import Any, TypeVar
from urllib.parse import urlsplit

import brotli
import structlog
from flask import Flask, Response, abort, current_app, g, request, session
from flask_compress import Compress
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from gunicorn.http.errors import ParseException
from itsdangerous import BadData, URLSafeTimedSerializer
from uuid_utils import uuid7
from werkzeug.exceptions import RequestEntityTooLarge

from portal.config import Settings
from portal.domain.people.permissions import Permission
from portal.domain.people.tokens import Scope
from portal.security import callers
from portal.security.sessions import (
    SAFE_METHODS,
    Identity,
    current_settings,
    is_former_csrf,
    is_https,
    portal_session,
)
from portal.translation import _

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Guard:
    """A view's rule. `permission` None lets everybody in. `own_settings`: what it changes is only
    the person's own (sign-out, theme, read marks), so auditors may do it too. `uploads`: its posts
    carry files, so they may be larger than others. `by_token`: for programs, whose token has to
    have the `scope`; no cookie counts. `signed`: what is sent says by its own signature who
    sends it, so no form of ours and no cookie stands behind it. `before_factor`: also for
    those who still have to set up the second factor that their role requires."""

    permission: Permission | None
    own_settings: bool = False
    uploads: bool = False
    by_token: bool = False
    signed: bool = False
    scope: Scope | None = None
    before_factor: bool = False


class UnguardedView(Exception):
    """A view has neither `@public` nor `@requires`."""


def public(view: View) -> View:
    """Let everybody in, signed in or not."""
    return _mark(view, Guard(None))


def requires(
    permission: Permission,
    *,
    own_settings: bool = False,
    uploads: bool = False,
    before_factor: bool = False,
) -> Callable[[View], View]:
    """Let in signed-in people whose roles grant the permission; see `Guard` for the rest."""

    def decorate(view: View) -> View:
        return _mark(view, Guard(permission, own_settings, uploads, before_factor=before_factor))

    return decorate


def token(scope: Scope | None, *, uploads: bool = False) -> Callable[[View], View]:
    """Let in programs whose token has that scope; None: every valid token. `uploads`: what they
    send is one file."""

    def decorate(view: View) -> View:
        return _mark(view, Guard(None, by_token=True, scope=scope, uploads=uploads))

    return decorate


def signed(view: View) -> View:
    """Let everybody in: the view checks the signature of what is sent, and nothing else counts."""
    return _mark(view, Guard(None, signed=True))


def guard_of(view: Callable[..., Any] | None) -> Guard | None:
    """The view's rule, or None where nobody wrote one."""
    return getattr(view, "portal_guard", None)


def check_all(app: Flask) -> None:
    """Raise UnguardedView, naming the endpoints, where a view has no rule."""
    missing = [name for name, view in app.view_functions.items() if guard_of(view) is None]
    if missing:
        raise UnguardedView(f"without @public or @requires: {', '.join(sorted(missing))}")


def _mark(view: View, guard: Guard) -> View:
    view.portal_guard = guard  # type: ignore[attr-defined]  # functions may carry attributes
    return view


class SignInNeeded(Exception):
    """The page is for signed-in people; `portal.pages.sign_in` answers."""


class FactorNeeded(Exception):
    """The person's role requires a second factor, which they still have to set up."""


MEGABYTE = 1_000_000
MULTIPART = "multipart/form-data"  # the only kind of form that carries files


def register(app: Flask, settings: Settings) -> None:
    """Hold every request of the app at the gate. To be registered before the CSRF check."""

    @app.before_request
    def gate() -> None:
        if request.routing_exception is not None and request.endpoint is None:
            return  # an unknown address or a foreign host: the error page answers
        refuse_unreadable_address()
        guard = guard_of(current_app.view_functions.get(request.endpoint or ""))
        if guard is not None and guard.by_token:
            # No browser sends a token by itself, so it does not matter which site asks.
            callers.hold(guard.scope)
            if guard.uploads:
                request.max_content_length = settings.attachments_largest_mb * MEGABYTE
            return
        if request.method not in SAFE_METHODS:
            refuse_cross_site(settings)
        if guard is not None and guard.uploads and request.mimetype == MULTIPART:
            request.max_content_length = _largest_upload(settings)
        if guard is not None and guard.permission is not None:
            _hold(guard, guard.permission)
        refuse_large_form()


def _largest_upload(settings: Settings) -> int:
    """Bytes of a form with its files, which go to disk as they come in. Without a session only so
    much is read that the text of a form can be kept."""
    return largest_upload(settings, settings.attachments_most if portal_session().identity else 2)


def largest_upload(settings: Settings, files: int) -> int:
    """Bytes of a form with so many files."""
    return (files * settings.attachments_largest_mb + 1) * MEGABYTE


def refuse_cross_site(settings: Settings) -> None:
    """403 for a form that another site sent."""
    if is_cross_site(settings):
        abort(403, _("This form was sent by another site."))


def is_cross_site(settings: Settings) -> bool:
    """Whether another site sent the request. Browsers say where a form comes from; programs that
    say nothing are held by the CSRF token."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    scheme, _sign, place = origin.partition("://")
    own = urlsplit(settings.public_url).netloc
    return scheme not in ("http", "https") or place not in (request.host, own)


def is_own_form(settings: Settings) -> bool:
    """Whether the browser itself says that one of our own pages sent the form."""
    said = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    return said and not is_cross_site(settings)


def _hold(guard: Guard, permission: Permission) -> None:
    session = portal_session()
    if session.error is not None:
        raise session.error
    person = session.identity
    if person is None:
        raise SignInNeeded
    required = current_settings().second_factor_roles
    if not guard.before_factor and person.lacks_factor(required):
        raise FactorNeeded
    if not person.may(permission) or _changes_as_auditor(person, guard):
        abort(403)


def _changes_as_auditor(person: Identity, guard: Guard) -> bool:
    return person.is_auditor and request.method not in SAFE_METHODS and not guard.own_settings


MOST_FIELDS = 1000
MOST_TEXT = 500_000  # characters of all fields together; files do not count


def unreadable(text: str) -> bool:
    """Whether PostgreSQL could not store the text."""
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)


def refuse_unreadable_address() -> None:
    """400 for an address with such characters."""
    if any(map(unreadable, _address_texts())):
        abort(400, _("The address contains a character that cannot be read."))


def refuse_large_form() -> None:
    """413 for a form with more fields or text than any of ours, 400 for a field without a name or
    a body that breaks off; reading it also meets the size limits, which count each field of a form
    with files by itself."""
    try:
        fields = list(request.form.items(multi=True))
    except ParseException:
        abort(400, _("The form could not be read."))
    if any(name is None for name, _ in fields):
        abort(400, _("The form could not be read."))
    text = sum(len(name) + len(value) for name, value in fields)
    if len(fields) > MOST_FIELDS or text > MOST_TEXT:
        raise RequestEntityTooLarge


def _address_texts() -> Iterable[str]:
    yield request.path
    for name, value in request.args.items(multi=True):
        yield name
        yield value


def masked_token() -> str:
    """The token for the forms of the present answer."""
    if "masked_csrf_token" not in g:
        g.masked_csrf_token = mask(generate_csrf())
    return str(g.masked_csrf_token)


def mask(token: str) -> str:
    """The token under a random pad, in letters that forms need not escape."""
    text = token.encode()
    pad = token_bytes(len(text))
    return urlsafe_b64encode(pad + _xor(pad, text)).decode()


def unmask(text: str) -> str:
    """The token in what `mask` made; empty for anything else."""
    try:
        both = urlsafe_b64decode(text.encode())
        half = len(both) // 2
        return _xor(both[:half], both[half:]).decode()
    except ValueError:
        return ""


def _xor(pad: bytes, text: bytes) -> bytes:
    size = len(pad)
    if len(text) != size:
        raise ValueError("pad and text differ in length")
    return (int.from_bytes(pad) ^ int.from_bytes(text)).to_bytes(size)


class MaskedCSRF(CSRFProtect):  # type: ignore[misc]  # no types there
    """Flask-WTF's check, with masked tokens in pages and forms. Programs have tokens instead."""

    def protect(self, **how: bool) -> None:
        """Raise CSRFError for a form without its token."""
        guard = guard_of(current_app.view_functions.get(request.endpoint or ""))
        if guard is None or not (guard.by_token or guard.signed):
            super().protect(**how)

    def init_app(self, app: Flask) -> None:
        """Check every form of the app, and give templates `csrf_token()`."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = masked_token
        app.context_processor(lambda: {"csrf_token": masked_token})

    def _get_csrf_token(self) -> str | None:
        text = super()._get_csrf_token()
        return _present(unmask(text)) if text else None


CSRF_SALT = "wtf-csrf-token"  # Flask-WTF's own


def _present(token: str) -> str:
    """The token as it would be drawn today, where it was drawn with the previous SECRET_KEY."""
    settings = current_settings()
    if not settings.secret_key_previous:
        return token
    signer = URLSafeTimedSerializer(settings.secret_key_previous, salt=CSRF_SALT)
    try:
        value = signer.loads(token)
    except BadData:
        return token
    return generate_csrf() if is_former_csrf(value) else token


SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
QUIET = frozenset({"static", "health.healthz", "health.readyz", "health.ready_for_pages"})

log = structlog.get_logger("portal.web")


def request_id() -> str:
    """The id of this request: a trusted proxy's `X-Request-Id` if that is sane, else a new one."""
    if "request_id" not in g:
        is_behind = current_settings().trusted_proxies > 0
        given = request.headers.get("X-Request-Id", "") if is_behind else ""
        g.request_id = given if SANE_ID.fullmatch(given) else uuid7().hex
    return str(g.request_id)


def number_and_log(app: Flask, failed: Callable[[Response], None]) -> None:
    """Give every request an id, and write its line when it is answered; `failed` hears of each
    answer that is an error."""

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
        if response.status_code >= 400:
            failed(response)
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


# A tenth less than the fourth level for a millisecond more.
BROTLI = 5
KINDS = [
    "text/html", "text/css", "text/javascript", "text/csv", "image/svg+xml", "application/json",
    "application/scim+json",
    "application/x-ndjson",
]  # fmt: skip
AS_THEY_ARE = frozenset({"requests.download"})


class _Compress(Compress):
    def after_request(self, response: Response | None) -> Response:
        if response is not None and request.endpoint in AS_THEY_ARE:
            return response
        content = b""
        if response is not None and response.direct_passthrough and response.status_code == 200:
            # A static file: read whole, for streamed through the compressor it stays open.
            response.direct_passthrough = False
            response.make_sequence()
            content = response.get_data()
        answer = super().after_request(response)
        if content and answer.status_code == 200 and answer.content_encoding == "br":
            answer.set_data(packed(content))
        return answer


@lru_cache(maxsize=64)
def packed(content: bytes) -> bytes:
    """A static file as small as it gets, a tenth below `BROTLI`: it is the same for everybody, so
    the tenth of a second that it takes is spent once in each process."""
    return bytes(brotli.compress(content))


def compress(app: Flask) -> None:
    """Compress the answers of the app. To be registered before everything that changes answers."""
    app.config.from_mapping(
        COMPRESS_MIMETYPES=KINDS,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["br", "gzip"],
        COMPRESS_BR_LEVEL=BROTLI,
    )
    _Compress().init_app(app)
