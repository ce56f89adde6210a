"""What is stuck: requests that nobody can decide, overdue clocks, and workers not seen."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, literal_column, null, select, union

from portal.domain.request.state import Status
from portal.extensions import db
from portal.models import (
    AuditAnchor,
    AuditCheckpoint,
    AuditQueue,
    Check,
    Closure,
    Request,
    Task,
    User,
    WorkerHeartbeat,
)
from portal.queries import own_texts

SHOWN = 100
# A comparison comes every five minutes, and takes a while where there is much to put right.
FRESH = timedelta(minutes=15)
# Three turns of the sealer, and some.
STALLED = timedelta(minutes=5)
OF_PROOF = ("sealing", "anchoring", "verification")
SHOWN_PROBLEMS = 20
WORKFLOWS = "workflows"
CANARY = "canary"
_OPEN = Task.status == literal_column("'OPEN'")


@dataclass(frozen=True, slots=True)
class Stuck:
    """An open request that does not go on by itself. `reason`: why, in the form in which it is
    kept, or what is due; `inactive_name`: who is asked, or stood in for, and no longer active."""

    number: str
    title: str
    type_name: str
    requester_name: str
    reason: str | None
    since: datetime | None
    next_at: datetime | None
    policy_version_id: str
    inactive_name: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """The closure in force, and how far the rollback has come."""

    closed_at: datetime
    drained_at: datetime | None
    ended_at: datetime | None
    returned_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkflowDifference:
    """A workflow that differs from the record. `number`: the request's, "" where there is none.
    `sentence`: a text to be translated, with its values. `outcome`: what was done about it, "" for
    nothing."""

    number: str
    workflow: str
    sentence: str
    values: dict[str, str]
    outcome: str

    @property
    def is_repaired(self) -> bool:
        """Whether nothing is left to do."""
        return self.outcome in ("started", "ended")


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """When the record was last compared with Temporal, and what was found then.

    `begun_at`: the newest look, `done_at`: the newest that came to its end, `trouble`: why the
    newest did not. `untold`: workflows that do not say how far they are. `left`: how many of all
    that was found nothing was done about; of those `differences` names the first.
    """

    begun_at: datetime | None = None
    done_at: datetime | None = None
    trouble: str | None = None
    open: int = 0
    running: int = 0
    untold: int = 0
    found: int = 0
    left: int = 0
    is_closed: bool = False
    differences: tuple[WorkflowDifference, ...] = ()

    def is_fresh(self, now: datetime) -> bool:
        """Whether it came to its end lately, and none broke off since."""
        return self.done_at is not None and not self.trouble and now - self.done_at < FRESH


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker process and when it last said that it is polling."""

    worker: str
    task_queue: str
    started_at: datetime
    seen_at: datetime


def without_approver() -> tuple[Stuck, ...]:
    """Requests that need attention, the newest first; up to `SHOWN`."""
    statement = select(
        Request.number, Request.title, Request.type_name, Request.requester_name,
        Request.attention, Request.waiting_since, Request.next_at, Request.policy_version_id,
    ).where(Request.attention.is_not(None))  # fmt: skip
    return _stuck(statement.order_by(Request.submitted_at.desc()))


def asking_nobody_active() -> tuple[Stuck, ...]:
    """Open requests that ask somebody inactive, or in the place of one; up to `SHOWN`. The worker
    finds them by itself within minutes: what stands here for longer needs a person. Goes from the
    inactive people to their open tasks, both by index."""
    waiting = union(
        select(Task.request_id, Task.assignee_id.label("person"), Task.opened_at).where(_OPEN),
        select(Task.request_id, Task.acting_for, Task.opened_at).where(
            _OPEN, Task.acting_for.is_not(None)
        ),
    ).subquery()
    statement = (
        select(
            Request.number, Request.title, Request.type_name, Request.requester_name,
            null(), waiting.c.opened_at, Request.next_at, Request.policy_version_id, User.name,
        )
        .join(waiting, waiting.c.request_id == Request.id)
        .join(User, User.id == waiting.c.person)
        .where(~User.is_active)
    )  # fmt: skip
    return _stuck(statement.order_by(waiting.c.opened_at))


def without_next_moment() -> tuple[Stuck, ...]:
    """Pending requests that ask nobody and wait for no timer; up to `SHOWN`. Those for which nobody
    was found stand among `without_approver`."""
    asks = exists().where(Task.request_id == Request.id, _OPEN)
    statement: Select[*tuple[Any, ...]] = select(
        Request.number, Request.title, Request.type_name, Request.requester_name,
        null(), Request.submitted_at, Request.next_at, Request.policy_version_id,
    ).where(
        Request.status == Status.PENDING.value,
        Request.next_at.is_(None),
        Request.attention.is_(None),
        Request.submitted_at < func.now() - literal_column("interval '1 minute'"),
        ~asks,
    )  # fmt: skip
    return _stuck(statement.order_by(Request.submitted_at))


