"""Closing the portal for commands, and opening it again: a row that everybody looks at."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.errors import LockNotAvailable

from portal.models.columns import new_id

Driver = psycopg.Connection[Any]

WORDS = (
    "The portal is closed for changes: approvals go on in the old system. You can read everything"
    " here, and nothing that was recorded is lost."
)
TRIES = 20
PAUSE = 0.25
"""Seconds between two looks at what is still waiting."""
WORKER_SEEN = timedelta(seconds=60)

# Whoever is just recording a command is waited for; whoever comes later is refused.
LOCK = "LOCK TABLE portal.commands IN SHARE ROW EXCLUSIVE MODE"
CLOSE = """
INSERT INTO portal.closures (id, in_force, words) VALUES (%s, true, %s)
ON CONFLICT (in_force) DO NOTHING
"""
STANDING = """
SELECT words, closed_at, drained_at, ended_at, returned_at FROM portal.closures WHERE in_force
"""
OPEN = "UPDATE portal.closures SET in_force = NULL, opened_at = now() WHERE in_force"
WAITING = "SELECT count(*) FROM portal.commands WHERE applied_at IS NULL AND parked_at IS NULL"
LEFT = """
SELECT c.id::text, c.request_id::text, c.number, c.kind, coalesce(u.name, 'the portal'),
    c.created_at, coalesce(c.payload ->> 'comment', c.payload ->> 'reason', '')
FROM portal.commands c LEFT JOIN portal.users u ON u.id = c.actor_id
WHERE c.applied_at IS NULL ORDER BY c.created_at, c.id
"""
WORKERS = "SELECT count(*) FROM portal.worker_heartbeats WHERE seen_at > now() - %s"


class NotClosed(Exception):
    """The portal could not be closed; the message is one sentence."""


@dataclass(frozen=True)
class StandingClosure:
    """The closure in force, and how far it went."""

    words: str
    closed_at: datetime
    drained_at: datetime | None
    ended_at: datetime | None
    returned_at: datetime | None


@dataclass(frozen=True)
class LeftOver:
    """A command that was recorded and never applied."""

    id: str
    request_id: str
    number: str
    kind: str
    name: str
    at: datetime
    said: str

    @property
    def sentence(self) -> str:
        """What it is, for a person who has to see to it."""
        said = f": {self.said}" if self.said else ""
        return f"{self.kind} by {self.name} at {self.at:%Y-%m-%d %H:%M} was never applied{said}"


def standing(driver: Driver) -> StandingClosure | None:
    """The closure in force, if there is one."""
    row = driver.execute(STANDING).fetchone()
    return None if row is None else StandingClosure(*row)


def close(driver: Driver, words: str) -> None:
    """Refuse every command from now on. Safe to repeat. Raises NotClosed."""
    for _ in range(TRIES):
        try:
            with driver.transaction():
                driver.execute("SET LOCAL lock_timeout = '2s'")
                driver.execute(LOCK)
                driver.execute(CLOSE, [new_id(), words])
        except LockNotAvailable:
            time.sleep(PAUSE)
        else:
            return
    raise NotClosed("The table of commands is in use by somebody who does not let go; try again.")


def drain(driver: Driver, patience: timedelta) -> int:
    """Wait until what was recorded is applied, while a worker lives; how much is left."""
    limit = time.monotonic() + patience.total_seconds()
    while True:
        left = _number(driver, WAITING)
        if not left or time.monotonic() > limit or not _number(driver, WORKERS, WORKER_SEEN):
            return left
        time.sleep(PAUSE)


def reached(driver: Driver, column: str) -> None:
    """Note that the closure has come so far: drained_at, ended_at or returned_at."""
    name = psycopg.sql.Identifier(column)
    driver.execute(
        psycopg.sql.SQL("UPDATE portal.closures SET {0} = coalesce({0}, now()) WHERE in_force")
        .format(name)
    )  # fmt: skip


def keep_totals(driver: Driver, totals: dict[str, int]) -> None:
    """Keep what went back with the closure."""
    statement = "UPDATE portal.closures SET totals = %s WHERE in_force"
    driver.execute(statement, [json.dumps(totals)])


def left_over(driver: Driver) -> Iterator[LeftOver]:
    """The commands that were never applied, oldest first."""
    for row in driver.execute(LEFT):
        yield LeftOver(*row)


def reopen(driver: Driver) -> bool:
    """End the closure; False where there is none."""
    return driver.execute(OPEN).rowcount == 1


def _number(driver: Driver, question: str, *given: Any) -> int:
    row = driver.execute(question, given).fetchone()
    return 0 if row is None else int(row[0])
