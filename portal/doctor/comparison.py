"""What the last comparison of the record with Temporal found, and when that was."""

from collections.abc import Iterator

import psycopg
from psycopg.rows import dict_row

from portal.config import Settings
from portal.doctor.finding import Finding, fault, warning, well

CONNECT_SECONDS = 5
# Raw: asked without SQLAlchemy, which may be what is wrong.
LAST = """
SELECT done_at, trouble, (report ->> 'left')::int AS left, (report ->> 'open')::int AS open,
    now() - done_at > interval '15 minutes' AS is_old,
    round(extract(epoch FROM now() - done_at) / 60)::int AS minutes
FROM portal.checks WHERE name = 'workflows'
"""
ADVICE = "flask portal reconcile compares now, and says what it finds"


def examine(settings: Settings) -> Iterator[Finding]:
    """Whether the record was compared lately, and nothing is left; nothing where the database
    cannot be asked, which others say."""
    try:
        with psycopg.connect(
            settings.database_url, connect_timeout=CONNECT_SECONDS, row_factory=dict_row
        ) as connection:
            row = connection.execute(LAST).fetchone()
    except psycopg.Error:
        return
    if row is None or row["done_at"] is None:
        said = "the record was never compared with what runs in Temporal"
        yield warning("workflows.unchecked", said, ADVICE)
        return
    said = f"the record was last compared with Temporal {row['minutes']} min ago"
    if row["trouble"]:
        yield warning("workflows.unchecked", f"{said}; the newest one broke off", ADVICE)
    elif row["is_old"]:
        yield warning("workflows.unchecked", said, ADVICE)
    elif row["left"]:
        said = f"{row['left']} workflows differ from the record, or fail"
        yield fault("workflows.differ", said, "open /admin/attention: it names each")
    else:
        yield well("workflows", f"{said}: {row['open']} open requests")
