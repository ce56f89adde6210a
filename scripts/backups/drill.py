"""``scripts/drill_restore.sh``: a backup of a running portal, restored beside an empty Temporal.

The demonstration runs on servers of its own, people's files lie in a folder, a backup is taken.
Then everything is put into other servers, which know nothing: the workflows are started anew, the
record and every file are verified, and the counts are the same. Ends with 1 where one is not.
"""

import hashlib
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from scripts.backups.manifest import COUNTED
from scripts.drill.site import Failed, Programs, Site, running

FILES = 12
OPEN = "SELECT count(*) FROM portal.requests WHERE closed_at IS NULL"
COUNTS = ", ".join(f"(SELECT count(*) FROM portal.{name})" for name in COUNTED)  # noqa: S608
ASKING = "SELECT id, requester_id FROM portal.requests ORDER BY id LIMIT %s"
ATTACH = """
INSERT INTO portal.attachments (id, form_id, owner_id, request_id, field, name, content_type, size,
    sha256) VALUES (%s, gen_random_uuid(), %s, %s, 'files', 'receipt.txt', 'text/plain', %s, %s)
"""


def main(programs: Programs | None = None) -> int:
    """Run the drill; returns the exit code. `programs`: how it starts the others."""
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="gloria-drill-") as folder:
            Path(folder).chmod(0o755)  # ours: PostgreSQL's user passes through when we are root
            _run(Path(folder), programs or Programs())
    except Failed as problem:
        print(f"\nThe drill failed. {problem}", file=sys.stderr, flush=True)
        return 1
    print(f"\nThe drill passed, in {time.monotonic() - begun:.1f} s.", flush=True)
    return 0


def _run(folder: Path, programs: Programs) -> None:
    with _site(folder / "before", programs) as site:
        with step("A portal with the demonstration, and files"):
            site.flask("db", "upgrade")
            site.flask("portal", "register-search-attributes")
            site.flask("portal", "load-demo", "--accounts-file", str(folder / "accounts"))
            _attach(site)
        with site.worker(), step("scripts/backup, while a worker runs"):
            backup = site.program("-m", "scripts.backups.take").strip()
        before = site.rows(f"SELECT {COUNTS}")[0]
    with _site(folder / "after", programs) as site:
        with step("scripts/restore into other servers, which are empty"):
            site.program("-m", "scripts.backups.restore", backup)
            site.flask("portal", "register-search-attributes")
        with step("The record is whole, and so is every file"):
            site.flask("portal", "audit", "verify")
            site.flask("portal", "files", "verify", show=True)
        with site.worker(), step("flask portal reconcile starts every open request's workflow"):
            expected = site.rows(OPEN)[0][0]
            said = site.flask("portal", "reconcile")
            _require(f"{expected} open requests" in said, said)
            again = site.flask("portal", "reconcile", "--dry-run")
            _require(", 0 without a workflow" in again, again)
        with step("The counts are the same"):
            after = site.rows(f"SELECT {COUNTS}")[0]
            _require(_same(before, after), f"{COUNTED}: {before} became {after}")


def _same(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Events and commands may have come since: the portal goes on by itself."""
    pairs = zip(COUNTED, before, after, strict=True)
    growing = {"audit_events", "commands", "tasks"}
    return all(now >= then if name in growing else now == then for name, then, now in pairs)


@contextmanager
def _site(folder: Path, programs: Programs) -> Iterator[Site]:
    folder.mkdir(mode=0o755)
    with running(folder, programs) as site:
        own = {
            "ATTACHMENTS_DIR": str(folder / "attachments"),
            "BACKUPS_DIR": str(folder / "backups"),
        }
        yield replace(site, environment=site.environment | own)


def _attach(site: Site) -> None:
    """Files as the portal keeps them, with their rows."""
    home = Path(site.environment["ATTACHMENTS_DIR"])
    with psycopg.connect(site.url) as connection:
        for request, owner in connection.execute(ASKING, [FILES]).fetchall():
            key, content = str(_id(connection)), secrets.token_bytes(5_000)
            path = home / key[-2:] / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            connection.execute(ATTACH, [key, owner, request, len(content), digest])


def _id(connection: "psycopg.Connection[tuple[object, ...]]") -> object:
    row = connection.execute("SELECT gen_random_uuid()").fetchone()
    assert row is not None
    return row[0]


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise Failed(words)


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    begun = time.monotonic()
    print(words, flush=True)
    yield
    print(f"    {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
