"""deploy/gunicorn.conf.py: the pages as production serves them."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.logs import NOISY
from portal.config import ROOT, Settings
from scripts.local.ports import any_free
from tests.programs import started

KEY = "kJ8wq3Zp0tVfY6sLmB1xR9cN4uHdE7aG2oQi"


@contextmanager
def serving(settings: Settings, **env: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """gunicorn under production's settings, and its port."""
    port = any_free()
    given = {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://approvals.example.org",
        "SECRET_KEY": KEY,
        "DATABASE_URL": settings.database_url,
        "TEMPORAL_ADDRESS": settings.temporal_address,
    }
    command = [
        "-m",
        "gunicorn",
        "--config",
        "deploy/gunicorn.conf.py",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    with started(
        [sys.executable, *command, "portal.app:create_app()"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **given, **env},
        stderr=subprocess.PIPE,
    ) as process:
        yield process, port


def answer(port: int, path: str, host: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        with suppress(OSError), urllib.request.urlopen(request, timeout=60) as response:
            status: int = response.status
            return status
        time.sleep(0.1)
    raise AssertionError("gunicorn does not answer")


def test_production_serves_its_host_and_writes_json(settings: Settings, tmp_path: Path) -> None:
    """And nothing else: its user's home may be read-only, and no line is an error without one."""
    with serving(settings, HOME=str(tmp_path)) as (process, port):
        assert answer(port, "/sign-in", "approvals.example.org") == 200
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"gunicorn.error", None} <= {line.get("logger") for line in lines}
    assert any("Listening at" in line["event"] for line in lines)
    assert [line["path"] for line in lines if "/sign-in" in str(line)] == ["/sign-in"]
    assert not [line for line in lines if line["level"] == "error"]
    assert not [line for line in lines if line.get("logger") in NOISY]
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_the_settings_is_one_list_and_no_traceback(settings: Settings) -> None:
    wrong = {"SECRET_KEY": "short", "PUBLIC_URL": "http://a.example/b", "TEMPORAL_ENCRYPT": "true"}
    with serving(settings, **wrong) as (process, _):
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in said
    assert [name for name in wrong if f"{name} " in said] == list(wrong)
