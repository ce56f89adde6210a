"""Steps of workflows that fail again and again say so in the record's database, for people.

Temporal names no attempts of local activities. What is written here is seen by the comparison of
the record with Temporal (`portal.background.reconcile`), and forgotten when the step succeeds.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

# Before that an outage of a moment is the likelier reason.
LEAST = 5
LONGEST = 300

# Raw: an upsert and its counterpart, as they read in the shell.
TROUBLE = text("""
INSERT INTO portal.workflow_troubles (workflow_id, activity, attempts, error)
VALUES (:workflow, :activity, :attempts, :error)
ON CONFLICT (workflow_id, activity) DO UPDATE
SET attempts = excluded.attempts, error = excluded.error, seen_at = now()
""")
OVER = text("""
DELETE FROM portal.workflow_troubles WHERE workflow_id = :workflow AND activity = :activity
""")

log = structlog.get_logger("portal.worker")


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Tell of a step that is tried often, or that no further try can help; it fails as it would."""
    if not activity.in_activity():
        yield
        return
    try:
        yield
    except Exception as error:
        info = activity.info()
        is_final = isinstance(error, ApplicationError) and error.non_retryable
        if is_final or info.attempt >= LEAST:
            _write(engine, TROUBLE, attempts=info.attempt, error=_words(error))
        raise
    if activity.info().attempt > 1:
        _write(engine, OVER)


def _words(error: Exception) -> str:
    """The message of our own errors; of others only the kind, since theirs may quote a row."""
    is_ours = type(error).__module__.startswith("portal.") or isinstance(error, ApplicationError)
    return f"{type(error).__name__}: {error}"[:LONGEST] if is_ours else type(error).__name__


def _write(engine: Engine, statement: object, **values: object) -> None:
    """In a transaction of its own; where the database is the trouble, it cannot be told there."""
    info = activity.info()
    values |= {"workflow": info.workflow_id, "activity": info.activity_type}
    try:
        with engine.begin() as connection:
            connection.execute(statement, values)  # type: ignore[call-overload]
    except SQLAlchemyError as error:
        log.warning("activity.trouble_not_told", error=type(error).__name__)
