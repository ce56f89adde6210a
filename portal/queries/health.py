"""Can the portal work? Asked by `/readyz`."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from portal.extensions import db
from portal.models import WorkerHeartbeat
from portal.models.schema import gap, revisions_run

# A worker says every ten seconds that it lives, or as often as the settings say.
WORKER_SECONDS = 30

_AGE = select(
    func.extract("epoch", func.now() - func.max(WorkerHeartbeat.seen_at)).label("age")
).where(WorkerHeartbeat.task_queue == bindparam("task_queue"))


@dataclass(frozen=True)
class Part:
    """One thing that the portal needs: whether it is well, and a sentence."""

    ok: bool
    detail: str


def worker(task_queue: str) -> Part:
    """Whether a worker on the queue was seen lately. Raises DBAPIError or a pool's
    TimeoutError where the database does not answer, which is the answer about the database."""
    age: float | None = db.session.execute(_AGE, {"task_queue": task_queue}).scalar_one()
    if age is None:
        return Part(False, "No worker has been seen yet.")
    seconds = max(0, round(float(age)))
    return Part(seconds <= WORKER_SECONDS, f"A worker was seen {seconds} s ago.")


def schema() -> Part:
    """Whether the tables are those that this code needs. Raises as `worker` does."""
    wrong = gap(revisions_run(db.session.connection()))
    return Part(wrong is None, wrong or "The tables are those of this version.")
