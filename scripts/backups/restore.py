"""``scripts/restore FOLDER``: a backup into the database and the folder that the settings name.

Both have to be empty: a restore never writes over anything.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from portal.config import ConfigurationError, Settings
from portal.legacy.cutover.backup import dumper
from portal.legacy.cutover.chain import CutoverRefused
from scripts.backups.manifest import Manifest, Unusable, counts_of, differences, read
from scripts.backups.take import FILES, KEYS, LOG
from scripts.local import clone

NEXT = """\
Restored. Now, with the SECRET_KEY of {keys}:
  flask db upgrade                 as the owner: the roles have their rights again
  flask portal audit verify        the record is whole
  flask portal files verify        every file is what it was
  flask portal reconcile           starts the workflows that this Temporal does not know
  flask portal doctor"""
LOG_LEFT = """\
The sealed log is in {log}:
unpack it into AUDIT_LOG_DIR where there is none, for the sealer's user."""
# Made by an administrator where the role may not, and then not ours to comment on.
NOT_OURS = "COMMENT - EXTENSION"


def main(arguments: Sequence[str]) -> int:
    """Restore; 0 when the counts are those of the backup, 1 with a sentence else, 2: settings."""
    folder = _parsed(arguments)
    os.umask(0o077)
    clone.say_what_it_is()
    try:
        settings = Settings.from_environment()
        manifest = restore(settings, folder)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except (Unusable, CutoverRefused, OSError, tarfile.TarError) as error:
        print(f"Not restored. {error}", file=sys.stderr)
        return 1
    except DBAPIError as error:
        print(f"Not restored: {' '.join(str(error.orig).split())}", file=sys.stderr)
        return 1
    print(NEXT.format(keys=folder / KEYS))
    if manifest.log is not None and not any(settings.audit_log_dir.glob("*/checkpoint")):
        print(LOG_LEFT.format(log=folder / LOG))
    return 0


def restore(settings: Settings, folder: Path) -> Manifest:
    """Put everything back, and compare the counts. Raises Unusable."""
    manifest = read(folder)
    files = settings.attachments_dir
    there = (each for each in files.glob("**/*") if not each.is_dir())  # empty folders may stay
    if manifest.attachments is not None and any(there):
        raise Unusable(f"ATTACHMENTS_DIR ({files}) is not empty: name or make an empty folder.")
    engine = create_engine(settings.owner_sqlalchemy_url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT to_regnamespace('portal')")) is not None:
                raise Unusable("The database has a portal already: make an empty one.")
            program = dumper(connection, settings, folder).program.with_name("pg_restore")
        _database(settings, program, folder / "database.dump")
        with engine.connect() as connection:
            wrong = differences(manifest.counts, counts_of(connection))
    finally:
        engine.dispose()
    if manifest.attachments is not None:
        wrong += _files(folder / FILES, files, manifest.attachments)
    if manifest.log is not None and _is_ours(settings.audit_log_dir):
        wrong += _files(folder / LOG, settings.audit_log_dir, manifest.log, "**/*")
    if wrong:
        raise Unusable(f"What was restored is not what was backed up: {'; '.join(wrong)}.")
    return manifest


def _database(settings: Settings, program: Path, dump: Path) -> None:
    given: dict[str, Any] = conninfo_to_dict(settings.owner_url)
    env = dict(os.environ)
    if password := given.pop("password", None):
        env["PGPASSWORD"] = str(password)
    listed = _said([str(program), "--list", str(dump)], env)
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        wanted.writelines(f"{each}\n" for each in listed.splitlines() if NOT_OURS not in each)
        wanted.flush()
        _said(
            [
                *(str(program), "--no-owner", "--no-privileges", "--exit-on-error"),
                *(f"--use-list={wanted.name}", f"--dbname={make_conninfo(**given)}", str(dump)),
            ],
            env,
        )


def _said(command: list[str], env: dict[str, str]) -> str:
    """What the program says. Raises Unusable with its last words where it fails."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        words = " ".join(done.stderr.split())[-500:]
        raise Unusable(f"pg_restore ended with {done.returncode}: {words}")
    return done.stdout


def _is_ours(folder: Path) -> bool:
    """Whether a folder is there for us to fill, or can be made."""
    if folder.is_dir():
        return os.access(folder, os.W_OK) and not any(folder.iterdir())
    above = next(each for each in folder.parents if each.exists())
    return not folder.exists() and os.access(above, os.W_OK)


def _files(archive: Path, folder: Path, number: int, pattern: str = "*/*") -> list[str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        for member in opened:
            _put(opened, member, folder)
    found = sum(each.is_file() for each in folder.glob(pattern))
    return [] if found == number else [f"files: {number} in the backup, {found} here"]


def _put(opened: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One file of ours, where it belongs; nothing else is ever written. (`extractall`'s own filter
    is missing before Python 3.11.4.)"""
    target = (folder / member.name).resolve()
    content = opened.extractfile(member) if member.isfile() else None
    if content is None or not target.is_relative_to(folder.resolve()):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as file:
        target.chmod(0o600)
        shutil.copyfileobj(content, file)


def _parsed(arguments: Sequence[str]) -> Path:
    parser = argparse.ArgumentParser(
        prog="./scripts/restore",
        description="A backup into an empty database and an empty folder for files.",
    )
    parser.add_argument("folder", type=Path, help="as ./scripts/backup made it")
    found: Path = parser.parse_args(arguments).folder
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
