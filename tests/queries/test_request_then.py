"""A request as it stood at a moment is what its rows said at that moment."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.activities.record import record_batch
from portal.domain.codec import encode
from portal.domain.request.evolve import fold, until
from portal.domain.request.reasons import read
from portal.extensions import db
from portal.presenters.progress import KINDS
from portal.queries import request_then
from portal.queries.comments import comments_of
from portal.queries.request import Reader, RequestRecord, find, tasks_of
from tests.activities.retold import Told, insert_commands, insert_office
from tests.domain.actions import histories
from tests.domain.worlds import World

# What only today's row says, and that of which the past says nothing.
NOT_THEN = {
    "newest_policy_version_id": None, "was_seen": True, "has_waiting": False, "was_said": True,
    "department": None,
}  # fmt: skip


def plain(record: RequestRecord) -> RequestRecord:
    """Without what the past says otherwise; a reason as what it says, not as how it is kept."""
    reason = record.attention and encode(read(record.attention))
    return replace(record, attention=reason, **NOT_THEN)


def stood(record: RequestRecord) -> dict[str, Any]:
    """What pages show of the request at this moment."""
    return {
        "record": plain(record),
        "tasks": tasks_of(record.id),
        "said": comments_of(record.id),
    }


def live(world: World) -> tuple[RequestRecord, dict[Any, dict[str, Any]]]:
    """Record the world's steps; the request at last, and what stood by the moment of each step."""
    connection = db.session.connection()
    insert_office(connection)
    insert_commands(connection, world.given)
    seen, reader = {}, Reader(str(UUID(int=0)), reads_all=True)
    record = None
    for step in world.steps:
        if step.events:
            assert record_batch(connection, Told(step.events, step.after).batch()).recorded == []
            record = find(world.state.number, reader)
            assert record is not None
            seen[step.events[-1].at] = stood(record)
    assert record is not None
    return record, seen


@settings(
    max_examples=8, deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(histories(), st.integers(0, 10**6))
def test_the_past_is_what_was_shown_then(app: Flask, world: World, later: int) -> None:
    """Between two steps it stood as the first one left it."""
    with app.app_context():
        record, seen = live(world)
        events, moments = request_then.events_of(record), sorted(seen)
        before = request_then.as_of(record, events, moments[0] - timedelta(microseconds=1), KINDS)
        assert before is None
        for at, following in zip(moments, [*moments[1:], moments[-1] + timedelta(1)], strict=True):
            between = min(at + timedelta(seconds=later), following - timedelta(microseconds=1))
            found = request_then.as_of(record, events, max(at, between), KINDS)
            assert found is not None
            assert found.parts.state == fold(record.id, until(events, at))
            then = {
                "record": plain(found.record),
                "tasks": found.parts.tasks,
                "said": found.parts.said,
            }
            for name in fields(RequestRecord):
                pair = [getattr(each["record"], name.name) for each in (then, seen[at])]
                assert pair[0] == pair[1], name.name
            assert then == seen[at]
        db.session.rollback()