def behind_the_clock(grace: timedelta) -> tuple[Stuck, ...]:
    """Pending requests whose next timer is over for longer than the grace: its worker or its
    workflow is gone. The oldest first; up to `SHOWN`. Reads the index of pending requests: one of
    `next_at` alone would make every step of every request more costly."""
    statement = select(
        Request.number,
        Request.title,
        Request.type_name,
        Request.requester_name,
        Request.next_what,
        Request.next_at,
        Request.next_at,
        Request.policy_version_id,
    ).where(
        Request.status == Status.PENDING.value,
        Request.next_at.is_not(None),
        Request.next_at < func.now() - grace,
    )
    return _stuck(statement.order_by(Request.submitted_at))


def _stuck(statement: Select[*tuple[Any, ...]]) -> tuple[Stuck, ...]:
    rows = db.session.execute(statement.limit(SHOWN))
    return tuple(own_texts.as_read(Stuck(*row), "type_name") for row in rows)


def closing() -> Closing | None:
    """The closure in force; None while the portal is open."""
    row = db.session.execute(
        select(Closure.closed_at, Closure.drained_at, Closure.ended_at, Closure.returned_at).where(
            Closure.in_force.is_(True)
        )
    ).one_or_none()
    return None if row is None else Closing(*row)


def comparison() -> RecordComparison:
    """The last comparison with Temporal; an empty one where there was none yet."""
    statement = select(
        Check.begun_at, Check.done_at, Check.trouble, Check.report
    ).where(Check.name == WORKFLOWS)  # fmt: skip
    row = db.session.execute(statement).one_or_none()
    if row is None:
        return RecordComparison()
    report: dict[str, Any] = row.report
    named = [
        WorkflowDifference(**{field.name: each[field.name] for field in fields(WorkflowDifference)})
        for each in report.get("findings", ())
    ]
    numbers = ("open", "running", "untold", "found", "left")
    return RecordComparison(
        begun_at=row.begun_at,
        done_at=row.done_at,
        trouble=row.trouble,
        is_closed=bool(report.get("is_closed")),
        differences=tuple(named[:SHOWN]),
        **{name: int(report.get(name, 0)) for name in numbers},
    )


@dataclass(frozen=True, slots=True)
class ProofSeen:
    """How the log of the record does. `sealed_at`: the newest checkpoint, None before a log was
    begun; `waiting`, `oldest`: what waits for its seal; `anchors`: when each kind last took a
    checkpoint; `problems`: of the verification of `verified_at`, `named` the first of them;
    `troubles`: why "sealing", "anchoring" or "verification" broke off last; `owns_all`: the
    portal's own role may change the record."""

    sealed_at: datetime | None
    waiting: int
    oldest: datetime | None
    anchors: tuple[tuple[str, datetime], ...]
    verified_at: datetime | None
    problems: int
    named: tuple[str, ...]
    troubles: dict[str, str]
    owns_all: bool


def proof() -> ProofSeen:
    """How old the seal, each anchor and the verification are, and what they met."""
    queued = select(func.count(), func.min(AuditQueue.queued_at)).select_from(AuditQueue)
    waiting, first = db.session.execute(queued).one()
    oldest: datetime | None = first
    newest = select(func.max(AuditCheckpoint.signed_at))
    sealed_at: datetime | None = db.session.execute(newest).scalar()
    anchors = select(AuditAnchor.kind, func.max(AuditAnchor.anchored_at)).group_by(AuditAnchor.kind)
    kept = select(Check.name, Check.done_at, Check.trouble, Check.report).where(
        Check.name.in_(OF_PROOF)
    )
    checks = {row.name: row for row in db.session.execute(kept)}
    report: dict[str, Any] = checks["verification"].report if "verification" in checks else {}
    problems = int(report.get("problems", 0))
    troubles = {name: row.trouble for name, row in checks.items() if row.trouble}
    owns = select(func.has_table_privilege("portal.audit_events", "DELETE"))
    return ProofSeen(
        sealed_at=sealed_at,
        waiting=waiting,
        oldest=oldest,
        anchors=tuple((kind, at) for kind, at in db.session.execute(anchors.order_by("kind"))),
        verified_at=checks["verification"].done_at if "verification" in checks else None,
        problems=problems,
        named=tuple(str(each) for each in report.get("named", ()))[:SHOWN_PROBLEMS],
        troubles=troubles,
        owns_all=bool(db.session.execute(owns).scalar()),
    )


@dataclass(frozen=True, slots=True)
class CanarySeen:
    """The newest canary: when it was sent, when one was approved last and within how many
    milliseconds, and why the newest was not."""

    begun_at: datetime
    done_at: datetime | None
    took_ms: int
    trouble: str | None


def canary() -> CanarySeen | None:
    """What is known of it; None before the first."""
    columns = Check.begun_at, Check.done_at, Check.report, Check.trouble
    row = db.session.execute(select(*columns).where(Check.name == CANARY)).one_or_none()
    if row is None:
        return None
    return CanarySeen(row.begun_at, row.done_at, int(row.report.get("ms", 0)), row.trouble)


def workers() -> tuple[WorkerSeen, ...]:
    """Worker processes, the last seen first; up to `SHOWN`."""
    statement = select(
        WorkerHeartbeat.worker, WorkerHeartbeat.task_queue, WorkerHeartbeat.started_at,
        WorkerHeartbeat.seen_at,
    ).order_by(WorkerHeartbeat.seen_at.desc())  # fmt: skip
    return tuple(WorkerSeen(*row) for row in db.session.execute(statement.limit(SHOWN)))
