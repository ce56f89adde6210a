"""A database with a small organisation."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine

from tests.directory.organisation import insert_organisation


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to a migrated database with the organisation in it."""
    engine = create_engine(database_url.replace("postgresql", "postgresql+psycopg", 1))
    with engine.connect() as connection:
        insert_organisation(connection)
        connection.commit()
        yield connection
    engine.dispose()
