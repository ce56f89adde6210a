"""Starts parts, watches them, and stops them in the opposite order."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

import psycopg

from scripts.local import processes
from scripts.local.failure import LocalFailure, from_log, tail, why
from scripts.local.installation import Installation
from scripts.local.processes import Service

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY = 0.25
SOON = 10.0
# Between two tries to start a part anew, in seconds: it grows.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
HOPELESS = frozenset({2, 4})  # our own say so of wrong settings: trying again changes nothing
# Set by the first signal. Python drops what a handler raises inside a finalizer, so raising alone
# would now and then leave a run that nothing stops.
_asked = threading.Event()


class Stopped(BaseException):
    """A signal asked us to stop. Not an Exception, so nothing takes it for a failure."""


class PartDied(Exception):
    """A part ended in a way that trying again does not mend. The sentence names it."""


@dataclass
class Part:
    """A part that is watched. ``again`` starts it anew. ``is_server``: others need it to end well.

    ``falls`` counts how often it has died within ``SOON`` seconds of its start, in a row.
    ``next_try``: when it is started anew, 0 while it runs or is not yet known to have died.
    """

    service: Service
    again: Callable[[], Service]
    is_server: bool = False
    since: float = field(default_factory=time.monotonic)
    falls: int = 0
    next_try: float = 0.0

    @property
    def pause(self) -> float:
        """How long to wait before it is started anew."""
        growing: float = FIRST_PAUSE * 2 ** min(self.falls - 1, 10)
        return min(LONGEST_PAUSE, growing) if self.falls else 0.0


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
        """Look at the parts for ever. Raises Stopped after a signal, PartDied at a hopeless end."""
        while True:
            self.look()
            time.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Start dead parts anew, each after a pause of its own that grows; say what is waited for.

        A part may fall as often as it likes: a full disk is emptied, a port becomes free. The
        others go on meanwhile. Raises Stopped where a signal came.
        """
        if _asked.is_set():
            raise Stopped
        for part in self.parts:
            if part.service.is_running():
                part.next_try = 0.0
            elif not part.next_try:
                self._note_fall(part)
            elif time.monotonic() >= part.next_try:
                self._revive(part)

    def _note_fall(self, part: Part) -> None:
        service, lived = part.service, time.monotonic() - part.since
        code = service.process.returncode
        if code in HOPELESS and not part.is_server:
            detail = f"The end of {service.log}:\n{tail(service.log)}"
            raise PartDied(f"{service.name} ended by itself (code {code}). {detail}")
        self._plan(part, part.falls + 1 if lived < SOON else 0, f"ended by itself (code {code})")

    def _plan(self, part: Part, falls: int, what: str) -> None:
        part.falls = falls
        part.next_try = time.monotonic() + part.pause
        when = f"in {part.pause:.0f} s" if part.pause >= 1 else "now"
        cause = why(part.service.log) if falls else ""
        print(f"{part.service.name} {what}; starting it again {when}.{cause}", flush=True)

    def _revive(self, part: Part) -> None:
        part.since, part.next_try = time.monotonic(), 0.0
        try:
            part.service = part.again()
        except (LocalFailure, OSError, psycopg.Error) as failure:
            self._plan(part, part.falls + 1, f"did not start ({str(failure).splitlines()[0]})")
        self._remember()

    def wait(self, ready: Callable[[], bool], what: str, patience: float) -> None:
        """Wait until ``ready`` says so, watching the parts. Raises LocalFailure in the end."""
        limit = time.monotonic() + patience
        while not ready():
            self.look()
            if time.monotonic() > limit:
                down = [part for part in self.parts if not part.service.is_running()]
                raise from_log(what, (down or self.parts)[-1].service.log)
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
        _asked.set()
        raise Stopped

    before = {each: signal.signal(each, raise_stopped) for each in SIGNALS}
    try:
        yield
    finally:
        _asked.clear()
        for each, handler in before.items():
            signal.signal(each, handler)


def ignore_signals() -> None:
    """From now on nothing hurries us: the parts are being stopped."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
