"""Starting programs that outlive a terminal's Ctrl-C, and ending exactly those."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psutil

from scripts.local.account import Account

LARGEST_LOG = 20 * 1024 * 1024


@dataclass(frozen=True)
class Service:
    """A running program of ours."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def stop(self, patience: float = 20.0) -> None:
        """Ask it to end, wait ``patience`` seconds, then end it by force."""
        if self.is_running():
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Service:
    """Start a program in a session of its own, so that Ctrl-C reaches only the supervisor.

    Its output goes to the end of ``log``. With an account, it runs as that user. Where the system
    can do so (setpriv), the program also gets its stop signal when we are killed outright; call
    this from the main thread, since the system watches the thread that starts the program.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_dies_with_us(stop_signal), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(os.environ if env is None else env),
            cwd=cwd,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    return Service(name=name, process=process, log=log, stop_signal=stop_signal)


def _dies_with_us(stop_signal: signal.Signals) -> list[str]:
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--"] if setpriv else []


def command_line(pid: int) -> list[str]:
    """The command line of a process, empty where there is no such process."""
    try:
        return psutil.Process(pid).cmdline()
    except (psutil.Error, ValueError):
        return []


def birth(pid: int) -> float:
    """When a process began, in seconds since 1970; 0 where there is none.

    Pid and birth together name a process for good; a pid alone may be given anew.
    """
    try:
        return psutil.Process(pid).create_time()
    except (psutil.Error, ValueError):
        return 0.0


def end(pid: int, how: signal.Signals = signal.SIGTERM, patience: float = 20.0) -> None:
    """End a process that is not our child, by its pid: ask, wait, then force."""
    try:
        process = psutil.Process(pid)
        process.send_signal(how)
        process.wait(patience)
    except psutil.TimeoutExpired:
        os.kill(pid, signal.SIGKILL)
        _until_gone(pid)
    except psutil.NoSuchProcess:
        return


def leave(code: int) -> NoReturn:
    """End this process at once, output flushed, without Python's own farewell.

    For programs that used a Temporal client: a thread of its core that is just then handing over an
    answer makes a finalizing interpreter abort (seen with temporalio 1.35 on a busy machine).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _until_gone(pid: int, patience: float = 5.0) -> None:
    limit = time.monotonic() + patience
    while psutil.pid_exists(pid) and time.monotonic() < limit:
        time.sleep(0.02)
