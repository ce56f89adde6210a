"""What there is to give back, and what is kept of it in `portal.legacy_moves`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from portal.domain.request.events import Event
from portal.domain.request.state import Status
from portal.workflows import names

Driver = psycopg.Connection[Any]
CHUNK = 200

# Finished instances were copied and nothing can have happened to them: they stay imported.
MOVED = """
SELECT m.instance_id, m.request_id, m.new_request_id::text, m.last_seq, m.workflow_code,
    r.number, r.status
FROM portal.legacy_moves m JOIN portal.requests r ON r.id = m.new_request_id
WHERE m.kind = 'active' AND m.result IN ('moved', 'on_hold', 'history')
    AND m.rolled_back_at IS NULL AND m.instance_id > %s
ORDER BY m.instance_id LIMIT %s
"""
BEGAN = """
SELECT r.id::text, r.number, r.status, r.type_name, r.workflow, l.workflow_id, r.type_code,
    r.submitted_at >= coalesce((SELECT min(moved_at) FROM portal.legacy_moves), 'infinity')
FROM portal.requests r LEFT JOIN portal.request_types t ON t.code = r.type_code
LEFT JOIN portal.legacy_types l ON l.request_type_id = t.id
WHERE r.id > %s AND NOT EXISTS (
    SELECT FROM portal.legacy_moves m WHERE m.new_request_id = r.id)
ORDER BY r.id LIMIT %s
"""
GIVEN_BACK = "SELECT count(*) FROM portal.legacy_moves WHERE rolled_back_at IS NOT NULL"
MARK = "UPDATE portal.legacy_moves SET rolled_back_at = now() WHERE instance_id = %s"
LOCK = "SELECT FROM portal.requests WHERE id = %s FOR UPDATE"
KEEP_NEW = """
INSERT INTO portal.legacy_moves (instance_id, request_id, new_request_id, workflow_id,
    workflow_code, old_state, kind, result, status, number, workflow_ref, last_seq, rolled_back_at)
SELECT i.id, i.request_id, %(request)s, i.workflow_id, w.code, i.state, 'active', %(result)s,
    %(status)s, %(number)s, %(ref)s, %(seq)s, now()
FROM {instances} i JOIN {workflows} w ON w.id = i.workflow_id WHERE i.id = %(id)s
"""


@dataclass(frozen=True)
class MovedOne:
    """A request that was moved from an old instance."""

    instance_id: str
    old_request_id: str | None
    request_id: str
    last_seq: int | None
    code: str | None
    number: str
    status: str

    @property
    def key(self) -> str:
        """The key of its row."""
        return self.instance_id


@dataclass(frozen=True)
class Began:
    """A request that began here. `is_new`: after the move; `workflow_id`: None for no old type."""

    request_id: str
    number: str
    status: str
    type_name: str
    workflow: str
    workflow_id: str | None
    code: str
    is_new: bool

    @property
    def key(self) -> str:
        """The key of its row."""
        return self.request_id

    @property
    def old_request_id(self) -> str:
        """Its request id in the old tables."""
        return self.request_id

    @property
    def is_open(self) -> bool:
        """Whether it has no outcome yet."""
        return Status(self.status).is_open


def profiles(driver: Driver) -> dict[str, str]:
    """The old profile of every user who has one."""
    rows = driver.execute(
        "SELECT id::text, legacy_profile_id FROM portal.users WHERE legacy_profile_id IS NOT NULL"
    )
    return dict(rows.fetchall())


def given_back(driver: Driver) -> int:
    """How many were given back before and did not move again."""
    row = driver.execute(GIVEN_BACK).fetchone()
    return 0 if row is None else int(row[0])


def moved(driver: Driver) -> Iterator[list[MovedOne]]:
    """The moved requests that are here, in chunks by the old key."""
    last = ""
    while rows := driver.execute(MOVED, [last, CHUNK]).fetchall():
        yield [MovedOne(*row) for row in rows]
        last = rows[-1][0]


def began(driver: Driver) -> Iterator[list[Began]]:
    """The requests that began here, in chunks."""
    last = "00000000-0000-0000-0000-000000000000"
    while rows := driver.execute(BEGAN, [last, CHUNK]).fetchall():
        yield [Began(*row) for row in rows]
        last = rows[-1][0]


def lock(driver: Driver, request_id: str) -> None:
    """Hold the request's row until the transaction ends."""
    driver.execute(LOCK, [request_id])


def mark(driver: Driver, instance_id: str) -> None:
    """It is the old engine's again."""
    driver.execute(MARK, [instance_id])


def keep_new(
    driver: Driver, schema: str, began: Began, instance_id: str, result: str, events: list[Event]
) -> None:
    """Note a request that began here as one that was given back, so that it can move again."""
    statement = psycopg.sql.SQL(KEEP_NEW).format(
        instances=psycopg.sql.Identifier(schema, "workflow_instances"),
        workflows=psycopg.sql.Identifier(schema, "workflows"),
    )
    _, ref = names.address(began.workflow, began.request_id)
    values = {
        "request": began.request_id, "result": result, "status": began.status, "id": instance_id,
        "number": began.number, "ref": ref, "seq": events[-1].seq,
    }  # fmt: skip
    driver.execute(statement, values)
