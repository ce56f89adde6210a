"""Which backups there are, as the names of their folders say; `scripts/backup` takes them."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

NAME = "gloria-%Y%m%dT%H%M%SZ"


def folder_of(at: datetime) -> str:
    """The name of the folder of a backup that was begun then (UTC)."""
    return at.strftime(NAME)


def whole(folder: Path) -> list[Path]:
    """Those below a folder, the oldest first; one that is still being taken has another name."""
    return sorted(each for each in folder.glob("gloria-*Z") if each.is_dir())


def newest(folder: Path) -> datetime | None:
    """When the newest was begun; None where there is none. Raises OSError where the folder is not
    there or this process may not look into it."""
    names = sorted((each.name for each in folder.iterdir()), reverse=True)
    for name in names:
        with suppress(ValueError):
            return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    return None
