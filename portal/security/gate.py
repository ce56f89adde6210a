"""What every request passes before its view: is it well-formed, ours, and allowed?"""

from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request

from portal.config import Settings
from portal.domain.people.permissions import Permission
from portal.security.guards import Guard, guard_of
from portal.security.identity import Identity
from portal.security.input import refuse_large_form, refuse_unreadable_address
from portal.security.sessions import portal_session


class SignInNeeded(Exception):
    """The page is for signed-in people; `portal.pages.sign_in` answers."""


MEGABYTE = 1_000_000
MULTIPART = "multipart/form-data"  # the only kind of form that carries files
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


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
        abort(403, "This form was sent by another site.")
    origin = request.headers.get("Origin")
    if origin is None:
        return
    scheme, _, place = origin.partition("://")
    own = urlsplit(settings.public_url).netloc
    if scheme not in ("http", "https") or place not in (request.host, own):
        abort(403, "This form was sent by another site.")


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
