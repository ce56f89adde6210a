"""What the pages ask: the runs of the mover, what became of each instance, the last dry run."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, exists, func, literal, select, text

from portal.extensions import db
from portal.legacy.choices import DRY_RUN
from portal.legacy.models import Cutover, LegacyChoice, LegacyMove, LegacyRun
from portal.models import Group, Request, User

PAGE = 50
MANY = 10_000
ALIVE = timedelta(minutes=2)
LOOKED_AT = (
    "moved", "imported as history", "on hold", "needs a person", "left behind", "failed",
)  # fmt: skip
RESULTS = ("needs_person", "failed", "on_hold", "moved", "history")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the mover. `found`: how many it has to look at; `listed`: findings besides."""

    id: str
    found: int
    totals: dict[str, int]
    listed: int
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    exit_code: int | None

    @property
    def done(self) -> int:
        """Looked at so far."""
        named = (
            "moved",
            "imported as history",
            "on hold",
            "needs a person",
            "left behind",
            "failed",
        )
        return min(self.found, sum(self.totals.get(name, 0) for name in named))

    def state(self, now: datetime) -> str:
        """finished, running, or stopped: nothing was heard of it for a while."""
        if self.finished_at is not None:
            return "finished"
        return "running" if now - self.seen_at < ALIVE else "stopped"


@dataclass(frozen=True, slots=True)
class Move:
    """What became of an instance. `number` is of the request here, where there is one."""

    instance_id: str
    request_id: str | None
    workflow_code: str | None
    old_state: str
    result: str
    status: str | None
    number: str | None
    title: str | None
    reasons: list[str]
    questions: list[str]
    remarks: list[str]
    choice: dict[str, Any] | None
    chosen_by: str | None
    chosen_at: datetime | None
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer as it was given."""

    choice: dict[str, Any]
    moves: int
    by: str
    at: datetime


def last_run() -> Run | None:
    """The run that began last."""
    row = db.session.execute(
        select(
            LegacyRun.id, LegacyRun.found, LegacyRun.totals,
            func.jsonb_array_length(LegacyRun.listed), LegacyRun.started_at, LegacyRun.seen_at,
            LegacyRun.finished_at, LegacyRun.exit_code,
        ).order_by(LegacyRun.started_at.desc()).limit(1)
    ).one_or_none()  # fmt: skip
    return None if row is None else Run(*row)


@dataclass(frozen=True, slots=True)
class CutoverRecord:
    """A cutover of the schema: when, by which account on which machine, and what became of it."""

    made_at: datetime
    made_by: str
    backup: str | None
    taken_back_at: datetime | None
    taken_back_by: str | None
    purged_at: datetime | None


def last_cutover() -> CutoverRecord | None:
    """The cutover that was made last."""
    row = db.session.execute(
        select(
            Cutover.made_at, Cutover.made_by, Cutover.backup, Cutover.taken_back_at,
            Cutover.taken_back_by, Cutover.purged_at,
        ).order_by(Cutover.made_at.desc()).limit(1)
    ).one_or_none()  # fmt: skip
    return None if row is None else CutoverRecord(*row)


def old_engine() -> str | None:
    """The schema in which the old engine's tables are; None where this database has none."""
    found = db.session.execute(
        text("""SELECT CASE WHEN to_regclass('gloria_ops.workflow_instances') IS NOT NULL
            THEN 'gloria_ops' WHEN to_regclass('gloria_archive.workflow_instances') IS NOT NULL
            THEN 'gloria_archive' END""")
    )
    schema: str | None = found.scalar_one()
    return schema


def is_known() -> bool:
    """Whether this database has an old engine, or ever had one that was looked at."""
    return old_engine() is not None or db.session.scalar(select(exists(LegacyRun.id))) is True


def counts() -> dict[str, int]:
    """How many stand under each result; `MANY` + 1 stands for more."""
    return {result: _count(_of(result)) for result in RESULTS}


def unanswered() -> int:
    """How many need a person and have no answer yet; `MANY` + 1 stands for more."""
    return _count(_of("needs_person").where(LegacyMove.choice.is_(None)))


def alike(move: Move) -> int:
    """How many others of its definition have the same reasons."""
    others = _of(move.result).where(
        LegacyMove.workflow_code == move.workflow_code,
        LegacyMove.reasons == move.reasons,
        LegacyMove.instance_id != move.instance_id,
    )
    return _count(others)


def moves(result: str, code: str | None = None, after: str = "") -> tuple[Move, ...]:
    """Up to `PAGE` + 1 under a result, after this key; only of one definition, if given."""
    statement = _moves().where(LegacyMove.result == result, LegacyMove.instance_id > after)
    if code is not None:
        statement = statement.where(LegacyMove.workflow_code == code)
    rows = db.session.execute(statement.order_by(LegacyMove.instance_id).limit(PAGE + 1))
    return tuple(Move(*row) for row in rows)


