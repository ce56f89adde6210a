"""The comparison's command line: counts, then a table of differences."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import psycopg

from portal.config import ConfigurationError, Settings
from scripts.legacy import verify_outcomes, verify_stages
from scripts.legacy.verify_outcomes import Difference
from scripts.legacy.verify_people import Organisation
from scripts.legacy.verify_tables import Connection, OldTables

UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/verify_migration.py",
        description="Compare the old engine with what came of it, by other code than the mover's.",
    )
    parser.add_argument("--most", type=int, default=200, help="differences to show (200)")
    given = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        with psycopg.connect(settings.database_url) as connection:
            connection.execute("SET default_transaction_read_only = on")
            connection.execute("SET TIME ZONE 'UTC'")
            return _compare(connection, given.most)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
    except psycopg.Error as error:
        print(f"The databases cannot be read: {' '.join(str(error).split())}", file=sys.stderr)
    return UNUSABLE


def _compare(connection: Connection, most: int) -> int:
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if encoding is not None and encoding[0] != "UTF8":
        print(f"The database is encoded in {encoding[0]}; it has to be UTF8.", file=sys.stderr)
        return UNUSABLE
    schema = _schema(connection)
    if schema is None:
        print("There is no old engine in this database.", file=sys.stderr)
        return UNUSABLE
    tables = OldTables(connection, schema)
    if tables.missing:
        print(f"Missing, and read as empty: {', '.join(tables.missing)}.")
    print(f"{'kind':<28}{'state':<14}{'instances':>12}{'accounted for':>16}")
    for kind, state, there, accounted in verify_outcomes.counts(connection, tables):
        print(f"{kind:<28}{state:<14}{there:>12,}{accounted:>16,}")
    found = list(islice(_differences(connection, tables), most + 1))
    if not found:
        print("No differences.")
        return 0
    print(f"\n{'what':<10}{'instance':<40}{'old engine':<42}{'portal'}")
    for each in found[:most]:
        print(f"{each.kind:<10}{each.key:<40}{each.old:<42}{each.new}")
    print(f"{'More than ' if len(found) > most else ''}{min(len(found), most)} differences.")
    return 1


def _differences(connection: Connection, tables: OldTables) -> Iterator[Difference]:
    yield from verify_outcomes.differences(connection, tables)
    moved = connection.execute(
        "SELECT max(moved_at) AT TIME ZONE 'UTC' FROM portal.legacy_moves"
    ).fetchone()
    if moved is not None and moved[0] is not None:
        organisation = Organisation(connection, moved[0], tables)
        yield from verify_stages.differences(connection, tables, organisation)


def _schema(connection: Connection) -> str | None:
    for schema in ("gloria_ops", "gloria_archive"):
        name = f"{schema}.workflow_instances"
        found = connection.execute("SELECT to_regclass(%s)", [name]).fetchone()
        if found is not None and found[0] is not None:
            return schema
    return None
