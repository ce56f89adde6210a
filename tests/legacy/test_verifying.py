"""The comparison finds what was changed behind the mover's back, and names it."""

import psycopg
import pytest

from scripts.local.postgres import PostgresServer
from tests.legacy.conftest import OldDatabase

pytestmark = [pytest.mark.temporal, pytest.mark.slow]

ONE = "(SELECT min(new_request_id::text)::uuid FROM portal.legacy_moves WHERE {})"
ANOTHER = ONE.replace("min(", "max(")
OPEN = """result = 'moved' AND (SELECT count(*) FROM portal.tasks t WHERE t.request_id =
    new_request_id AND t.status = 'OPEN') = 1 AND (SELECT settles_at FROM portal.requests r
    WHERE r.id = new_request_id) IS NULL"""
FINISHED = "result = 'history' AND status = 'APPROVED'"
PLANTED = (
    ("request", f"""DELETE FROM portal.requests
        WHERE id = {ONE.format(FINISHED)}"""),
    ("instance", """DELETE FROM portal.legacy_moves WHERE instance_id =
        (SELECT max(instance_id) FROM portal.legacy_moves WHERE result = 'history')"""),
    ("stage", f"UPDATE portal.requests SET stage_name = 'Elsewhere' WHERE id = {ONE.format(OPEN)}"),
    ("people", f"""UPDATE portal.tasks SET assignee_id = requester_id
        WHERE status = 'OPEN' AND request_id = {ANOTHER.format(OPEN)}"""),
    ("outcome", """UPDATE portal.requests SET status = 'CANCELLED' WHERE id =
        (SELECT min(id::text)::uuid FROM portal.requests WHERE status = 'REJECTED')"""),
    ("hold", """UPDATE portal.requests SET status = 'PENDING' WHERE id = (SELECT
        min(new_request_id::text)::uuid FROM portal.legacy_moves WHERE old_state = 'WAITING'
        AND result = 'on_hold')"""),
    ("events", """INSERT INTO gloria_ops.workflow_transitions (id, instance_id, from_step, to_step,
        transition_type) SELECT 'planted', min(instance_id), 0, 1, 'NEXT' FROM portal.legacy_moves
        WHERE result = 'history'"""),
)  # fmt: skip


def kinds(text: str) -> set[str]:
    """The first column of the table of differences."""
    lines = text.partition("\nwhat ")[2].splitlines()[1:-1]
    return {line.split()[0] for line in lines}


def test_it_finds_every_difference_that_was_planted(
    old: OldDatabase, postgres_server: PostgresServer
) -> None:
    old.move()
    found = kinds(old.program("verify_migration").stdout)
    assert not found
    database = old.url.rpartition("/")[2]
    for kind, statement in PLANTED:
        with psycopg.connect(postgres_server.admin_url(database)) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)  # type: ignore[arg-type]
        compared = old.program("verify_migration")

        assert compared.returncode == 1
        assert kinds(compared.stdout) - found == {kind}, compared.stdout
        found = kinds(compared.stdout)


def test_it_cannot_compare_what_is_away(old: OldDatabase) -> None:
    old.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    compared = old.program("verify_migration")

    assert compared.returncode == 2
    assert len(compared.stderr.strip().splitlines()) == 1
