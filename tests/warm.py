"""Programs that start warm: a process that has loaded the portal forks for each of them.

To load it takes three seconds, many times what most programs then do. A fork has its own
environment, arguments, input and output, runs the program as ``python FILE`` or ``python -m NAME``
does, and ends as that would. What a program says as it starts, and of what it lacks, is tried with
one that starts as it does outside.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

from scripts.drill.site import Programs

ROOT = Path(__file__).resolve().parent.parent
LOADED = (
    "portal.app", "portal.cli", "portal.serving", "gunicorn.app.wsgiapp", "worker",
    "scripts.legacy.move", "scripts.legacy.verifying", "scripts.backups.take",
    "scripts.backups.restore", "scripts.local.mail_catcher",
)  # fmt: skip


@dataclass
class Program:
    """One that runs beside the test; as much of ``subprocess.Popen`` as tests ask for."""

    words: list[str]
    pid: int
    ended: Path
    """A file that is there once the program has ended, with its code."""
    returncode: int | None = field(default=None)

    def poll(self) -> int | None:
        """Its code where it has ended."""
        if self.returncode is None and self.ended.exists():
            self.returncode = int(self.ended.read_text())
            self.ended.unlink()
            self.ended.parent.rmdir()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its code, once it has ended. Raises ``subprocess.TimeoutExpired``."""
        limit = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if limit is not None and timeout is not None and time.monotonic() > limit:
                raise subprocess.TimeoutExpired(self.words, timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, where it has not ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def run(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program of ours, ``["scripts/x.py", ...]`` or ``["-m", "flask", ...]``, to its end."""
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        code = _wish(words, environment, out, err)
        said, complained = out.read_text(), err.read_text()
    return subprocess.CompletedProcess([*words], code, said, complained)


def start(words: Sequence[str], environment: Mapping[str, str], log: Path) -> Program:
    """Start a program that goes on beside the test; what it says goes to the end of `log`."""
    ended = Path(tempfile.mkdtemp(prefix="warm-"), "code")
    return Program([*words], _wish(words, environment, log, log, ended=str(ended)), ended)


class WarmPrograms(Programs):
    """How a drill starts its programs."""

    def run(
        self, words: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run one to its end."""
        return run(words, environment)

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> Program:
        """Start one that goes on beside."""
        return start(words, environment, log)


def _wish(
    words: Sequence[str], environment: Mapping[str, str], out: Path, err: Path, **more: str
) -> int:
    warm = _warm()
    assert warm.stdin
    assert warm.stdout
    wish = {"words": [*words], "environment": {**environment}, "out": str(out), "err": str(err)}
    warm.stdin.write(json.dumps(wish | more) + "\n")
    warm.stdin.flush()
    return int(warm.stdout.readline())


@cache
def _warm() -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.warm"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    atexit.register(process.communicate)  # it ends when nothing more can come
    return process


def serve() -> None:
    """Fork for each wish that comes, one after the other, and say with what code each ended, or as
    what process one began that goes on."""
    for name in LOADED:
        import_module(name)
    threads = len([*Path("/proc/self/task").iterdir()])
    assert threads == 1, f"{threads} threads: a fork would lose the others"
    gc.collect()
    gc.freeze()  # the forks need not look through it
    watchers: set[int] = set()
    while line := sys.stdin.readline():
        wish = json.loads(line)
        child = os.fork()
        if not child:
            if "ended" not in wish or _is_in_watched_program(wish["ended"]):
                become(wish)
            return
        if "ended" in wish:
            watchers.add(child)
        else:
            _, status = os.waitpid(child, 0)
            _say(os.waitstatus_to_exitcode(status))
        watchers -= {each for each in watchers if os.waitpid(each, os.WNOHANG)[0]}


def _is_in_watched_program(ended: str) -> bool:
    """Fork once more: True in the program, False in who waited for it and wrote down its code."""
    child = os.fork()
    if not child:
        return True
    _say(child)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # whoever waits for the end of our parent's words waits not for us
        os.dup2(nothing, number)
    _, status = os.waitpid(child, 0)
    draft = Path(f"{ended}.draft")
    draft.write_text(str(os.waitstatus_to_exitcode(status)))
    draft.rename(ended)
    return False


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def become(wish: dict[str, object]) -> None:
    """Be that program; what it raises ends the process, as it would."""
    words, environment = wish["words"], wish["environment"]
    assert isinstance(words, list)
    assert isinstance(environment, dict)
    new = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    places = (os.devnull, os.O_RDONLY), (str(wish["out"]), new), (str(wish["err"]), new)
    for number, (path, how) in enumerate(places):
        opened = os.open(path, how)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    serve()
