"""Parts that fall are started again, with growing pauses, for as long as it takes."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local import processes, supervisor
from scripts.local.failure import LocalFailure
from scripts.local.installation import Installation
from scripts.local.processes import Service
from scripts.local.supervisor import PartDied, Stopped, Supervisor, stopping_on_signals


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Supervisor]:
    found = Supervisor(Installation(tmp_path))
    yield found
    found.stop()


def python(folder: Path, code: str, name: str = "Part") -> Service:
    return processes.start(name, [sys.executable, "-c", code], folder / "part.log")


def look_until(watched: Supervisor, ready: object, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < limit
        watched.look()
        time.sleep(0.01)


def test_a_part_heals_however_often_it_fell(
    watched: Supervisor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.02)
    tries = 0

    def again() -> Service:
        nonlocal tries
        tries += 1
        if tries % 2:
            raise LocalFailure("PostgreSQL did not start.")
        code = "print('No space left on device'); raise SystemExit(1)" if tries < 25 else "input()"
        return python(tmp_path, "import time; time.sleep(600)" if tries >= 25 else code)

    watched.add(python(tmp_path, "raise SystemExit(1)"), again, is_server=True)
    look_until(watched, lambda: tries >= 26 and watched.parts[0].service.is_running())
    said = capsys.readouterr().out
    assert "did not start (PostgreSQL did not start.)" in said
    assert "It waits for space on the disk" in said


def test_pauses_grow_up_to_a_limit(watched: Supervisor, tmp_path: Path) -> None:
    watched.add(python(tmp_path, "pass"), lambda: python(tmp_path, "pass"))
    pauses = []
    for falls in range(20):
        watched.parts[0].falls = falls
        pauses.append(watched.parts[0].pause)
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == supervisor.LONGEST_PAUSE


def test_one_that_waits_holds_up_no_other(watched: Supervisor, tmp_path: Path) -> None:
    watched.add(
        python(tmp_path, "raise SystemExit(1)"), lambda: python(tmp_path, "raise SystemExit(1)")
    )
    watched.parts[0].falls = 50  # it waits as long as any
    watched.add(python(tmp_path, "pass"), lambda: python(tmp_path, "import time; time.sleep(600)"))
    began = watched.parts[1].service.pid
    look_until(watched, lambda: watched.parts[1].service.pid != began, seconds=20)


def test_wrong_settings_are_told_at_once(watched: Supervisor, tmp_path: Path) -> None:
    watched.add(
        python(tmp_path, "print('KEY is missing'); raise SystemExit(4)"),
        lambda: python(tmp_path, ""),
    )
    with pytest.raises(PartDied, match="KEY is missing"):
        look_until(watched, lambda: False)


def test_during_the_start_the_part_that_is_down_is_named(
    watched: Supervisor, tmp_path: Path
) -> None:
    dead = "print('the reason'); raise SystemExit(1)"
    watched.add(python(tmp_path, dead), lambda: python(tmp_path, dead))
    with pytest.raises(LocalFailure) as failure:
        watched.wait(lambda: False, "The web", 1.0)
    assert "the reason" in failure.value.detail


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_drops_in_a_finalizer_still_stops(watched: Supervisor) -> None:
    class Finalized:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0)

    with stopping_on_signals():
        Finalized()
        with pytest.raises(Stopped):
            watched.look()
