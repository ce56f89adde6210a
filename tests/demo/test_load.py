"""The demonstration's data come from the real rules, and loading twice changes nothing."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, select

from portal import models
from portal.config import Settings
from portal.demo import organisation, scenarios
from portal.demo.load import load_demo
from portal.proof import verifying
from portal.proof.verifying import Outside


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = create_engine(settings.sqlalchemy_url)
    yield engine
    engine.dispose()


def _wednesday() -> datetime:
    """Noon of the Wednesday that was last."""
    now = datetime.now(UTC)
    day = now - timedelta(days=(now.weekday() - 2) % 7 or 7)
    return day.replace(hour=12, minute=0)


def test_every_state_and_account_is_there(engine: Engine, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    lines = load_demo(engine, accounts, _wednesday())  # by the hour some steps lie still ahead
    assert stat.S_IMODE(accounts.stat().st_mode) == 0o600
    assert {line.split()[1] for line in lines} >= {"member", "manager", "auditor", "admin"}
    with engine.connect() as connection:
        states = set(connection.scalars(select(models.Request.status).distinct()))
        amended = select(models.Request.status, models.Request.amount).where(
            models.Request.title == "Microscope camera", models.Request.content_version == 2
        )
        assert connection.execute(amended).one() == ("PENDING", 164_000)
        asked = select(func.count()).where(models.Task.asked_at.is_not(None))
        assert connection.scalar(asked) == 1
    assert states == {
        "PENDING", "ON_HOLD", "RETURNED", "APPROVED", "REJECTED", "TIMEOUT", "WITHDRAWN",
        "CANCELLED",
    }  # fmt: skip
    assert verifying.verify(engine, Outside()).problems == []


def test_loading_again_keeps_everything(engine: Engine, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    first = load_demo(engine, accounts)
    assert load_demo(engine, accounts) == first
    accounts.unlink()
    assert len(load_demo(engine, accounts)) == len(first)
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(models.User))
    assert count == len(organisation.PEOPLE)


def test_nothing_was_spent_after_it_was_asked_for() -> None:
    now = datetime.now(UTC)
    for scenario in (*scenarios.past(), *scenarios.current()):
        asked = scenarios.working_days_before(now, scenario.days).date().isoformat()
        assert scenario.fields.get("spent_on", "") < asked
