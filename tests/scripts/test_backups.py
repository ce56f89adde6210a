"""scripts/backup and scripts/restore: what is in a backup, and what a restore refuses."""

import json
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from portal.config import Settings
from scripts.backups import drill, manifest
from scripts.backups.restore import restore
from scripts.backups.take import forget, take
from tests.warm import WarmPrograms


@pytest.fixture
def mine(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a file, and a folder for backups."""
    file = settings.attachments_dir / "ab" / "receipt-ab"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"what Ana paid")
    return replace(settings, backups_dir=tmp_path / "backups")


def elsewhere(settings: Settings, url: str, folder: Path) -> Settings:
    there = replace(settings, database_url=url, database_migration_url=url)
    files, log = folder / "restored", folder / "log-restored"
    return replace(there, attachments_dir=files, audit_log_dir=log)


def test_there_and_back(mine: Settings, empty_database_url: str, tmp_path: Path) -> None:
    """With no more rights than the pages have."""
    files = mine.audit_log_dir / "1" / "tile" / "0" / "000.p"
    files.mkdir(parents=True)
    for file in (files / "7", mine.audit_log_dir / "1" / "checkpoint"):
        file.write_text("a log")
    folder = take(replace(mine, database_migration_url=""))
    names = {each.name for each in folder.iterdir()}
    parts = {"database.dump", "attachments.tar", "audit-log.tar", "keys.env", "manifest.json"}
    assert names == parts
    assert folder.stat().st_mode & 0o077 == 0
    assert mine.secret_key in (folder / "keys.env").read_text()
    there = elsewhere(mine, empty_database_url, tmp_path)
    (there.attachments_dir / "42").mkdir(parents=True)  # as the doctor leaves one
    restore(there, folder)
    assert (there.attachments_dir / "ab" / "receipt-ab").read_bytes() == b"what Ana paid"
    assert (there.audit_log_dir / "1" / "tile" / "0" / "000.p" / "7").read_text() == "a log"
    with psycopg.connect(empty_database_url) as connection:
        (noted,) = connection.execute("SELECT version_num FROM portal.alembic_version").fetchone()  # type: ignore[misc]
    assert noted == json.loads((folder / "manifest.json").read_text())["revision"]


def test_a_restore_writes_over_nothing(
    mine: Settings, empty_database_url: str, tmp_path: Path
) -> None:
    folder = take(mine, keys=False)
    assert not (folder / "keys.env").exists()
    with pytest.raises(manifest.Unusable, match=r"ATTACHMENTS_DIR .* is not empty"):
        restore(replace(mine, database_url=empty_database_url), folder)
    with pytest.raises(manifest.Unusable, match="has a portal already"):
        restore(replace(mine, attachments_dir=tmp_path / "new"), folder)


def test_what_is_no_whole_backup_is_refused(
    mine: Settings, empty_database_url: str, tmp_path: Path
) -> None:
    there = elsewhere(mine, empty_database_url, tmp_path)
    with pytest.raises(manifest.Unusable, match="is no backup"):
        restore(there, tmp_path)
    folder = take(mine)
    with (folder / "database.dump").open("ab") as dump:
        dump.write(b"x")
    with pytest.raises(manifest.Unusable, match=r"database\.dump was changed"):
        restore(there, folder)
    (folder / "database.dump").unlink()
    with pytest.raises(manifest.Unusable, match="cannot be read"):
        restore(there, folder)


def test_a_backup_that_fails_leaves_nothing(mine: Settings, empty_database_url: str) -> None:
    with pytest.raises(Exception, match=r"portal\.requests"):
        take(replace(mine, database_url=empty_database_url, database_migration_url=""))
    assert list(mine.backups_dir.iterdir()) == []


def test_old_ones_go(tmp_path: Path) -> None:
    for day in range(1, 5):
        (tmp_path / f"gloria-2026110{day}T000000Z").mkdir()
    (tmp_path / "mine").mkdir()
    forget(tmp_path, 2)
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ["gloria-20261103T000000Z", "gloria-20261104T000000Z", "mine"]


def test_counts_that_differ_are_named() -> None:
    assert manifest.differences({"requests": 3, "tasks": 1}, {"requests": 2, "tasks": 1}) == [
        "requests: 3 in the backup, 2 here"
    ]


@pytest.mark.temporal
@pytest.mark.slow
def test_the_drill_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code = drill.main(WarmPrograms())
    said = capsys.readouterr()
    assert code == 0, said.out + said.err
    assert f"{drill.FILES} files, 0 missing, 0 changed." in said.out
