"""The application factory: settings, extensions, pages, error pages, headers."""

import sys
from collections.abc import MutableMapping
from functools import partial
from importlib import import_module
from typing import Any

from flask import Flask, has_request_context
from flask.templating import Environment
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.logs import configure as configure_logs
from portal import api, cli, presentation, translation
from portal.background.alarms import AlarmWatch
from portal.config import ROOT, ConfigurationError, Settings
from portal.extensions import Door, HurriedConnection, db, login, migrate
from portal.legacy import pages as legacy
from portal.legacy.cutover import chain
from portal.pages import errors, limits
from portal.pages import layout_context as frame
from portal.queries.figures import figures
from portal.security import guards
from portal.security.guards import MaskedCSRF
from portal.security.sessions import (
    DatabaseSessions,
    address,
    cookie_name,
    identity_of,
    portal_session,
)
from portal.services import acts
from portal.services.health import free_bytes
from portal.temporal import gateway

# The blueprints as people see them; a large one is a package of pages.
PAGES: dict[str, tuple[str, ...]] = {
    "sign_in": (),
    "second_step": (),
    "providers": (),
    "passwords": (),
    "inbox": ("show", "batches", "saved_views"),
    "tasks": ("signing", "decision", "links", "unsigned"),
    "requests": (
        "show", "mine", "new", "edit_request", "lifecycle", "override", "information",
        "approvers", "reassignment", "attachments",
    ),
    "history": (),
    "audit": (),
    "search": (),
    "notifications": (),
    "team": (),
    "insights": (),
    "profile": ("settings", "notifications", "away", "security", "tokens", "kept"),
    "admin": (
        "attention", "messages", "channels", "policy_moves", "people", "calendars", "organisation",
        "organisation_settings", "mail_texts", "retention", "removals",
        "calendar_types", "due_dates", "setup", "types", "type_form", "type_route", "type_tries",
        "people_imports", "type_readers", "type_languages", "api_tokens",
        "webhooks", "streams", "health",
    ),
    "commands": (),
    "health": (),
    "metrics": (),
    "mail": (),
    "branding": (),
}  # fmt: skip
# What programs are served.
API = ("approvals", "acts", "people", "request_types", "files", "webhooks", "docs", "scim")
migrate.configure(chain.configure)

LARGEST_BODY = 500_000  # forms with files may be larger: portal.security.guards
LARGEST_FORM = 500_000
MOST_PARTS = 1_000
CONNECT_SECONDS = 2
STATEMENT_MS = 2_500
DO_NOT_RETRY = 4  # gunicorn stops where a worker ends so; with another code it starts the next


class Templates(Environment):
    """Jinja's environment, whose templates share its globals: each would have a view of its own
    over them, whose names are compared one by one for every import of every page."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template sees beside its context."""
        return super().make_globals(d) if d else self.globals


class Portal(Flask):
    """The web application."""

    jinja_environment = Templates


def create_app(settings: Settings | None = None) -> Flask:
    """Make the web application. Connects to nothing.

    Without `settings` the environment is read; where that is incomplete or unsafe, the process
    says so and ends. Raises UnguardedView where a view does not say who may see it.
    """
    settings = settings or _settings()
    configure_logs(settings.log_level)
    app = Portal(
        "portal",
        root_path=str(ROOT / "portal"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.config.from_mapping(_config(settings))
    app.session_interface = DatabaseSessions(settings)
    gateway.bind(settings)
    _bind(app)
    _watch(app, settings)
    _pages(app)
    app.cli.add_command(cli.portal)
    app.extensions["beside"] = [partial(_watch_for_alarms, app, settings)]
    guards.public(app.view_functions["static"])
    guards.check_all(app)
    return app


def load_api() -> None:
    """Declare what programs are served; the document of the API is made from that."""
    for part in API:
        import_module(f"portal.api.{part}")


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except ConfigurationError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(DO_NOT_RETRY)


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "WTF_CSRF_SECRET_KEY": settings.secret_keys,
        "SESSION_COOKIE_NAME": cookie_name(settings, "session"),
        "SQLALCHEMY_DATABASE_URI": settings.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings),
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "LARGEST_UPLOAD": guards.largest_upload(settings, settings.attachments_most),
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "MAX_FORM_PARTS": MOST_PARTS,
        "PROPAGATE_EXCEPTIONS": False,
        "TRAP_HTTP_EXCEPTIONS": False,
        # A form stays good as long as the session that it was drawn for.
        "WTF_CSRF_TIME_LIMIT": None,
        # Our own gate compares origins; a missing Referer is no reason to refuse.
        "WTF_CSRF_SSL_STRICT": False,
    }


def engine_options(settings: Settings) -> dict[str, Any]:
    """How the web talks to PostgreSQL: whatever goes wrong there is told within three seconds."""

    door = Door(settings.database_url, settings.newest_database_url)
    connect = partial(
        HurriedConnection.connect,
        connect_timeout=CONNECT_SECONDS,
        application_name="gloria-web",
        options=f"-c statement_timeout={STATEMENT_MS} -c timezone=UTC",
    )

    return {
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        "pool_timeout": CONNECT_SECONDS,
        "hide_parameters": True,
        "creator": partial(door.open, connect),
    }


def _bind(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    login.session_protection = None
    login.request_loader(identity_of)
    # What `login.init_app` does, without its remember-me cookie.
    app.login_manager = login  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    presentation.register(app, frame.viewpoint)
    frame.register(app)
    errors.register(app)
    acts.bind(_origin)


def _origin() -> acts.Origin:
    """Who acts in the present request; outside of one, a command on the server."""
    if not has_request_context():
        return acts.Origin()
    person = portal_session().identity
    if person is None:
        return acts.Origin("", None, address())
    return acts.Origin(person.id, person.session_id or None, address())


def _watch(app: Flask, settings: Settings) -> None:
    """In this order: compression, which sees an answer last; an id for the request, its language,
    the gate, the CSRF token, then the limits."""
    guards.compress(app)
    guards.number_and_log(app, errors.record_refusal)
    translation.register(app, settings.languages, frame.own_language, frame.usual_language)
    guards.add_security_headers(app, settings)
    guards.register(app, settings)
    MaskedCSRF().init_app(app)
    limits.register(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )


def _pages(app: Flask) -> None:
    for name, parts in PAGES.items():
        room = import_module(f"portal.pages.{name}")
        for part in parts:
            import_module(f"portal.pages.{name}.{part}")
        app.register_blueprint(room.blueprint)
    app.register_blueprint(legacy.blueprint)
    load_api()
    app.register_blueprint(api.blueprint)
    setup = import_module("portal.pages.admin.setup")
    app.extensions["administration"] = [setup.place, legacy.place]


def _watch_for_alarms(app: Flask, settings: Settings) -> None:
    """What a web process does beside requests; gunicorn's processes begin it (portal.serving)."""

    def seen() -> dict[str, float | None]:
        with app.app_context():
            free = free_bytes(settings)
            return {**figures(settings.temporal_task_queue), "attachments_free_bytes": free}

    with app.app_context():
        engine = db.engine
    AlarmWatch(engine, settings, presentation.letters(ROOT / "templates"), seen).start()
