"""When the portal last looked at itself, and what it found: one row for each check."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Engine, text

WORKFLOWS = "workflows"

# Raw: an upsert, and what follows on it.
BEGUN = text("""
INSERT INTO portal.checks (name, begun_at) VALUES (:name, now())
ON CONFLICT (name) DO UPDATE SET begun_at = now()
""")
DONE = text("""
UPDATE portal.checks SET done_at = now(), trouble = NULL, report = CAST(:report AS jsonb)
WHERE name = :name
""")
TROUBLE = text("UPDATE portal.checks SET trouble = :trouble WHERE name = :name")

Keep = Callable[[Mapping[str, object]], None]


@contextmanager
def kept(engine: Engine, name: str) -> Iterator[Keep]:
    """Note that a check begins, what it found by the function that is given, or why it broke off.

    Without its report the row says of the last one that came to its end when that was.
    """

    def keep(report: Mapping[str, object]) -> None:
        with engine.begin() as connection:
            connection.execute(DONE, {"name": name, "report": json.dumps(report)})

    with engine.begin() as connection:
        connection.execute(BEGUN, {"name": name})
    try:
        yield keep
    except Exception as error:
        with engine.begin() as connection:
            words = f"{type(error).__name__}: {str(error)[:300]}"
            connection.execute(TROUBLE, {"name": name, "trouble": words})
        raise
