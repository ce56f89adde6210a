"""What each role may do to each table of the portal, granted by the owner after every migration."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from portal.proof.roles import (
    APP,
    OWNER,
    READ,
    ROLES,
    SEAL,
    WORKING,
    hand_over_statements,
    make_statements,
)

# What is only added to. The log's own tables are the sealer's.
RECORD = (
    "audit_events", "audit_texts", "audit_acts", "people_changes", "organisation_changes",
    "type_changes", "calendar_changes", "chat_channel_changes", "link_refusals",
)  # fmt: skip
LOG = (
    "audit_queue", "audit_leaves", "audit_checkpoints", "audit_anchors", "audit_verifications",
)  # fmt: skip
# What the sealer makes of it, so that it is found.
INDEX = ("audit_index", "audit_blocks")
# What triggers of the owner write beside each change, and nobody else.
VALIDITY = (
    "user_history", "department_history", "group_history", "group_member_history",
    "delegation_history", "type_history",
)  # fmt: skip
SCHEMA = "portal"
# What the portal may call though it runs with the owner's rights.
CALLED = (
    "ensure_audit_partitions(date, date)",
    "erase_text(uuid, integer, text, uuid)",
    "erase_person(uuid, uuid)",
    "remove_request(uuid, uuid)",
    "drop_audit_month(date)",
)

# Raw: catalogues of the server.
THERE = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
RIGHTS = text("""
SELECT c.relname AS name, pg_get_userbyid(a.grantee) AS role, a.privilege_type AS "right"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL aclexplode(c.relacl) a ON pg_get_userbyid(a.grantee) = ANY(:roles)
WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p', 'v', 'm')
    AND c.relowner = current_user::regrole ORDER BY 1
""")
FUNCTION = text(f"""
SELECT p.proacl IS NOT NULL AND has_function_privilege('{APP}', p.oid, 'EXECUTE')
    AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
FROM pg_proc p WHERE p.oid = to_regprocedure(:name)
""")  # noqa: S608 - our own name
MAY = text("""
SELECT c.relname, p.name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
    unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p(name)
WHERE n.nspname = 'portal' AND c.relname = ANY(:tables) AND has_table_privilege(c.oid, p.name)
ORDER BY 1, 2
""")
OWNER_OF = text("""
SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'portal'
""")
OLD = text("""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'gloria_ops' AND c.relkind IN ('r', 'p', 'v')
    AND c.relowner = current_user::regrole
    AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) a
        WHERE pg_get_userbyid(a.grantee) = 'gloria_app')
ORDER BY 1
""")
TABLES = text("""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'portal' AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1
""")
OLD_TABLES = text("""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'gloria_ops' AND c.relkind IN ('r', 'p', 'v')
    AND pg_get_userbyid(c.relowner) = :owner ORDER BY 1
""")
SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = :role")
ACTS_AS_OWNER = text("""
SELECT pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = 'portal'
""")
IS_OWNER = text("""
SELECT pg_get_userbyid(nspowner) = current_user FROM pg_namespace WHERE nspname = 'portal'
""")


def is_of_record(table: str) -> bool:
    """Whether a table, or a partition of one, is only added to."""
    return table in RECORD or table.startswith("audit_events_")


def rights_on(table: str) -> dict[str, frozenset[str]]:
    """What each role may do to a table of the portal; nothing else."""
    read, add = frozenset({"SELECT"}), frozenset({"SELECT", "INSERT"})
    if is_of_record(table):
        return {APP: add, SEAL: add if table == "audit_acts" else read, READ: read}
    if table in LOG:
        return {
            APP: read,
            SEAL: add | ({"DELETE"} if table == "audit_queue" else set()),
            READ: read,
        }
    if table in INDEX:
        return {APP: read, SEAL: add | {"UPDATE"}, READ: read}
    if table in ("alembic_version", "schema_revisions", *VALIDITY):
        return {APP: read, SEAL: read, READ: read}
    checks = add | {"UPDATE"} if table == "checks" else read
    return {APP: add | {"UPDATE", "DELETE"}, SEAL: checks, READ: read}


def present(connection: Connection) -> frozenset[str]:
    """Which of the roles the server has."""
    return frozenset(connection.scalars(THERE, {"names": list(ROLES)}))


def grant(connection: Connection) -> bool:
    """Grant each role what it may, and take what it may not, in the caller's transaction.

    False where the roles are not there, or the caller is not the owner of the portal's schema.
    """
    if present(connection) != set(ROLES) or not connection.scalar(IS_OWNER):
        return False
    for statement in (*_of_tables(connection), *_of_functions(connection), *_of_old(connection)):
        connection.execute(text(statement))
    return True


def parting_statements(connection: Connection) -> Iterator[str]:
    """What parts the roles where one account did everything, in one transaction: people work on
    meanwhile, and that account afterwards, as one of the portal's."""
    database, former = connection.engine.url.database or "", owner_of(connection)
    there = present(connection)
    yield "BEGIN"
    # Raw: for an administrator's psql.
    yield "SET LOCAL lock_timeout = '10s'"
    yield from make_statements(there=there)
    yield from hand_over_statements(database, former)
    yield from _on_schema()
    for table in connection.scalars(TABLES):
        for role, wanted in rights_on(table).items():
            yield f'GRANT {", ".join(sorted(wanted))} ON {SCHEMA}."{table}" TO {role}'
    for called in CALLED:
        yield from _on_function(called)
    yield from _on_old(list(connection.scalars(OLD_TABLES, {"owner": former})))
    yield f'GRANT {APP} TO "{former}"'
    yield "COMMIT"


