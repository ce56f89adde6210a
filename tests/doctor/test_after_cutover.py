"""`flask portal doctor --after-cutover` on a database that has passed it, with requests."""

from pathlib import Path

from sqlalchemy import create_engine, text

from portal.config import Settings
from portal.demo.load import load_demo
from portal.legacy.cutover import success


def test_each_request_has_its_row_for_the_other_systems(settings: Settings, tmp_path: Path) -> None:
    engine = create_engine(settings.owner_sqlalchemy_url)
    load_demo(engine, tmp_path / "accounts")
    with engine.connect() as connection:
        well = {each.code for each in success.criteria(connection)}
        statement = "UPDATE gloria_ops.workflow_history SET status = 'X' WHERE status = 'STARTED'"
        changed = connection.execute(text(statement)).rowcount
        found = {each.code: each.said for each in success.criteria(connection)}
    assert well == {"cutover", "cutover.passwords"}  # some of the demonstration never sign in
    assert changed > 0
    assert found["cutover.rows"].startswith(f"{changed} requests")
    engine.dispose()
