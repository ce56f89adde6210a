"""What a back-test of many requests costs: seconds, and the memory that it holds at most."""

import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert

from portal.directory import back_test
from portal.directory.whole import Span, everybody, newest_in
from portal.domain.codec import encode
from portal.domain.policy.conditions import Comparison, Condition, Row, expression
from portal.domain.policy.policy import StageKind
from portal.domain.policy.types import TypeContent
from portal.extensions import db
from portal.models import TypeBackTest
from portal.models.columns import new_id
from portal.queries import request_types
from portal.services import type_checks
from scripts.benchmark import pages

TYPE = "purchase"
LOWER = 300_000


def measure(url: str, sizes: tuple[int, ...], folder: Path) -> list[dict[str, object]]:
    """Back-tests of the newest requests of these numbers, each beside reading them alone; and the
    checks of the same draft for everybody in the directory."""
    app = pages.prepared(url, 2 * max(sizes), folder)
    with app.app_context(), db.engine.connect() as connection:
        reading = connection.execution_options(isolation_level="AUTOCOMMIT")
        kind = request_types.of_administrators(TYPE)
        assert kind is not None
        assert kind.live is not None
        draft = _draft(kind.live.content)
        return [_one(reading, kind.id, kind.live.id, draft, size) for size in sizes]


def _one(
    connection: Connection, type_id: str, live_id: str, draft: TypeContent, size: int
) -> dict[str, object]:
    now = datetime.now(UTC)
    span = Span(type_code=TYPE, since=now - timedelta(days=36_500), until=now)
    begun = time.monotonic()
    read = sum(len(rows) for rows in newest_in(connection, span, size))
    reading = time.monotonic() - begun
    values = {
        "id": new_id(), "request_type_id": type_id, "live_version_id": live_id,
        "content": encode(draft), "mark": draft.mark, "revision": 1, "since": span.since,
        "until": span.until, "total": size,
        "asked_by": next(iter(everybody(connection).people)),
    }  # fmt: skip
    connection.execute(insert(TypeBackTest).values(**values))
    back_test.MOST = size
    begun, used = time.monotonic(), time.process_time()
    found = back_test.run(connection, str(values["id"]), lambda _done: None)
    took, used = time.monotonic() - begun, time.process_time() - used
    tracemalloc.start()
    back_test.run(connection, str(values["id"]), lambda _done: None)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    begun = time.monotonic()
    people = type_checks.examine(connection, draft, ()).people
    return {
        "requests": found.total,
        "changed": found.changed,
        "seconds": round(took, 2),
        "CPU s": round(used, 2),
        "reading alone s": round(reading, 2),
        "memory MB": round(most / 1e6, 1),
        "read": read,
        "checks ms": round(1000 * (time.monotonic() - begun)),
        "people": people,
    }


def _draft(content: TypeContent) -> TypeContent:
    """The live version, whose conditions all ask from another amount on."""
    amount = next(each for each in content.form if each.is_amount)
    when = Condition(rows=(Row(field=amount.name, comparison=Comparison.AT_LEAST, value=LOWER),))
    stages = tuple(
        replace(each, when=when, condition=expression(when, content.form))
        if each.condition and each.kind is StageKind.APPROVAL
        else each
        for each in content.policy.stages
    )
    return replace(content, policy=replace(content.policy, stages=stages))
