"""The databases of the tests."""

import psycopg

from portal.config import Settings


def test_a_test_gets_a_migrated_database(settings: Settings) -> None:
    with psycopg.connect(settings.database_migration_url) as connection:
        version = connection.execute("SELECT max(version_num) FROM portal.alembic_version")
        assert version.fetchone() != (None,)
        connection.execute("CREATE TABLE litter (n int)")


def test_the_next_test_gets_a_clean_one(settings: Settings) -> None:
    with psycopg.connect(settings.database_migration_url) as connection:
        assert connection.execute("SELECT to_regclass('litter')").fetchone() == (None,)
