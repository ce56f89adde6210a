"""Programs that start warm: a process that has loaded the portal forks for each of them.

To load it takes three seconds, many times what most programs then do. A fork has its own
environment, arguments, input and output, runs the program as ``python FILE`` or ``python -m NAME``
does, and ends as that would.
"""

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOADED = ("portal.app", "portal.cli", "scripts.legacy.move", "scripts.legacy.verifying")


def run(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program of ours, ``["scripts/x.py", ...]`` or ``["-m", "flask", ...]``, to its end."""
    warm = _warm()
    assert warm.stdin
    assert warm.stdout
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        wish = {"words": [*words], "environment": {**environment}, "out": str(out), "err": str(err)}
        warm.stdin.write(json.dumps(wish) + "\n")
        warm.stdin.flush()
        code = int(warm.stdout.readline())
        said, complained = out.read_text(), err.read_text()
    return subprocess.CompletedProcess([*words], code, said, complained)


@cache
def _warm() -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.warm"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    atexit.register(process.communicate)  # it ends when nothing more can come
    return process


def serve() -> None:
    """Fork for each wish that comes, one after the other, and say with what code each ended."""
    for name in LOADED:
        import_module(name)
    threads = len([*Path("/proc/self/task").iterdir()])
    assert threads == 1, f"{threads} threads: a fork would lose the others"
    gc.collect()
    gc.freeze()  # the forks need not look through it
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            become(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def become(wish: dict[str, object]) -> None:
    """Be that program; what it raises ends the process, as it would."""
    words, environment = wish["words"], wish["environment"]
    assert isinstance(words, list)
    assert isinstance(environment, dict)
    new = os.O_WRONLY | os.O_CREAT
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
