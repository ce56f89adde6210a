"""Figures of closed requests, for insights: worked out from the record once a request is closed.

The transaction that records the end notes that they are due, and they follow within seconds in one
of their own, many requests at a time: what is wrong with them can never hold up a request. Whoever
looks at the figures writes first what is still due.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, delete, insert, select, text

from portal.directory.calendars import calendar_in
from portal.domain.errors import DomainError
from portal.domain.time.spent import (
    DecisionTaken,
    Life,
    Use,
    decision_minutes,
    elapsed_minutes,
    life_of,
    working_minutes,
)
from portal.domain.time.working_time import Calendar
from portal.models.insights import DecisionFact, FactsDue, FirstLook, RequestFact
from portal.models.people import User
from portal.models.recorded import events_of

AT_ONCE = 200

# Raw: whole rows of calendars, by two roads to them.
CALENDARS = text("""
SELECT 'person' AS of_kind, u.id::text AS of_id, c.* FROM portal.users u
JOIN portal.calendars c ON c.id = u.calendar_id WHERE u.id = ANY(CAST(:people AS uuid[]))
UNION ALL
SELECT 'version', v.id::text, c.* FROM portal.policy_versions v
JOIN portal.request_types t ON t.id = v.request_type_id
JOIN portal.calendars c ON c.id = t.calendar_id WHERE v.id = ANY(CAST(:versions AS uuid[]))
""")

log = structlog.get_logger("portal.facts")


def write_due(engine: Engine, turns: int | None = None) -> int:
    """Write the figures that are due; how many requests had them.

    Several may do so at once. Of a request whose events cannot be read there are no figures.
    `turns` limits it to so many times `AT_ONCE` requests.
    """
    written = 0
    for _turn in count() if turns is None else range(turns):
        with engine.begin() as connection:
            due = select(FactsDue.request_id).limit(AT_ONCE).with_for_update(skip_locked=True)
            ids = list(connection.scalars(due))
            if not ids:
                break
            written += _write(connection, ids)
            connection.execute(delete(FactsDue).where(FactsDue.request_id.in_(ids)))
    return written


def catch_up(engine: Engine, turns: int | None = None) -> bool:
    """`write_due`; whether it went well. Figures never stop whoever records or looks."""
    try:
        write_due(engine, turns)
    except Exception as error:  # noqa: BLE001 - what is left is said, and tried again
        log.warning("facts.left", error=str(error)[:300])
        return False
    return True


def _write(connection: Connection, ids: list[str]) -> int:
    lives = [life for life in _lives(connection, ids) if not life.state.is_open]
    world = _World(connection, lives)
    requests = [_request_row(life, world) for life in lives]
    decisions = [row for life in lives for row in _decision_rows(life, world)]
    connection.execute(delete(DecisionFact).where(DecisionFact.request_id.in_(ids)))
    connection.execute(delete(RequestFact).where(RequestFact.request_id.in_(ids)))
    if requests:
        connection.execute(insert(RequestFact), requests)
    if decisions:
        connection.execute(insert(DecisionFact), decisions)
    return len(requests)


def _lives(connection: Connection, ids: list[str]) -> Iterator[Life]:
    """The lives of those of which something can be read."""
    try:
        logs = events_of(connection, ids)
    except DomainError:
        logs = {}
    for id_ in ids:
        try:
            events = logs[id_] if id_ in logs else events_of(connection, [id_]).get(id_, ())
            if events:
                yield life_of(id_, events)
        except DomainError as error:
            log.warning("facts.not_written", request_id=id_, error=str(error))


class _World:
    """What stands beside the events: calendars, departments, and who opened what when."""

    def __init__(self, connection: Connection, lives: Sequence[Life]) -> None:
        people = {each.person_id for life in lives for each in life.decisions}
        given = {
            "people": list(people),
            "versions": list({life.state.policy_version_id for life in lives} - {""}),
        }
        rows = connection.execute(CALENDARS, given).mappings()
        self._calendars = {(row["of_kind"], str(row["of_id"])): dict(row) for row in rows}
        requesters = {life.state.requester_id for life in lives}
        where = select(User.id, User.department_id).where(User.id.in_(requesters))
        self.departments = {row.id: row.department_id for row in connection.execute(where)}
        ids = [life.state.request_id for life in lives]
        looks = select(
            FirstLook.request_id, FirstLook.person_id, FirstLook.round, FirstLook.at
        ).where(FirstLook.request_id.in_(ids))
        self._looks = {tuple(row[:3]): row[3] for row in connection.execute(looks)}

    def calendar(self, life: Life, person_id: str | None) -> Calendar | None:
        """A person's own working time, or that of the request's type; None: every minute counts."""
        row = self._calendars.get(("person", person_id or "")) or self._calendars.get(
            ("version", life.state.policy_version_id)
        )
        if row is None or life.state.submitted_at is None:
            return None
        try:
            return calendar_in(row, life.state.submitted_at.year)
        except DomainError:
            return None

    def looked_at(self, life: Life, taken: DecisionTaken) -> datetime | None:
        """When who decided first opened the request in that round, if before the decision."""
        if taken.by_link:
            return taken.decided_at
        at = self._looks.get((life.state.request_id, taken.person_id, taken.round))
        return at if at is not None and at <= taken.decided_at else None


def _request_row(life: Life, world: _World) -> dict[str, Any]:
    state = life.state
    assert state.submitted_at is not None
    assert state.closed_at is not None
    return {
        **_whose(life, world),
        "outcome": state.status.value,
        "submitted_at": state.submitted_at,
        "closed_at": state.closed_at,
        "elapsed": elapsed_minutes(state.submitted_at, state.closed_at),
        "working": working_minutes(life, partial(world.calendar, life)),
        **{use.value: life.minutes(use) for use in Use if use is not Use.REVIEW},
        "rounds": state.round,
        "sent_back": life.sent_back,
        "escalations": life.escalations,
    }


def _decision_rows(life: Life, world: _World) -> Iterator[dict[str, Any]]:
    for each in life.decisions:
        calendar = world.calendar(life, each.person_id)
        yield {
            **_whose(life, world),
            "task_id": each.task_id,
            "stage_key": each.key,
            "stage_name": each.stage,
            "group_code": each.group,
            "decision": each.decision.value,
            "asked_at": each.asked_at,
            "looked_at": world.looked_at(life, each),
            "decided_at": each.decided_at,
            "elapsed": elapsed_minutes(each.asked_at, each.decided_at),
            "working": decision_minutes(life, each, calendar),
            "is_late": each.is_late,
        }


def _whose(life: Life, world: _World) -> dict[str, Any]:
    state = life.state
    return {
        "request_id": state.request_id,
        "type_code": state.type_code,
        "requester_id": state.requester_id,
        "department_id": world.departments.get(state.requester_id),
    }
