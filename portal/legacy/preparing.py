"""What a run has to know before its first instance: people, definitions, types, choices."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection

from portal.domain.request.apply import fold
from portal.domain.request.events import LegacyRecorded
from portal.legacy.accounts import Accounts
from portal.legacy.engine import Definition, OldEngine, Selection
from portal.legacy.live import general_policy
from portal.legacy.people import read_directory
from portal.legacy.setting import GivenBackBefore, RejectedRunning, Setting
from portal.legacy.tables import ARCHIVE, MASTER, OPS
from portal.legacy.types import plan_types
from portal.legacy.values import loads
from portal.models.recorded import recorded_events

Driver = psycopg.Connection[Any]
MONTHS_OF_PARTITIONS = 120
READ_OF_ENGINE = (
    "workflow_step_instances", "workflow_actions", "workflow_delegations", "workflow_escalations",
    "workflow_transitions",
)  # fmt: skip
READ_OF_SHARED = (
    "user_profiles", "roles", "user_roles", "positions", "position_hierarchy", "user_positions",
    "approval_delegations",
)  # fmt: skip


class Unusable(Exception):
    """The run cannot begin, or not go on; the message is one sentence for people."""


@dataclass
class Prepared:
    """Everything a run works with."""

    engine: OldEngine
    definitions: dict[str, Definition]
    setting: Setting
    accounts: Accounts
    workflows: tuple[str, ...] | None

    @property
    def selections(self) -> tuple[Selection, Selection]:
        """What is read: active instances first, so that people can work on, then the others."""
        return Selection(True, self.workflows), Selection(False, self.workflows)


def prepare(
    driver: Driver, now: datetime, grace: timedelta, rejected: RejectedRunning, only: str | None
) -> Prepared:
    """Read what the run needs; writes nothing. Raises Unusable."""
    _require_unicode(driver)
    set_json_loads(loads, driver)
    known = driver.execute("SELECT to_regclass('portal.legacy_moves')").fetchone()
    if known is None or known[0] is None:
        raise Unusable("The portal's tables are missing: run `flask db upgrade` first.")
    engine = old_engine(driver)
    definitions = engine.definitions()
    workflows = None
    if only is not None:
        workflows = tuple(id_ for id_, each in definitions.items() if each.code == only)
        if not workflows:
            raise Unusable(f"There is no workflow with the code {only}.")
    directory = read_directory(driver, now)
    accounts = Accounts(driver, directory, engine.schema)
    setting = Setting(now, directory, grace, rejected, accounts=dict(accounts.known))
    setting.types = plan_types(driver, definitions)
    asked = _ask_definitions(definitions, setting)
    accounts.share_addresses(driver, asked)
    return Prepared(engine, definitions, setting, accounts, workflows)


def _require_unicode(driver: Driver) -> None:
    found = driver.execute("SHOW server_encoding").fetchone()
    if found is not None and found[0] != "UTF8":
        raise Unusable(
            f"The database is encoded in {found[0]}, which lacks most characters that people write:"
            " copy it into one that is encoded in UTF8."
        )


def require_rights(driver: Driver) -> None:
    """Raise Unusable unless the record's months can be made in the schema portal."""
    found = driver.execute(
        "SELECT current_user, has_schema_privilege(to_regnamespace('portal')::oid, 'CREATE')"
    ).fetchone()
    if found is not None and not found[1]:
        raise Unusable(
            f"The role {found[0]} may not create in the schema portal, where the record gets a"
            f" table for each month: run GRANT CREATE ON SCHEMA portal TO {found[0]}."
        )


def missing_tables(driver: Driver, engine: OldEngine) -> tuple[str, ...]:
    """Tables that the move reads and this database lacks: each is read as empty."""
    names = [f"{engine.schema}.{name}" for name in READ_OF_ENGINE]
    names += [f"{MASTER}.data_karyawan", *(f"{OPS}.{name}" for name in READ_OF_SHARED)]
    found = driver.execute(
        "SELECT name FROM unnest(%s::text[]) WITH ORDINALITY AS n(name, place)"
        " WHERE to_regclass(name) IS NULL ORDER BY place",
        [names],
    )
    return tuple(row[0] for row in found.fetchall())


def old_engine(driver: Driver) -> OldEngine:
    """The old engine where it is: in its own schema, or in the archive. Raises Unusable."""
    for schema in (OPS, ARCHIVE):
        engine = OldEngine(driver, schema)
        if engine.is_there:
            return engine
    raise Unusable("There is no old engine in this database: gloria_ops has no workflow tables.")


def _ask_definitions(definitions: dict[str, Definition], setting: Setting) -> set[str]:
    """Work out every definition's own route once, and whom these routes ask."""
    asked: set[str] = set()
    for id_, definition in definitions.items():
        setting.seen = set()
        with suppress(Exception):  # its instances fail one by one, each with its reason
            general_policy(definition, setting)
        setting.definition_people[id_] = setting.seen
        asked |= setting.seen
    return asked


def recorded_before(connection: Connection, instance_ids: list[str]) -> dict[str, GivenBackBefore]:
    """What is recorded of those among these that were given back to the old engine."""
    rows = connection.exec_driver_sql(
        "SELECT instance_id, new_request_id::text FROM portal.legacy_moves"
        " WHERE instance_id = ANY(%s) AND rolled_back_at IS NOT NULL"
        " AND new_request_id IS NOT NULL",
        (instance_ids,),
    ).all()
    found = {}
    for instance_id, request_id in rows:
        events = recorded_events(connection, request_id)
        known = frozenset(
            (each.source, each.legacy_id) for each in events if isinstance(each, LegacyRecorded)
        )
        if events:
            found[instance_id] = GivenBackBefore(fold(request_id, events), known)
    return found


def make_partitions(driver: Driver, engine: OldEngine, now: datetime) -> None:
    """Make the record's months back to the first instance, ten years at most.

    What is older, or has an impossible time, goes to the partition for the rest.
    """
    query = psycopg.sql.SQL(
        "SELECT min(started_at)::date FROM {} WHERE started_at BETWEEN %s AND %s"
    ).format(engine.table("workflow_instances"))
    plain = now.replace(tzinfo=None)
    oldest = plain - timedelta(days=MONTHS_OF_PARTITIONS * 30)
    row = driver.execute(query, [oldest, plain]).fetchone()
    first = row[0] if row is not None and row[0] is not None else now.date()
    last = now.date() + timedelta(days=31)
    driver.execute("SELECT portal.ensure_audit_partitions(%s, %s)", [min(first, last), last])
