"""The cutover of the schema: for how long other people wait, with very many old instances.

Rows are made by generate_series in the server, all of them moved. Meanwhile a reader asks again
and again for `user_profiles`, which the old engine ties: its longest wait is the time of the lock,
commit included.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import create_engine, text

from portal.config import Settings
from portal.legacy.cutover import recording, running
from scripts.legacy.generate import generate
from scripts.local.migrations import migrate
from scripts.local.postgres import PostgresServer

FEW, SEED = 100, 5
MANY = (
    """
    INSERT INTO gloria_ops.workflow_instances
        (id, workflow_id, request_id, initiator_id, state, context, started_at)
    SELECT 'many-' || n, (SELECT min(id) FROM gloria_ops.workflows), 'request-' || n,
        (SELECT min(id) FROM gloria_ops.user_profiles), (CASE mod(n, 10) WHEN 0 THEN 'IN_PROGRESS'
        WHEN 1 THEN 'WAITING' ELSE 'COMPLETED' END)::gloria_ops."WorkflowState",
        '{"amount": 120, "referenceType": "purchase"}', now()
    FROM generate_series(1, %s) n
    """,
    """
    INSERT INTO gloria_ops.workflow_step_instances
        (id, instance_id, step_index, step_type, step_data, status)
    SELECT 'step-' || n || '-' || place, 'many-' || n, place, 'APPROVAL', '{}', 'COMPLETED'
    FROM generate_series(1, %s) n, generate_series(0, 1) place
    """,
    """
    INSERT INTO portal.legacy_moves
        (instance_id, request_id, old_state, kind, result, started_at)
    SELECT id, request_id, state::text, 'finished', CASE WHEN state = 'COMPLETED' THEN 'history'
        ELSE 'moved' END, now()
    FROM gloria_ops.workflow_instances LIMIT %s + 1000
    """,
)
READ = "SELECT count(*) FROM gloria_ops.user_profiles"


def measure(server: PostgresServer, url: str, instances: int) -> dict[str, Any]:
    """The figures of one cutover and of its way back, on an empty database."""
    generate(url, FEW, SEED)
    migrate(url)
    with psycopg.connect(url) as connection:
        for statement in MANY:
            connection.execute(statement, [instances])
    with psycopg.connect(server.admin_url(url.rpartition("/")[2]), autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE")
    settings = Settings(database_url=url, secret_key="unused", environment="test")  # noqa: S106
    engine = create_engine(settings.sqlalchemy_url)
    options = running.CutoverOptions(no_backup_reason="a measurement")
    with engine.connect() as connection:
        with _waiting(url) as cutting:
            running.cut_over(connection, settings, options, lambda _words: None)
        made = recording.standing(connection)
        connection.rollback()
        with _waiting(url) as returning:
            running.take_back(connection)
        steps = connection.scalar(text("SELECT count(*) FROM gloria_ops.workflow_step_instances"))
    engine.dispose()
    return {
        "old instances": instances,
        "old steps": steps,
        "cutover: longest wait of a reader s": round(cutting[0], 2),
        "locked s by the cutover's own clock": None if made is None else made.locked_ms / 1000,
        "way back: longest wait of a reader s": round(returning[0], 2),
    }


@contextmanager
def _waiting(url: str) -> Iterator[list[float]]:
    """The longest wait, in seconds, of a reader of a shared table during the block."""
    longest, ended = [0.0], threading.Event()

    def read() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not ended.is_set():
                begun = time.perf_counter()
                connection.execute(READ)
                longest[0] = max(longest[0], time.perf_counter() - begun)
                time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield longest
    finally:
        ended.set()
        reader.join()