def move(instance_id: str) -> Move | None:
    """What became of one instance."""
    row = db.session.execute(_moves().where(LegacyMove.instance_id == instance_id)).one_or_none()
    return None if row is None else Move(*row)


def given_for(instance_id: str) -> tuple[RecordedAnswer, ...]:
    """The answers that were given on its page, the newest first; at most twenty."""
    rows = db.session.execute(
        select(LegacyChoice.choice, LegacyChoice.moves, User.name, LegacyChoice.chosen_at)
        .join(User, User.id == LegacyChoice.chosen_by)
        .where(LegacyChoice.instance_id == instance_id)
        .order_by(LegacyChoice.chosen_at.desc())
        .limit(20)
    )
    return tuple(RecordedAnswer(*row) for row in rows)


def findings(run_id: str, after: int = 0) -> tuple[tuple[int, str, str, str], ...]:
    """Up to `PAGE` + 1 findings of a run that belong to no instance: place, table, key, reason."""
    rows = db.session.execute(
        text("""SELECT place, each ->> 'table', each ->> 'key', each ->> 'reason'
            FROM portal.legacy_runs, jsonb_array_elements(listed) WITH ORDINALITY AS e(each, place)
            WHERE id = :run AND place > :after ORDER BY place LIMIT :most"""),
        {"run": run_id, "after": after, "most": PAGE + 1},
    )
    return tuple((row[0], row[1], row[2], row[3]) for row in rows)


def left_behind(after: str, limit: int) -> tuple[str, ...]:
    """Keys of instances that were chosen to stay in the old system, in order, after this key."""
    statement = (
        select(LegacyMove.instance_id)
        .where(
            LegacyMove.result == "needs_person",
            LegacyMove.choice["kind"].astext == "leave",
            LegacyMove.instance_id > after,
        )
        .order_by(LegacyMove.instance_id)
        .limit(limit)
    )
    return tuple(db.session.scalars(statement))


def groups() -> dict[str, str]:
    """Groups by id, in the order of their names."""
    rows = db.session.execute(select(Group.id, Group.name).order_by(Group.name).limit(500))
    return {row.id: row.name for row in rows}


def _of(result: str) -> Select[Any]:
    return select(literal(1)).where(
        LegacyMove.result == result, LegacyMove.rolled_back_at.is_(None)
    )


def _count(rows: Select[Any]) -> int:
    few = rows.limit(MANY + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) or 0


def _moves() -> Select[*tuple[Any, ...]]:
    return (
        select(
            LegacyMove.instance_id, LegacyMove.request_id, LegacyMove.workflow_code,
            LegacyMove.old_state, LegacyMove.result,
            func.coalesce(Request.status, LegacyMove.status),
            func.coalesce(Request.number, LegacyMove.number), Request.title, LegacyMove.reasons,
            LegacyMove.questions, LegacyMove.remarks, LegacyMove.choice, User.name,
            LegacyMove.chosen_at, LegacyMove.moved_at,
        )
        .outerjoin(Request, Request.id == LegacyMove.new_request_id)
        .outerjoin(User, User.id == LegacyMove.chosen_by)
        .where(LegacyMove.rolled_back_at.is_(None))
    )  # fmt: skip


LARGEST = 4_000_000
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An instance that would not move by itself."""

    instance_id: str
    workflow_code: str
    state: str
    result: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would have come to. `unsettled`: the first `SHOWN`. `listed`: other findings."""

    at: datetime
    only: str | None
    exit_code: int
    totals: dict[str, int]
    unsettled: tuple[Unsettled, ...]
    listed: tuple[tuple[str, str, str], ...]


def last_dry_run(folder: Path) -> DryRun | None:
    """The report in this folder; None where there is none.

    Raises ValueError, with a sentence, where a file of that name is something else.
    """
    path = folder / DRY_RUN
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"The file {path} is too large for a dry run's report.")
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"The file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"The file {path} is no dry run's report.") from error


def _read(found: dict[str, Any]) -> DryRun:
    at = datetime.fromisoformat(found["at"])
    return DryRun(
        at.replace(tzinfo=UTC) if at.tzinfo is None else at,
        found["options"].get("only"),
        int(found["exit_code"]),
        {str(name): int(count) for name, count in found["totals"].items()},
        tuple(_unsettled(each) for each in found.get("unsettled", [])[:SHOWN]),
        tuple(
            (str(each["table"]), str(each["key"]), str(each["reason"]))
            for each in found.get("listed", [])[:SHOWN]
        ),
    )


def _unsettled(line: dict[str, Any]) -> Unsettled:
    reasons = tuple(str(reason) for reason in line["reasons"])
    code, state = str(line["workflow_code"] or ""), str(line["state"])
    return Unsettled(str(line["key"]), code, state, str(line["result"]), reasons)
