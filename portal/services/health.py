"""Is Temporal there, and is there room for files? No page waits for the answers."""

import shutil
from dataclasses import dataclass

from portal.config import Settings
from portal.temporal import gateway


@dataclass(frozen=True, slots=True)
class Installation:
    """What the checks are told of this installation. `free`: bytes for attached files, None where
    it is not known; `sends_canaries`: as the settings say."""

    free: float | None
    sends_canaries: bool


def temporal_answers() -> bool:
    """Whether the server serves our namespace, said within about a second."""
    return gateway.current().answers()


def free_bytes(settings: Settings) -> float | None:
    """Free room for attached files; None where they lie in a bucket, or nothing can be said."""
    if settings.attachments_url:
        return None
    try:
        return float(shutil.disk_usage(settings.attachments_dir).free)
    except OSError:
        return None


def installation(settings: Settings) -> Installation:
    """What the standing checks are told."""
    return Installation(free_bytes(settings), settings.canary)
