"""How often the recorder asks the database: mails and all it tells people add no trip."""

from typing import Any

import pytest
from sqlalchemy import Engine

from portal.activities import writing
from portal.activities.record import RecordActivity
from portal.domain.request import commands
from portal.domain.routing.plan import RoutePlan
from tests.activities.test_record import opening, since


class Counting:
    """A driver's connection that notes its statements."""

    def __init__(self, driver: Any, seen: list[str]) -> None:
        self._driver, self._seen = driver, seen

    def execute(self, statement: str, *values: Any) -> Any:
        """Note it and pass it on."""
        self._seen.append(statement)
        return self._driver.execute(statement, *values)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of everything that is recorded from now on."""
    statements: list[str] = []
    real = writing.driver_of
    monkeypatch.setattr(writing, "driver_of", lambda c: Counting(real(c), statements))
    return statements


def test_each_batch_takes_three_statements(engine: Engine, seen: list[str]) -> None:
    story, batch = opening("ana", "ben")
    batches = [batch]
    for act in (
        lambda: story.says(commands.Comment, "rita", comment="Well."),
        lambda: story.approves("ana"),
        lambda: story.waits(minutes=1),
        lambda: story.routed(RoutePlan(total=1)),
    ):
        before = len(story.log)
        act()
        batches.append(since(story, before))
    for each in batches:
        seen.clear()
        RecordActivity(engine).record(each)
        assert len(seen) == 3, seen
