"""The roles of the database, and what each may do: the record is only added to.

    gloria_owner     owns everything, and nobody signs in as it
    gloria_migrate   may act as the owner: migrations, and what moves tables
    gloria_app       the portal: pages and workers
    gloria_seal      numbers leaves and writes checkpoints
    gloria_read      reads: verification, auditors

Any of them may also be a group to which an account of another name belongs. Where they are not
there, one account does everything, and whatever verifies the record says so.
"""

from collections.abc import Collection, Iterator

OWNER, MIGRATE, APP, SEAL, READ = ROLES = (
    "gloria_owner", "gloria_migrate", "gloria_app", "gloria_seal", "gloria_read",
)  # fmt: skip
SIGNING_IN = (MIGRATE, APP, SEAL, READ)
WORKING = (APP, SEAL, READ)


def make_statements(
    passwords: dict[str, str] | None = None, there: Collection[str] = ()
) -> Iterator[str]:
    """What makes the roles that are not there; for an administrator of the server. Those that sign
    in have a password where one is given; else the administrator sets it, or makes them groups of
    other accounts."""
    if OWNER not in there:
        yield f"CREATE ROLE {OWNER} NOLOGIN"
    for role in (each for each in SIGNING_IN if each not in there):
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
-- The account {former} goes on to work, with the rights of the portal alone: DATABASE_URL stays.
-- Then give those that sign in a password, each its own:
--   \\password gloria_migrate   (gloria_seal; gloria_read for whoever verifies)
-- and name them where nobody else reads them: DATABASE_MIGRATION_URL for `flask db upgrade`, the
-- sealer's DATABASE_URL for `python worker.py sealer` (docs/deployment.md). `flask portal roles`
-- says whether all is as it should be.
"""
