"""Settings: what the environment says, read and checked once, then frozen.

Three places are asked, the first that knows a name wins: the process environment, the file
``.env`` beside this package's folder, and the file ``var/local.env`` that ``./scripts/run`` keeps
for its own installation. The last is read only where one of the others says that this is a
development copy (``ENVIRONMENT=development`` or ``test``) and none names a database.
"""

import os
import re
import tomllib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from dotenv import dotenv_values
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.domain.notices.chat import SERVICES, USUAL
from portal.domain.people.permissions import Role
from portal.domain.people.providers import ProviderMalformed, SignInProvider, provider_of
from portal.domain.people.tokens import PREFIX
from portal.translation import CATALOGUES, SHIPPED
from portal.translation.pseudo import TRIALS

ROOT = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
SHORTEST_SECRET = 32
LEAST_ENTROPY = 85  # bits; 32 random hexadecimal digits have 90 to 128 by this measure
KNOWN_SECRETS = re.compile(
    r"dev(elopment)?[-_ ]|.*(change-?me|secret|replace|example|password)", re.IGNORECASE
)
IN_ORDER = "abcdefghijklmnopqrstuvwxyz 0123456789 qwertyuiop asdfghjkl zxcvbnm"
# One person, in one line; quotation marks and commas would make two of it.
SENDER = re.compile(
    r'(?:(?P<name>[^<>",;:@\x00-\x1f]{1,100}) )?<?(?P<address>[^\s<>",;:@]+@[^\s<>",;:@]+)>?'
)
# Names like ours that other programs read: see .env.example.
OF_OTHERS = {
    "TEMPORAL_CLI", "CHROMIUM", "TEMPORAL_POSTGRES_PASSWORD", "TEMPORAL_RETENTION",
    "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE", "TEMPORAL_CODEC_ENDPOINT", "TEMPORAL_CODEC_AUTH",
}  # fmt: skip
# What begins like this is meant for us. What ends like that comes from Docker or Kubernetes, which
# tell each container where its neighbours are (TEMPORAL_PORT_7233_TCP).
FAMILIES = (
    "ATTACHMENTS_",
    "AUDIT_",
    "CHAT_",
    "DATABASE_",
    "LIMIT_",
    "RELAY_",
    "SMTP_",
    "TEMPORAL_",
    "TRUSTED_",
    "WEBHOOK_",
)
NEIGHBOURS = re.compile(r"_(NAME|ENV_.*|(SERVICE_)?(HOST|PORT)(_.*)?)$")

Problem = tuple[str, str]
"""The name of a variable, and what is wrong with it."""


