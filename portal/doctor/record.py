"""The log that proves the record: is it sealed, kept outside, and its key out of others' reach?"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from portal.config import Settings
from portal.doctor.finding import Finding, fault, warning, well
from portal.proof import tiles
from portal.proof.tiles import LogBroken

CONNECT_SECONDS = 5
# Raw: asked without SQLAlchemy, which may be what is wrong.
SEEN = """
SELECT EXISTS (SELECT FROM portal.audit_leaves) AS has_begun,
    (SELECT count(*) FROM portal.audit_queue) AS waiting,
    (SELECT extract(epoch FROM now() - queued_at)::int / 60 FROM portal.audit_queue
        ORDER BY id LIMIT 1) AS minutes,
    (SELECT trouble FROM portal.checks WHERE name = 'sealing') AS refused,
    (SELECT trouble FROM portal.checks WHERE name = 'anchoring') AS not_anchored,
    (SELECT (report ->> 'problems')::int FROM portal.checks WHERE name = 'verification')
        AS problems,
    (SELECT extract(epoch FROM now() - max(anchored_at))::int / 3600 FROM portal.audit_anchors)
        AS anchored_hours
"""
# Three turns of the sealer, and some.
STALLED_MINUTES = 5
# The mail to auditors goes once a day.
ANCHOR_HOURS = 36
ANCHORS = "name AUDIT_ANCHOR_DIR or AUDIT_ANCHOR_MAIL, out of reach of whoever runs this machine"
Seen = dict[str, Any]


def examine(settings: Settings) -> Iterator[Finding]:
    """Nothing where the database cannot be asked or has no tables of ours, which others say."""
    try:
        with psycopg.connect(
            settings.database_url, connect_timeout=CONNECT_SECONDS, row_factory=dict_row
        ) as connection:
            seen = connection.execute(SEEN).fetchone()
    except psycopg.Error:
        return
    assert seen is not None
    if not seen["has_begun"]:
        said = "the log was not begun: who may write the database could change the record unseen"
        yield warning("log.none", said, "flask portal audit begin, as the sealer")
        return
    yield from _sealing(settings, seen)
    yield from _anchors(seen)
    if seen["problems"]:
        said = f"the last verification found {seen['problems']} problems in the record"
        yield fault("log.broken", said, "flask portal audit verify names each")


def _sealing(settings: Settings, seen: Seen) -> Iterator[Finding]:
    if seen["refused"]:
        said = f"the log is refused: {seen['refused']}"
        yield fault("log.refused", said, "flask portal audit verify; then as the paper says")
    elif (seen["minutes"] or 0) >= STALLED_MINUTES:
        said = (
            f"{seen['waiting']} entries wait for their seal, the oldest for {seen['minutes']} min"
        )
        yield fault("log.waits", said, "systemctl start gloria-sealer: its log says why it ended")
    else:
        yield well("log", f"the record is sealed; {seen['waiting']} entries wait for the next turn")
    if not _shows(settings.audit_log_dir):
        said = (
            f"AUDIT_LOG_DIR ({settings.audit_log_dir}) shows no log to this user: no evidence packs"
        )
        yield fault("log.away", said, "name the folder where the sealer writes, and let it be read")
    if settings.is_production and os.access(settings.audit_key_file, os.R_OK):
        said = f"this user can read {settings.audit_key_file}, the key that signs the log"
        todo = "AUDIT_SEALER=own, and the key where only the sealer's user reads it"
        yield warning("log.key", said, todo)


def _shows(folder: Path) -> bool:
    """Whether this user finds a log there; a closed folder shows none."""
    try:
        return any((log.folder / "checkpoint").exists() for log in tiles.logs(folder))
    except (LogBroken, OSError):
        return False


def _anchors(seen: Seen) -> Iterator[Finding]:
    hours = seen["anchored_hours"]
    if seen["not_anchored"]:
        said = f"a checkpoint could not be kept outside: {seen['not_anchored']}"
        yield fault("log.anchor", said, "mend the folder or the mail server that it names")
    elif hours is None:
        yield warning("log.anchor", "no checkpoint was ever kept outside", ANCHORS)
    elif hours > ANCHOR_HOURS:
        said = f"the last checkpoint was kept outside {hours} hours ago"
        yield warning("log.anchor", said, ANCHORS)
    else:
        yield well("log", f"a checkpoint was kept outside {hours} hours ago")
