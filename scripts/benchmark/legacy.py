"""Moving from the old engine: starts against the plain client's, history against a bare COPY.

Both pairs are measured in turns within one run. Memory is the mover's own process, small and large.
"""

import asyncio
import io
import resource
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from temporalio.client import Client

from portal.config import Settings
from portal.domain.codec import encode
from portal.legacy.engine import Selection
from portal.legacy.mover import MoveOptions, Mover
from portal.legacy.preparing import Prepared
from portal.legacy.runs import RunReport
from portal.models.states import kept_state
from portal.temporal.client import DATA_CONVERTER
from portal.workflows.messages import StartApproval
from scripts.legacy.generate import generate
from scripts.local.migrations import migrate
from scripts.local.postgres import PostgresServer

SEED = 5
TABLES = ("requests", "tasks", "participants", "comments", "audit_texts", "audit_events")
FOUNDATION = ("users", "request_types", "policy_versions")


def measure(
    server: PostgresServer, temporal: str, instances: int, in_flight: int, rounds: int
) -> dict[str, Any]:
    """Both figures, on one generated database."""
    url = _old_database(server, "old_engine", instances)
    settings = _settings(url, temporal)
    return {
        **_active(settings, in_flight, rounds),
        **_history(server, settings),
        "peak memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _active(settings: Settings, in_flight: int, rounds: int) -> dict[str, Any]:
    """The mover and the plain client in turns, over shares of the active instances."""
    with psycopg.connect(settings.database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM gloria_ops.workflow_instances WHERE state::text IN"
            " ('INITIALIZED', 'IN_PROGRESS', 'WAITING', 'SUSPENDED')"
        ).fetchone()
    share = max(1, (0 if row is None else int(row[0])) // rounds)
    moved = moving = bare = starting = 0.0
    for _ in range(rounds):
        with _only(active=True):
            mover = Mover(settings, MoveOptions(limit=share, concurrency=in_flight), *_silent())
            begun = time.perf_counter()
            mover.run()
            moving += time.perf_counter() - begun
        moved += mover.totals.results["moved"] + mover.totals.results["on_hold"]
        count, seconds = asyncio.run(_start_bare(settings, in_flight, share))
        bare, starting = bare + count, starting + seconds
    rates = (moved / moving, bare / starting)
    return {
        "active moved/s": round(rates[0], 1),
        "bare starts/s": round(rates[1], 1),
        "active ratio": round(rates[0] / rates[1], 2),
    }


async def _start_bare(settings: Settings, in_flight: int, count: int) -> tuple[int, float]:
    """Start workflows with the states that the mover started, by the plain client."""
    client = await Client.connect(settings.temporal_address, data_converter=DATA_CONVERTER)
    states = _moved_states(settings, count)
    waiting = iter(states)

    async def lane() -> None:
        for state in waiting:
            await client.start_workflow(
                "ApprovalWorkflow",
                StartApproval(state["request_id"], state=state),
                id=f"bare-{uuid.uuid4()}",
                task_queue="nobody-polls",
            )

    begun = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(in_flight)))
    return len(states), time.perf_counter() - begun


def _moved_states(settings: Settings, count: int) -> list[dict[str, Any]]:
    from sqlalchemy import create_engine

    engine = create_engine(settings.sqlalchemy_url)
    with engine.connect() as connection:
        ids = connection.exec_driver_sql(
            "SELECT new_request_id::text FROM portal.legacy_moves WHERE started_at IS NOT NULL"
            " ORDER BY moved_at DESC LIMIT %s",
            (count,),
        ).scalars()
        states = [encode(kept_state(connection, id_)) for id_ in ids]
    engine.dispose()
    return states


def _history(server: PostgresServer, settings: Settings) -> dict[str, Any]:
    """Import what is finished, then COPY the very same rows into the same tables elsewhere."""
    before = _count(settings.database_url)
    with _only(active=False):
        begun = time.perf_counter()
        mover = Mover(settings, MoveOptions(), *_silent())
        mover.run()
        seconds = time.perf_counter() - begun
    rows = _count(settings.database_url) - before
    copied, copying = _copy_rows(server, settings.database_url)
    return {
        "history instances": mover.totals.results["history"],
        "history rows/s": round(rows / seconds),
        "history rows/s by COPY": round(copied / copying),
        "history ratio": round(rows / seconds / (copied / copying), 2),
    }


def _copy_rows(server: PostgresServer, source: str) -> tuple[int, float]:
    target = _database(server, "bare_copy")
    migrate(target)
    count, seconds = 0, 0.0
    with psycopg.connect(source) as old, psycopg.connect(target) as new:
        span = old.execute("SELECT min(at)::date, max(at)::date FROM portal.audit_events")
        new.execute("SELECT portal.ensure_audit_partitions(%s, %s)", span.fetchone())
        for table in FOUNDATION:
            if table == "request_types":
                new.execute("ALTER TABLE portal.request_types DROP CONSTRAINT"
                            " fk_request_types_policy_version_id_policy_versions")  # fmt: skip
            _copy(old, new, table)
        for table in TABLES:
            data, rows = _read(old, table)
            begun = time.perf_counter()
            _write(new, table, data)
            seconds += time.perf_counter() - begun
            count += rows
        new.commit()
    return count, seconds


def _copy(old: psycopg.Connection[Any], new: psycopg.Connection[Any], table: str) -> None:
    _write(new, table, _read(old, table)[0])


def _columns(connection: psycopg.Connection[Any], table: str) -> SQL | Any:
    names = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'portal'"
        " AND table_name = %s AND is_generated = 'NEVER' ORDER BY 1",
        [table],
    ).fetchall()
    return SQL(", ").join(Identifier(row[0]) for row in names)


def _read(connection: psycopg.Connection[Any], table: str) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    question = SQL("COPY (SELECT {} FROM portal.{}) TO STDOUT").format(
        _columns(connection, table), Identifier(table)
    )
    with connection.cursor().copy(question) as copy:
        for block in copy:
            buffer.write(block)
    data = buffer.getvalue()
    return data, data.count(b"\n")


def _write(connection: psycopg.Connection[Any], table: str, data: bytes) -> None:
    statement = SQL("COPY portal.{} ({}) FROM STDIN").format(
        Identifier(table), _columns(connection, table)
    )
    with connection.cursor().copy(statement) as copy:
        copy.write(data)


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        questions = [SQL("SELECT count(*) FROM portal.{}").format(Identifier(t)) for t in TABLES]
        rows = [connection.execute(question).fetchone() for question in questions]
    return sum(int(row[0]) for row in rows if row is not None)


@contextmanager
def _only(*, active: bool) -> Iterator[None]:
    """Let the mover read one kind of instance, as its own two passes do one after the other."""
    both = Prepared.selections
    Prepared.selections = property(  # type: ignore[method-assign,assignment]
        lambda self: (Selection(active, self.workflows),)
    )
    try:
        yield
    finally:
        Prepared.selections = both  # type: ignore[method-assign]


def _silent() -> tuple[RunReport, Any]:
    return RunReport(None), lambda _totals: None


def _settings(url: str, temporal: str) -> Settings:
    return Settings(
        database_url=url, secret_key=uuid.uuid4().hex, environment="test",
        temporal_address=temporal,
        temporal_task_queue=f"bench-{uuid.uuid4()}",
    )  # fmt: skip


def _old_database(server: PostgresServer, name: str, instances: int) -> str:
    url = _database(server, name)
    generate(url, instances, SEED)
    migrate(url)
    return url


def _database(server: PostgresServer, name: str) -> str:
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} OWNER gloria_owner").format(Identifier(name)))
    return server.url(name)
