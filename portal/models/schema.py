"""Which revisions of the schema ran in this database, and which ones this code has.

Alembic notes one revision, and a note can be lost; so each revision that ran has a row here. What
cannot be told from both together is not known, and nothing is done on a guess.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, DateTime, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Now

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
# From this revision on there are the rows.
KEPT_SINCE = "0035"
MADE = re.compile(r"create_table\(\s*\"(\w+)\"")
NUMBERED = re.compile(r"\d{4}")


class SchemaRevision(Base):
    """A numbered revision that ran here; the migrations write it, with the revision itself."""

    __tablename__ = "schema_revisions"

    revision: Mapped[str] = mapped_column(Text, primary_key=True)
    run_at: Mapped[Now]


class Check(Base):
    """When the portal last looked at itself, by the check's name, and what it found.

    `begun_at`: the newest look. `done_at` and `report`: of the newest one that came to its end.
    `trouble`: why a later one did not.
    """

    __tablename__ = "checks"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    begun_at: Mapped[Now]
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    trouble: Mapped[str | None] = mapped_column(Text)
    report: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")


@cache
def revisions_of_code() -> tuple[str, ...]:
    """The numbered revisions that this code has, the oldest first."""
    return tuple(sorted(file.name[:4] for file in VERSIONS.glob("[0-9]*.py")))


def revisions_run(connection: Connection) -> tuple[str, ...]:
    """The numbered revisions that are known to have run here, the oldest first."""
    # Raw: what the tables are is asked before anything is known of them.
    if connection.scalar(text("SELECT to_regclass('portal.schema_revisions')")) is None:
        return ()
    found = text("SELECT revision FROM portal.schema_revisions ORDER BY revision")
    return tuple(connection.scalars(found))


def notes_of(newest: str) -> tuple[str, str]:
    """The statements that note that the revisions up to this one ran, and none after it."""
    # Raw: for whoever reads the statements of an upgrade before they run.
    rows = ", ".join(f"('{each}')" for each in revisions_of_code() if each <= newest)
    begin = "INSERT INTO portal.schema_revisions (revision) VALUES"
    end = "ON CONFLICT DO NOTHING"
    return (
        f"DELETE FROM portal.schema_revisions WHERE revision > '{newest}'",  # noqa: S608 - our own
        f"{begin} {rows} {end}",
    )


def gap(run: Iterable[str]) -> str | None:
    """A sentence about a schema on which these revisions ran; None where the code can use it.

    Newer ones than the code has do no harm: a release may run for a while beside the next.
    """
    run = set(run)
    if not run:
        return (
            "It is not known which revisions of the schema ran: flask db upgrade says what to do."
        )
    missing = [each for each in revisions_of_code() if each not in run]
    if not missing:
        return None
    if missing == [each for each in revisions_of_code() if each > max(run)]:
        return f"The schema is at {max(run)} and needs {missing[-1]}: run flask db upgrade."
    return f"The schema lacks the revisions {', '.join(missing)}: run flask db upgrade."


def looks_like(connection: Connection) -> str:
    """After which revision, at most, the tables look as they are, by those that each one makes.

    A hint for a person who has to say it, and no proof.
    """
    # Raw: a catalogue of the server.
    there = set(
        connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname IN ('portal', 'gloria_ops')")
        )
    )
    there |= {name.removesuffix("_next") for name in there}
    last = ""
    for file in sorted(VERSIONS.glob("[0-9]*.py")):
        made = MADE.findall(file.read_text(encoding="utf-8"))
        if not all(name.removesuffix("_next") in there for name in made):
            break
        last = file.name[:4]
    return last
