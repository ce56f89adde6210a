"""A small old engine beside the demonstration, so that the move can be tried."""

from scripts.legacy.ddl import is_made
from scripts.legacy.generate import generate

INSTANCES, SEED = 400, 1


def beside(url: str) -> None:
    """Make it in the portal's own database; one that is there, or in the archive, is left alone."""
    if not is_made(url) and not is_made(url, "gloria_archive"):
        generate(url, INSTANCES, SEED)