class ConfigurationError(Exception):
    """Settings that are missing, malformed or unsafe: all of them. Never repeats a secret."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(f"{variable} {reason}." for variable, reason in problems))
        self.problems = tuple(problems)


class _Malformed(ValueError):
    """A text that is no value of its setting."""


def _plain(text: str) -> str:
    return text


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text[:12]) <= most:
            raise _Malformed(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise _Malformed(f"must be one of {', '.join(allowed)}")
        return text

    return read


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise _Malformed("must be yes or no")
    return text == "yes"


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _Malformed(f"must be {advice}")
        return text

    return read


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))


def _schemes(text: str) -> tuple[str, ...]:
    unknown = [each for each in _names(text) if each not in SERVICES]
    if unknown:
        raise _Malformed(f"knows no {', '.join(unknown)}: name some of {', '.join(SERVICES)}")
    return _names(text)


def _languages(text: str) -> tuple[str, ...]:
    known = {"en", *TRIALS, *(each.name for each in CATALOGUES.glob("*/"))}
    codes = tuple(text.replace("-", "_").replace(",", " ").split())
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise _Malformed(f"knows no {', '.join(unknown)}: it may name {', '.join(sorted(known))}")
    return codes or ("en",)


def _roles(text: str) -> tuple[str, ...]:
    known = [role.value for role in Role]
    unknown = [each for each in _names(text) if each not in known]
    if unknown:
        raise _Malformed(f"knows no {', '.join(unknown)}: name some of {', '.join(known)}")
    return _names(text)


def _providers(text: str) -> tuple[SignInProvider, ...]:
    """The providers of a TOML file, with their secrets from files of their own."""
    try:
        tables = tomllib.loads(_there(text).read_text(encoding="utf-8"))["provider"]
        found = tuple(provider_of(each, _secret_beside(text, each)) for each in tables)
    except ProviderMalformed as malformed:
        raise _Malformed(f"names a file of which a provider {malformed}") from malformed
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
        raise _Malformed(f"names a file that says no providers ({error})") from error
    if len({each.id for each in found}) < len(found):
        raise _Malformed("names a file in which an id stands twice")
    return found


def _secret_beside(path: str, table: Mapping[str, Any]) -> str:
    name = table.get("client_secret_file")
    return (Path(path).parent / name).read_text(encoding="utf-8").strip() if name else ""


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and parts.hostname and not parts.query
        is_good = is_good and parts.port != 0
    except ValueError:  # a port that is no number, half a bracket
        is_good = False
    if not is_good:
        raise _Malformed("must be an address like https://approvals.example.org")
    return text.rstrip("/")


def _url_or_none(text: str) -> str:
    return _url(text) if text else ""


def _site(text: str) -> str:
    """Where the portal stands: at the root of a host of its own."""
    url = _url(text)
    parts = urlsplit(url)
    if parts.path or parts.fragment:
        raise _Malformed("must end with the host: the portal needs one of its own, without a path")
    if parts.username is not None:
        raise _Malformed("must name no account")
    return url


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or "/" in host or not port.isdigit() or not 0 < int(port[:6]) < 65536:
        raise _Malformed("must be host:port, like localhost:7233")
    return text


def _database(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise _Malformed("must begin with postgresql://")
    try:
        conninfo_to_dict(f"postgresql://{rest}")
        make_url(f"postgresql://{rest}")
        if "@" in urlsplit(f"postgresql://{rest}").path:  # what was cut off at a / of the password
            raise ValueError
    except (psycopg.Error, ArgumentError, ValueError):
        # What they say repeats the address, and so the password.
        shape = "postgresql://user:password@host:5432/database"
        advice = f"must be like {shape}, with %40 for an @ in the password and %2F for a /"
        raise _Malformed(advice) from None
    return f"postgresql://{rest}"


def _there(text: str) -> Path:
    try:
        with Path(text).open("rb"):
            return Path(text)
    except OSError as error:
        raise _Malformed(f"names {text}, which cannot be read") from error


def _keys(text: str) -> str:
    """Named AES-256 keys; the text itself is what is kept, so that it is masked like a password."""
    for each in text.split(","):
        name, _, key = each.strip().partition(":")
        try:
            is_good = bool(name) and len(b64decode(key, validate=True)) == 32
        except ValueError:
            is_good = False
        if not is_good:
            raise _Malformed("must be name:key, each key 32 bytes in base64, with commas between")
    return text


def _token(text: str) -> str:
    return _matching(r"\S{16,}", "at least 16 characters without spaces")(text)


def _switch(text: str) -> bool:
    return _one_of("true", "false")(text) == "true"


def _setting(
    variable: str, default: Any, read: Callable[[str], Any] = _plain, *, secret: bool = False
) -> Any:
    """A field that `variable` of the environment sets; an empty value counts as not given.

    A secret's value may also stand in a file that `<variable>_FILE` names. A default of ... (an
    ellipsis) says that there is none.
    """
    metadata = {"variable": variable, "read": read, "secret": secret}
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Group:
    """Settings that belong together. Whatever holds a password or a key is masked in `repr`."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{each.name}={self._shown(each)!r}" for each in fields(self))
        return f"{type(self).__name__}({shown})"

    def _shown(self, each: Any) -> object:
        value = getattr(self, each.name)
        return _masked(value) if each.metadata.get("secret") and value else value


