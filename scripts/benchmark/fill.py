"""Fills a database with very many requests by COPY, around the demonstration's people.

Shares: the heavy approver has 5,000 open tasks at every size; two in a hundred requests are open
beside those; the heavy requester has every thousandth request, and at least 1,000.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from portal.domain.codec import encode
from portal.domain.request.state import Approval, Content, OpenStage, Status, Task
from portal.domain.routing.plan import Candidate, StagePlan
from portal.models.states import state_row

HEAVY_TASKS = 5_000
HEAVY_REQUESTS = 1_000
OTHERS = 2_000
BLOCK = 5_000

REQUEST = (
    "id", "number", "type_code", "type_name", "policy_version_id", "requester_id",
    "requester_name", "title", "fields", "amount", "currency", "priority", "status", "round",
    "stage_index", "stage_name", "waiting_for", "waiting_since", "content_version",
    "content_hash", "last_seq", "last_hash", "submitted_at", "updated_at", "closed_at",
)  # fmt: skip
TASK = (
    "id", "request_id", "requester_id", "round", "stage_index", "stage_key", "stage_name",
    "assignee_id", "status", "opened_at", "due_at", "decided_at", "decided_by", "decision",
    "content_version",
)  # fmt: skip
STATE = ("request_id", "seq", "shape", "state")
PARTICIPANT = ("request_id", "user_id", "submitted_at")
EVENT = ("request_id", "seq", "at", "kind", "tag", "actor", "data", "prev_hash", "hash")
NOTIFICATION = ("id", "user_id", "request_id", "seq", "kind", "number", "text", "created_at",
                "read_at")  # fmt: skip
HISTORY = ("id", "workflow_type", "request_id", "temporal_workflow_id", "status", "initiator_id",
           "started_at", "completed_at")  # fmt: skip
HASH = "0" * 64
NUMBER, TASK_ID = "@number@", "@task@"
ROWS = 50_000
# Of each request in a record that is filled alone.
EVENTS_EACH = 20
PEOPLE = "SELECT id::text FROM portal.users WHERE email = %s"
VERSION = "SELECT policy_version_id::text FROM portal.request_types WHERE code = %s"
NEWEST_LEAF = "SELECT COALESCE(max(number), -1) FROM portal.audit_leaves"
# Events of each request at its time, by its requester: those four again and again.
RECORD = """
INSERT INTO portal.audit_events
    (request_id, seq, at, kind, tag, actor, data, prev_hash, hash)
SELECT r.id, e.seq, r.submitted_at, k.kind, k.tag, r.requester_id::text,
    replace(replace(k.data, '@number@', r.number), '@task@', '01' || substr(r.id::text, 3))::jsonb,
    %(hash)s, %(hash)s
