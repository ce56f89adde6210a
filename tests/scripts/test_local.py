"""The local servers themselves."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from scripts.local import secret
from scripts.local.failure import LocalFailure
from scripts.local.ports import any_free, insist, is_free, next_free
from scripts.local.postgres import PostgresServer, running_postgres, start_postgres
from scripts.local.temporal import TemporalServer


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's user can pass through."""
    with tempfile.TemporaryDirectory(prefix="gloria test ") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_postgres_asks_for_the_password(postgres_server: PostgresServer) -> None:
    wrong = f"postgresql://gloria:wrong@127.0.0.1:{postgres_server.port}/gloria"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_portals_role_is_no_superuser(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.app_url()) as connection:
        row = connection.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        assert row.fetchone() == (False,)


def test_postgres_does_not_run_as_root(postgres_server: PostgresServer) -> None:
    import psutil

    assert psutil.Process(postgres_server.service.pid).uids().real != 0


def test_data_survive_a_stop_and_a_kill(home: Path) -> None:
    with running_postgres(home, any_free()) as server, psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    killed = start_postgres(home, any_free(), home / "postgres.log")
    os.kill(killed.service.pid, signal.SIGKILL)
    killed.service.process.wait()
    with running_postgres(home, any_free()) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_server_left_over_from_a_killed_run_is_replaced(home: Path) -> None:
    left = start_postgres(home, any_free(), home / "postgres.log")
    with running_postgres(home, any_free()) as server:
        left.service.process.wait(60)
        psycopg.connect(server.url()).close()


def test_a_stale_pid_file_of_another_program_does_no_harm(home: Path) -> None:
    with running_postgres(home, any_free()):
        pass
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with running_postgres(home, any_free()) as server:
        psycopg.connect(server.url()).close()


@pytest.mark.temporal
def test_temporal_answers_without_pages(temporal_server: TemporalServer) -> None:
    assert temporal_server.ui_url == ""
    assert not is_free(temporal_server.port)


def test_a_taken_port_gives_a_sentence(postgres_server: PostgresServer) -> None:
    with pytest.raises(LocalFailure, match=f"Port {postgres_server.port} is taken .* --port"):
        insist(postgres_server.port, "--port")
    assert next_free(postgres_server.port) > postgres_server.port


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = secret.kept(tmp_path / "new" / "key")
    assert secret.kept(tmp_path / "new" / "key") == first
    assert len(first) >= 32
    assert (tmp_path / "new" / "key").stat().st_mode & 0o777 == 0o600