@dataclass(frozen=True, kw_only=True, repr=False)
class MailSettings(_Group):
    """The mail server and the sender. Without a host no mail is sent.

    `tls`: "starttls", "tls" (from the first byte) or "none". `ca`: a file of certificates that may
    sign the server's, beside those that this machine knows. `timeout_seconds` bounds the whole of
    one message's talk with the server. `catcher_dir`: where a development server keeps what it
    catches, for `/dev/mail`.
    """

    host: str = _setting("SMTP_HOST", "")
    port: int = _setting("SMTP_PORT", 587, _whole(1, 65_535))
    tls: str = _setting("SMTP_TLS", "starttls", _one_of("starttls", "tls", "none"))
    user: str = _setting("SMTP_USER", "")
    password: str = _setting("SMTP_PASSWORD", "", secret=True)
    sender: str = _setting(
        "MAIL_FROM",
        "Gloria Approvals <approvals@localhost>",
        _matching(SENDER.pattern, "like Approvals <approvals@example.org>"),
    )
    ca: Path | None = _setting("SMTP_CA", None, _there)
    timeout_seconds: int = _setting("SMTP_TIMEOUT_SECONDS", 10, _whole(1, 60))
    catcher_dir: Path | None = _setting("MAIL_CATCHER_DIR", None, Path)

    @property
    def sender_address(self) -> str:
        """The address alone."""
        found = SENDER.fullmatch(self.sender)
        return found["address"] if found else ""

    @property
    def sender_name(self) -> str:
        """The name before the address, which may be empty."""
        found = SENDER.fullmatch(self.sender)
        return (found["name"] or "") if found else ""

    @property
    def sender_domain(self) -> str:
        """What stands behind the @; message ids end with it."""
        return self.sender_address.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True, repr=False)
class ChatSettings(_Group):
    """What holds for every chat channel.

    `schemes`: those that an address may begin with. `allowed_hosts`: names and addresses that may
    lead into the organisation's own network; any other has to be public. `timeout_seconds` bounds
    the whole of one message's talk with the service.
    """

    schemes: tuple[str, ...] = _setting("CHAT_SCHEMES", USUAL, _schemes)
    allowed_hosts: tuple[str, ...] = _setting("CHAT_ALLOWED_HOSTS", (), _names)
    timeout_seconds: int = _setting("CHAT_TIMEOUT_SECONDS", 10, _whole(1, 60))


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookSettings(_Group):
    """What holds for every webhook.

    `allowed_hosts`: names and addresses that may lead into the organisation's own network, and that
    may be talked to without encryption. `timeout_seconds` bounds the whole of one try.
    """

    allowed_hosts: tuple[str, ...] = _setting("WEBHOOK_ALLOWED_HOSTS", (), _names)
    timeout_seconds: int = _setting("WEBHOOK_TIMEOUT_SECONDS", 15, _whole(1, 60))


@dataclass(frozen=True, kw_only=True, repr=False)
class TlsSettings(_Group):
    """How we talk to Temporal, by the names that its own command line reads.

    `is_on`: encrypted. `ca`: who may have signed the server's certificate, where this machine does
    not know them. `certificate`, `key`: ours, where the server asks who we are. `name`: in the
    server's certificate, where it is not the host of the address.
    """

    is_on: bool = _setting("TEMPORAL_TLS", False, _switch)
    ca: Path | None = _setting("TEMPORAL_TLS_SERVER_CA_CERT_PATH", None, _there)
    certificate: Path | None = _setting("TEMPORAL_TLS_CLIENT_CERT_PATH", None, _there)
    key: Path | None = _setting("TEMPORAL_TLS_CLIENT_KEY_PATH", None, _there)
    name: str = _setting("TEMPORAL_TLS_SERVER_NAME", "")


