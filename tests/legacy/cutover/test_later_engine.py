"""An old engine that comes into a database where the portal is already."""

import pytest

from scripts.legacy.ddl import make_tables
from tests.legacy.conftest import OldDatabase

pytestmark = pytest.mark.slow


def test_it_can_be_cut_over_like_any_other(app, settings) -> None:
    make_tables(settings.database_migration_url)
    database = OldDatabase(settings.database_migration_url, {})
    runner = app.test_cli_runner()

    for words in (["db", "upgrade"], ["db", "check"], ["portal", "cutover", "--no-backup", "test"]):
        result = runner.invoke(args=words)
        assert result.exit_code == 0, result.output
    assert database.rows("SELECT to_regclass('gloria_archive.workflow_history')::text") == [
        ("gloria_archive.workflow_history",)
    ]
    assert runner.invoke(args=["db", "downgrade"]).exit_code == 0
    assert database.rows("SELECT to_regclass('gloria_ops.workflow_history_next') IS NULL") == [
        (False,)
    ]
