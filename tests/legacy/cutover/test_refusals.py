"""What speaks against a cutover is said, and then nothing is touched: a dry run says the same."""

import json
from typing import Any

import pytest

from portal.legacy.cutover import running
from tests.legacy.cutover.conftest import UNMOVED, Site

pytestmark = pytest.mark.slow
ONE_MORE = """
INSERT INTO gloria_ops.workflow_instances
    (id, workflow_id, request_id, initiator_id, context, state)
SELECT '0', workflow_id, '0', initiator_id, context, 'INITIALIZED'
FROM gloria_ops.workflow_instances LIMIT 1
"""
EVERYTHING = ("portal", "gloria_ops", "gloria_master", "gloria_archive")


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_it_lists_what_would_be_left_behind(site: Site, options: tuple[str, ...]) -> None:
    before = (site.schema_dump(), site.database.checksums(*EVERYTHING))
    said = site.cut_over(*options, status=1)

    active = [row[0] for row in site.database.rows(UNMOVED)]
    assert active
    assert all(f"{id_}  " in said for id_ in active)
    assert f"{len(active)} instances would be left behind" in said
    assert (site.schema_dump(), site.database.checksums(*EVERYTHING)) == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("result = 'needs_person', reasons = '[\"Nobody is left\"]'", "a person: Nobody is left"),
        ("result = 'failed', reasons = '[\"It is broken\"]'", "failed to move: It is broken"),
        ("result = 'moved', started_at = NULL", "its workflow was not started"),
        ("rolled_back_at = now()", "has not moved"),
    ],
)
def test_a_move_that_is_not_whole_is_none(moved: Site, change: str, why: str) -> None:
    ((one,),) = moved.database.rows(f"{UNMOVED} LIMIT 1")
    moved.database.change(f"UPDATE portal.legacy_moves SET {change} WHERE instance_id = '{one}'")

    said = moved.cut_over("--dry-run", status=1)
    assert one in said
    assert why in said
    assert "1 instance would be left behind" in said
    moved.cut_over("--dry-run", "--accept", moved.accept_file(one))


def test_finished_ones_that_need_a_person_are_refused_too(moved: Site) -> None:
    ((one,),) = moved.database.rows(
        "SELECT min(id) FROM gloria_ops.workflow_instances WHERE state::text = 'COMPLETED'"
    )
    moved.database.change(
        f"UPDATE portal.legacy_moves SET result = 'needs_person' WHERE instance_id = '{one}'"
    )
    assert one in moved.cut_over("--dry-run", status=1)
    moved.cut_over("--dry-run", "--accept", moved.accept_file("# a comment", "", f"{one}  old"))
    moved.cut_over("--dry-run", "--accept", moved.accept_file(f"workflow_instances,{one},r,w"))
    moved.cut_over("--dry-run", "--accept", moved.accept_file(json.dumps({"key": one})))


def test_a_file_may_name_requests_too(site: Site) -> None:
    requests = site.database.rows(UNMOVED.replace("SELECT id", "SELECT request_id"))
    file = site.accept_file(*(row[0] for row in requests))
    assert "Nothing speaks against" in site.cut_over("--dry-run", "--accept", file)


@pytest.mark.parametrize("line", ["no-such-instance", ",", "; DROP TABLE x", "\x00", "{}", "{"])
def test_a_file_with_what_is_no_instance_is_refused(moved: Site, line: str) -> None:
    said = moved.cut_over("--accept", moved.accept_file(line), status=1)
    assert "is no instance" in said
    assert moved.database.rows("SELECT to_regnamespace('gloria_archive')") == [(None,)]


def test_a_file_that_is_no_text_is_refused(moved: Site) -> None:
    file = moved.folder / "picture.png"
    file.write_bytes(b"\x89PNG\xff\xfe")
    assert "cannot be read" in moved.cut_over("--accept", str(file), status=1)


@pytest.mark.parametrize(("look", "words"), [(1, "has not moved"), (2, "new since the check")])
def test_a_request_that_comes_at_the_last_moment_is_not_lost(
    moved: Site, monkeypatch: pytest.MonkeyPatch, look: int, words: str
) -> None:
    looks, real = [0], running._require_moved

    def then_one_comes(*given: Any) -> None:
        real(*given)
        looks[0] += 1
        if looks[0] == look:
            moved.database.change(ONE_MORE)

    before = moved.schema_dump()
    monkeypatch.setattr(running, "_require_moved", then_one_comes)
    assert words in moved.cut_over(status=1)
    assert moved.schema_dump() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--no-backup",), "needs a reason"),
        (("--no-backup", " "), "needs a reason"),
        (("--reason", "why"), "belongs to --no-backup"),
        (("--accept", "/no/such/file"), "does not exist"),
    ],
)
def test_unusable_options(moved: Site, options: tuple[str, ...], words: str) -> None:
    assert words in moved.run("portal", "cutover", *options, status=2)


def test_it_is_made_once(moved: Site) -> None:
    moved.cut_over()
    assert "The cutover was made on" in moved.cut_over(status=1)
    assert "The cutover was made on" in moved.cut_over("--dry-run", status=1)


def test_the_portals_tables_come_first(moved: Site) -> None:
    moved.run("db", "downgrade")
    assert "flask db upgrade" in moved.cut_over(status=1)


def test_without_an_old_engine_there_is_nothing_to_do(make_app, settings) -> None:
    runner = make_app(settings).test_cli_runner()
    result = runner.invoke(args=["portal", "cutover", "--no-backup", "test"])
    assert result.exit_code == 1
    assert "no old engine" in result.output


def test_a_role_that_could_not_go_back_does_not_go(moved: Site) -> None:
    moved.as_superuser("""
        REVOKE CREATE ON SCHEMA gloria_ops FROM gloria_owner;
        ALTER SCHEMA gloria_ops OWNER TO postgres;
        GRANT USAGE ON SCHEMA gloria_ops TO gloria_owner""")
    assert "create in schema gloria_ops" in moved.cut_over("--dry-run", status=1)


def test_functions_that_will_not_find_the_tables_are_named(moved: Site) -> None:
    moved.database.change("""CREATE FUNCTION gloria_ops.theirs() RETURNS bigint LANGUAGE plpgsql AS
        'BEGIN RETURN (SELECT count(*) FROM gloria_ops.Workflow_Actions); END'""")
    moved.database.change("""CREATE FUNCTION gloria_ops.other() RETURNS text LANGUAGE sql AS
        $$SELECT 'my_workflow_actions_2'$$""")
    said = moved.cut_over("--dry-run")
    assert "any more: gloria_ops.theirs." in said


def test_only_the_owner_may_move_the_tables(moved: Site) -> None:
    moved.as_superuser("ALTER TABLE gloria_ops.workflow_actions OWNER TO postgres")
    said = moved.cut_over("--dry-run", status=1)
    assert "gloria_ops.workflow_actions (postgres)" in said
    assert said == moved.cut_over(status=1)
