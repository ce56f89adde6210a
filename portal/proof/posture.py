"""Whether the database still guards the record: triggers, functions, owners, rights."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

from sqlalchemy import Connection, text

from portal.proof import rights, roles

# What the guarding functions say, as shipped: sha256 of their bodies.
BODIES = {
    "append_only": "d618510a208ad62fd0e90cb7146de20cdb7c41355880d4fdf472d87f9ee7b06a",
    "only_erase": "082cd4d19c33f2127065a219f2ce01099f4ac45f81e11d9b03eadbd1fe2b4951",
    "queue_events": "9d3c73cce85606889af5a10ccb671a05418677eae46f831190176aad489f8e78",
    "queue_acts": "872d32de058c82ebb2fea4e7ef5772d33ba2b2763611fac3e9d5f2df118b6192",
    "erase_text": "4efbbef60be4afedd5d35361d3806dafbf4547ef9e76235d38602b732ec59b97",
    "only_erase_row": "bbb0f7551887bc309379357fec327797c30a8cfde9908355e21bdf59671e4f8a",
    "erase_person": "8007c2d0d1386c8e552f4d2a2e0b4922697db2cb1bd459b0fdce55261a11674b",
    "hold_in_turn": "76423c95027e07600e84cffc60c0d61b3593df9a46b73933c6aa27b6501c3194",
    "remove_request": "70fa60bdf01225d56c9499dc59aea27a5bd8909b58e4976958f4cfb5a41bd2de",
    "drop_audit_month": "0cca96e11ec1e6c3f80db44880fb5e3cb5392f1227189dd4f0cbbccd0f425173",
    "ensure_audit_partitions": "bba70decc5ce51a37d4341f5e3afad9c8120bc96be32b08d394f4fdb2f0af19e",
}
MORE_TRIGGERS = {
    "audit_events": ("queue_events",),
    "audit_acts": ("queue_acts", "only_erase"),
    "people_changes": ("only_erase",),
    "link_refusals": ("only_erase",),
    "audit_texts": ("only_erase",),
}
NOT_GUARDED = {"audit_queue"}

# Raw: catalogues of the server.
TRIGGERS = text("""
SELECT c.relname AS "table", t.tgname AS name, t.tgenabled AS enabled
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p')
""")
FUNCTIONS = text("""
SELECT p.proname AS name, p.prosrc AS body FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'portal' AND p.proname = ANY(:names)
""")
WRITERS = text("""
SELECT c.relname AS "table", pg_get_userbyid(a.grantee) AS role, a.privilege_type AS "right"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
    LATERAL aclexplode(c.relacl) a
WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p') AND a.grantee <> c.relowner
    AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
""")
OWNERS = text("""
SELECT DISTINCT pg_get_userbyid(c.relowner) AS owner, r.rolcanlogin AS signs_in
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p')
""")


class Findings(Protocol):
    """What takes problems and remarks."""

    remarks: list[str]

    def add(self, kind: str, sentence: str) -> None:
        """One more problem."""


def examine(connection: Connection, found: Findings) -> None:
    """Add what is wrong with how the database guards the record."""
    with connection.begin():
        for sentence in _triggers(connection):
            found.add("trigger", sentence)
        for sentence in _functions(connection):
            found.add("function", sentence)
        for sentence in _rights(connection):
            found.add("right", sentence)
        found.remarks += owners(connection)


def _triggers(connection: Connection) -> Iterator[str]:
    have: dict[str, dict[str, str]] = {}
    for row in connection.execute(TRIGGERS):
        mine = have.setdefault(row.table, {})
        if row.name is not None:
            mine[row.name] = row.enabled
    for table, mine in sorted(have.items()):
        if not (rights.is_of_record(table) or table in rights.LOG) or table in NOT_GUARDED:
            continue
        for name in ("append_only", *MORE_TRIGGERS.get(table, ())):
            if name not in mine:
                yield f"The trigger {name} of {table} is gone."
            elif mine[name] not in ("O", "A"):
                yield f"The trigger {name} of {table} is switched off."


def _functions(connection: Connection) -> Iterator[str]:
    there = {row.name: row.body for row in connection.execute(FUNCTIONS, {"names": list(BODIES)})}
    for name, digest in BODIES.items():
        if name not in there:
            yield f"The function {name} is gone."
        elif body_hash(there[name]) != digest:
            yield f"The function {name} is not the one that this version ships."


def body_hash(body: str) -> str:
    """The hash of what a function says, however it is indented."""
    return sha256(" ".join(body.split()).encode()).hexdigest()


def _rights(connection: Connection) -> Iterator[str]:
    for row in connection.execute(WRITERS):
        if row.table == "audit_queue" and (row.role, row.right) == (roles.SEAL, "DELETE"):
            continue
        if rights.is_of_record(row.table) or row.table in rights.LOG:
            yield f"The role {row.role} has {row.right} on {row.table}."


def owners(connection: Connection) -> Iterator[str]:
    """A remark where whoever signs in owns the record."""
    for row in connection.execute(OWNERS):
        if row.signs_in:
            yield (
                f"One account for all: {row.owner} owns the record, and could rewrite it. "
                "flask portal roles --sql prints how to part them."
            )
