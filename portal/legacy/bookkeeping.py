"""What a run keeps of itself while it goes: its row, and which workflows were started."""

import json
from concurrent.futures import Future
from typing import Any

import psycopg
from sqlalchemy import Engine

from portal.legacy.outcome import Item, Result
from portal.legacy.rows import workflow_ref
from portal.legacy.starting import Started, Starter, ToStart
from portal.legacy.totals import Totals
from portal.models.columns import new_id
from portal.models.states import kept_state

Driver = psycopg.Connection[Any]
MOST_LISTED = 5000
WAITING_CHUNKS = 2

NOT_STARTED = """
SELECT instance_id, workflow_ref, new_request_id::text FROM portal.legacy_moves
WHERE started_at IS NULL AND workflow_ref IS NOT NULL AND rolled_back_at IS NULL
    AND result IN ('moved', 'on_hold') AND instance_id > %s ORDER BY instance_id LIMIT 500
"""
STARTED = """
WITH new AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS s(instance_id text, run_ref text)),
    moved AS (
        UPDATE portal.legacy_moves m SET started_at = now(), run_ref = new.run_ref
        FROM new WHERE m.instance_id = new.instance_id
        RETURNING m.new_request_id::text AS id, new.run_ref
    )
UPDATE portal.workflow_history h SET temporal_run_id = moved.run_ref
FROM moved WHERE h.id = moved.id AND coalesce(h.temporal_run_id, '') = ''
"""


class RunRow:
    """The run's row in portal.legacy_runs, kept up to date so that a page can follow."""

    def __init__(self, driver: Driver, options: dict[str, Any], totals: Totals) -> None:
        self.id = new_id()
        self._driver = driver
        driver.execute(
            "INSERT INTO portal.legacy_runs (id, options, found, totals) VALUES (%s, %s, %s, %s)",
            [self.id, json.dumps(options), totals.to_do, json.dumps(totals.as_dict())],
        )

    def keep(self, totals: Totals) -> None:
        """How far it is."""
        self._driver.execute(
            "UPDATE portal.legacy_runs SET totals = %s, seen_at = now() WHERE id = %s",
            [json.dumps(totals.as_dict()), self.id],
        )

    def end(self, totals: Totals, listed: list[dict[str, str]], exit_code: int) -> None:
        """It is done, or could not go on."""
        self._driver.execute(
            "UPDATE portal.legacy_runs SET totals = %s, listed = %s, exit_code = %s,"
            " seen_at = now(), finished_at = now() WHERE id = %s",
            [json.dumps(totals.as_dict()), json.dumps(listed[:MOST_LISTED]), exit_code, self.id],
        )


class Starts:
    """The starts under way, a chunk or two behind the writing."""

    def __init__(self, driver: Driver, engine: Engine, starter: Starter) -> None:
        self._driver = driver
        self._engine = engine
        self._starter = starter
        self._pending: list[Future[list[Started]]] = []

    def left_over(self) -> list[Started]:
        """Start what an earlier run recorded and did not start any more; returns the failures."""
        last, failures = "", list[Started]()
        while True:
            rows = self._driver.execute(NOT_STARTED, [last]).fetchall()
            if not rows:
                return failures
            with self._engine.connect() as connection:
                wanted = [ToStart(row[0], row[1], kept_state(connection, row[2])) for row in rows]
            self._pending.append(self._starter.start(wanted))
            failures += self.collect(everything=True)
            last = rows[-1][0]

    def begin(self, items: list[Item]) -> None:
        """Start the workflows of a chunk that is written."""
        wanted = [
            ToStart(item.instance.id, workflow_ref(item.instance), item.mapped.state, item.again)
            for item in items
            if item.mapped.result in (Result.MOVED, Result.ON_HOLD) and item.mapped.state
        ]
        if wanted:
            self._pending.append(self._starter.start(wanted))

    def collect(self, *, everything: bool = False) -> list[Started]:
        """Note what was started; returns those that could not be. Raises TemporalAway."""
        failures: list[Started] = []
        while self._pending and (everything or len(self._pending) >= WAITING_CHUNKS):
            done = self._pending.pop(0).result()
            failures += [each for each in done if each.run_ref is None]
            started = [
                {"instance_id": each.instance_id, "run_ref": each.run_ref}
                for each in done
                if each.run_ref is not None
            ]
            self._driver.execute(STARTED, [json.dumps(started)])
        return failures