def _on_schema() -> Iterator[str]:
    everybody = ", ".join(WORKING)
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {everybody}"
    yield (
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA {SCHEMA}"
        f" GRANT SELECT ON TABLES TO {everybody}"
    )
    yield f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {everybody}"  # a dump reads them


def _on_function(called: str) -> Iterator[str]:
    yield f"REVOKE ALL ON FUNCTION {SCHEMA}.{called} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{called} TO {APP}"


def _on_old(tables: list[str]) -> Iterator[str]:
    if tables:
        yield f"GRANT USAGE ON SCHEMA gloria_ops TO {', '.join(WORKING)}"
    for table in tables:
        yield f'GRANT SELECT ON gloria_ops."{table}" TO {APP}, {READ}'


def _of_tables(connection: Connection) -> Iterator[str]:
    """What changes the rights on tables to those that are wanted; mostly nothing."""
    have: dict[str, dict[str, set[str]]] = {}
    for row in connection.execute(RIGHTS, {"roles": list(WORKING)}):
        mine = have.setdefault(row.name, {role: set() for role in WORKING})
        if row.role is not None:
            mine[row.role].add(row.right)
    if not have:
        return
    yield from _on_schema()
    for table, mine in have.items():
        wanted = rights_on(table)
        for role in WORKING:
            if mine[role] != wanted[role]:
                yield f'REVOKE ALL ON {SCHEMA}."{table}" FROM {role}'
                yield f'GRANT {", ".join(sorted(wanted[role]))} ON {SCHEMA}."{table}" TO {role}'


def _of_functions(connection: Connection) -> Iterator[str]:
    for called in CALLED:
        found = connection.scalar(FUNCTION, {"name": f"{SCHEMA}.{called}"})
        if found is False:
            yield from _on_function(called)


def _of_old(connection: Connection) -> Iterator[str]:
    """The old engine's schema, where its tables are the owner's: pages show the move."""
    yield from _on_old(list(connection.scalars(OLD)))


def owner_of(connection: Connection) -> str:
    """Who owns the portal's schema."""
    return str(connection.scalar(OWNER_OF))


def is_superuser(connection: Connection, role: str) -> bool:
    """Whether nothing of the server is closed to a role."""
    return bool(connection.scalar(SUPERUSER, {"role": role}))


def wrong(connection: Connection) -> list[str]:
    """Why the record is not safe from the account that asks; empty where the roles are parted."""
    said = [f"The role {each} is missing." for each in ROLES if each not in present(connection)]
    owner = owner_of(connection)
    if owner != OWNER:
        said.append(f"The tables belong to {owner}, and not to {OWNER}.")
    if connection.scalar(ACTS_AS_OWNER):
        said.append(f"The account of DATABASE_URL may act as {owner}, the owner of the tables.")
    for table, right in connection.execute(MAY, {"tables": list(RECORD)}):
        said.append(f"The account of DATABASE_URL has {right} on {table}.")
    return said
