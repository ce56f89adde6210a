"""Programs that tests start: whatever a test finds, nothing waits for them for ever."""

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

PATIENCE = 120.0


@contextlib.contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A running program, with subprocess's options; ended with the block, by force if it must be.

    ``with subprocess.Popen(...)`` waits without an end for a program that nobody told to stop,
    which is what happens where an assertion fails before the line that stops it.
    """
    process = subprocess.Popen(command, text=True, **options)
    try:
        yield process
    finally:
        end(process)


def end(process: "subprocess.Popen[str]") -> None:
    """Ask a program to end where it has not, wait, then force it; read nothing more from it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=PATIENCE)
    if process.poll() is None:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream and not stream.closed:
            stream.close()
