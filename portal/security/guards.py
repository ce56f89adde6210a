"""What every request passes before its view: is it well-formed, ours, and allowed?

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

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge

from portal.config import Settings
from portal.domain.people.permissions import Permission
from portal.security.identity import Identity
from portal.security.sessions import SAFE_METHODS, portal_session
from portal.translation import _

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Guard:
    """A view's rule. `permission` None lets everybody in. `own_settings`: what it changes is only
    the person's own (sign-out, theme, read marks), so auditors may do it too. `uploads`: its posts
    carry files, so they may be larger than others."""

    permission: Permission | None
    own_settings: bool = False
    uploads: bool = False


class UnguardedView(Exception):
    """A view has neither `@public` nor `@requires`."""


def public(view: View) -> View:
    """Let everybody in, signed in or not."""
    return _mark(view, Guard(None))


def requires(
    permission: Permission, *, own_settings: bool = False, uploads: bool = False
) -> Callable[[View], View]:
    """Let in signed-in people whose roles grant the permission; see `Guard` for the rest."""

    def decorate(view: View) -> View:
        return _mark(view, Guard(permission, own_settings, uploads))

    return decorate


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


MEGABYTE = 1_000_000
MULTIPART = "multipart/form-data"  # the only kind of form that carries files


def register(app: Flask, settings: Settings) -> None:
    """Hold every request of the app at the gate. To be registered before the CSRF check."""

    @app.before_request
    def gate() -> None:
        if request.routing_exception is not None and request.endpoint is None:
            return  # an unknown address or a foreign host: the error page answers
        refuse_unreadable_address()
        if request.method not in SAFE_METHODS:
            refuse_cross_site(settings)
        guard = guard_of(current_app.view_functions.get(request.endpoint or ""))
        if guard is not None and guard.uploads and request.mimetype == MULTIPART:
            request.max_content_length = _largest_upload(settings)
        if guard is not None and guard.permission is not None:
            _hold(guard, guard.permission)
        refuse_large_form()


def _largest_upload(settings: Settings) -> int:
    """Bytes of a form with its files, which go to disk as they come in. Without a session only so
    much is read that the text of a form can be kept."""
    files = settings.attachments_most if portal_session().identity else 2
    return (files * settings.attachments_largest_mb + 1) * MEGABYTE


def refuse_cross_site(settings: Settings) -> None:
    """403 for a form that another site sent. Browsers say where a form comes from; programs that
    say nothing are held by the CSRF token."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        abort(403, _("This form was sent by another site."))
    origin = request.headers.get("Origin")
    if origin is None:
        return
    scheme, _sign, place = origin.partition("://")
    own = urlsplit(settings.public_url).netloc
    if scheme not in ("http", "https") or place not in (request.host, own):
        abort(403, _("This form was sent by another site."))


def _hold(guard: Guard, permission: Permission) -> None:
    session = portal_session()
    if session.error is not None:
        raise session.error
    person = session.identity
    if person is None:
        raise SignInNeeded
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
    """Flask-WTF's check, with masked tokens in pages and forms."""

    def init_app(self, app: Flask) -> None:
        """Check every form of the app, and give templates `csrf_token()`."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = masked_token
        app.context_processor(lambda: {"csrf_token": masked_token})

    def _get_csrf_token(self) -> str | None:
        text = super()._get_csrf_token()
        return unmask(text) if text else None
