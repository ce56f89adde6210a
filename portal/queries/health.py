"""Can the portal work? Asked by `/readyz`."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from portal.domain.alarms import WORKER_SECONDS
from portal.extensions import db
from portal.models import WorkerHeartbeat
from portal.models.schema import gap, revisions_run
from portal.queries.attention import comparison

_AGE = select(
    func.extract("epoch", func.now() - func.max(WorkerHeartbeat.seen_at)).label("age")
).where(WorkerHeartbeat.task_queue == bindparam("task_queue"))


@dataclass(frozen=True)
class HealthPart:
    """One thing that the portal needs: whether it is well (None: nobody has looked), and a
    sentence."""

    ok: bool | None
    detail: str


def worker(task_queue: str) -> HealthPart:
    """Whether a worker on the queue was seen lately. Raises DBAPIError or a pool's
    TimeoutError where the database does not answer, which is the answer about the database."""
    age: float | None = db.session.execute(_AGE, {"task_queue": task_queue}).scalar_one()
    if age is None:
        return HealthPart(False, "No worker has been seen yet.")
    seconds = max(0, round(float(age)))
    return HealthPart(seconds <= WORKER_SECONDS, f"A worker was seen {seconds} s ago.")


def schema() -> HealthPart:
    """Whether the tables are those that this code needs. Raises as `worker` does."""
    wrong = gap(revisions_run(db.session.connection()))
    return HealthPart(wrong is None, wrong or "The tables are those of this version.")


def workflows() -> HealthPart:
    """When the workflows were last compared with the record. Raises as `worker` does."""
    seen, now = comparison(), db.session.execute(select(func.now())).scalar_one()
    if seen.done_at is None:
        return HealthPart(False if seen.trouble else None, "Not compared with the record yet.")
    ago = max(0, round((now - seen.done_at).total_seconds() / 60))
    compared = f"Compared with the record {ago} min ago"
    if seen.trouble:
        return HealthPart(False, f"{compared}; the newest comparison broke off.")
    if seen.is_closed:
        return HealthPart(None, "Not compared while the portal is closed for a rollback.")
    left = f", {seen.left} differ or keep failing: see /admin/attention" if seen.left else ""
    untold = f", {seen.untold} of them by presence alone" if seen.untold else ""
    words = f"{compared}: {seen.open} open requests{untold}{left}."
    return HealthPart(seen.is_fresh(now), words)
