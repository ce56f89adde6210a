"""Who is signed in, from which device, by sessions as rows in PostgreSQL.

The cookie holds a random id; the row holds only its SHA-256. One statement a request reads the
session and its person together, so a changed role or a disabled account counts at once. Idle and
absolute limits are measured by the database's clock. Visitors get no row: what little they need
(a CSRF token for the sign-in form) lives in a signed cookie that is good for an hour, and so do
the messages shown once on the next page, which saves two writes for every form that is sent.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from flask import Flask, Request, current_app, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import AnonymousUserMixin, UserMixin, current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Select, bindparam, exists, func, literal_column, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import aliased
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from portal.config import Settings
from portal.domain.branding import Branding
from portal.domain.people.directory import OnNow
from portal.domain.people.permissions import Permission, Role, permissions_of
from portal.domain.request.proof import DecisionProof
from portal.domain.request.state import Click
from portal.extensions import Question, ServerSilent, db, read_only, transaction
from portal.models import (
    Closure,
    Command,
    Delegation,
    Notification,
    Organisation,
    OrganisationLogo,
    Task,
    User,
    UserSession,
)
from portal.models.undoing import waits_to_be_applied
from portal.security.tokens import token_hash

MOST = 100
MOST_ABSENCES = 5


OURS = Branding()  # where nothing is set


def _at_most(inner: Select[Any]) -> Any:
    # The person stands in the statement around it, which a subquery has to be told.
    rows = inner.limit(MOST).correlate(User).subquery()
    return select(func.count()).select_from(rows).correlate(User).scalar_subquery()


def _open_tasks(person: Any) -> Select[Any]:
    # The status as a literal: a prepared statement's general plan could not use the partial index
    # else.
    decided = exists().where(Command.task_id == Task.id, *waits_to_be_applied(person))
    return select(literal_column("1")).where(
        Task.assignee_id == person,
        Task.status == literal_column("'OPEN'"),
        ~decided.correlate(Task, User),
    )


def _unread(person: Any) -> Select[Any]:
    return select(literal_column("1")).where(
        Notification.user_id == person,
        Notification.read_at.is_(None),
        literal_column("NOT notifications.hidden"),
    )


_LOOK = (
    select(
        Organisation.name, Organisation.accent, Organisation.logo, OrganisationLogo.width,
        OrganisationLogo.height, OrganisationLogo.ground, Organisation.locale,
    )
    .outerjoin(OrganisationLogo, OrganisationLogo.digest == Organisation.logo)
    .subquery("look")
)  # fmt: skip
_BRANDING = select(func.to_jsonb(literal_column("look"))).select_from(_LOOK).scalar_subquery()
_CLOSED = select(Closure.words).where(Closure.in_force.is_(True)).scalar_subquery()


def _absences(person: Any, whose: Any, other: Any) -> Any:
    """The absences that are on in which the reader is `whose`, each with the other's name."""
    someone = aliased(User)
    on = (
        select(someone.name, Delegation.ends_at)
        .join(someone, someone.id == other)
        .where(
            whose == person,
            Delegation.ends_at > func.now(),
            Delegation.starts_at <= func.now(),
            Delegation.revoked_at.is_(None),
        )
        .order_by(Delegation.ends_at)
        .limit(MOST_ABSENCES)
        .correlate(User)
        .subquery()
    )
    pair = func.jsonb_build_array(on.c.name, on.c.ends_at)
    return select(func.jsonb_agg(pair)).select_from(on).correlate(User).scalar_subquery()


def _leads(person: Any) -> Any:
    """Whether anybody active reports to them."""
    report = aliased(User)
    return select(literal_column("1")).where(report.manager_id == person, report.is_active).exists()


def frame_columns(person: Any) -> tuple[Any, ...]:
    """The columns that `frame_of` reads, for the person of this id: a column or a parameter."""
    delegator, delegate = Delegation.delegator_id, Delegation.delegate_id
    return (
        _CLOSED.label("closed"),
        _BRANDING.label("branding"),
        _leads(person).label("leads"),
        _at_most(_open_tasks(person)).label("inbox"),
        _at_most(_unread(person)).label("notifications"),
        _absences(person, delegator, delegate).label("away"),
        _absences(person, delegate, delegator).label("acting"),
    )


