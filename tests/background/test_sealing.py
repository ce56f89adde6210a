"""The sealer and the nightly verification as a worker runs them."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from temporalio.exceptions import ApplicationError

from portal.background import sealing
from portal.config import Settings
from portal.proof import beginning
from tests.activities.retold import insert_office
from tests.proof.conftest import tell

CHECK = "SELECT report, trouble FROM portal.checks WHERE name = :name"


@pytest.fixture
def sealed(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a log that was begun, and a folder for anchors."""
    settings = replace(
        settings,
        audit_anchor_dir=tmp_path / "anchors",
        database_seal_url=settings.database_url.replace("gloria_app", "gloria_seal"),
    )
    engine = create_engine(settings.sqlalchemy_url)
    with engine.begin() as connection:
        insert_office(connection)
        tell(connection)
    engine.dispose()
    with sealing.sealers(settings) as sealers:
        sealing.seal_now(sealers, settings)
        beginning.begin(sealers, settings.audit_log_dir, settings.audit_key_file)
    return settings


def test_a_pass_seals_anchors_and_says_so(sealed: Settings) -> None:
    with sealing.sealers(sealed) as engine:
        sealing.seal_now(engine, sealed)
        sealing.seal_now(engine, sealed)
        found = sealing.verify_now(engine, sealed, lambda: None)
        with engine.connect() as connection:
            check = connection.execute(text(CHECK), {"name": "verification"}).one()
    assert found.problems == []
    assert found.counts["anchored"] == 7
    assert check.report["problems"] == 0
    assert len(list((sealed.audit_anchor_dir or Path()).iterdir())) == 1


def test_what_is_refused_is_an_alarm(sealed: Settings) -> None:
    with sealing.sealers(sealed) as engine:
        sealing.seal_now(engine, sealed)
        owner = create_engine(sealed.owner_sqlalchemy_url)
        with owner.begin() as connection:
            connection.execute(text("ALTER TABLE portal.audit_leaves DISABLE TRIGGER USER"))
            connection.execute(text("DELETE FROM portal.audit_leaves WHERE number > 2"))
        owner.dispose()
        with pytest.raises(ApplicationError, match="put back to an older state"):
            sealing.seal_now(engine, sealed)
        with engine.connect() as connection:
            check = connection.execute(text(CHECK), {"name": "sealing"}).one()
    assert "older state" in check.trouble
