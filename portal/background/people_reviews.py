"""People change: open requests that are concerned get a command to look at who is asked; and the
watch in the worker that makes it so."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Row, delete, text
from sqlalchemy.exc import SQLAlchemyError

from portal.background import absences
from portal.background.own_commands import OwnCommand, give, id_of
from portal.domain.request.commands import Retract, ReviewPeople
from portal.domain.request.events import SYSTEM
from portal.domain.request.reasons import Code, Kept, reason
from portal.domain.request.state import Via
from portal.models import PeopleReview

PAGE = 500

# Raw: takes a row that no other worker has; the rest are unions and subqueries in pages.
NEXT = text("""
SELECT id, person_id, scope, cause FROM portal.people_reviews
ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
# An undo that is on its way makes a stage ask again that is settling now.
_UNDONE = f"""SELECT request_id FROM portal.commands
    WHERE kind = '{Retract.__name__}' AND applied_at IS NULL"""  # noqa: S608 - our own name
_REVIEWS = f"""SELECT * FROM portal.commands c
    WHERE c.request_id = r.id AND c.kind = '{ReviewPeople.__name__}'"""  # noqa: S608 - our own name
_GOES_ON = f"r.status = 'PENDING' AND (r.settles_at IS NULL OR r.id IN ({_UNDONE}))"
# Requests after `last`: a page at a time, so that nobody waits for a person with thousands of them.
CONCERNED = {
    "tasks": text(f"""
SELECT DISTINCT r.id, r.number, r.workflow FROM portal.requests r JOIN (
    SELECT request_id FROM portal.tasks WHERE assignee_id = :person AND status = 'OPEN'
    UNION
    SELECT request_id FROM portal.tasks
    WHERE acting_for = :person AND status = 'OPEN' AND acting_for IS NOT NULL
    UNION
    {_UNDONE} AND actor_id = :person
) t ON t.request_id = r.id
WHERE {_GOES_ON} AND r.id > :last ORDER BY r.id LIMIT {PAGE}
"""),  # noqa: S608 - our own words
    "requests": text(f"""
SELECT r.id, r.number, r.workflow FROM portal.requests r
WHERE r.requester_id = :person AND r.status IN ('PENDING', 'ON_HOLD', 'RETURNED')
    AND {_GOES_ON} AND r.id > :last ORDER BY r.id LIMIT {PAGE}
"""),  # noqa: S608 - our own words
    "stuck": text(f"""
SELECT r.id, r.number, r.workflow FROM portal.requests r
WHERE r.attention IS NOT NULL AND r.status = 'PENDING' AND r.id > :last ORDER BY r.id LIMIT {PAGE}
"""),  # noqa: S608 - our own number
}
# What a change behind our back leaves: somebody inactive is asked, or owns what is asked.
_OPEN = """
JOIN portal.requests r ON r.id = t.request_id AND r.status = 'PENDING'
    AND r.attention IS NULL AND r.settles_at IS NULL
"""
# Raw: the same parts again, with aggregates.
INACTIVE = text(f"""
SELECT r.id, r.number, r.workflow, min(u.name) AS name,
    (SELECT count(*) FROM ({_REVIEWS}) c) AS times
FROM portal.users u
JOIN LATERAL (
    SELECT request_id FROM portal.tasks WHERE assignee_id = u.id AND status = 'OPEN'
    UNION
    SELECT request_id FROM portal.tasks
    WHERE acting_for = u.id AND status = 'OPEN' AND acting_for IS NOT NULL
) t ON true {_OPEN}
WHERE NOT u.is_active AND NOT EXISTS ({_REVIEWS} AND c.applied_at IS NULL)
GROUP BY r.id, r.number, r.workflow ORDER BY r.id LIMIT {PAGE}
""")  # noqa: S608 - our own words
# A stage that opened before settled groups were asked no more: a look at it brings it up to date.
SETTLED = text(f"""
SELECT r.id, r.number, r.workflow, t.id AS task_id, t.group_name
FROM portal.tasks t {_OPEN}
WHERE t.status = 'OPEN' AND t.group_name IS NOT NULL AND EXISTS (
    SELECT 1 FROM portal.tasks d
    WHERE d.request_id = t.request_id AND d.round = t.round AND d.stage_key = t.stage_key
        AND d.group_name = t.group_name AND d.status = 'DECIDED' AND d.decision = 'approve'
        AND d.decided_at < now() - interval '1 hour'
) AND NOT EXISTS ({_REVIEWS} AND c.task_id = t.id)
ORDER BY t.id LIMIT {PAGE}
""")  # noqa: S608 - our own words
LEFT_GROUP = text(f"""
SELECT r.id, r.number, r.workflow, t.id AS task_id, t.why ->> 'source' AS source, u.name
FROM portal.tasks t {_OPEN}
JOIN portal.users u ON u.id = COALESCE(t.acting_for, t.assignee_id)
WHERE t.status = 'OPEN' AND t.why ->> 'source' LIKE 'group:%' AND NOT EXISTS (
    SELECT 1 FROM portal.groups g JOIN portal.group_members m ON m.group_id = g.id
    WHERE 'group:' || g.code = t.why ->> 'source' AND m.user_id = u.id
) AND NOT EXISTS ({_REVIEWS} AND c.task_id = t.id)
ORDER BY t.id LIMIT {PAGE}
""")  # noqa: S608 - our own words


