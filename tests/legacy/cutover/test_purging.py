"""The end of the archive, and what stands against it."""

import pytest

from tests.legacy.cutover.conftest import Site

pytestmark = pytest.mark.slow
ARCHIVE = "SELECT to_regnamespace('gloria_archive')::text"
RECORD = """
SELECT purge_backup IS NOT NULL, purge_no_backup_reason, purged_at IS NOT NULL, purged_by = made_by
FROM portal.cutovers
"""
NO_DUMP = ("--no-backup", "test")


def purge(site: Site, *options: str, typed: str = "", status: int = 0) -> str:
    return site.run("portal", "purge-archive", *options, typed=typed, status=status)


def test_it_is_removed_for_good_with_a_last_dump(moved: Site) -> None:
    moved.cut_over()
    others = moved.database.checksums("gloria_ops", "gloria_master")
    assert "The archive is removed" in purge(moved, typed="gloria_archive\n")

    (file,) = (moved.folder / "backups").iterdir()
    assert file.name.startswith("archive-")
    assert moved.database.rows(ARCHIVE) == [(None,)]
    assert moved.database.rows(RECORD) == [(True, None, True, True)]
    assert moved.database.checksums("gloria_ops", "gloria_master") == others
    said = moved.run("db", "downgrade", status=1)
    assert "The archive was removed for good on" in said
    moved.run("db", "upgrade")
    moved.run("db", "check")


@pytest.mark.parametrize("typed", ["yes\n", "y\n", "gloria\n", ""])
def test_it_asks_first(moved: Site, typed: str) -> None:
    moved.cut_over()
    said = purge(moved, *NO_DUMP, typed=typed, status=1)
    assert "cannot be taken back" in said
    assert moved.database.rows(ARCHIVE) == [("gloria_archive",)]


def test_scripts_do_not_have_to_type(moved: Site) -> None:
    moved.cut_over()
    purge(moved, "--yes", *NO_DUMP)
    assert moved.database.rows(RECORD) == [(False, "test", True, True)]
    assert "removed already" in purge(moved, "--yes", *NO_DUMP, status=1)


def test_it_says_what_never_came_over(site: Site) -> None:
    site.as_superuser("DELETE FROM gloria_ops.workflow_escalations")
    ids = [row[0] for row in site.database.rows("SELECT id FROM gloria_ops.workflow_instances")]
    site.cut_over("--accept", site.accept_file(*ids))
    assert f"{len(ids)} instances" in purge(site, *NO_DUMP, typed="no\n", status=1)


def test_before_a_cutover_there_is_no_archive(moved: Site) -> None:
    assert "No cutover is in force" in purge(moved, "--yes", *NO_DUMP, status=1)
    moved.cut_over()
    moved.run("db", "downgrade")
    assert "No cutover is in force" in purge(moved, "--yes", *NO_DUMP, status=1)


@pytest.mark.parametrize(
    "other",
    [
        "CREATE VIEW gloria_ops.theirs AS SELECT id FROM gloria_archive.workflow_actions",
        "CREATE TABLE gloria_archive.theirs (id int)",
        'ALTER TABLE gloria_ops.notifications ADD kind gloria_archive."ActionType"',
        "ALTER TABLE gloria_ops.notifications ADD w text REFERENCES gloria_archive.workflows",
    ],
)
def test_what_others_still_need_is_not_removed(moved: Site, other: str) -> None:
    moved.cut_over()
    moved.as_superuser(other)
    before = moved.schema_dump()
    said = purge(moved, "--yes", *NO_DUMP, status=1)
    assert "still needs the archive" in said
    assert "theirs" in said or "notifications" in said
    assert moved.schema_dump() == before
