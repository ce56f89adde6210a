"""The dump before a cutover: made by a pg_dump that fits, whole, and recorded."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from portal.legacy.cutover import backup
from tests.legacy.cutover.conftest import Site

pytestmark = pytest.mark.slow
RECORD = "SELECT made_by, backup, no_backup_reason, accepted FROM portal.cutovers"


def _with(site: Site, **settings: object) -> None:
    site.app.config["SETTINGS"] = replace(site.app.config["SETTINGS"], **settings)


def _script(folder: Path, text: str) -> str:
    file = folder / "pg_dump"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_a_whole_dump_is_made_first_and_recorded(moved: Site) -> None:
    folder = moved.folder / "a place" / "for dumps"
    before = moved.schema_dump()
    said = moved.run("portal", "cutover", "--backup-dir", str(folder))

    (file,) = folder.iterdir()
    assert str(file) in said
    assert file.stat().st_mode & 0o077 == 0
    ((by, dump, reason, accepted),) = moved.database.rows(RECORD)
    assert "@" in by
    assert (dump, reason, accepted) == (str(file), None, [])
    restore = backup._program("").with_name("pg_restore")
    command = [str(restore), "--schema-only", "--file=-", str(file)]
    restored = subprocess.run(
        [*command, "--restrict-key=x"], capture_output=True, text=True, check=True
    ).stdout
    assert [line for line in restored.splitlines() if not line.startswith("--")] == [
        line for line in before.splitlines() if not line.startswith("--")
    ]


@pytest.mark.parametrize(
    "options", [("--no-backup", "why not"), ("--no-backup", "--reason", "why not")]
)
def test_without_a_dump_the_reason_is_recorded(moved: Site, options: tuple[str, ...]) -> None:
    moved.run("portal", "cutover", *options)
    assert moved.database.rows(RECORD)[0][1:] == (None, "why not", [])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'pg_dump (PostgreSQL) 9.6.24'", "is of version 9 and cannot dump a PostgreSQL"),
        ("echo 'hello'", "is no pg_dump"),
        ("exit 1", "is no pg_dump"),
        (None, "which is no program"),
    ],
)
def test_a_pg_dump_that_does_not_fit_is_said(moved: Site, script: str | None, words: str) -> None:
    named = "/no/such/pg_dump" if script is None else _script(moved.folder, script)
    _with(moved, pg_dump=named)
    for options in ((), ("--dry-run",)):
        said = moved.run("portal", "cutover", *options, status=1)
        assert words in said
        assert said.count("\n") == 1


def test_a_dump_that_fails_stops_the_cutover(moved: Site) -> None:
    fails = 'if [ "$1" = --version ]; then echo "pg_dump 99"; else echo "no room" >&2; exit 1; fi'
    _with(moved, pg_dump=_script(moved.folder, fails))
    assert "no room" in moved.run("portal", "cutover", status=1)
    assert list((moved.folder / "backups").iterdir()) == []
    assert moved.database.rows("SELECT to_regnamespace('gloria_archive')") == [(None,)]


def test_a_place_that_cannot_be_written_is_said_beforehand(moved: Site) -> None:
    file = moved.folder / "file"
    file.touch()
    _with(moved, backups_dir=file / "below")
    assert "another folder" in moved.run("portal", "cutover", "--dry-run", status=1)


def test_the_password_is_on_no_command_line(moved: Site) -> None:
    shows = 'if [ "$1" = --version ]; then echo "pg_dump 99"; else echo "$@" >&2; exit 1; fi'
    _with(moved, pg_dump=_script(moved.folder, shows))
    said = moved.run("portal", "cutover", status=1)
    assert "--dbname" in said
    assert moved.database.url.split(":")[2].split("@")[0] not in said
