"""`flask portal doctor --after-cutover` on a database that has passed it, with requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text

from portal.config import Settings
from portal.demo.load import load_demo
from portal.legacy.cutover import success

ANY = "(SELECT id FROM portal.users WHERE is_active AND password_hash IS NULL LIMIT 1)"
ACCOUNT = (
    "INSERT INTO portal.provider_accounts (id, user_id, issuer, subject)"
    f" SELECT gen_random_uuid(), {ANY}, 'https://id.example.org', 'one'"
)
PASSKEY = (
    "INSERT INTO portal.passkeys (id, user_id, credential_id, public_key, name)"
    f" SELECT gen_random_uuid(), {ANY}, 'id', 'key', 'Phone'"
)
LATE = (
    "INSERT INTO portal.commands (id, request_id, number, actor_id, kind, payload, created_at)"
    " SELECT gen_random_uuid(), id, number, requester_id, 'Comment', '{}',"
    " now() - interval '1 hour'"
    " FROM portal.requests LIMIT 1"
)
UNLIKE = "UPDATE gloria_ops.workflow_history SET status = 'X' WHERE status = 'STARTED'"
GONE = "DROP TABLE gloria_ops.workflow_history CASCADE"


@pytest.fixture
def filled(settings: Settings, tmp_path: Path) -> Iterator[Connection]:
    """A connection of the owner to a database with the demonstration's requests."""
    engine = create_engine(settings.owner_sqlalchemy_url)
    load_demo(engine, tmp_path / "accounts")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def found(connection: Connection) -> dict[str, str]:
    return {each.code: each.said for each in success.criteria(connection)}


def test_what_a_cutover_has_to_come_to(filled: Connection) -> None:
    well = found(filled)
    assert set(well) == {"cutover", "cutover.passwords"}  # some of the demonstration never sign in
    without = int(well["cutover.passwords"].split()[0])
    for number, other_way in enumerate((ACCOUNT, PASSKEY), start=1):
        filled.execute(
            text(
                other_way.replace(
                    ANY, ANY.replace("LIMIT 1", f"ORDER BY id OFFSET {number} LIMIT 1")
                )
            )
        )
        assert found(filled)["cutover.passwords"].startswith(f"{without - number} people")
    changed = filled.execute(text(UNLIKE)).rowcount
    assert changed > 0
    assert found(filled)["cutover.rows"].startswith(f"{changed} requests")
    filled.execute(text(LATE))
    assert found(filled)["cutover.commands"].startswith("1 commands")
    filled.execute(text(GONE))
    assert set(found(filled)) == {"cutover.none"}


def test_a_changed_record_and_a_temporal_that_is_away(filled: Connection, app: Flask) -> None:
    table = "SELECT DISTINCT tableoid::regclass::text FROM portal.audit_events"
    count = 0
    for name in filled.scalars(text(table)).all():
        filled.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER append_only"))
        changed = f"UPDATE {name} SET actor = 'system' WHERE seq = 1"
        count += filled.execute(text(changed)).rowcount
    filled.commit()
    said = app.test_cli_runner().invoke(args=["portal", "doctor", "--after-cutover"]).output
    assert f"{count} problems in the record's hash chain [cutover.record]" in said
    assert "the rest cannot be asked" in said
    assert "[cutover.away]" in said
