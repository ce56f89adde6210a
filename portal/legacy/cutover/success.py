"""`flask portal doctor --after-cutover`: is the old engine left behind, and all of it here?"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from portal.doctor.finding import Finding, fault, warning, well
from portal.legacy.cutover.chain import REVISION, engine_tables, is_there, revision_of
from portal.legacy.tables import OPS

OURS = f"{OPS}.workflow_history"
# What the mover left to a person, but for what was knowingly accepted to stay.
LEFT = """
SELECT count(*) FROM portal.legacy_moves m
WHERE m.result IN ('needs_person', 'failed') AND m.rolled_back_at IS NULL AND NOT EXISTS (
    SELECT FROM portal.cutovers c WHERE c.taken_back_at IS NULL AND c.accepted ? m.instance_id)
"""
UNLIKE = f"""
SELECT count(*) FROM portal.requests r LEFT JOIN {OURS} h ON h.id = r.id::text
WHERE h.id IS NULL OR h.status <> CASE WHEN r.closed_at IS NULL THEN 'STARTED' ELSE r.status END
    OR (h.completed_at IS NULL) <> (r.closed_at IS NULL)
"""  # noqa: S608 - our own names
LATE = """
SELECT count(*) FROM portal.commands
WHERE applied_at IS NULL AND created_at < now() - interval '1 minute'
"""
NOT_LET_IN = """
SELECT count(*) FROM portal.users u WHERE is_active AND password_hash IS NULL
AND NOT EXISTS (SELECT FROM portal.provider_accounts a WHERE a.user_id = u.id)
AND NOT EXISTS (SELECT FROM portal.passkeys k WHERE k.user_id = u.id AND removed_at IS NULL)
"""


def criteria(connection: Connection) -> Iterator[Finding]:
    """What the database says of a cutover's success; workflows and hashes are others' to ask."""
    tables = engine_tables(connection)
    if tables:
        said = f"the old engine's tables are still in their place: {', '.join(tables)}"
        yield fault("cutover.waits", said, "flask portal cutover: docs/cutover.md")
    elif revision_of(connection) != REVISION or not is_there(connection, OURS):
        said = f"{OURS} is not there"
        yield fault("cutover.none", said, "flask db upgrade")
        return
    else:
        yield well("cutover", f"the old tables are gone from {OPS}, and {OURS} is ours")
        yield from _rows(connection)
    yield from _moved(connection)


def _rows(connection: Connection) -> Iterator[Finding]:
    unlike = connection.scalar(text(UNLIKE))
    if unlike:
        said = f"{unlike} requests have no row in {OURS}, or one that says something else"
        yield fault("cutover.rows", said, "flask portal audit verify names the requests")
    else:
        yield well("cutover", f"every request has its row in {OURS}")


def _moved(connection: Connection) -> Iterator[Finding]:
    left = connection.scalar(text(LEFT))
    if left:
        said = f"{left} old instances did not come over, and nobody accepted that"
        yield fault("cutover.left", said, "choose on /admin/cutover, then run the mover again")
    else:
        yield well("cutover", "no old instance was left behind unknowingly")
    late = connection.scalar(text(LATE))
    if late:
        said = f"{late} commands have waited for more than a minute"
        yield fault("cutover.commands", said, "see /admin/attention, and whether workers run")
    without = connection.scalar(text(NOT_LET_IN))
    if without:
        said = f"{without} people have no way to sign in yet"
        yield warning("cutover.passwords", said, "flask portal set-password ADDRESS")