@dataclass(frozen=True, kw_only=True, repr=False)
class LimitSettings(_Group):
    """How many of a kind one person may send in fifteen minutes; 0: as many as they like.

    `messages`: comments, questions, reminders and whatever else tells others something; `requests`:
    new and changed ones; `uploads`: forms with files; `changes`: all other forms but decisions;
    `searches`: those, and files of lists. `api_reads`, `api_writes`: how many requests one token
    may send in a minute. All are counted over all web processes.
    """

    messages: int = _setting("LIMIT_MESSAGES", 200, _whole(0, 100_000))
    requests: int = _setting("LIMIT_REQUESTS", 200, _whole(0, 100_000))
    uploads: int = _setting("LIMIT_UPLOADS", 200, _whole(0, 100_000))
    changes: int = _setting("LIMIT_CHANGES", 1000, _whole(0, 100_000))
    searches: int = _setting("LIMIT_SEARCHES", 1000, _whole(0, 100_000))
    api_reads: int = _setting("LIMIT_API_READS", 600, _whole(0, 1_000_000))
    api_writes: int = _setting("LIMIT_API_WRITES", 120, _whole(0, 1_000_000))


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings(_Group):
    """Everything that differs between one installation and another.

    ``from_environment`` is the way to make one; tests may also build it directly.
    """

    database_url: str = _setting("DATABASE_URL", ..., _database, secret=True)
    database_migration_url: str = _setting("DATABASE_MIGRATION_URL", "", _database, secret=True)
    database_seal_url: str = _setting("DATABASE_SEAL_URL", "", _database, secret=True)
    secret_key: str = _setting("SECRET_KEY", ..., secret=True)
    secret_key_previous: str = _setting("SECRET_KEY_PREVIOUS", "", secret=True)
    public_url: str = _setting("PUBLIC_URL", "http://localhost:8000", _site)
    environment: str = _setting(
        "ENVIRONMENT", "production", _one_of("development", "production", "test")
    )
    trusted_hosts: tuple[str, ...] = _setting("TRUSTED_HOSTS", LOCAL_HOSTS, _names)
    trusted_proxies: int = _setting("TRUSTED_PROXIES", 0, _whole(0, 5))
    languages: tuple[str, ...] = _setting("LANGUAGES", ("en", *SHIPPED), _languages)
    log_level: str = _setting("LOG_LEVEL", "INFO", _one_of("DEBUG", "INFO", "WARNING", "ERROR"))

    attachments_dir: Path = _setting("ATTACHMENTS_DIR", ROOT / "var" / "attachments", Path)
    attachments_most: int = _setting("ATTACHMENTS_MOST", 20, _whole(1, 100))
    attachments_largest_mb: int = _setting("ATTACHMENTS_LARGEST_MB", 25, _whole(1, 100))
    attachments_url: str = _setting(
        "ATTACHMENTS_URL", "", _matching(r"s3://[^/]{3,}.*", "like s3://bucket/folder, or empty")
    )
    attachments_endpoint: str = _setting("ATTACHMENTS_ENDPOINT", "")
    attachments_region: str = _setting("ATTACHMENTS_REGION", "us-east-1")
    attachments_key_id: str = _setting("ATTACHMENTS_KEY_ID", "")
    attachments_key: str = _setting("ATTACHMENTS_KEY", "", secret=True)
    clamd_address: str = _setting(
        "CLAMD_ADDRESS", "", _matching(r"/.*|.*:[0-9]+", "host:port or the path of a socket")
    )
    audit_log_dir: Path = _setting("AUDIT_LOG_DIR", ROOT / "var" / "audit" / "log", Path)
    audit_key_file: Path = _setting("AUDIT_KEY_FILE", ROOT / "var" / "audit" / "key", Path)
    audit_sealer: str = _setting("AUDIT_SEALER", "worker", _one_of("worker", "own"))
    audit_anchor_dir: Path | None = _setting("AUDIT_ANCHOR_DIR", None, Path)
    canary: bool = _setting("CANARY", False, _switch)
    audit_anchor_mail: tuple[str, ...] = _setting("AUDIT_ANCHOR_MAIL", (), _names)
    audit_witness_url: str = _setting("AUDIT_WITNESS_URL", "", _url_or_none)
    audit_witness_key: str = _setting("AUDIT_WITNESS_KEY", "")
    audit_timestamp_url: str = _setting("AUDIT_TIMESTAMP_URL", "", _url_or_none)
    audit_timestamp_roots: Path | None = _setting("AUDIT_TIMESTAMP_ROOTS", None, Path)
    legacy_dir: Path = _setting("LEGACY_DIR", ROOT / "var" / "legacy", Path)
    backups_dir: Path = _setting("BACKUPS_DIR", ROOT / "var" / "backups", Path)
    pg_dump: str = _setting("PG_DUMP", "")

    temporal_address: str = _setting("TEMPORAL_ADDRESS", "localhost:7233", _address)
    temporal_namespace: str = _setting("TEMPORAL_NAMESPACE", "default")
    temporal_task_queue: str = _setting("TEMPORAL_TASK_QUEUE", "gloria-workflows")
    temporal_ui_url: str = _setting("TEMPORAL_UI_URL", "http://localhost:8233", _url)

    temporal_api_key: str = _setting("TEMPORAL_API_KEY", "", secret=True)
    temporal_encryption_keys: str = _setting("TEMPORAL_ENCRYPTION_KEYS", "", _keys, secret=True)

    # Where the address of the database came from, if it may change while a process runs.
    database_url_file: Path | None = None
    tls: TlsSettings = field(default_factory=TlsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    messages_interval_ms: int = _setting("MESSAGES_INTERVAL_MS", 1000, _whole(10, 60_000))

    session_idle_minutes: int = _setting("SESSION_IDLE_MINUTES", 30, _whole(1, 24 * 60))
    session_absolute_hours: int = _setting("SESSION_ABSOLUTE_HOURS", 12, _whole(1, 24 * 7))
    sign_in_providers: tuple[SignInProvider, ...] = _setting("SIGN_IN_PROVIDERS", (), _providers)
    password_blocklist: Path | None = _setting("PASSWORD_BLOCKLIST", None, _there)
    second_factor_roles: tuple[str, ...] = _setting("SECOND_FACTOR_ROLES", (), _roles)
    outcome_wait_ms: int = _setting("OUTCOME_WAIT_MS", 500, _whole(0, 5_000))

    publish_alone: bool = _setting("PUBLISH_ALONE", True, _yes_or_no)

    database_pool_size: int = _setting("DATABASE_POOL_SIZE", 10, _whole(1, 200))
    worker_max_activities: int = _setting("WORKER_MAX_ACTIVITIES", 20, _whole(1, 500))
    worker_shutdown_seconds: int = _setting("WORKER_SHUTDOWN_SECONDS", 10, _whole(1, 600))
    worker_heartbeat_seconds: int = _setting("WORKER_HEARTBEAT_SECONDS", 10, _whole(1, 10))
    api_token_prefix: str = _setting(
        "API_TOKEN_PREFIX",
        PREFIX,
        _matching("[a-z][a-z0-9]{1,15}", "two to sixteen small letters and digits"),
    )
    metrics_token: str = _setting("METRICS_TOKEN", "", _token, secret=True)
    worker_metrics_port: int = _setting("WORKER_METRICS_PORT", 0, _whole(0, 65_535))

    relay_interval_ms: int = _setting("RELAY_INTERVAL_MS", 250, _whole(10, 60_000))
    relay_batch_size: int = _setting("RELAY_BATCH_SIZE", 50, _whole(1, 1_000))
    relay_max_in_flight: int = _setting("RELAY_MAX_IN_FLIGHT", 8, _whole(1, 100))
    relay_lease_seconds: int = _setting("RELAY_LEASE_SECONDS", 30, _whole(5, 60))
    people_watch_seconds: int = _setting("PEOPLE_WATCH_SECONDS", 2, _whole(1, 300))

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read and check the settings; ``env`` replaces all three places (see the module).

        Raises ConfigurationError, which names every variable that is missing, malformed, unsafe
        or nearly one of ours.
        """
        given = gathered() if env is None else env
        problems = list(_unknown(given))
        mail = MailSettings(**_read(MailSettings, given, problems))
        if mail.tls == "tls" and not given.get("SMTP_PORT", "").strip():
            mail = replace(mail, port=465)
        chat = ChatSettings(**_read(ChatSettings, given, problems))
        limits = LimitSettings(**_read(LimitSettings, given, problems))
        tls = TlsSettings(**_read(TlsSettings, given, problems))
        hooks = WebhookSettings(**_read(WebhookSettings, given, problems))
        settings = cls(**_read(cls, given, problems), tls=tls, mail=mail, chat=chat, limits=limits)
        settings = replace(settings, webhooks=hooks)
        file = "" if _text(given, "DATABASE_URL") else _text(given, "DATABASE_URL_FILE")
        settings = replace(
            settings,
            trusted_hosts=_hosts(settings, given),
            database_url_file=Path(file) if file else None,
        )
        named = {variable.removesuffix("_FILE") for variable, _ in problems}
        problems += [each for each in _unsafe(settings) if each[0] not in named]
        if problems:
            raise ConfigurationError(problems)
        return settings

    @property
    def is_production(self) -> bool:
        """Whether the strict rules hold."""
        return self.environment == "production"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Keys whose signatures and seals are taken; the last one signs and seals."""
        return tuple(key for key in (self.secret_key_previous, self.secret_key) if key)

    def newest_database_url(self) -> str:
        """What DATABASE_URL_FILE holds by now, if that can be used; else the address as it was."""
        try:
            file = self.database_url_file
            return (
                _database(file.read_text(encoding="utf-8").strip()) if file else self.database_url
            )
        except (OSError, ValueError):
            return self.database_url

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address for SQLAlchemy, which wants the driver's name in the scheme."""
        return _of_sqlalchemy(self.database_url)

    @property
    def owner_url(self) -> str:
        """The address of whoever may change tables; the portal's own where there is one role."""
        return self.database_migration_url or self.database_url

    @property
    def owner_sqlalchemy_url(self) -> str:
        """The same for SQLAlchemy."""
        return _of_sqlalchemy(self.owner_url)

    @property
    def seal_sqlalchemy_url(self) -> str:
        """The address of the sealer for SQLAlchemy; the owner's or the portal's where it has no
        role of its own."""
        return _of_sqlalchemy(self.database_seal_url or self.owner_url)


def _of_sqlalchemy(url: str) -> str:
    return "postgresql+psycopg" + url[url.index("://") :]


GROUPS = (Settings, TlsSettings, MailSettings, ChatSettings, LimitSettings, WebhookSettings)
VARIABLES = frozenset(
    each.metadata["variable"] for group in GROUPS for each in fields(group) if each.metadata
)
"""Every variable that is read."""

SECRETS = frozenset(
    each.metadata["variable"]
    for group in GROUPS
    for each in fields(group)
    if each.metadata.get("secret")
)
"""Those whose value may also stand in a file."""


def gathered() -> dict[str, str]:
    """The environment over ``.env`` over ``var/local.env`` (see the module)."""
    given = {**_file(ROOT / ".env"), **os.environ}
    is_copy = given.get("ENVIRONMENT", "").strip() in ("development", "test")
    if not is_copy or given.get("DATABASE_URL") or given.get("DATABASE_URL_FILE"):
        return given
    return {**_file(ROOT / "var" / "local.env"), **given}


def _file(path: Path) -> dict[str, str]:
    # Not by its path: then a file that may not be read counts as none, and all is "missing".
    try:
        with path.open(encoding="utf-8") as stream:
            found = dotenv_values(stream=stream)
        return {name: value for name, value in found.items() if value is not None}
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return {}
        raise ConfigurationError([(path.name, f"cannot be read: {error.strerror}")]) from error


def _read(group: type[_Group], env: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    """The values that the environment gives to a group's fields; what is wrong joins `problems`."""
    values: dict[str, Any] = {}
    for each in fields(group):
        if not each.metadata:
            continue
        variable, read = each.metadata["variable"], each.metadata["read"]
        try:
            text = _secret(env, variable) if each.metadata["secret"] else _text(env, variable)
            if text:
                values[each.name] = read(text)
        except _Malformed as malformed:
            problems.append((variable, str(malformed)))
        except OSError:
            problems.append((f"{variable}_FILE", "points at no readable file"))
    return {"database_url": "", "secret_key": "", **values} if group is Settings else values


def _text(env: Mapping[str, str], variable: str) -> str:
    return env.get(variable, "").strip()


def _secret(env: Mapping[str, str], variable: str) -> str:
    path = _text(env, f"{variable}_FILE")
    if _text(env, variable) or not path:
        return _text(env, variable)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise OSError from error


def _unknown(env: Collection[str]) -> Iterator[Problem]:
    """Variables that look like ours: spelt nearly like one, or of a family that only we have."""
    ours = VARIABLES | {f"{name}_FILE" for name in VARIABLES if name in SECRETS} | OF_OTHERS
    for name in sorted(set(env) - ours):
        near = get_close_matches(name, VARIABLES, 1, 0.85) if "_" in name else []
        if name.endswith("_FILE") and name.removesuffix("_FILE") in VARIABLES:
            yield name, f"is not a setting: only secrets may stand in a file ({_listed(SECRETS)})"
        elif near:
            yield name, f"is not a setting: {near[0]} is meant"
        elif name.startswith(FAMILIES) and not NEIGHBOURS.search(name):
            family = next(each for each in FAMILIES if name.startswith(each))
            known = _listed(each for each in VARIABLES if each.startswith(family))
            yield name, f"is not a setting: those of this name are {known}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _hosts(settings: Settings, env: Mapping[str, str]) -> tuple[str, ...]:
    """The host of the public address, those named, and on a development copy this machine."""
    own = urlsplit(settings.public_url).hostname or "localhost"
    local = () if settings.is_production else LOCAL_HOSTS
    return tuple(dict.fromkeys((own, *_names(env.get("TRUSTED_HOSTS", "")), *local)))


def _unsafe(settings: Settings) -> Iterator[Problem]:
    """What is missing, or makes no sense or is dangerous together with the other settings."""
    mail = settings.mail
    if not settings.database_url:
        yield "DATABASE_URL", "is missing: say postgresql://user@host/database"
    if not settings.secret_key:
        yield "SECRET_KEY", f"is missing: give at least {SHORTEST_SECRET} random characters"
    elif settings.secret_key == settings.secret_key_previous:
        yield "SECRET_KEY_PREVIOUS", "is the same as SECRET_KEY: leave it out"
    if bool(mail.user) != bool(mail.password):
        yield "SMTP_PASSWORD" if mail.user else "SMTP_USER", "is missing: give both or neither"
    yield from _unsafe_tls(settings)
    if settings.is_production:
        yield from _unsafe_in_production(settings)


def _unsafe_in_production(settings: Settings) -> Iterator[Problem]:
    keys = {"SECRET_KEY": settings.secret_key, "SECRET_KEY_PREVIOUS": settings.secret_key_previous}
    for name, key in keys.items():
        if key and len(key) < SHORTEST_SECRET:
            yield name, f"is shorter than {SHORTEST_SECRET} characters"
        elif key and _is_easy_to_guess(key):
            yield name, "is easy to guess: make a random one"
    if settings.public_url == Settings.public_url:
        yield "PUBLIC_URL", "is missing: say https://approvals.example.org"
    elif not settings.public_url.startswith("https://"):
        yield "PUBLIC_URL", "must begin with https:// in production"
    if any("*" in host for host in settings.trusted_hosts):
        yield "TRUSTED_HOSTS", "must name hosts in production: a * would trust all of them"
    yield from _unsafe_mail(settings.mail)


def _unsafe_tls(settings: Settings) -> Iterator[Problem]:
    tls = settings.tls
    if bool(tls.certificate) != bool(tls.key):
        lacking = "KEY" if tls.certificate else "CERT"
        yield f"TEMPORAL_TLS_CLIENT_{lacking}_PATH", "is missing: give both or neither"
    if not tls.is_on and (tls.ca or tls.certificate or tls.key or tls.name):
        yield "TEMPORAL_TLS", "must be true where other TEMPORAL_TLS_ settings are given"
    elif not tls.is_on and settings.temporal_api_key:
        yield "TEMPORAL_TLS", "must be true where TEMPORAL_API_KEY is given: it would be readable"


def _unsafe_mail(mail: MailSettings) -> Iterator[Problem]:
    if mail.catcher_dir is not None:
        yield "MAIL_CATCHER_DIR", "does not belong into production"
    if mail.host and mail.tls == "none" and mail.host not in ("localhost", "127.0.0.1", "::1"):
        yield "SMTP_TLS", "must be starttls or tls for a server elsewhere"
    if mail.host and mail.sender_domain == "localhost":
        yield "MAIL_FROM", "is missing: name the sender of the mails"


def _is_easy_to_guess(key: str) -> bool:
    """Whether a key is made of words that we know, of repetitions, or of neighbours in a row."""
    shares = [count / len(key) for count in Counter(key).values()]
    entropy = -len(key) * sum(share * log2(share) for share in shares)
    pairs = [a + b for a, b in pairwise(key.lower())]
    in_order = [each for each in pairs if each in IN_ORDER or each[::-1] in IN_ORDER]
    return (
        entropy < LEAST_ENTROPY
        or key in (key + key)[1:-1]
        or 2 * len(in_order) > len(pairs)
        or KNOWN_SECRETS.match(key) is not None
    )


def _masked(secret: str) -> str:
    """A database address without its password; anything else wholly hidden."""
    if "://" not in secret:
        return "***"
    parts = urlsplit(secret)
    account, at, host = parts.netloc.rpartition("@")
    name = account.partition(":")[0]
    netloc = f"{name}:***{at}{host}" if at else host
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
