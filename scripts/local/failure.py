"""The one way in which starting something goes wrong: a sentence for the person at the terminal."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TAIL_LINES = 15


class LocalFailure(Exception):
    """A clear sentence; programs print it and leave with code 2. ``detail`` may follow it."""

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.detail = detail


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, or nothing where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


FULL = ("No space left on device", "disk is full")


def why(log: Path) -> str:
    """What a log says last of a part that keeps falling, as words to put behind a sentence."""
    text = tail(log)
    if any(words in text for words in FULL):
        return f" It waits for space on the disk that holds {log.parent.parent}."
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return f" Its log ends: {last[:200]}" if last else ""


def from_log(what: str, log: Path) -> LocalFailure:
    """The failure of a program that wrote its reason into its log."""
    text = tail(log)
    if any(words in text for words in FULL):
        return LocalFailure(f"The disk is full: {what} cannot start. Free some space, then retry.")
    return LocalFailure(f"{what} did not start. The end of {log}:", text)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into a sentence that names the folder."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: f"The disk that holds {folder} is full: free some space, then retry.",
            errno.EDQUOT: f"Your quota on the disk that holds {folder} is used up.",
            errno.EROFS: f"{folder} lies on a read-only disk: clone the repository elsewhere.",
            errno.EACCES: f"{folder} may not be written by this user.",
        }
        if error.errno not in reasons:
            raise
        raise LocalFailure(reasons[error.errno]) from error
