"""Personal delegations that are in force come over; the others are listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Connection as SqlConnection

from portal.legacy.accounts import Accounts
from portal.legacy.directory import OldDirectory, within
from portal.legacy.organisation import rows_of
from portal.legacy.records import Definition, Row, person_in
from portal.legacy.setting import Setting
from portal.legacy.tables import OPS
from portal.legacy.values import moment, new_key, text

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class NewDelegation:
    """A delegation as it will be: profiles, the types it is for (None: all), and its time."""

    legacy_id: str
    delegator: str
    delegate: str
    type_codes: list[str] | None
    start: datetime
    end: datetime
    reason: str


def read_delegations(
    connection: Connection, setting: Setting, definitions: dict[str, Definition]
) -> tuple[list[NewDelegation], list[dict[str, str]]]:
    """Those that come over, and why the others do not."""
    coming: list[NewDelegation] = []
    listed: list[dict[str, str]] = []
    codes: dict[str, list[str]] = {}
    for id_, definition in sorted(definitions.items()):
        module = text(definition.row.get("module"))
        if module is not None:
            codes.setdefault(module.lower(), []).append(setting.types[id_].code)
    for row in rows_of(connection, OPS, "approval_delegations"):
        problem = next(_problems(row, setting.directory, codes), None)
        if problem is not None:
            key = str(row.get("id"))
            listed.append({"table": "approval_delegations", "key": key, "reason": problem})
        else:
            coming.append(_delegation(row, codes))
    return coming, listed


def make_delegations(
    connection: SqlConnection,
    coming: list[NewDelegation],
    setting: Setting,
    accounts: Accounts,
) -> list[dict[str, str]]:
    """Write them and their people, in the caller's transaction; what is there is left alone.

    Returns those that the database refused, and why.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    accounts.make(driver, [p for each in coming for p in (each.delegator, each.delegate)])
    refused = []
    for each in coming:
        try:
            with driver.transaction():
                _insert(driver, each, setting)
        except psycopg.Error as error:
            reason = f"It could not be written: {' '.join(str(error).split())[:300]}"
            key = each.legacy_id
            refused.append({"table": "approval_delegations", "key": key, "reason": reason})
    return refused


def _insert(driver: Connection, each: NewDelegation, setting: Setting) -> None:
    driver.execute(
        "INSERT INTO portal.delegations (id, delegator_id, delegate_id, type_codes, starts_at,"
        " ends_at, reason, legacy_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [
            new_key(f"delegation {each.legacy_id}"), setting.user(each.delegator),
            setting.user(each.delegate), each.type_codes, each.start, each.end, each.reason,
            each.legacy_id,
        ],
    )  # fmt: skip


def _problems(row: Row, directory: OldDirectory, codes: dict[str, list[str]]) -> Iterator[str]:
    start, end = moment(row.get("start_date")), moment(row.get("end_date"))
    people = [person_in(row.get(f"{end_}_profile_id")) for end_ in ("delegator", "delegate")]
    module = text(row.get("module"))
    if row.get("is_active") is False or start is None or end is None:
        yield "The delegation is not active: left behind."
    elif not within(start, end, directory.now):
        yield "The delegation is not in force now: left behind."
    if not all(person is not None and directory.is_active(person) for person in people):
        yield "One of the two people is missing or inactive: left behind."
    if people[0] == people[1]:
        yield "It delegates to the same person: left behind."
    if module is not None and module.lower() not in codes:
        yield f"There is no definition of the module {module}: left behind."


def _delegation(row: Row, codes: dict[str, list[str]]) -> NewDelegation:
    module = text(row.get("module"))
    start, end = moment(row.get("start_date")), moment(row.get("end_date"))
    assert start is not None
    assert end is not None
    return NewDelegation(
        str(row.get("id")),
        str(row.get("delegator_profile_id")).strip(),
        str(row.get("delegate_profile_id")).strip(),
        None if module is None else codes[module.lower()],
        start,
        end,
        text(row.get("reason")) or "",
    )
