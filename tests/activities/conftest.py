"""A database with the people of the domain's stories."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from tests.activities.retold import insert_office


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database with the stories' people and one request type."""
    engine = create_engine(database_url.replace("postgresql", "postgresql+psycopg", 1))
    with engine.begin() as connection:
        insert_office(connection)
    yield engine
    engine.dispose()
