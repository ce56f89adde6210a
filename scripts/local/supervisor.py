"""Starts parts, watches them, and stops them in the opposite order."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from scripts.local import processes
from scripts.local.failure import LocalFailure, from_log, tail
from scripts.local.installation import Installation
from scripts.local.processes import Service

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY = 0.25
SOON = 10.0
PAUSE = 0.5
MOST_FALLS = 10


class Stopped(BaseException):
    """A signal asked us to stop. Not an Exception, so nothing takes it for a failure."""


class PartDied(Exception):
    """A part ended by itself again and again. The sentence names it."""


@dataclass
class Part:
    """A part that is watched. ``again`` starts it anew. ``is_server``: others need it to end well.

    ``falls`` counts how often it has died within ``SOON`` seconds of its start, in a row.
    """

    service: Service
    again: Callable[[], Service]
    is_server: bool = False
    since: float = field(default_factory=time.monotonic)
    falls: int = 0


@dataclass
class Supervisor:
    """The running parts of one installation, in the order in which they were started."""

    installation: Installation
    parts: list[Part] = field(default_factory=list)

    def add(
        self, service: Service, again: Callable[[], Service], *, is_server: bool = False
    ) -> None:
        """Watch a part from now on, and stop it at the end."""
        self.parts.append(Part(service, again, is_server))
        self._remember()

    def watch(self) -> None:
        """Look at the parts until a signal comes. Raises PartDied where one cannot go on."""
        while True:
            self.look(MOST_FALLS)
            time.sleep(LOOK_EVERY)

    def look(self, most_falls: int = 0) -> None:
        """Start dead parts anew; raise PartDied for one that keeps dying soon after its start.

        Once all have run, a part may fall often: while Temporal or the worker is away, people can
        still submit and decide, so that it must not take the pages with it.
        """
        for part in self.parts:
            if not part.service.is_running():
                self._revive(part, most_falls)

    def _revive(self, part: Part, most_falls: int) -> None:
        service, lived = part.service, time.monotonic() - part.since
        code = service.process.returncode
        part.falls = part.falls + 1 if lived < SOON else 0
        if part.falls > most_falls:
            detail = f"The end of {service.log}:\n{tail(service.log)}"
            raise PartDied(f"{service.name} ended by itself (code {code}). {detail}")
        print(f"{service.name} ended by itself (code {code}); starting it again.", flush=True)
        time.sleep(part.falls * PAUSE)
        try:
            part.service = part.again()
        except LocalFailure as failure:
            print(failure.sentence, flush=True)
        part.since = time.monotonic()
        self._remember()

    def wait(self, ready: Callable[[], bool], what: str, patience: float) -> None:
        """Wait until ``ready`` says so, watching the parts. Raises LocalFailure in the end."""
        limit = time.monotonic() + patience
        while not ready():
            self.look()
            if time.monotonic() > limit:
                raise from_log(what, self.parts[-1].service.log)
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop all parts, the last one first. Those that are no servers stop together."""
        together = [part.service for part in self.parts if not part.is_server]
        for service in together:
            if service.is_running():
                service.process.send_signal(service.stop_signal)
        for part in reversed(self.parts):
            part.service.stop(patience=30.0)
        self.parts.clear()
        self._remember()

    def end_leftovers(self) -> None:
        """End what a killed run of this installation left, known by pid and time of birth."""
        for pid, birth in self.installation.remembered("processes").items():
            if birth and abs(processes.birth(int(pid)) - birth) < 0.05:
                processes.end(int(pid))

    def _remember(self) -> None:
        pids = [part.service.pid for part in self.parts]
        numbers = {str(pid): processes.birth(pid) for pid in pids}
        with contextlib.suppress(OSError):
            self.installation.remember("processes", numbers)


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Raise Stopped at the first signal that asks to stop; later ones do not hurry the end."""

    def raise_stopped(_number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise Stopped

    before = {each: signal.signal(each, raise_stopped) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def ignore_signals() -> None:
    """From now on nothing hurries us: the parts are being stopped."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
