"""Open requests: the stage they stand in and whom it asks, worked out again from the old rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from scripts.legacy.verify_outcomes import SHORT, Difference, asked
from scripts.legacy.verify_people import Organisation
from scripts.legacy.verify_tables import Connection, OldTables

UNDER_WAY = ("IN_PROGRESS", "DELEGATED", "ESCALATED")
FINISHED = ("COMPLETED", "SKIPPED", "REJECTED")

# Requests that nothing has happened to since the move, with the people of their open tasks.
OPEN = """
SELECT i.id, i.initiator_id, i.workflow_id, m.moved_at, r.stage_name, r.settles_at IS NOT NULL,
    coalesce(m.choice ->> 'kind', ''),
    coalesce((SELECT jsonb_agg(u.legacy_profile_id) FROM portal.tasks t
        JOIN portal.users u ON u.id = t.assignee_id
        WHERE t.request_id = r.id AND t.status = 'OPEN'), '[]')
FROM {instances} i
JOIN portal.legacy_moves m ON m.instance_id = i.id AND m.rolled_back_at IS NULL
JOIN portal.requests r ON r.id = m.new_request_id
WHERE m.result IN ('moved', 'on_hold') AND r.closed_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM portal.audit_events e WHERE e.request_id = r.id AND e.at > m.moved_at)
ORDER BY i.id
"""
STEPS = """
SELECT s.instance_id, s.id, s.step_index, s.step_type::text, s.status::text, s.assignee_id,
    s.started_at IS NOT NULL, coalesce(nullif(s.step_definition, 'null'), w.steps -> s.step_index),
    coalesce((SELECT jsonb_agg(DISTINCT coalesce(a.data #>> '{{portal,onBehalfOf}}', a.actor_id))
        FROM {actions} a
        WHERE a.step_instance_id = s.id AND a.action::text IN ('APPROVE', 'REJECT')
            AND to_char(a.performed_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS')
                >= coalesce(s.metadata #>> '{{portal,votesFrom}}', '')), '[]'),
    coalesce((SELECT jsonb_agg(jsonb_build_object('from', d.delegated_from_id, 'to',
            d.delegated_to_id, 'holds', d.is_active AND d.revoked_at IS NULL
            AND (d.expires_at IS NULL OR d.expires_at > m.moved_at AT TIME ZONE 'UTC'))
            ORDER BY d.created_at DESC, d.id DESC)
        FROM {delegations} d WHERE d.step_instance_id = s.id), '[]')
FROM {steps} s JOIN {instances} i ON i.id = s.instance_id
JOIN portal.legacy_moves m ON m.instance_id = i.id
JOIN {workflows} w ON w.id = i.workflow_id
WHERE s.instance_id = ANY({ids}) ORDER BY s.instance_id, s.step_index
"""


@dataclass
class OldStep:
    """What is needed of a step's row."""

    index: int
    type: str
    status: str
    assignee: str | None
    started: bool
    definition: dict[str, Any]
    voters: set[str]
    delegations: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """Its name for people."""
        given = self.definition.get("name")
        said = given.strip() if isinstance(given, str) else ""
        return said or f"Step {self.index + 1}"

    def owner(self, able: set[str]) -> str | None:
        """Whose work it is: the assignee's, else of whoever lent it, back over all that is over."""
        person = self.assignee
        for link in self.delegations:
            if link["to"] == person and link["from"]:
                if link["holds"] and person in able:
                    break
                person = link["from"]
        return person

    @property
    def is_under_way(self) -> bool:
        """Started and not finished."""
        return self.status in UNDER_WAY or (self.status == "PENDING" and self.started)


@dataclass
class OpenRequest:
    """An open request on both sides."""

    key: str
    initiator: str
    workflow: str
    stage: str | None
    settles: bool
    choice: str
    people: set[str]
    steps: list[OldStep] = field(default_factory=list)


def differences(
    connection: Connection, tables: OldTables, organisation: Organisation
) -> Iterator[Difference]:
    """Where an open request's stage or people are not what the old rows say."""
    rows = asked(connection, OPEN, tables)
    for start in range(0, len(rows), 1000):
        part = {row[0]: _request(row) for row in rows[start : start + 1000]}
        _add_steps(connection, tables, part)
        for request in part.values():
            yield from _compare(request, organisation)


def _request(row: tuple[Any, ...]) -> OpenRequest:
    return OpenRequest(row[0], row[1].strip(), row[2], row[4], row[5], row[6], set(row[7]))


def _add_steps(connection: Connection, tables: OldTables, requests: dict[str, OpenRequest]) -> None:
    question = tables.fill(STEPS, SHORT, ids=sql.Literal(list(requests)))
    for row in connection.execute(question).fetchall():
        definition = row[7] if isinstance(row[7], dict) else {}
        assignee = row[5].strip() or None if isinstance(row[5], str) else None
        step = OldStep(row[2], row[3], row[4], assignee, row[6], definition, set(row[8]), row[9])
        requests[row[0]].steps.append(step)


def _compare(request: OpenRequest, organisation: Organisation) -> Iterator[Difference]:
    if request.choice or request.settles:
        return
    open_steps = _open_steps(request)
    if request.stage is None:
        if any(step.type == "APPROVAL" for step in open_steps if step.is_under_way):
            yield Difference("stage", request.key, _names(open_steps), "no stage is open")
        return
    standing = [step for step in open_steps if _names([step]) in request.stage] or open_steps
    if not standing or not _fits(request, standing):
        yield Difference("stage", request.key, _names(open_steps), request.stage)
        return
    expected: set[str] = set()
    for step in standing:
        expected |= organisation.asked(step, request.initiator, request.workflow)
    voted = {voter for step in standing for voter in step.voters}
    if not request.people <= expected or not expected - voted <= request.people:
        old, new = (json.dumps(sorted(each)) for each in (expected - voted, request.people))
        if len(standing) == 1 or not request.people <= expected:
            yield Difference("people", request.key, old, new)


def _open_steps(request: OpenRequest) -> list[OldStep]:
    """The approvals under way; without any, every approval that is still to come.

    A stage that bears a PARALLEL step's name is all that is open of its children.
    """
    approvals = [step for step in request.steps if step.type == "APPROVAL"]
    children = {
        key
        for step in request.steps
        if step.type == "PARALLEL" and step.name == request.stage
        for key in step.definition.get("nextSteps") or ()
    }
    if children:
        ours = [step for step in approvals if step.definition.get("id") in children]
        return [step for step in ours if step.status not in FINISHED]
    under_way = [step for step in approvals if step.is_under_way]
    return under_way or [step for step in approvals if step.status not in FINISHED]


def _fits(request: OpenRequest, standing: list[OldStep]) -> bool:
    """A stage bears the name of its step, of its PARALLEL step, or of all its steps."""
    names = {step.name for step in request.steps if step.type == "PARALLEL"}
    names |= {step.name for step in standing}
    return request.stage in names or all(step.name in str(request.stage) for step in standing)


def _names(steps: list[OldStep]) -> str:
    return " + ".join(step.name for step in steps)
