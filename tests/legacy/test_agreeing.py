"""A dry run and the run come to the same, whatever the old rows hold; unusable databases say so."""

import random
import uuid

import psycopg
import pytest
from psycopg import sql

from scripts.local.postgres import ROLE, PostgresServer
from scripts.local.temporal import TemporalServer
from tests.legacy.conftest import OldDatabase, environment_of, totals

pytestmark = [pytest.mark.temporal, pytest.mark.slow]

# Columns that may hold any JSON, once they are json and not jsonb.
JSON = (
    ("workflow_instances", "context"), ("workflow_instances", "metadata"),
    ("workflow_step_instances", "result"), ("workflow_step_instances", "step_definition"),
    ("workflow_step_instances", "attachments"), ("workflow_actions", "data"),
    ("workflows", "trigger_config"),
)  # fmt: skip
DEEP = '{"a":' * 1_200 + "1" + "}" * 1_200
NASTY = (
    '{{"title": "zero \\u0000"}}', '{{"title": "half \\ud800"}}', '{{"n": 1e400}}',
    '{{"n": [-1e999]}}', '{{"name": "\\udc00"}}', "{deep}", "[1, {deep}]", '"\\\\u0000"',
    '{{"title": "whole \\ud83d\\ude00"}}', "1" * 400, '{{"text": "{much}"}}',
)  # fmt: skip
TIMES = (
    ("workflow_instances", "started_at"), ("workflow_instances", "completed_at"),
    ("workflow_step_instances", "due_date"), ("workflow_actions", "performed_at"),
    ("workflow_delegations", "expires_at"),
)  # fmt: skip
MISSING = ("workflow_escalations", "workflow_transitions", "position_hierarchy", "user_roles")


def plant(old: OldDatabase, seed: int) -> None:
    """Put unlikely values into columns drawn by chance, and take some tables away."""
    draw = random.Random(seed)
    with psycopg.connect(old.url) as connection:
        for table, column in JSON:
            place = {"table": sql.Identifier("gloria_ops", table), "column": sql.Identifier(column)}
            connection.execute(
                sql.SQL("ALTER TABLE {table} ALTER COLUMN {column} TYPE json").format(**place)
            )
            ids = [row[0] for row in connection.execute(
                sql.SQL("SELECT id FROM {table} ORDER BY id").format(**place))]  # fmt: skip
            for key in draw.sample(ids, min(len(ids), 12 if table != "workflows" else 1)):
                value = draw.choice(NASTY).format(deep=DEEP, much="ü" * 390_000)
                set_ = sql.SQL("UPDATE {table} SET {column} = %s::json WHERE id = %s")
                connection.execute(set_.format(**place), [value, key])
        for table, column in TIMES:
            place = {"table": sql.Identifier("gloria_ops", table), "column": sql.Identifier(column)}
            set_ = sql.SQL("""UPDATE {table} SET {column} = %s WHERE id IN (
                SELECT id FROM {table} ORDER BY md5(id || %s) LIMIT 8)""").format(**place)
            at = draw.choice(("infinity", "-infinity", "0044-03-15 BC", "294276-12-31"))
            connection.execute(set_, [at, str(seed)])
        connection.execute(
            """UPDATE gloria_ops.workflow_instances i SET request_id = repeat('ü', 240 + n::integer)
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM gloria_ops.workflow_instances
            ORDER BY id LIMIT 15) few WHERE few.id = i.id"""
        )
        for table in MISSING:
            connection.execute(
                sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier("gloria_ops", table))
            )


@pytest.mark.parametrize("seed", [3])
def test_the_totals_agree_and_the_comparison_works(old: OldDatabase, seed: int) -> None:
    plant(old, seed)
    dry, real = old.move("--dry-run"), old.move()

    assert dry.returncode == real.returncode == 1, real.stderr
    assert totals(dry.stdout) == totals(real.stdout)
    assert not old.rows("""SELECT instance_id FROM portal.legacy_moves
        WHERE result IN ('moved', 'on_hold') AND (started_at IS NULL OR run_ref IS NULL)""")
    missing = ", ".join(f"gloria_ops.{name}" for name in sorted(MISSING))
    compared = old.program("verify_migration")
    for said in (dry.stdout, real.stdout, compared.stdout):
        (line,) = [each for each in said.splitlines() if each.startswith("Missing")]
        assert ", ".join(sorted(line[:-1].partition("empty: ")[2].split(", "))) == missing
    assert (compared.returncode, compared.stderr) == (0, ""), compared.stdout


def test_chosen_stay_behinds_do_not_make_the_exit_code(old: OldDatabase) -> None:
    first = totals(old.move().stdout)
    old.change("""UPDATE portal.legacy_moves SET choice = '{"kind": "leave"}'
        WHERE result = 'needs_person'""")
    again = old.move()

    assert again.returncode == 0, again.stdout
    assert totals(again.stdout)["left behind"] == first["needs a person"] > 0


def test_a_role_without_the_right_to_create_is_told_in_one_sentence(old: OldDatabase) -> None:
    old.change(f"REVOKE CREATE ON SCHEMA portal FROM {ROLE}")
    for options in (["--dry-run"], []):
        done = old.move(*options)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert f"GRANT CREATE ON SCHEMA portal TO {ROLE}" in done.stderr


def test_a_database_in_latin_1_is_told_in_one_sentence(
    postgres_server: PostgresServer, temporal_server: TemporalServer
) -> None:
    name = f"latin_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        make = """CREATE DATABASE {} OWNER {} ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'
            TEMPLATE template0"""
        connection.execute(sql.SQL(make).format(sql.Identifier(name), sql.Identifier(ROLE)))
    url = postgres_server.url(name)
    latin = OldDatabase(url, environment_of(url, temporal_server.address, name))
    for done in (latin.move("--dry-run"), latin.program("verify_migration")):
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert "LATIN1" in done.stderr
    upgraded = latin.flask("db", "upgrade")
    assert upgraded.returncode != 0
    assert "Traceback" not in upgraded.stderr
    assert "LATIN1" in upgraded.stderr
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
