"""What has to be the same, asked in SQL alone: by none of the code that is tried out here."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

from portal.legacy.cutover import backup
from scripts.drill.site import Site

# The shared tables, and every table of the old engine.
OLD = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_schema IN ('gloria_ops', 'gloria_master') AND table_type = 'BASE TABLE'
    AND table_name <> 'workflow_history_next' ORDER BY 1, 2
"""
ENGINE = ("workflow_instances", "workflow_step_instances", "workflow_actions",
          "workflow_delegations", "workflow_escalations", "workflow_transitions")  # fmt: skip

# Decisions of people since the move that stand, with who made them by their old ids.
DECISIONS = """
SELECT e.request_id::text, e.seq, r.number, coalesce(u.legacy_profile_id, u.id::text),
    e.data ->> 'decision', e.at
FROM portal.audit_events e JOIN portal.requests r ON r.id = e.request_id
JOIN portal.users u ON u.id::text = e.actor
LEFT JOIN portal.request_types t ON t.code = r.type_code
WHERE e.kind = 'TaskDecided' AND e.data ->> 'via' <> 'system'
    AND EXISTS (SELECT FROM portal.legacy_types l WHERE l.request_type_id = t.id)
"""
MISSING = """
SELECT number, decision FROM ({decisions}) AS d(id, seq, number, who, decision, at)
WHERE NOT EXISTS (
    SELECT FROM gloria_ops.workflow_actions a
    JOIN gloria_ops.workflow_step_instances s ON s.id = a.step_instance_id
    JOIN gloria_ops.workflow_instances i ON i.id = s.instance_id
    WHERE a.actor_id = d.who
        AND a.performed_at = date_trunc('milliseconds', d.at AT TIME ZONE 'UTC')
        AND a.action::text = CASE d.decision WHEN 'approve' THEN 'APPROVE'
            WHEN 'reject' THEN 'REJECT' ELSE 'RETURN' END
        AND lower(i.request_id) = d.id)
"""
TWICE = """
SELECT a.data #>> '{portal,number}', a.data #>> '{portal,seq}'
FROM gloria_ops.workflow_actions a WHERE a.data -> 'portal' IS NOT NULL
GROUP BY a.step_instance_id, 1, 2 HAVING count(*) > 1
"""
# What the record says of every request, and what the old tables say of its instance.
STANDING = """
SELECT r.number, r.status, i.state::text, date_trunc('milliseconds', r.closed_at) AT TIME ZONE 'UTC'
        IS NOT DISTINCT FROM i.completed_at,
    (SELECT count(*) FROM gloria_ops.workflow_step_instances s WHERE s.instance_id = i.id
        AND s.status::text IN ('IN_PROGRESS', 'DELEGATED', 'ESCALATED')),
    EXISTS (SELECT FROM gloria_ops.workflow_step_instances s WHERE s.instance_id = i.id
        AND (s.result -> 'approved')::text = 'false')
FROM portal.requests r
JOIN portal.request_types t ON t.code = r.type_code
JOIN portal.legacy_types l ON l.request_type_id = t.id
LEFT JOIN gloria_ops.workflow_instances i ON lower(i.request_id) = r.id::text
WHERE EXISTS (SELECT FROM portal.audit_events e WHERE e.request_id = r.id
    AND e.kind IN ('TaskDecided', 'RequestHeld', 'RequestWithdrawn', 'RequestCancelled')
    AND coalesce(e.command_id::text, '') <> '')
ORDER BY r.number
"""
STATES = {
    "APPROVED": ("COMPLETED",), "REJECTED": ("COMPLETED",), "CANCELLED": ("CANCELLED",),
    "WITHDRAWN": ("CANCELLED",), "TIMEOUT": ("FAILED",), "PENDING": ("IN_PROGRESS",),
    "RETURNED": ("IN_PROGRESS",), "ON_HOLD": ("SUSPENDED", "WAITING", "IN_PROGRESS"),
}  # fmt: skip
NOW = """
SELECT r.id::text, r.number, CASE WHEN r.status = 'RETURNED' THEN 'PENDING' ELSE r.status END,
    CASE WHEN r.status = 'RETURNED' THEN NULL ELSE r.stage_name END, r.last_seq
FROM portal.requests r ORDER BY 1
"""


class Difference(Exception):
    """What differs and should not."""


