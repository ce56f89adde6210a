"""The cutover's place among the revisions: the last one, in a folder of its own.

`flask db upgrade` must never cut an old engine off by itself. So Alembic sees that folder except
while an old engine is in its place: then `head` is the newest numbered revision, which leaves the
old tables as they are, and only `flask portal cutover` shows Alembic the folder.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from portal.config import ROOT
from portal.legacy.cutover.places import REVISION, cutover_waits

MIGRATIONS = ROOT / "migrations"


def with_cutover(config: Config) -> Config:
    """Show Alembic the cutover beside the numbered revisions."""
    home = Path(config.get_main_option("script_location", str(MIGRATIONS)).replace("%%", "%"))
    places = "\n".join(str(home / name) for name in ("versions", "cutover"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", places.replace("%", "%%"))
    return config


def fitting(config: Config, connection: Connection) -> Config:
    """Show Alembic the cutover unless it waits in this database."""
    return config if cutover_waits(connection) else with_cutover(config)


def configure(config: Config) -> Config:
    """Do so for the application's database: for every `flask db` command.

    Where that database is away, the history can still be read; the revision itself refuses to run
    on an old engine without the command.
    """
    engine = current_app.extensions["migrate"].db.engine
    try:
        with engine.connect() as connection:
            return fitting(config, connection)
    except DBAPIError:
        return with_cutover(config)


def newest() -> str:
    """The newest numbered revision, after which the cutover comes."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise FileNotFoundError(f"{MIGRATIONS} holds no revisions")
    return head


def upgrade(connection: Connection, **attributes: Any) -> None:
    """Run the cutover's revision on this connection; `attributes` are read by the revision."""
    command.upgrade(with_cutover(_config(connection, **attributes)), REVISION)


def downgrade(connection: Connection, **attributes: Any) -> None:
    """Take the cutover's revision back on this connection."""
    command.downgrade(with_cutover(_config(connection, **attributes)), newest())


def _config(connection: Connection | None = None, **attributes: Any) -> Config:
    config = Config(MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(attributes | {"connection": connection})
    return config
