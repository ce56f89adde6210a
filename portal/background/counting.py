"""Figures of past weeks are counted ahead, so that insights over a long period need not read every
single one. Whatever is not counted yet, or no longer, is read from the facts: slower, and the same.
"""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection, Engine, text

from portal.directory.counted_weeks import COUNT, DUE, count_values

# So many changes beside a counted week are read as fast as the week itself.
MANY = 500
# Raw: one worker at a time counts; a session's lock, taken before the snapshot is.
LOCK = text("SELECT pg_try_advisory_lock(hashtext('portal.counted_weeks'))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtext('portal.counted_weeks'))")


def count_weeks(engine: Engine, alive: Callable[[], None], many: int = MANY) -> int:
    """Count the weeks that are due; how many were. Another one who does so is left to it."""
    with engine.connect() as connection:
        if not connection.scalar(LOCK):
            return 0
        connection.commit()
        try:
            due = list(connection.scalars(DUE, {"many": many}))
            connection.commit()
            for monday in due:
                alive()
                count_week(engine, monday)
        finally:
            connection.rollback()
            connection.execute(UNLOCK)
            connection.commit()
        return len(due)


def count_week(engine: Engine, monday: date) -> None:
    """Count one anew. All of it is of one moment: a change that is not in the figures stays beside
    them, for it was committed later."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        _count(connection, monday)


def _count(connection: Connection, monday: date) -> None:
    with connection.begin():
        for statement in COUNT:
            connection.execute(statement, count_values(monday))
