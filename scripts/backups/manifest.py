"""What a backup says about itself, and whether that holds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, text

NAME = "manifest.json"
# What is counted on both sides. Nothing of these is ever deleted but drafts' files.
COUNTED = ("requests", "audit_events", "commands", "tasks", "users", "attachments")


class Unusable(Exception):
    """The backup, or what it goes into, cannot be used; the message is a sentence."""


@dataclass(frozen=True)
class Manifest:
    """`counts`: rows by table. `files`: the SHA-256 of each file beside the manifest.
    `attachments`: how many files are in the archive; None where they lie in a bucket. `log`: how
    many files of the sealed log; None where none was begun."""

    taken_at: str
    revision: str
    counts: dict[str, int]
    attachments: int | None
    files: dict[str, str]
    log: int | None = None

    def write(self, folder: Path) -> None:
        """The last file of a backup: without it, it is none."""
        (folder / NAME).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a folder whose files are what it says. Raises Unusable."""
    try:
        found = Manifest(**json.loads((folder / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise Unusable(f"{folder} is no backup: it has no {NAME} that can be read.") from error
    for name, digest in found.files.items():
        try:
            is_whole = digest_of(folder / name) == digest
        except OSError as error:
            raise Unusable(f"{folder / name} cannot be read: {error.strerror}.") from error
        if not is_whole:
            raise Unusable(f"{folder / name} was changed after the backup was taken.")
    return found


def counts_of(connection: Connection) -> dict[str, int]:
    """The rows of what is counted."""
    counts = (f"(SELECT count(*) FROM portal.{name}) AS {name}" for name in COUNTED)  # noqa: S608
    row = connection.execute(text(f"SELECT {', '.join(counts)}")).mappings().one()
    return {name: int(row[name]) for name in COUNTED}


def differences(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Sentences about counts that are not the same."""
    return [
        f"{name}: {before[name]} in the backup, {after.get(name, 0)} here"
        for name in before
        if before[name] != after.get(name)
    ]


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