class Comparison:
    """Remembers how it was, and compares."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tables = self._checksums()
        self._schema = self._dump()
        self._finished = self._finished_rows()
        self._standing: dict[str, tuple[Any, ...]] = {}

    def nothing_was_touched(self) -> None:
        """The old tables and everybody else's are as they were."""
        _same(self._tables, self._checksums(), "the tables were touched")

    def note_decisions(self) -> None:
        """How every request stands now."""
        self._standing = {row[0]: row for row in self._site.rows(NOW)}

    def same_totals(self, dry: str, real: str) -> None:
        """The dry run promised what happened."""
        _same(_totals(dry), _totals(real), "the dry run promised something else")

    def everything_went_back(self) -> None:
        """Every decision is there once, every request stands right, and the rest is as it was."""
        missing = self._site.rows(MISSING.format(decisions=DECISIONS))
        _none(missing, "decisions are missing in the old tables")
        if not self._site.rows(f"SELECT 1 FROM ({DECISIONS}) d LIMIT 1"):  # noqa: S608 - our own
            raise Difference("Nobody decided anything, so nothing was tried out.")
        _none(self._site.rows(TWICE), "rows were written twice")
        wrong = [row for row in self._site.rows(STANDING) if not _stands_right(row)]
        _none(wrong, "requests stand otherwise in the old tables")
        shared = {name: row for name, row in self._checksums().items() if name[1] not in ENGINE}
        before = {name: row for name, row in self._tables.items() if name[1] not in ENGINE}
        _same(before, shared, "tables of others were touched")
        _same(self._finished, self._finished_rows(), "instances that were over were changed")
        _same(self._schema, self._dump(), "the schema is another")

    def unchanged_by(self, work: Callable[[], object]) -> None:
        """The old tables are after this as they are now."""
        before = self._checksums()
        work()
        _same(before, self._checksums(), "a second run changed something")

    def stands_as_it_stood(self) -> None:
        """After the second move: the same requests and numbers, and their history goes on."""
        now = {row[0]: row for row in self._site.rows(NOW)}
        wrong = [
            (before, now.get(id_))
            for id_, before in self._standing.items()
            if id_ not in now or not _goes_on(before, now[id_])
        ]
        _none(wrong, "requests stand otherwise after the second move")

    def _checksums(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        found = {}
        for schema, table in self._site.rows(OLD):
            question = (
                "SELECT count(*), sum(hashtextextended(t::text, 0))"  # noqa: S608 - names of tables
                f' FROM {schema}."{table}" t'
            )
            found[(schema, table)] = self._site.rows(question)[0]
        return found

    def _finished_rows(self) -> list[tuple[Any, ...]]:
        """The instances that were over before the move."""
        return self._site.rows("""
            SELECT count(*), sum(hashtextextended(i::text, 0)) FROM gloria_ops.workflow_instances i
            WHERE state::text IN ('COMPLETED', 'CANCELLED', 'FAILED')
                AND metadata -> 'portal' IS NULL""")

    def _dump(self) -> str:
        """What pg_dump says of the old schemas, byte for byte."""
        program = backup._program("")
        command = [str(program), "--schema-only", "--restrict-key=x", "--schema=gloria_ops",
                   "--schema=gloria_master", "--dbname", self._site.admin_url]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _goes_on(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    """The same number, status and stage, and a history that is longer or the same.

    What was sent back stands where it was sent back from, since the old engine did nothing then.
    Of several steps that were one stage, those that are done are left out of its name.
    """
    same_stage = before[3] is None or (now[3] or "") in before[3]
    return now[:3] == before[:3] and same_stage and now[4] >= before[4]


def _stands_right(row: tuple[Any, ...]) -> bool:
    """An instance's state follows from the outcome; an open one has a step under way."""
    _, status, state, same_time, under_way, rejected = row
    if state not in STATES[status]:
        return False
    if status in ("PENDING", "RETURNED"):
        return bool(under_way)
    if status == "ON_HOLD":
        return True
    return same_time and not under_way and (status != "REJECTED" or rejected)


def _totals(text: str) -> dict[str, str]:
    lines = [line.rpartition(":") for line in text.splitlines()]
    return {name: value.strip() for name, _, value in lines if value.strip().isdigit()}


def _same(before: Any, after: Any, words: str) -> None:
    if before == after:
        return
    if isinstance(before, dict):
        names = before.keys() | after.keys()
        found = [str(name) for name in names if before.get(name) != after.get(name)]
        raise Difference(f"Here {words}: {', '.join(sorted(found))}.")
    raise Difference(f"Here {words}.")


def _none(found: list[Any], words: str) -> None:
    if found:
        shown = json.dumps(found[:5], default=str)
        raise Difference(f"{len(found)} {words}: {shown}")
