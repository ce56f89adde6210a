"""Sessions as rows in PostgreSQL.

The cookie holds a random id; the row holds only its SHA-256. One statement a request reads the
session and its person together, so a changed role or a disabled account counts at once. Idle and
absolute limits are measured by the database's clock. Visitors get no row: what little they need
(a CSRF token for the sign-in form) lives in a signed cookie that is good for an hour, and so do
the messages shown once on the next page, which saves two writes for every form that is sent.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, Request, session
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from portal.config import Settings
from portal.security import rows
from portal.security.cookies import cookie_name, delete_cookie, set_cookie
from portal.security.identity import Identity
from portal.security.tokens import token_hash

CSRF = "csrf_token"
FLASHES = "_flashes"
LINK = "link"  # the link in a message by which a visitor came
NOTE_SECONDS = 3600
WITHOUT_SESSION = ("/static/", "/healthz", "/readyz", "/favicon.ico")


class PortalSession(dict[str, Any], SessionMixin):
    """What Flask's `session` is here. `error` holds why the row could not be read."""

    def __init__(self) -> None:
        super().__init__()
        self.identity: Identity | None = None
        self.token = ""
        self.error: Exception | None = None
        self.loaded: dict[str, Any] = {}
        self.noted: dict[str, Any] = {}
        self.send_token = False
        self.drop_token = False
        self.had_note = False

    def sign_in(self, token: str) -> None:
        """Belong to a new session from the next request on; what a visitor had is forgotten."""
        self.clear()
        self.token, self.identity, self.send_token = token, None, True

    def sign_out(self) -> None:
        """Become a visitor's session."""
        self.clear()
        self.token, self.identity, self.send_token = "", None, False
        self.drop_token = True


def portal_session() -> PortalSession:
    """Flask's `session` by its real type."""
    return cast(PortalSession, session._get_current_object())  # type: ignore[attr-defined]


def csrf_secret(settings: Settings, token: str, user_id: str) -> str:
    """The value behind every CSRF token of a session: it names the person and cannot be guessed."""
    key = settings.secret_key.encode()
    digest = hmac.new(key, f"csrf:{token}".encode(), hashlib.sha256).hexdigest()
    return f"{user_id}:{digest}"


@dataclass
class DatabaseSessions(SessionInterface):
    """Flask's way to open and save a session, over `portal.sessions`."""

    settings: Settings

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        """The session of a request. A database that is away is told later, by the gate."""
        session = PortalSession()
        if request.path.startswith(WITHOUT_SESSION) or request.routing_exception:
            return session
        token = request.cookies.get(cookie_name(self.settings, "session"), "")
        if token:
            try:
                self._load(session, token)
            except SQLAlchemyError as error:
                session.error = error
        self._read_note(session, request)
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed. A failed write loses a message, never the answer."""
        assert isinstance(session, PortalSession)
        if session.send_token:
            set_cookie(response, self.settings, "session", session.token)
        elif session.drop_token:
            delete_cookie(response, self.settings, "session")
        self._write_note(session, response)
        kept = {key: value for key, value in session.items() if key not in (CSRF, FLASHES)}
        if session.identity and kept != session.loaded:
            try:
                rows.store(session.identity.session_id, kept)
            except SQLAlchemyError:
                app.logger.exception("session not stored")

    def _load(self, session: PortalSession, token: str) -> None:
        found = rows.load(token_hash(token), self.settings)
        if found is None:
            session.drop_token = True
            return
        session.token, session.identity = token, found.identity
        session.update(found.data)
        session.loaded = dict(found.data)

    def _signer(self, session: PortalSession) -> URLSafeTimedSerializer:
        # Bound to the session: a message of one person cannot be shown to another.
        return URLSafeTimedSerializer(self.settings.secret_key, salt=f"note:{session.token}")

    def _read_note(self, session: PortalSession, request: Request) -> None:
        text = request.cookies.get(cookie_name(self.settings, "note"), "")
        session.had_note = bool(text)
        try:
            note = self._signer(session).loads(text, max_age=NOTE_SECONDS) if text else {}
        except BadData:
            note = {}
        session.update(note)
        if session.identity:
            session[CSRF] = csrf_secret(self.settings, session.token, session.identity.id)
        session.noted = dict(note)

    def _write_note(self, session: PortalSession, response: Response) -> None:
        if session.token:
            note = {FLASHES: session[FLASHES]} if session.get(FLASHES) else {}
        else:
            note = dict(session)
        if note and note != session.noted:
            set_cookie(response, self.settings, "note", str(self._signer(session).dumps(note)))
        elif session.had_note and not note:
            delete_cookie(response, self.settings, "note")
