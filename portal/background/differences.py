"""How the record and Temporal differ: what is found of one workflow, and what it comes to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from portal.domain.marked import msgid
from portal.domain.request.commands import Submit
from portal.domain.request.state import OPEN
from portal.temporal.running import Running, Trying
from portal.workflows import names

PAGE = 1000
# So late, a timer or a delivered command is a reason to look, whatever the server's list says.
LATE = timedelta(minutes=1)
# So many findings are kept with their words; the number of all of them is kept, too.
KEPT = 200

_STATES = ", ".join(f"'{status.value}'" for status in OPEN)
_COLUMNS = """r.id::text, r.number, r.workflow, r.status, r.last_seq,
    EXISTS (SELECT 1 FROM portal.given_back g WHERE g.request_id = r.id),
    r.status = 'PENDING' AND r.next_at IS NOT NULL AND r.next_at < now() - :late"""
# Raw: columns with subqueries, in three statements that walk the same index.
OPEN_REQUESTS = text(
    f"SELECT {_COLUMNS} FROM portal.requests r"  # noqa: S608 - our own words
    f" WHERE r.status IN ({_STATES}) AND r.id > CAST(:last AS uuid) ORDER BY r.id LIMIT :page"
)
BY_ID = text(
    f"SELECT {_COLUMNS} FROM portal.requests r"  # noqa: S608 - our own words
    " WHERE r.id = ANY(CAST(:ids AS uuid[]))"
)
BY_OLD_ID = text(
    f"SELECT {_COLUMNS} FROM portal.requests r"  # noqa: S608 - our own words
    " WHERE r.workflow = ANY(CAST(:workflows AS text[]))"
)
# Their workflow has begun, or will: nothing is recorded of it yet.
BEGINNING = text(f"""
SELECT request_id::text, workflow FROM portal.commands
WHERE request_id = ANY(CAST(:ids AS uuid[])) AND kind = '{Submit.__name__}' AND applied_at IS NULL
""")  # noqa: S608 - our own name
UNANSWERED = text("""
SELECT DISTINCT request_id::text, workflow FROM portal.commands
WHERE applied_at IS NULL AND parked_at IS NULL AND delivered_at < now() - :late LIMIT 1000
""")


# A step that no try can help is tried again after a quarter of an hour at most: what was not seen
# to fail for longer is over.
# Raw: an interval of the server's own clock.
FAILING_STEPS = text("""
SELECT workflow_id, activity, attempts, error FROM portal.workflow_troubles
WHERE seen_at >= now() - interval '20 minutes' ORDER BY since LIMIT :most
""")


class Kind(StrEnum):
    """How a workflow and the record differ, or what else is wrong with a workflow.

    MISSING: none runs for an open request. AHEAD, BEHIND: it knows more, or less, than the record
    has. CLOSED: it runs for a request that is closed. UNKNOWN: it runs, and the record has no such
    request. FAILING: its tasks fail again and again. ELSEWHERE: it runs on another task queue.
    TRYING: one of its activities was tried often.
    """

    MISSING = "missing"
    AHEAD = "ahead"
    BEHIND = "behind"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    FAILING = "failing"
    ELSEWHERE = "elsewhere"
    TRYING = "trying"


# What the record alone says how to put right; the rest is named, for a person to see to.
REPAIRED = frozenset({Kind.MISSING, Kind.AHEAD, Kind.BEHIND, Kind.CLOSED})
SENTENCES = {
    Kind.MISSING: msgid("No workflow runs for it."),
    Kind.AHEAD: msgid("Its workflow is at event %(place)s, and the record only at %(seq)s."),
    Kind.BEHIND: msgid("Its workflow is only at event %(place)s, and the record at %(seq)s."),
    Kind.CLOSED: msgid("Its workflow runs on, and the request is closed."),
    Kind.UNKNOWN: msgid("It runs, and the record has no such request."),
    Kind.FAILING: msgid("Its workflow fails: %(detail)s"),
    Kind.ELSEWHERE: msgid("Its workflow runs on the task queue %(queue)s, which is not ours."),
    Kind.TRYING: msgid("One of its steps fails again and again: %(detail)s"),
}


class RecordedRow(NamedTuple):
    """A request as the record has it. `is_late`: its timer should have rung."""

    id: str
    number: str
    workflow: str
    status: str
    seq: int
    is_given_back: bool
    is_late: bool

    @property
    def is_open(self) -> bool:
        """Whether a workflow has to run for it."""
        return self.status in OPEN

    @property
    def workflow_id(self) -> str:
        """The id of the workflow that runs it."""
        return names.address(self.workflow, self.id)[1]


@dataclass(frozen=True)
class WorkflowFinding:
    """One difference. `row` and `run`: what the record and the server said. `detail`: more, in
    words. `outcome`: "started", "ended", or why neither; "" where nothing was done."""

    kind: Kind
    workflow_id: str
    row: RecordedRow | None = None
    run: Running | None = None
    detail: str = ""
    outcome: str = ""

    @property
    def number(self) -> str:
        """The request's, or the workflow's id where the record knows no such request."""
        return self.row.number if self.row else self.workflow_id

    @property
    def is_repaired(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.outcome in ("started", "ended")

    @property
    def sentence(self) -> str:
        """What is so, in words."""
        return SENTENCES[self.kind] % self.values

    @property
    def values(self) -> dict[str, str]:
        """What its sentence tells."""
        return {
            "place": str(self.run.place) if self.run else "",
            "seq": str(self.row.seq) if self.row else "",
            "queue": self.run.queue if self.run else "",
            "detail": self.detail,
        }

    def became(self, outcome: str) -> "WorkflowFinding":
        """The same with what was done."""
        return replace(self, outcome=outcome)


@dataclass
class Report:
    """What was compared, and what was found. `untold`: how many of the workflows that run do not
    say how far they are. `is_closed`: for a rollback, so that nothing was compared."""

    open: int = 0
    running: int = 0
    untold: int = 0
    is_closed: bool = False
    findings: list[WorkflowFinding] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """Numbers of the open requests without a workflow."""
        return [each.number for each in self.findings if each.kind is Kind.MISSING]

    @property
    def started(self) -> list[str]:
        """Numbers of the requests whose workflow was started."""
        return [each.number for each in self.findings if each.outcome == "started"]

    @property
    def failed(self) -> dict[str, str]:
        """Why something was not put right, by the request's number."""
        return {
            each.number: each.outcome
            for each in self.findings
            if each.outcome and not each.is_repaired
        }

    def as_data(self) -> dict[str, object]:
        """For the row that keeps it."""
        return {
            "open": self.open,
            "running": self.running,
            "untold": self.untold,
            "is_closed": self.is_closed,
            "found": len(self.findings),
            "left": sum(not each.is_repaired for each in self.findings),
            "findings": [_as_data(each) for each in self._worst_first()[:KEPT]],
        }

    def _worst_first(self) -> list[WorkflowFinding]:
        return sorted(self.findings, key=lambda each: each.is_repaired)


