"""Reading the old organisation: profiles with their names, roles, positions, who is above whom."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from portal.legacy.directory import OldDirectory, Position, Post, Profile, within
from portal.legacy.records import Row
from portal.legacy.tables import MASTER, OPS
from portal.legacy.values import moment, text

Connection = psycopg.Connection[Any]
OWN_REGISTER = sql.SQL("i.nip IN (SELECT nip FROM gloria_ops.user_profiles)")


def read_directory(connection: Connection, now: datetime) -> OldDirectory:
    """The organisation as it is at `now`. A table that is missing is empty."""
    register = {str(row.get("nip")).strip(): row for row in _register(connection)}
    profiles = [_profile(row, register) for row in rows_of(connection, OPS, "user_profiles")]
    positions = {each.id: each for each in _positions(connection)}
    directory = OldDirectory(
        now,
        profiles={profile.id: profile for profile in profiles},
        role_holders=_role_holders(connection, now),
        positions=positions,
        position_codes={each.code: each.id for each in positions.values() if each.code},
    )
    directory.add_posts(_post(row) for row in rows_of(connection, OPS, "user_positions"))
    return directory


def rows_of(
    connection: Connection, schema: str, table: str, where: sql.Composable | None = None
) -> list[Row]:
    """A table's rows as JSON, in the order of their keys; none where the table is missing."""
    known = connection.execute("SELECT to_regclass(%s)", [f"{schema}.{table}"]).fetchone()
    if known is None or known[0] is None:
        return []
    query = sql.SQL("SELECT row_to_json(i) FROM {} i WHERE {}").format(
        sql.Identifier(schema, table), where or sql.SQL("true")
    )
    rows = [row[0] for row in connection.execute(query).fetchall()]
    return sorted(rows, key=lambda row: str(row.get("id")))


def _register(connection: Connection) -> list[Row]:
    known = connection.execute("SELECT to_regclass('gloria_ops.user_profiles')").fetchone()
    if known is None or known[0] is None:
        return []
    return rows_of(connection, MASTER, "data_karyawan", OWN_REGISTER)


def _profile(row: Row, register: dict[str, Row]) -> Profile:
    nip = text(row.get("nip"))
    person = register.get(nip or "", {})
    id_ = str(row.get("id"))
    return Profile(
        id_,
        nip,
        text(person.get("nama")) or nip or id_,
        text(person.get("email")),
        row.get("is_active") is not False,
    )


def _role_holders(connection: Connection, now: datetime) -> dict[str, tuple[str, ...]]:
    holders: dict[str, list[str]] = {}
    for row in rows_of(connection, OPS, "user_roles"):
        valid = within(moment(row.get("valid_from")), moment(row.get("valid_until")), now)
        if valid and row.get("is_active") is not False:
            holders.setdefault(str(row.get("role_id")), []).append(str(row.get("user_profile_id")))
    found = {}
    for role in rows_of(connection, OPS, "roles"):
        code, active = text(role.get("code")), role.get("is_active") is not False
        if code is not None:
            people = holders.get(str(role.get("id")), []) if active else []
            found[code] = tuple(dict.fromkeys(people))
    return found


def _positions(connection: Connection) -> list[Position]:
    above = {
        str(row.get("position_id")): text(row.get("reports_to_id"))
        for row in rows_of(connection, OPS, "position_hierarchy")
    }
    return [
        Position(
            id_ := str(row.get("id")),
            text(row.get("code")),
            text(row.get("name")) or id_,
            row.get("is_active") is not False,
            above.get(id_),
        )
        for row in rows_of(connection, OPS, "positions")
    ]


def _post(row: Row) -> Post:
    return Post(
        str(row.get("user_profile_id")),
        str(row.get("position_id")),
        moment(row.get("start_date")),
        moment(row.get("end_date")),
        row.get("is_active") is not False,
    )
