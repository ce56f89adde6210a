"""The parts the bench measures, each in a process of its own, on ports that are free."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.local.ports import HOST, any_free
from scripts.local.postgres import PostgresServer, running_postgres
from scripts.local.temporal import running_temporal

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Stack:
    """Addresses of the running parts, and their process ids for the memory figures."""

    postgres: PostgresServer
    temporal: str
    web: str
    port: int
    worker_pid: int
    web_pid: int
    temporal_pid: int
    environment: dict[str, str]

    def processor(self, others: int = 0) -> dict[str, float]:
        """Processor seconds each part has used so far; `others` is one more process to name."""
        parts = {
            "web": self.web_pid,
            "worker": self.worker_pid,
            "temporal": self.temporal_pid,
            "postgres": self.postgres.service.process.pid,
            "client": os.getpid(),
            "floor worker": others,
        }
        return {name: processor_seconds(pid) for name, pid in parts.items() if pid}


@dataclass(frozen=True)
class FloorWorker:
    """The floor's running worker."""

    queue: str
    pid: int


@contextmanager
def running(folder: Path, *, on_disk: bool) -> Iterator[Stack]:
    """PostgreSQL (durable), Temporal (memory or WAL), our worker and web, ready to serve."""
    with ExitStack() as parts:
        postgres = parts.enter_context(running_postgres(folder / "postgres", any_free()))
        store = folder / "temporal.db" if on_disk else None
        temporal = parts.enter_context(running_temporal(folder / "temporal.log", store=store))
        port = any_free()
        env = environment(postgres.url(), temporal.address, port)
        _flask(env, "db", "upgrade")
        _flask(env, "portal", "register-search-attributes")
        worker = parts.enter_context(
            _process([sys.executable, "worker.py"], env, folder / "worker.log")
        )
        web = parts.enter_context(_process(_gunicorn(port), env, folder / "web.log"))
        _wait(f"http://{HOST}:{port}/readyz")
        url, temporal_pid = f"http://{HOST}:{port}", temporal.service.process.pid
        pids = (worker.pid, web.pid, temporal_pid)
        yield Stack(postgres, temporal.address, url, port, *pids, env)


def _gunicorn(port: int, application: str = "portal.app:create_app()") -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", application, "--bind", f"{HOST}:{port}",
        "--worker-class", "portal.serving.PatientWorker", "--workers", "2", "--threads", "16",
        "--keep-alive", "75", "--log-level", "warning",
    ]  # fmt: skip


@contextmanager
def bare_views(stack: Stack, queue: str, log: Path) -> Iterator[int]:
    """The port of the bare views (`scripts.benchmark.bare`), served as the portal is."""
    port, env = any_free(), {**stack.environment, "FLOOR_QUEUE": queue}
    with _process(_gunicorn(port, "scripts.benchmark.bare:create_app()"), env, log):
        _wait(f"http://{HOST}:{port}/")
        yield port


def environment(database: str, temporal: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "ENVIRONMENT": "development",
        "DATABASE_URL": database,
        "TEMPORAL_ADDRESS": temporal,
        "SECRET_KEY": secrets.token_hex(32),
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "DATABASE_POOL_SIZE": "20",
        "LOG_LEVEL": "WARNING",
        **dict.fromkeys(
            (
                "LIMIT_MESSAGES",
                "LIMIT_REQUESTS",
                "LIMIT_UPLOADS",
                "LIMIT_CHANGES",
                "LIMIT_SEARCHES",
                "LIMIT_API_READS",
                "LIMIT_API_WRITES",
            ),
            "0",
        ),
        "WEBHOOK_ALLOWED_HOSTS": HOST,
        "ATTACHMENTS_DIR": tempfile.gettempdir(),
        "AUDIT_LOG_DIR": f"{tempfile.gettempdir()}/no-log",
    }


def _flask(env: dict[str, str], *words: str) -> None:
    command = [sys.executable, "-m", "flask", "--app", "portal.app", *words]
    subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _process(
    command: list[str], env: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def floor_worker(address: str, log: Path) -> Iterator[FloorWorker]:
    """The floor's own worker, in a process of its own like ours."""
    queue = f"floor-{uuid.uuid4()}"
    command = [sys.executable, "-m", "scripts.benchmark.floor", address, queue]
    with _process(command, dict(os.environ), log) as process:
        time.sleep(2)
        yield FloorWorker(queue, process.pid)


def _wait(url: str, patience: float = 300.0) -> None:
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not become ready")


def memory(pid: int) -> float:
    """Resident memory of a process and its children, in MB (Linux)."""
    total = sum(int(_status(each, "VmRSS:")) for each in _family(pid))
    return total / 1024


def processor_seconds(pid: int) -> float:
    """Processor time of a process and its living children; of ourselves alone (Linux)."""
    ticks = 0
    for each in [pid] if pid == os.getpid() else _family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text().split()
        except OSError:
            continue
        waiting += [int(child) for child in children]
    return found


def _status(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text().split(name)[1].split()[0]
    except (OSError, IndexError):
        return "0"