def difference(row: RecordedRow | None, run: Running | None, queue: str) -> Kind | None:
    """How a request and what runs for it on `queue` differ; None where all is well."""
    if row is None:
        return None if run is None else Kind.UNKNOWN
    if row.is_given_back:
        return None
    if run is None:
        return Kind.MISSING if row.is_open else None
    if not row.is_open:
        return Kind.CLOSED
    if run.place is not None and run.place != row.seq:
        return Kind.AHEAD if run.place > row.seq else Kind.BEHIND
    if run.problems:
        return Kind.FAILING
    return None if run.queue == queue else Kind.ELSEWHERE


def open_requests(engine: Engine) -> Iterator[RecordedRow]:
    """Every open request, page by page, so that no transaction stays open."""
    last = str(UUID(int=0))
    while True:
        with engine.connect() as connection:
            values = {"last": last, "page": PAGE, "late": LATE}
            rows = [RecordedRow(*row) for row in connection.execute(OPEN_REQUESTS, values)]
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def rows_of(engine: Engine, workflow_ids: Iterable[str]) -> tuple[dict[str, RecordedRow], set[str]]:
    """The requests of these workflows, by the workflow's id; and which are about to begin."""
    ids, old = [], []
    for workflow_id in workflow_ids:
        kind, key = names.request_of(workflow_id) or (None, "")
        if _is_uuid(key):
            ids.append(key)
        elif kind is not None:
            old.append(f"{kind.value}:{key}")
    with engine.connect() as connection:
        found = [RecordedRow(*row) for row in connection.execute(BY_ID, {"ids": ids, "late": LATE})]
        if old:
            by_old = connection.execute(BY_OLD_ID, {"workflows": old, "late": LATE})
            found += [RecordedRow(*row) for row in by_old]
        beginning = _addresses(connection, BEGINNING, {"ids": ids})
    return {row.workflow_id: row for row in found}, set(beginning)


def failing_steps(engine: Engine, most: int) -> list[WorkflowFinding]:
    """Steps of workflows that fail again and again, as they tell themselves."""
    with engine.connect() as connection:
        steps = connection.execute(FAILING_STEPS, {"most": most}).all()
    rows, _ = rows_of(engine, {step.workflow_id for step in steps})
    return [
        WorkflowFinding(
            Kind.TRYING,
            step.workflow_id,
            rows.get(step.workflow_id),
            detail=str(Trying(step.workflow_id, step.activity, step.attempts, step.error)),
        )
        for step in steps
    ]


def unanswered(engine: Engine) -> list[str]:
    """Workflows that were told something and did not answer."""
    with engine.connect() as connection:
        return _addresses(connection, UNANSWERED, {"late": LATE})


def _addresses(connection: Connection, question: object, values: dict[str, object]) -> list[str]:
    rows = connection.execute(question, values)  # type: ignore[call-overload]
    return [names.address(row.workflow, row.request_id)[1] for row in rows]


def _as_data(finding: WorkflowFinding) -> dict[str, object]:
    return {
        "kind": finding.kind.value,
        "number": finding.row.number if finding.row else "",
        "workflow": finding.workflow_id,
        "sentence": SENTENCES[finding.kind],
        "values": finding.values,
        "outcome": finding.outcome,
    }


def _is_uuid(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True
