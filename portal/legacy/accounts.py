"""People who come over, with their accounts and the delegations that are in force."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Connection as SqlConnection

from portal.legacy.engine import Definition, Row, person_in
from portal.legacy.people import OldDirectory, Profile, rows_of, within
from portal.legacy.setting import Setting, nameless
from portal.legacy.tables import OPS
from portal.legacy.values import bound, new_key, text

Driver = psycopg.Connection[Any]
MAIL = re.compile(r"[^@\s,;<>()\[\]\\\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
LONGEST_MAIL = 254

# Where people appear in the engine's tables, for those few who share an address.
PLACES = (
    ("workflow_instances", ("initiator_id",)), ("workflow_step_instances", ("assignee_id",)),
    ("workflow_actions", ("actor_id",)),
    ("workflow_delegations", ("delegated_from_id", "delegated_to_id", "revoked_by")),
    ("workflow_escalations", ("escalated_from_id", "escalated_to_id", "escalated_by")),
    ("workflow_transitions", ("transitioned_by",)), ("workflows", ("created_by",)),
    ("approval_delegations", ("delegator_profile_id", "delegate_profile_id")),
)  # fmt: skip


def valid_mail(mail: str | None) -> str | None:
    """The address, if it is one to which mail can go."""
    if mail is None or len(mail) > LONGEST_MAIL or ".." in mail:
        return None
    return mail if MAIL.fullmatch(mail) else None


class Accounts:
    """Which user a profile is here. Nothing is written before `make`."""

    def __init__(self, connection: Driver, directory: OldDirectory, schema: str = OPS) -> None:
        self._directory = directory
        self._schema = schema
        self.listed: list[dict[str, str]] = []
        self.known: dict[str, str] = {}
        # Accounts of ours that no profile stands for: chosen to decide, and never made here.
        self.ours: set[str] = set()
        self._made: set[str] = set()
        self._owners: dict[str, str] = {}
        self._find(connection)
        self._keep_erased(connection)

    def share_addresses(self, connection: Driver, asked: Iterable[str]) -> None:
        """Settle who keeps a shared address: of those who come over, the first active by id.

        `asked`: profiles that come over because a definition asks them.
        """
        groups: dict[str, list[Profile]] = {}
        for profile in self._directory.profiles.values():
            mail = valid_mail(profile.mail)
            if mail is not None:
                groups.setdefault(mail.lower(), []).append(profile)
        shared = {p.id for group in groups.values() if len(group) > 1 for p in group}
        coming = (shared & set(asked)) | self._appearing(connection, shared)
        for mail, group in groups.items():
            able = [p for p in group if p.id in coming] if len(group) > 1 else group
            # An inactive person keeps an address that nobody active of them has.
            able.sort(key=lambda each: (not each.is_active, each.id))
            if able:
                self._owners[mail] = able[0].id

    def make(self, connection: Driver, profiles: Iterable[str]) -> None:
        """Make the accounts of these profiles where they are missing, in the caller's transaction.

        Somebody without a profile becomes a placeholder with a name, who cannot sign in.
        """
        fresh = sorted(set(profiles) - self._made - self.ours)
        if not fresh:
            return
        rows = [self._row(each) for each in fresh]
        taken = self._taken(connection, rows)
        for row in rows:
            self._insert(connection, row, taken)

    def look_at(self, profiles: Iterable[str]) -> None:
        """List what is odd about these people without making anything: for a dry run."""
        for each in sorted(set(profiles) - self._made - self.ours):
            self._made.add(each)
            self._row(each)

    def forget(self) -> None:
        """A transaction failed: accounts it had made are not there."""
        self._made.clear()

    def kept(self, profiles: Iterable[str]) -> None:
        """The transaction that made these accounts stands."""
        self._made |= set(profiles)

    def _find(self, connection: Driver) -> None:
        """Adopt accounts that are there: by the old key, else the employee number, else mail."""
        rows = connection.execute(
            "SELECT id::text, legacy_profile_id, employee_no, lower(email) FROM portal.users"
        ).fetchall()
        by_nip = {nip: id_ for id_, legacy, nip, _ in rows if nip and legacy is None}
        by_mail = {mail: id_ for id_, legacy, _, mail in rows if mail and legacy is None}
        self.known = {legacy: id_ for id_, legacy, _, _ in rows if legacy is not None}
        used = set(self.known.values())
        for profile in sorted(self._directory.profiles.values(), key=lambda each: each.id):
            mail = valid_mail(profile.mail)
            found = by_nip.get(profile.nip or "")
            if found is None and mail is not None and profile.is_active:
                found = by_mail.get(mail.lower())
            if profile.id not in self.known and found is not None and found not in used:
                self.known[profile.id] = found
                used.add(found)

    def _keep_erased(self, connection: Driver) -> None:
        """Whose personal data were erased here is called what they are called since, wherever the
        old engine names them, and brings neither address nor number again."""
        rows = connection.execute(
            "SELECT id::text, name FROM portal.users WHERE erased_at IS NOT NULL"
        ).fetchall()
        erased = dict(rows)
        for key, profile in self._directory.profiles.items():
            name = erased.get(self.known.get(key) or new_key(key))
            if name is not None:
                self._directory.profiles[key] = replace(profile, name=name, mail=None, nip=None)

    def _appearing(self, connection: Driver, among: set[str]) -> set[str]:
        found: set[str] = set()
        if not among:
            return found
        for table, columns in PLACES:
            schema = OPS if table == "approval_delegations" else self._schema
            have = connection.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = %s AND table_name = %s",
                [schema, table],
            ).fetchall()
            for column in {row[0] for row in have} & set(columns):
                query = psycopg.sql.SQL("SELECT DISTINCT {0} FROM {1} WHERE {0} = ANY(%s)").format(
                    psycopg.sql.Identifier(column), psycopg.sql.Identifier(schema, table)
                )
                found |= {row[0] for row in connection.execute(query, [sorted(among)]).fetchall()}
        return found

    def _row(self, profile_id: str) -> dict[str, Any]:
        profile = self._directory.profiles.get(profile_id)
        id_ = self.known.get(profile_id) or new_key(profile_id)
        if profile is None:
            name = nameless(profile_id)
            return {"id": id_, "name": name, "mail": None, "nip": None, "active": False,
                    "legacy": profile_id}  # fmt: skip
        mail = valid_mail(profile.mail)
        if profile.mail is not None and mail is None:
            self._list(profile, f"The mail address {profile.mail!r} is not valid: left out.")
        if mail is not None and self._owners.get(mail.lower(), profile_id) != profile_id:
            self._list(profile, f"The mail address {mail} belongs to somebody else: left out.")
            mail = None
        return {"id": id_, "name": profile.name, "mail": mail, "nip": profile.nip,
                "active": profile.is_active, "legacy": profile_id}  # fmt: skip

    def _taken(self, connection: Driver, rows: list[dict[str, Any]]) -> dict[str, str]:
        """Addresses and employee numbers that others have here already, and who."""
        mails = [row["mail"].lower() for row in rows if row["mail"]]
        nips = [row["nip"] for row in rows if row["nip"]]
        found = connection.execute(
            "SELECT id::text, lower(email), employee_no FROM portal.users"
            " WHERE lower(email) = ANY(%s) OR employee_no = ANY(%s)",
            [mails, nips],
        ).fetchall()
        taken = {f"mail {mail}": id_ for id_, mail, _ in found if mail}
        return taken | {f"nip {nip}": id_ for id_, _, nip in found if nip}

    def _insert(self, connection: Driver, row: dict[str, Any], taken: dict[str, str]) -> None:
        for name, key in (("mail", f"mail {(row['mail'] or '').lower()}"),
                          ("nip", f"nip {row['nip']}")):  # fmt: skip
            if row[name] is not None and taken.setdefault(key, row["id"]) != row["id"]:
                profile = self._directory.profiles[row["legacy"]]
                self._list(profile, f"The {name} {row[name]} belongs to somebody else here.")
                row[name] = None
        connection.execute(
            "INSERT INTO portal.users"
            " (id, name, email, employee_no, is_active, legacy_profile_id, roles) VALUES"
            " (%(id)s, %(name)s, %(mail)s, %(nip)s, %(active)s, %(legacy)s, '{member}')"
            " ON CONFLICT (id) DO UPDATE SET legacy_profile_id = excluded.legacy_profile_id"
            " WHERE users.legacy_profile_id IS NULL",
            row,
        )

    def _list(self, profile: Profile, reason: str) -> None:
        entry = {"table": "user_profiles", "key": profile.id, "reason": reason}
        if entry not in self.listed:
            self.listed.append(entry)


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
    connection: Driver, setting: Setting, definitions: dict[str, Definition]
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


def _insert(driver: Driver, each: NewDelegation, setting: Setting) -> None:
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
    start, end = bound(row.get("start_date")), bound(row.get("end_date"))
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
    start, end = bound(row.get("start_date")), bound(row.get("end_date"))
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