@dataclass
class Progress:
    """Where the review under way is; another process may take it over, from the start."""

    review_id: str = ""
    last: str = "00000000-0000-0000-0000-000000000000"


def follow(connection: Connection, progress: Progress) -> bool:
    """Go on with the oldest change, one page of its requests; False if there is none.

    For the caller's transaction. Starting over repeats commands by their ids: nothing is double.
    """
    review = connection.execute(NEXT).one_or_none()
    if review is None:
        return False
    if progress.review_id != str(review.id):
        progress.review_id, progress.last = str(review.id), Progress.last
    values = {"person": review.person_id, "last": progress.last}
    found = connection.execute(CONCERNED[review.scope], values).all()
    given = (_command(row, id_of(str(review.id), str(row.id)), review.cause) for row in found)
    give(connection, given)
    if len(found) < PAGE:
        connection.execute(delete(PeopleReview).where(PeopleReview.id == review.id))
    else:
        progress.last = str(found[-1].id)
    return True


def find_unfit(connection: Connection) -> int:
    """What nobody told us: requests that ask somebody inactive, or who left their group, or a group
    that has its approval.

    For the caller's transaction; how many commands were given.
    """
    inactive = connection.execute(INACTIVE).all()
    left = connection.execute(LEFT_GROUP).all()
    settled = connection.execute(SETTLED).all()
    found = (*map(_inactive, inactive), *map(_left_group, left), *map(_settled, settled))
    return give(connection, found)


def _inactive(row: Row[Any]) -> OwnCommand:
    command_id = id_of(str(row.id), f"review:{row.times}")
    return _command(row, command_id, f"{row.name} is no longer active.")


def _left_group(row: Row[Any]) -> OwnCommand:
    command_id = id_of(str(row.task_id), row.source)
    return _command(row, command_id, f"{row.name} is no longer in the group.", str(row.task_id))


def _settled(row: Row[Any]) -> OwnCommand:
    command_id = id_of(str(row.task_id), "settled")
    cause = reason(Code.GROUP_SETTLED, group=row.group_name)
    return _command(row, command_id, cause, str(row.task_id))


def _command(row: Row[Any], command_id: str, cause: Kept, task_id: str | None = None) -> OwnCommand:
    command = ReviewPeople(
        command_id=command_id,
        request_id=str(row.id),
        actor_id=SYSTEM,
        at=datetime.now(UTC),
        via=Via.SYSTEM,
        cause=cause,
        task_id=task_id,
    )
    return OwnCommand(command=command, number=row.number, workflow=row.workflow)


# How often it is looked for what nobody told the portal about.
UNTOLD_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 10.0

log = structlog.get_logger("portal.people")


@dataclass
class PeopleWatch:
    """Any number may run side by side; each turn is short, and safe to repeat or to miss."""

    engine: Engine
    interval: float
    _progress: Progress = field(default_factory=Progress)
    _untold_at: float = 0.0

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                busy = await asyncio.to_thread(self.turn)
            except SQLAlchemyError as error:
                log.warning("people.turn_failed", error=type(error).__name__)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                continue
            if not busy:
                await asyncio.sleep(self.interval)

    def turn(self) -> bool:
        """Do what is due now, a page of each; True if there may be more at once."""
        moved = self._in_transaction(absences.follow)
        busy = self._in_transaction(self._go_on)
        if time.monotonic() >= self._untold_at:
            moved += self._in_transaction(find_unfit)
            self._untold_at = time.monotonic() + UNTOLD_SECONDS
        if moved:
            log.info("people.commands_given", number=moved)
        return bool(busy or moved)

    def _go_on(self, connection: Connection) -> int:
        return int(follow(connection, self._progress))

    def _in_transaction(self, work: Callable[[Connection], int]) -> int:
        with self.engine.begin() as connection:
            return work(connection)