FROM (SELECT
    ('00' || lpad(to_hex(n), 6, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
    FROM generate_series(%(first)s::int, %(last)s::int) n) one
JOIN portal.requests r ON r.id = one.id, generate_series(1, %(each)s) e(seq)
JOIN unnest(%(kinds)s::text[], %(tags)s::text[], %(data)s::text[]) WITH ORDINALITY
    AS k(kind, tag, data, place) ON k.place = (e.seq - 1) %% 4 + 1
ORDER BY r.id, e.seq
"""
LEAVES = """
INSERT INTO portal.audit_leaves (number, subject_id, seq, hash)
SELECT %(leaf)s + (n - 1) * %(each)s + e.seq - 1,
    ('00' || lpad(to_hex(n), 6, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    e.seq, %(hash)s
FROM generate_series(%(first)s::int, %(last)s::int) n, generate_series(1, %(each)s) e(seq)
ORDER BY 1
"""
FIELDS = json.dumps({"supplier": "Pixelwerk", "cost_centre": "4100", "reason": "Worn out."})
EVENTS = (
    ("RequestSubmitted", "request:submitted"), ("StageOpened", "stage:opened"),
    ("TaskAssigned", "task:assigned"), ("TaskDecided", "task:decided"),
)  # fmt: skip


@dataclass(frozen=True)
class People:
    """Ids the rows refer to."""

    heavy_approver: str
    heavy_requester: str
    policy_version: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One made-up request; everything the tables say of it follows from its number."""

    n: int
    size: int
    people: People
    now: datetime

    @property
    def id(self) -> str:
        """Sorts like the time it was submitted, as UUIDv7 do."""
        return f"00{self.n:06x}-0000-7000-8000-{self.n:012x}"

    @property
    def task_id(self) -> str:
        """The id of its one task."""
        return f"01{self.n:06x}-0000-7000-8000-{self.n:012x}"

    @property
    def submitted(self) -> datetime:
        """Spread evenly over the last eighteen months."""
        return self.now - timedelta(days=540) * (1 - self.n / self.size)

    @property
    def is_heavy(self) -> bool:
        """Whether its open task is the heavy approver's."""
        return self.n % max(1, self.size // HEAVY_TASKS) == 0

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.is_heavy or self.n % 50 == 1

    @property
    def requester(self) -> str:
        """Who asked."""
        if self.n % max(1, self.size // HEAVY_REQUESTS) == 3:
            return self.people.heavy_requester
        return self.people.others[self.n % len(self.people.others)]

    @property
    def approver(self) -> str:
        """Who was asked."""
        if self.is_heavy:
            return self.people.heavy_approver
        return self.people.others[(self.n * 7 + 1) % len(self.people.others)]


def fill(url: str, size: int, heavy_approver: str, heavy_requester: str) -> None:
    """Add `size` requests to a database that has the demonstration; then ANALYZE."""
    with psycopg.connect(url) as connection:
        people = _people(connection, heavy_approver, heavy_requester)
        now = datetime.now(UTC).replace(microsecond=0)
        rows = [Row(n, size, people, now) for n in range(1, size + 1)]
        _copy(connection, "portal.requests", REQUEST, rows, _request)
        _copy(connection, "portal.request_states", STATE, rows, _state)
        _copy(connection, "portal.tasks", TASK, rows, _task)
        _copy(connection, "portal.participants", PARTICIPANT, rows, _participants)
        _copy(connection, "portal.audit_events", EVENT, rows, _events)
        _copy(connection, "portal.notifications", NOTIFICATION, rows, _notification)
        _copy(connection, "gloria_ops.workflow_history", HISTORY, rows, _history)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def fill_requests(url: str, size: int, heavy_approver: str, heavy_requester: str) -> None:
    """Add `size` requests alone, without all that belongs to them; then ANALYZE."""
    with psycopg.connect(url) as connection:
        people = _people(connection, heavy_approver, heavy_requester)
        now = datetime.now(UTC).replace(microsecond=0)
        for start in range(1, size + 1, ROWS):
            rows = [Row(n, size, people, now) for n in range(start, min(start + ROWS, size + 1))]
            _copy(connection, "portal.requests", REQUEST, rows, _request)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) portal.requests")


def fill_record(url: str, size: int, heavy_approver: str, heavy_requester: str) -> None:
    """Add `size` requests with their events alone, which already have their leaves; then ANALYZE.

    What becomes of requests elsewhere is left out, so that ten million events fit into minutes.
    """
    fill_requests(url, size, heavy_approver, heavy_requester)
    with psycopg.connect(url, autocommit=True) as connection:
        found = _one(connection, PEOPLE, heavy_approver), _one(connection, VERSION, "purchase")
        people = People(found[0], found[0], found[1], ())
        connection.execute("ALTER TABLE portal.audit_events DISABLE TRIGGER queue_events")
        templates = [template(seq, people) for seq in range(1, len(EVENTS) + 1)]
        first = 1 + int(_one(connection, NEWEST_LEAF))
        for start in range(1, size + 1, ROWS):
            given = {"first": start, "last": min(start + ROWS - 1, size), "leaf": first,
                     "kinds": [kind for kind, _tag in EVENTS], "tags": [tag for _k, tag in EVENTS],
                     "data": templates, "hash": HASH, "each": EVENTS_EACH}  # fmt: skip
            connection.execute(RECORD, given)
            connection.execute(LEAVES, given)
        connection.execute("ALTER TABLE portal.audit_events ENABLE TRIGGER queue_events")
        connection.execute("VACUUM (ANALYZE) portal.audit_events, portal.audit_leaves")


def _people(connection: psycopg.Connection, approver: str, requester: str) -> People:
    ids = tuple(f"02{n:06x}-0000-7000-8000-{n:012x}" for n in range(OTHERS))
    with connection.cursor().copy("COPY portal.users (id, email, name, roles) FROM STDIN") as copy:
        for n, each in enumerate(ids):
            copy.write_row((each, f"person{n}@bench.example", f"Person {n}", "{member}"))
    found = [_one(connection, PEOPLE, email) for email in (approver, requester)]
    version = _one(connection, VERSION, "purchase")
    return People(found[0], found[1], version, ids)


def _one(connection: psycopg.Connection, question: LiteralString, *values: str) -> str:
    row = connection.execute(question, values).fetchone()
    if row is None:
        raise LookupError(f"{values} is not in the database: load the demonstration first")
    return str(row[0])


def _copy(
    connection: psycopg.Connection,
    table: str,
    columns: tuple[str, ...],
    rows: list[Row],
    lines: Callable[[Row], Iterator[tuple[object, ...]]],
) -> None:
    statement = SQL("COPY {} ({}) FROM STDIN").format(
        Identifier(*table.split(".")), SQL(", ").join(map(Identifier, columns))
    )
    with connection.cursor().copy(statement) as copy:
        for start in range(0, len(rows), BLOCK):
            block = [
                "\t".join("\\N" if value is None else str(value) for value in line)
                for row in rows[start : start + BLOCK]
                for line in lines(row)
            ]
            copy.write("\n".join(block) + "\n")


def _request(row: Row) -> Iterator[tuple[object, ...]]:
    closed = None if row.is_open else row.submitted + timedelta(hours=20)
    waiting = json.dumps([{"id": row.approver, "name": "Somebody"}]) if row.is_open else "[]"
    yield (
        row.id, f"PR-{row.n + 100_000}", "purchase", "Purchase", row.people.policy_version,
        row.requester, f"Person {row.n % OTHERS}", f"Item {row.n} for room {row.n % 97}", FIELDS,
        row.n % 900_000 + 100, "EUR", "MEDIUM", "PENDING" if row.is_open else "APPROVED", 1,
        0 if row.is_open else None, "Line manager" if row.is_open else None, waiting,
        row.submitted if row.is_open else None, 1, HASH, 4, HASH, row.submitted, row.submitted,
        closed,
    )  # fmt: skip


def _state(row: Row) -> Iterator[tuple[object, ...]]:
    """The kept state that the record activity would have left."""
    task = Task(id=row.task_id, assignee_id=row.approver)
    plan = StagePlan(
        index=0,
        key="manager",
        name="Line manager",
        people=(Candidate(person_id=row.approver, name="Somebody", why=""),),
    )
    stage = OpenStage(plan=plan, opening=1, opened_at=row.submitted, tasks=(task,))
    state = Approval(
        request_id=row.id,
        seq=4,
        number=f"PR-{row.n + 100_000}",
        type_code="purchase",
        policy_version_id=row.people.policy_version,
        requester_id=row.requester,
        content=Content(
            title=f"Item {row.n} for room {row.n % 97}",
            fields=json.loads(FIELDS),
            amount=row.n % 900_000 + 100,
            currency="EUR",
        ),
        content_version=1,
        content_hash=HASH,
        status=Status.PENDING if row.is_open else Status.APPROVED,
        round=1,
        opening=1,
        stage=stage if row.is_open else None,
        waiting_since=row.submitted,
        submitted_at=row.submitted,
        closed_at=None if row.is_open else row.submitted + timedelta(hours=20),
    )
    kept = state_row(state)
    # COPY reads a backslash as the beginning of an escape.
    yield row.id, kept["seq"], kept["shape"], json.dumps(kept["state"]).replace("\\", "\\\\")


def _task(row: Row) -> Iterator[tuple[object, ...]]:
    decided = None if row.is_open else row.submitted + timedelta(hours=20)
    due = row.now + timedelta(minutes=row.n % 20_000 - 5_000) if row.is_open else decided
    yield (
        row.task_id, row.id, row.requester, 1, 0, "manager", "Line manager", row.approver,
        "OPEN" if row.is_open else "DECIDED", row.submitted, due, decided,
        row.approver if decided and row.approver != row.requester else None,
        "approve" if decided else None, 1,
    )  # fmt: skip


def _participants(row: Row) -> Iterator[tuple[object, ...]]:
    for user in dict.fromkeys((row.requester, row.approver)):
        yield row.id, user, row.submitted


def _events(row: Row) -> Iterator[tuple[object, ...]]:
    for seq, (kind, tag) in enumerate(EVENTS, start=1):
        data = template(seq, row.people).replace(TASK_ID, row.task_id)
        data = data.replace(NUMBER, f"PR-{row.n + 100_000}")
        yield row.id, seq, row.submitted, kind, tag, row.requester, data, HASH, HASH


@cache
def template(seq: int, people: People) -> str:
    """The data of each request's event of that number, as the record has them; task and number
    stand as `TASK_ID` and `NUMBER`."""
    someone = people.heavy_approver
    plan = StagePlan(
        index=0, key="manager", name="Line manager",
        people=(Candidate(person_id=someone, name="Somebody", why=""),),
    )  # fmt: skip
    every: tuple[dict[str, object], ...] = (
        {"number": NUMBER, "type_code": "purchase", "policy_version_id": people.policy_version,
         "content": {"title": "Chairs", "fields": {}}, "content_hash": HASH},
        {"round": 1, "opening": 1, "plan": encode(plan)},
        {"task_id": TASK_ID, "round": 1, "index": 0, "stage_key": "manager", "person_id": someone},
        {"task_id": TASK_ID, "decision": "approve", "content_version": 1, "content_hash": HASH},
    )  # fmt: skip
    return json.dumps(every[seq - 1])


def _notification(row: Row) -> Iterator[tuple[object, ...]]:
    read = None if row.is_open and row.n % 50 == 1 else row.now
    yield (
        row.task_id, row.approver, row.id, 3, "asked", f"PR-{row.n + 100_000}",
        "You are asked to decide.", row.submitted, read,
    )  # fmt: skip


def _history(row: Row) -> Iterator[tuple[object, ...]]:
    closed = None if row.is_open else row.submitted + timedelta(hours=20)
    yield (
        row.id, "ApprovalWorkflow", row.id, f"approval-{row.id}",
        "STARTED" if row.is_open else "APPROVED", row.requester, row.submitted, closed,
    )  # fmt: skip