ALONE = select(*frame_columns(bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class Frame:
    """`counts` by place (100 means "more than 99"); `away`: who acts for the reader; `acting`:
    for whom the reader acts; `closed`: what to say while the portal takes no commands;
    `branding`: what the house looks like; `leads`: whether anybody reports to the reader."""

    counts: dict[str, int]
    away: tuple[OnNow, ...] = ()
    acting: tuple[OnNow, ...] = ()
    closed: str | None = None
    branding: Branding = OURS
    leads: bool = False


def frame(user_id: str) -> Frame:
    """What the frame says to this person now."""
    return frame_of(db.session.execute(ALONE, {"user_id": user_id}).one())


def frame_of(row: Any) -> Frame:
    """The frame in a row with `frame_columns`."""
    counts = {"inbox": row.inbox, "notifications": row.notifications}
    counts = {name: count for name, count in counts.items() if count}
    look = _branded(row.branding)
    return Frame(counts, _on(row.away), _on(row.acting), row.closed, look, row.leads)


def branding() -> Branding:
    """What the house looks like now, for visitors' pages; as the product does where the database
    does not say."""
    try:
        return _branded(db.session.scalar(select(_BRANDING)))
    except SQLAlchemyError:
        db.session.rollback()
        return OURS


def _branded(said: dict[str, Any] | None) -> Branding:
    return Branding(**{name: value for name, value in (said or {}).items() if value})


def _on(pairs: list[list[str]] | None) -> tuple[OnNow, ...]:
    return tuple(OnNow(name, datetime.fromisoformat(until)) for name, until in pairs or ())


def closed() -> str | None:
    """What to say while the portal takes no commands; for visitors' pages."""
    return db.session.scalar(select(Closure.words).where(Closure.in_force.is_(True)))


@dataclass(frozen=True, kw_only=True)
class Identity(UserMixin):  # type: ignore[misc]  # no types there
    """A signed-in person, read anew with every request. `now` is the database's clock;
    `confirmed_at`: when they last proved who they are; `is_strong`: also by a second factor;
    `frame` what pages tell them beside their content, where it was asked for."""

    id: str
    name: str
    email: str
    roles: frozenset[Role]
    time_zone: str
    locale: str
    session_id: str
    now: datetime
    frame: Frame | None = None
    confirmed_at: datetime | None = None
    is_strong: bool = False
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", permissions_of(self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether the person's roles allow it."""
        return permission in self.permissions

    @property
    def is_recent(self) -> bool:
        """Whether they proved who they are in the last ten minutes."""
        return self.confirmed_at is not None and self.now - self.confirmed_at <= RECENT

    @property
    def proof(self) -> DecisionProof | None:
        """What a young session shows: it was its person who began or confirmed it."""
        if self.confirmed_at is None or not self.is_recent:
            return None
        return DecisionProof(at=self.confirmed_at)

    def lacks_factor(self, required: Collection[str]) -> bool:
        """Whether one of these roles is theirs, for which a second factor is required, and they
        came without one. Everybody is a member."""
        return not self.is_strong and any(role in required for role in (Role.MEMBER, *self.roles))

    @property
    def is_auditor(self) -> bool:
        """Auditors read everything and change nothing but their own settings."""
        return Role.AUDITOR in self.roles


_ROLES = frozenset(role.value for role in Role)


def known_roles(names: list[str]) -> frozenset[Role]:
    """The stored roles, without names that this version does not know."""
    return frozenset(Role(name) for name in names if name in _ROLES)


def identity_of(_: Request) -> Identity | None:
    """What Flask-Login asks for: the session of the present request says it."""
    return portal_session().identity


def signed_in() -> Identity | None:
    """The person of this request, or None for a visitor."""
    user = current_user._get_current_object()
    return None if isinstance(user, AnonymousUserMixin) else cast(Identity, user)


def me() -> Identity:
    """The signed-in person. Only for views behind `@requires`; raises Unauthorized elsewhere."""
    person = signed_in()
    if person is None:
        raise Unauthorized
    return person


LONGEST_USER_AGENT = 300


def address() -> str | None:
    """The visitor's address, seen through as many proxies as the settings trust."""
    return request.remote_addr


def click() -> Click:
    """Where the present request comes from."""
    agent = request.user_agent.string[:LONGEST_USER_AGENT]
    return Click(ip=address(), user_agent=agent.replace("\x00", "") or None)


def current_settings() -> Settings:
    """What `create_app` was given."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings


CSRF = "csrf_token"
FLASHES = "_flashes"
LINK = "link"  # the link in a message by which a visitor came
CHALLENGE = "challenge"  # what this browser is asked to prove
NOTE_SECONDS = 3600
WITHOUT_SESSION = ("/static/", "/healthz", "/readyz", "/favicon.ico", "/api/", "/branding/")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SEEN_EVERY_SECONDS = 60
RECENT = timedelta(minutes=10)


def is_https(settings: Settings) -> bool:
    """Whether people reach the portal over HTTPS."""
    return settings.public_url.startswith("https://")


def cookie_name(settings: Settings, name: str) -> str:
    """`gloria-session`; over HTTPS `__Host-gloria-session`, which no sibling site can set."""
    return f"__Host-gloria-{name}" if is_https(settings) else f"gloria-{name}"


def set_cookie(
    response: Response, settings: Settings, name: str, value: str, max_age: int | None = None
) -> None:
    """Set a cookie that no script reads. Without `max_age` (seconds) it ends with the browser."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="Lax",
    )


def delete_cookie(response: Response, settings: Settings, name: str) -> None:
    """Take a cookie back."""
    set_cookie(response, settings, name, "", max_age=0)


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


def csrf_secret(secret_key: str, token: str, user_id: str) -> str:
    """The value behind every CSRF token of a session: it names the person and cannot be guessed."""
    digest = hmac.new(secret_key.encode(), f"csrf:{token}".encode(), hashlib.sha256).hexdigest()
    return f"{user_id}:{digest}"


def is_former_csrf(value: object) -> bool:
    """Whether it is what stood behind this session's forms before the SECRET_KEY was changed."""
    session, settings = portal_session(), current_settings()
    if session.identity is None or not settings.secret_key_previous:
        return False
    former = csrf_secret(settings.secret_key_previous, session.token, session.identity.id)
    return hmac.compare_digest(former, str(value))


@dataclass
class DatabaseSessions(SessionInterface):
    """Flask's way to open and save a session, over `portal.sessions`."""

    settings: Settings

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        """The session of a request. A database that is away is told later, by the gate."""
        session = PortalSession()
        if request.routing_exception:
            return session
        if request.path.startswith(WITHOUT_SESSION):
            # Programs' reads write nothing either.
            if request.path.startswith(("/api/", "/branding/")):
                read_only(request.method in SAFE_METHODS)
            return session
        read_only(request.method in SAFE_METHODS)
        token = request.cookies.get(cookie_name(self.settings, "session"), "")
        if token:
            try:
                self._load(session, token, framed=request.method == "GET")
            except SQLAlchemyError as error:
                session.error = error
        self._read_note(session, request)
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed. A failed write loses a message, never the answer."""
        if not isinstance(session, PortalSession):
            return  # it could not be opened; the error page goes out without it
        if session.send_token:
            set_cookie(response, self.settings, "session", session.token)
        elif session.drop_token:
            delete_cookie(response, self.settings, "session")
        self._write_note(session, response)
        kept = {key: value for key, value in session.items() if key not in (CSRF, FLASHES)}
        if session.identity and kept != session.loaded:
            try:
                store(session.identity.session_id, kept)
            except SQLAlchemyError:
                app.logger.exception("session not stored")

    def _load(self, session: PortalSession, token: str, *, framed: bool) -> None:
        found = load(token_hash(token), self.settings, framed=framed)
        if found is None:
            session.drop_token = True
            return
        session.token, session.identity = token, found.identity
        session.update(found.data)
        session.loaded = dict(found.data)

    def _signer(self, session: PortalSession) -> URLSafeTimedSerializer:
        # Bound to the session: a message of one person cannot be shown to another.
        return URLSafeTimedSerializer(self.settings.secret_keys, salt=f"note:{session.token}")

    def _read_note(self, session: PortalSession, request: Request) -> None:
        text = request.cookies.get(cookie_name(self.settings, "note"), "")
        session.had_note = bool(text)
        try:
            note = self._signer(session).loads(text, max_age=NOTE_SECONDS) if text else {}
        except BadData:
            note = {}
        session.update(note)
        if session.identity:
            session[CSRF] = csrf_secret(
                self.settings.secret_key, session.token, session.identity.id
            )
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


@dataclass(frozen=True)
class Loaded:
    """A live session: who, and what was kept in it."""

    identity: Identity
    data: dict[str, Any]


def _live(*more: Any) -> Select[*tuple[Any, ...]]:
    idle = func.make_interval(0, 0, 0, 0, 0, bindparam("idle_minutes"))
    absolute = func.make_interval(0, 0, 0, 0, bindparam("absolute_hours"))
    return (
        select(
            UserSession.id.label("session_id"),
            UserSession.data,
            UserSession.last_seen_at,
            UserSession.confirmed_at,
            UserSession.is_strong,
            User.id,
            User.name,
            User.email,
            User.roles,
            User.time_zone,
            User.locale,
            func.now().label("now"),
            *more,
        )
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == bindparam("token_hash"),
            UserSession.ended_at.is_(None),
            UserSession.last_seen_at > func.now() - idle,
            UserSession.created_at > func.now() - absolute,
            User.is_active,
        )
    )


LIVE = _live()
# For a page, which tells its reader the rest as well: one round trip for both.
LIVE_WITH_FRAME = _live(*frame_columns(User.id))
_BARE, _FRAMED = Question(LIVE), Question(LIVE_WITH_FRAME)


def load(token_hash: str, settings: Settings, *, framed: bool = False) -> Loaded | None:
    """The live session of a token and its active person, with `framed` what the frame of a page
    says to them; None where it is over or was never."""
    row = _first(
        _FRAMED if framed else _BARE,
        {
            "token_hash": token_hash,
            "idle_minutes": settings.session_idle_minutes,
            "absolute_hours": settings.session_absolute_hours,
        },
    )
    if row is None:
        return None
    if (row.now - row.last_seen_at).total_seconds() > SEEN_EVERY_SECONDS:
        _change(row.session_id, last_seen_at=func.now())
    return Loaded(_identity(row, frame_of(row) if framed else None), row.data)


def _first(question: Question, values: dict[str, Any]) -> Any | None:
    try:
        return question.one_or_none(db.session.connection(), values)
    except DBAPIError as error:
        db.session.rollback()
        if not error.connection_invalidated or isinstance(error.orig, ServerSilent):
            raise
        # The server was restarted under a pooled connection. Nothing was done yet: ask again.
        return question.one_or_none(db.session.connection(), values)


def _identity(row: Any, frame: Frame | None) -> Identity:
    return Identity(
        id=row.id,
        name=row.name,
        email=row.email or "",
        roles=known_roles(row.roles),
        time_zone=row.time_zone,
        locale=row.locale,
        session_id=row.session_id,
        now=row.now,
        confirmed_at=row.confirmed_at,
        is_strong=row.is_strong,
        frame=frame,
    )


def store(session_id: str, data: dict[str, Any]) -> None:
    """Keep the session's own data."""
    db.session.rollback()
    _change(session_id, data=data)


def _change(session_id: str, **values: Any) -> None:
    with transaction():
        db.session.execute(update(UserSession).where(UserSession.id == session_id).values(**values))
        db.session.commit()


NAME = "device"
DAYS_180 = 180 * 24 * 3600
MOST_PEOPLE = 5


def read(request: Request, settings: Settings) -> tuple[str, tuple[str, ...]] | None:
    """The device's id and the people who signed in there; None without a valid cookie."""
    text = request.cookies.get(cookie_name(settings, NAME), "")
    try:
        device, people = _signer(settings).loads(text, max_age=DAYS_180)
    except (BadData, ValueError, TypeError):
        return None
    return str(device), tuple(map(str, people))


def remember(request: Request, response: Response, settings: Settings, user_id: str) -> None:
    """Write down that this person signed in with this browser."""
    device, people = read(request, settings) or (uuid4().hex, ())
    kept = [user_id, *(each for each in people if each != user_id)][:MOST_PEOPLE]
    text = _signer(settings).dumps([device, kept])
    set_cookie(response, settings, NAME, str(text), max_age=DAYS_180)


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_keys, salt="device")
