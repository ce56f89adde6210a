"""Is Temporal there, and is there room for files? No page waits for the answers."""

import shutil
from dataclasses import dataclass

from portal.config import Settings
from portal.temporal import gateway


@dataclass(frozen=True, slots=True)
class Installation:
    """What the checks are told of this installation. `keeps_files`: whether attached files lie in a
    folder of its own; `free`: bytes for them there, None where the folder cannot be read;
    `sends_canaries`: as the settings say."""

    keeps_files: bool
    free: float | None
    sends_canaries: bool


def temporal_answers() -> bool:
    """Whether the server serves our namespace, said within about a second."""
    return gateway.current().answers()


def free_bytes(settings: Settings) -> float | None:
    """Free room for attached files; None where they lie in a bucket, or nothing can be said. The
    folder is made with the first file: until then it is the room where it will be."""
    folder = settings.attachments_dir.absolute()
    if settings.attachments_url:
        return None
    try:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        return float(shutil.disk_usage(there).free)
    except OSError:
        return None


def installation(settings: Settings) -> Installation:
    """What the standing checks are told."""
    return Installation(not settings.attachments_url, free_bytes(settings), settings.canary)
