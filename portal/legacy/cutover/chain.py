"""The cutover's place among the revisions: the last one, in a folder of its own.

`flask db upgrade` must never cut an old engine off by itself. So Alembic sees that folder except
while an old engine is in its place: then `head` is the newest numbered revision, which leaves the
old tables as they are, and only `flask portal cutover` shows Alembic the folder.

Revisions that come later are slotted in before it. A database that has passed the cutover remembers
after which revision that was, and `flask db upgrade` makes up for what has come in between.
"""

import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from portal.config import ROOT
from portal.legacy.cutover.errors import CutoverRefused
from portal.legacy.cutover.places import REVISION, cutover_waits, revision_of

MIGRATIONS = ROOT / "migrations"
NOTED = "SELECT obj_description(to_regclass('portal.alembic_version'), 'pg_class')"


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


def remember(connection: Connection, revision: str | None) -> None:
    """Note after which revision this database passed the cutover; None when it was taken back."""
    words = "NULL" if revision is None else f"'The cutover came after {revision}.'"
    connection.exec_driver_sql(f"COMMENT ON TABLE portal.alembic_version IS {words}")


def passed_after(connection: Connection) -> str | None:
    """After which revision this database passed the cutover; None before that."""
    if revision_of(connection) != REVISION:
        return None
    noted = connection.scalar(text(NOTED)) or ""
    found = re.search(r"after (\w+)\.", noted)
    return found[1] if found else newest()


def catch_up(connection: Connection) -> None:
    """Let an upgrade run what was slotted in before a cutover that is behind this database.

    The cutover then runs again, and finds nothing to move.
    """
    after = passed_after(connection)
    if after is not None and after != newest():
        connection.execute(
            text("UPDATE portal.alembic_version SET version_num = :after"), {"after": after}
        )


def require_caught_up(connection: Connection) -> None:
    """Raise CutoverRefused where revisions before the cutover were not run yet."""
    if passed_after(connection) not in (None, newest()):
        raise CutoverRefused("Run `flask db upgrade` first: newer tables are missing.")


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
