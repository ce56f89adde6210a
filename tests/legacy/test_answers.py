"""Answers given on the page, followed by the mover's next run on a real database."""

import pytest

from portal.models.columns import new_id
from tests.legacy.conftest import OldDatabase

pytestmark = [pytest.mark.temporal, pytest.mark.slow]

ASKED = """SELECT DISTINCT u.name FROM portal.tasks t JOIN portal.users u ON u.id = t.assignee_id
    JOIN portal.legacy_moves m ON m.new_request_id = t.request_id
    WHERE t.status = 'OPEN' AND m.choice ->> '{}' IS NOT NULL AND m.result = 'moved'"""


def test_an_unclear_result_is_read_as_a_person_chose(old: OldDatabase) -> None:
    old.move()
    unclear = "result = 'needs_person' AND kind = 'finished' AND questions = '[\"result\"]'"
    count = old.rows(f"SELECT count(*) FROM portal.legacy_moves WHERE {unclear}")[0][0]
    assert count
    old.change(f"""UPDATE portal.legacy_moves SET choice = '{{"kind": "go_on", "result": false}}'
        WHERE {unclear}""")
    old.move()
    ended = old.rows("""SELECT status, count(*) FROM portal.legacy_moves
        WHERE choice ->> 'result' = 'false' GROUP BY 1""")

    assert ended == [("REJECTED", count)]
    assert old.program("verify_migration").returncode == 0


def test_people_and_groups_of_the_portal_decide_what_the_old_engine_left_open(
    old: OldDatabase,
) -> None:
    old.move()
    nora, gabi, group = new_id(), new_id(), new_id()
    old.change(f"""INSERT INTO portal.users (id, name) VALUES ('{nora}', 'Nora New'),
        ('{gabi}', 'Gabi Group')""")
    old.change(f"INSERT INTO portal.groups (id, code, name) VALUES ('{group}', 'g', 'G')")
    old.change(f"INSERT INTO portal.group_members (group_id, user_id) VALUES ('{group}', '{gabi}')")
    waiting = "SELECT instance_id FROM portal.legacy_moves WHERE questions ?| '{people,votes}'"
    ids = [row[0] for row in old.rows(f"{waiting} ORDER BY 1")]
    assert len(ids) > 1
    for number, id_ in enumerate(ids):
        given = f'"people": ["{nora}"]' if number % 2 else f'"group": "{group}"'
        old.change(f"""UPDATE portal.legacy_moves SET choice = '{{"kind": "go_on", "skip": true,
            {given}}}', chosen_by = '{nora}', chosen_at = now() WHERE instance_id = '{id_}'""")
    old.move()

    assert {row[0] for row in old.rows(ASKED.format("people"))} == {"Nora New"}
    assert {row[0] for row in old.rows(ASKED.format("group"))} == {"Gabi Group"}
    assert not old.rows(f"{waiting} AND result = 'needs_person'")
    kept = f"SELECT legacy_profile_id FROM portal.users WHERE id IN ('{nora}', '{gabi}')"
    assert old.rows(kept) == [(None,), (None,)]
    said = "SELECT data ->> 'remarks' FROM portal.audit_events WHERE kind = 'RequestImported'"
    assert any("Nora New chose" in row[0] for row in old.rows(said))
    assert old.program("verify_migration").returncode == 0
