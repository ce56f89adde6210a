"""A database to migrate up and down, without the application."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine

from portal.legacy.cutover import chain

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@dataclass(frozen=True)
class Database:
    """An open connection and the migrations' commands on it."""

    connection: Connection

    @property
    def config(self) -> Config:
        """The revisions that this database may have: see `portal.legacy.cutover.chain`."""
        config = Config(MIGRATIONS / "alembic.ini")
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = self.connection
        return chain.fitting(config, self.connection)

    def up(self, revision: str = "head") -> None:
        """Migrate up."""
        command.upgrade(self.config, revision)

    def down(self, revision: str = "base") -> None:
        """Migrate down."""
        command.downgrade(self.config, revision)

    def check(self) -> None:
        """Raise if the models say something that the migrations do not."""
        command.check(self.config)


def driver_url(database_url: str) -> str:
    """The address in SQLAlchemy's words."""
    return database_url.replace("postgresql", "postgresql+psycopg", 1)


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    """A database without anything of ours."""
    engine = create_engine(driver_url(empty_database_url))
    with engine.connect() as connection:
        yield Database(connection)
    engine.dispose()


@pytest.fixture
def migrated(empty: Database) -> Database:
    """The same with every migration."""
    empty.up()
    return empty
