"""The roles of the database, and what each may do: the record is only added to.

    gloria_owner     owns everything, and nobody signs in as it
    gloria_migrate   may act as the owner: migrations, and what moves tables
    gloria_app       the portal: pages and workers
    gloria_seal      numbers leaves and writes checkpoints
    gloria_read      reads: verification, auditors

Any of them may also be a group to which an account of another name belongs. Where they are not
there, one account does everything, and whatever verifies the record says so.
"""

from collections.abc import Iterator

OWNER, MIGRATE, APP, SEAL, READ = ROLES = (
    "gloria_owner", "gloria_migrate", "gloria_app", "gloria_seal", "gloria_read",
)  # fmt: skip
SIGNING_IN = (MIGRATE, APP, SEAL, READ)
WORKING = (APP, SEAL, READ)


def make_statements(passwords: dict[str, str] | None = None) -> Iterator[str]:
    """What makes the roles; for an administrator of the server. Those that sign in have a password
    where one is given; else the administrator sets it, or makes them groups of other accounts."""
    yield f"CREATE ROLE {OWNER} NOLOGIN"
    for role in SIGNING_IN:
        word = (passwords or {}).get(role)
        quoted = "" if word is None else " PASSWORD '" + word.replace("'", "''") + "'"
        yield f"CREATE ROLE {role} LOGIN{quoted}"
    yield f"GRANT {OWNER} TO {MIGRATE}"
    # Whatever it makes belongs to the owner.
    yield f"ALTER ROLE {MIGRATE} SET role = {OWNER}"


def hand_over_statements(database: str, owner: str) -> Iterator[str]:
    """What gives an existing database, and all that is in it, to the owner; run inside of it."""
    yield f'REASSIGN OWNED BY "{owner}" TO {OWNER}'
    yield f'ALTER DATABASE "{database}" OWNER TO {OWNER}'


# What follows in the shell, once the roles are there.
THEN = """\
-- Then give the roles that sign in their passwords, each its own:
--   \\password gloria_app   (gloria_migrate, gloria_seal, gloria_read)
-- and name them: DATABASE_URL (gloria_app), DATABASE_MIGRATION_URL (gloria_migrate) and
-- DATABASE_SEAL_URL (gloria_seal). `flask db upgrade` grants each what it needs, and
-- `flask portal roles` says whether all is as it should be.
"""
