"""Settings: what the environment says, checked once, then frozen.

Three places are asked, the first that knows a name wins: the process environment, the file
``.env`` beside this package's folder, and the file ``var/local.env`` that ``./scripts/run`` keeps
for its own installation. The last is used only where neither of the others names a database or
an environment, so a production set-up can never be mixed with a development one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dotenv import dotenv_values

from portal.chat_settings import ChatSettings
from portal.environment import ConfigurationError, EnvironmentReader
from portal.mail_settings import MailSettings
from portal.translation import CATALOGUES
from portal.translation.pseudo import PSEUDO

__all__ = ["ChatSettings", "ConfigurationError", "MailSettings", "Settings"]

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "production", "test")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SHORTEST_SECRET = 32
KNOWN_SECRETS = ("dev", "change-me", "changeme", "secret", "replace", "example", "password")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Everything that differs between one installation and another.

    ``from_environment`` is the way to make one; tests may also build it directly. Whatever holds
    a password or a key is masked in ``repr``.
    """

    database_url: str = field(metadata={"secret": True})
    secret_key: str = field(metadata={"secret": True})
    public_url: str = "http://localhost:8000"
    environment: str = "production"
    trusted_hosts: tuple[str, ...] = LOCAL_HOSTS
    trusted_proxies: int = 0
    languages: tuple[str, ...] = ("en",)
    log_level: str = "INFO"
    attachments_dir: Path = ROOT / "var" / "attachments"
    attachments_most: int = 20
    attachments_largest_mb: int = 25
    attachments_url: str = ""
    attachments_endpoint: str = ""
    attachments_region: str = "us-east-1"
    attachments_key_id: str = ""
    attachments_key: str = field(default="", metadata={"secret": True})
    clamd_address: str = ""
    legacy_dir: Path = ROOT / "var" / "legacy"

    backups_dir: Path = ROOT / "var" / "backups"
    pg_dump: str = ""

    temporal_address: str = "localhost:7233"
    temporal_namespace: str = "default"
    temporal_task_queue: str = "gloria-workflows"
    temporal_ui_url: str = "http://localhost:8233"

    mail: MailSettings = field(default_factory=MailSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    messages_interval_ms: int = 1000

    session_idle_minutes: int = 30
    session_absolute_hours: int = 12
    outcome_wait_ms: int = 500

    database_pool_size: int = 10
    worker_max_activities: int = 20
    worker_shutdown_seconds: int = 10
    worker_heartbeat_seconds: int = 10
    worker_metrics_port: int = 0

    relay_interval_ms: int = 250
    relay_batch_size: int = 50
    relay_max_in_flight: int = 8
    relay_lease_seconds: int = 30
    people_watch_seconds: int = 2

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read and check the settings; ``env`` replaces all three places (see the module).

        Raises ConfigurationError, which names a variable that is missing, malformed or unsafe.
        """
        read = EnvironmentReader(_gather() if env is None else env)
        environment = read.choice("ENVIRONMENT", ENVIRONMENTS, "production")
        public_url = _public_url(read, environment)
        return cls(
            database_url=_database_url(read),
            secret_key=_secret_key(read, environment),
            public_url=public_url,
            environment=environment,
            trusted_hosts=_trusted_hosts(read, environment, public_url),
            trusted_proxies=read.number("TRUSTED_PROXIES", 0, 0, 5),
            languages=_languages(read),
            log_level=read.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
            **_attachments(read),
            backups_dir=Path(read.text("BACKUPS_DIR", str(ROOT / "var" / "backups"))),
            pg_dump=read.text("PG_DUMP", ""),
            legacy_dir=Path(read.text("LEGACY_DIR", str(ROOT / "var" / "legacy"))),
            temporal_address=read.address("TEMPORAL_ADDRESS", "localhost:7233"),
            temporal_namespace=read.text("TEMPORAL_NAMESPACE", "default"),
            temporal_task_queue=read.text("TEMPORAL_TASK_QUEUE", "gloria-workflows"),
            temporal_ui_url=read.url("TEMPORAL_UI_URL", "http://localhost:8233"),
            mail=MailSettings.read(read).checked(environment == "production"),
            chat=ChatSettings.read(read),
            session_idle_minutes=read.number("SESSION_IDLE_MINUTES", 30, 1, 24 * 60),
            session_absolute_hours=read.number("SESSION_ABSOLUTE_HOURS", 12, 1, 24 * 7),
            outcome_wait_ms=read.number("OUTCOME_WAIT_MS", 500, 0, 5_000),
            **_tuning(read),
        )

    @property
    def is_production(self) -> bool:
        """Whether the strict rules hold."""
        return self.environment == "production"

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address for SQLAlchemy, which wants the driver's name in the scheme."""
        return "postgresql+psycopg" + self.database_url[self.database_url.index("://") :]

    def __repr__(self) -> str:
        """All fields, with passwords and keys masked."""
        shown = ", ".join(
            f"{each.name}={_masked(getattr(self, each.name))!r}"
            if each.metadata.get("secret")
            else f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
        )
        return f"Settings({shown})"


def _gather() -> dict[str, str]:
    """The environment over ``.env`` over ``var/local.env`` (see the module)."""
    given = {**_file(ROOT / ".env"), **os.environ}
    if given.get("DATABASE_URL") or given.get("DATABASE_URL_FILE") or given.get("ENVIRONMENT"):
        return given
    return {**_file(ROOT / "var" / "local.env"), **given}


def _file(path: Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(path).items() if value is not None}
    except OSError as error:
        raise ConfigurationError(path.name, f"cannot be read: {error.strerror}") from error


def _attachments(read: EnvironmentReader) -> dict[str, Any]:
    url = read.text("ATTACHMENTS_URL", "")
    if url and not (url.startswith("s3://") and len(urlsplit(url).netloc) >= 3):
        raise ConfigurationError("ATTACHMENTS_URL", "must be like s3://bucket/folder, or empty")
    scanner = read.text("CLAMD_ADDRESS", "")
    if scanner and not scanner.startswith("/") and not scanner.rpartition(":")[2].isdigit():
        raise ConfigurationError("CLAMD_ADDRESS", "must be host:port or the path of a socket")
    return {
        "attachments_dir": Path(read.text("ATTACHMENTS_DIR", str(ROOT / "var" / "attachments"))),
        "attachments_most": read.number("ATTACHMENTS_MOST", 20, 1, 100),
        "attachments_largest_mb": read.number("ATTACHMENTS_LARGEST_MB", 25, 1, 100),
        "attachments_url": url,
        "attachments_endpoint": read.text("ATTACHMENTS_ENDPOINT", ""),
        "attachments_region": read.text("ATTACHMENTS_REGION", "us-east-1"),
        "attachments_key_id": read.text("ATTACHMENTS_KEY_ID", ""),
        "attachments_key": read.secret("ATTACHMENTS_KEY") or "",
        "clamd_address": scanner,
    }


def _languages(read: EnvironmentReader) -> tuple[str, ...]:
    named = tuple(read.text("LANGUAGES", "en").replace("-", "_").replace(",", " ").split())
    known = {"en", PSEUDO, *(each.name for each in CATALOGUES.glob("*/"))}
    for code in named:
        if code not in known:
            raise ConfigurationError("LANGUAGES", f"knows no {code}: it may name {sorted(known)}")
    return named or ("en",)


def _database_url(read: EnvironmentReader) -> str:
    url = read.secret("DATABASE_URL")
    if not url:
        raise ConfigurationError("DATABASE_URL", "is missing: say postgresql://user@host/database")
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise ConfigurationError("DATABASE_URL", "must begin with postgresql://")
    return f"postgresql://{rest}"


def _secret_key(read: EnvironmentReader, environment: str) -> str:
    key = read.secret("SECRET_KEY")
    if not key:
        raise ConfigurationError("SECRET_KEY", "is missing: give at least 32 random characters")
    if environment == "production":
        if len(key) < SHORTEST_SECRET:
            raise ConfigurationError("SECRET_KEY", f"is shorter than {SHORTEST_SECRET} characters")
        if len(set(key)) < 8 or key.lower().startswith(KNOWN_SECRETS):
            raise ConfigurationError("SECRET_KEY", "is easy to guess: make a random one")
    return key


def _public_url(read: EnvironmentReader, environment: str) -> str:
    default = None if environment == "production" else "http://localhost:8000"
    url = read.url("PUBLIC_URL", default)
    if environment == "production" and not url.startswith("https://"):
        raise ConfigurationError("PUBLIC_URL", "must begin with https:// in production")
    return url


def _tuning(read: EnvironmentReader) -> dict[str, Any]:
    return {
        "messages_interval_ms": read.number("MESSAGES_INTERVAL_MS", 1000, 10, 60_000),
        "database_pool_size": read.number("DATABASE_POOL_SIZE", 10, 1, 200),
        "worker_max_activities": read.number("WORKER_MAX_ACTIVITIES", 20, 1, 500),
        "worker_shutdown_seconds": read.number("WORKER_SHUTDOWN_SECONDS", 10, 1, 600),
        "worker_heartbeat_seconds": read.number("WORKER_HEARTBEAT_SECONDS", 10, 1, 30),
        "worker_metrics_port": read.number("WORKER_METRICS_PORT", 0, 0, 65_535),
        "relay_interval_ms": read.number("RELAY_INTERVAL_MS", 250, 10, 60_000),
        "relay_batch_size": read.number("RELAY_BATCH_SIZE", 50, 1, 1_000),
        "relay_max_in_flight": read.number("RELAY_MAX_IN_FLIGHT", 8, 1, 100),
        "relay_lease_seconds": read.number("RELAY_LEASE_SECONDS", 30, 5, 600),
        "people_watch_seconds": read.number("PEOPLE_WATCH_SECONDS", 2, 1, 300),
    }


def _trusted_hosts(read: EnvironmentReader, environment: str, public_url: str) -> tuple[str, ...]:
    own = urlsplit(public_url).hostname or "localhost"
    local = () if environment == "production" else LOCAL_HOSTS
    given = read.text("TRUSTED_HOSTS", "")
    named = tuple(host.strip() for host in given.split(",") if host.strip())
    return tuple(dict.fromkeys((own, *named, *local)))


def _masked(secret: str) -> str:
    """A database address without its password; anything else wholly hidden."""
    if "://" not in secret:
        return "***"
    parts = urlsplit(secret)
    account, at, host = parts.netloc.rpartition("@")
    name = account.partition(":")[0]
    netloc = f"{name}:***{at}{host}" if at else host
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
