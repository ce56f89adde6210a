"""The settings that the parts get: what the person set, and what this installation adds."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from portal.proof import roles
from scripts.local import secret
from scripts.local.failure import LocalFailure
from scripts.local.installation import Installation
from scripts.local.postgres import PostgresServer

LOCAL = "local.env"
HEADER = (
    "# Written by ./scripts/run for commands that you start by hand in this clone, such as\n"
    "# ./scripts/flask portal create-admin. Read only where ENVIRONMENT is development or test,\n"
    "# and nothing else names a DATABASE_URL. Your own settings belong into .env.\n"
)


NOT_FOR_PRODUCTION = """\
./scripts/run is for a machine of one's own, and ENVIRONMENT=production is set.
In production these serve the pages, and run a worker:
  .venv/bin/gunicorn --config deploy/gunicorn.conf.py 'portal.app:create_app()'
  .venv/bin/python worker.py
docs/deployment.md says how, from an empty machine on."""


def given(root: Path) -> dict[str, str]:
    """The environment over ``.env``; empty values count as not given."""
    from_file = {name: value or "" for name, value in dotenv_values(root / ".env").items()}
    return {name: value for name, value in {**from_file, **os.environ}.items() if value.strip()}


def database_url(given: Mapping[str, str]) -> str | None:
    """The database that the person named, by its address or by the file that holds it."""
    url, path = given.get("DATABASE_URL"), given.get("DATABASE_URL_FILE")
    if url or not path:
        return url
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LocalFailure(f"DATABASE_URL_FILE names {path}, which cannot be read.") from error


def additions(
    installation: Installation, database_url: str, temporal_port: int, ui_port: int, port: int
) -> dict[str, str]:
    """The settings of a development installation that starts its own servers."""
    return {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal_port}",
        "TEMPORAL_UI_URL": f"http://localhost:{ui_port}",
        "PUBLIC_URL": f"http://localhost:{port}",
        "SECRET_KEY": secret.kept(installation.var / "secret-key"),
        "ATTACHMENTS_DIR": str(installation.var / "attachments"),
    }


def roles_of(database: PostgresServer) -> dict[str, str]:
    """The addresses of the database's other roles: who migrates, and who seals the record."""
    return {
        "DATABASE_MIGRATION_URL": database.url(),
        "DATABASE_SEAL_URL": database.url(role=roles.SEAL),
    }


def catching(folder: Path, smtp_port: int) -> dict[str, str]:
    """The settings of an installation whose mails are caught, never sent."""
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(smtp_port),
        "SMTP_TLS": "none",
        "MAIL_CATCHER_DIR": str(folder),
    }


def write_local_env(installation: Installation, settings: Mapping[str, str]) -> None:
    """Keep the settings for commands by hand, in a private file."""
    lines = [f"{name}={_quoted(value)}\n" for name, value in settings.items()]
    secret.write_private(installation.var / LOCAL, HEADER + "".join(lines))


def check_database(url: str) -> None:
    """See whether the database that the person named answers. Raises LocalFailure if not."""
    import psycopg

    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise LocalFailure("DATABASE_URL must begin with postgresql://.")
    try:
        psycopg.connect(f"postgresql://{rest}", connect_timeout=5).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise LocalFailure(
            f"DATABASE_URL names a server at {_host(url)} that does not let us in: {reason}"
        ) from error


def check_temporal(address: str, namespace: str) -> None:
    """See whether the Temporal server that the person named serves the namespace."""
    import asyncio

    from scripts.local.temporal import namespace_answers

    if not asyncio.run(namespace_answers(address, namespace)):
        raise LocalFailure(
            f"TEMPORAL_ADDRESS names {address}, but no Temporal server with the namespace "
            f"{namespace} answers there."
        )


def _host(url: str) -> str:
    parts = urlsplit(url)
    try:
        return f"{parts.hostname}:{parts.port or 5432}"
    except ValueError:
        return "an address that makes no sense"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
