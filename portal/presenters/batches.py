"""A batch as its pages show it: to be looked at before the decision, and its result after it."""

from dataclasses import dataclass

from portal.domain.deciding.bulk import totals
from portal.domain.policy.policy import Decision
from portal.presentation import bulk
from portal.queries import batches
from portal.queries.batches import BatchRecord, ChosenTask

LEFT_OUT = "-"


@dataclass(frozen=True, slots=True)
class Line:
    """A task of a batch. `state`: applied, waiting, refused or left_out, and once somebody pressed
    Undo also undoing or undone; `why` in words."""

    task: ChosenTask
    state: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is decided together and what is not. `gone`: chosen, but not the person's any more.

    `seen`: the version shown of each task of the batch, in their order, for the form.
    """

    chosen: tuple[ChosenTask, ...]
    left_out: tuple[Line, ...]
    gone: int
    total: str
    seen: str

    @property
    def must_say_why(self) -> frozenset[Decision]:
        """The decisions that need a comment for at least one of them."""
        return frozenset(Decision(each) for task in self.chosen for each in task.comment_required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of each. `gone`: cannot be shown, because it went to somebody else."""

    decision: Decision
    lines: tuple[Line, ...]
    gone: int
    total: str
    comment: str
    may_undo: bool

    @property
    def kept(self) -> int:
        """How many decisions stand although somebody pressed Undo."""
        return sum(1 for line in self.lines if line.state == "applied" and line.why)

    def count(self, state: str) -> int:
        """How many lines are in that state."""
        return sum(1 for line in self.lines if line.state == state)


def review(batch: BatchRecord, user_id: str) -> Review:
    """The batch as it stands now."""
    tasks = batches.tasks_of(batch, user_id)
    reasons = batches.left_out(tasks)
    order = [item["task"] for item in batch.items]
    chosen = tuple(tasks[key] for key in order if key in tasks and key not in reasons)
    left = [Line(tasks[key], why=bulk.sentence(reasons[key])) for key in order if key in reasons]
    versions = {task.id: str(task.content_version) for task in chosen}
    return Review(
        chosen=chosen,
        left_out=tuple(left),
        gone=len(order) - len(tasks),
        total=_sum(chosen),
        seen=".".join(versions.get(key, LEFT_OUT) for key in order),
    )


def seen_of(text: str) -> list[int | None]:
    """The versions that a form says were shown. Anything unreadable counts as not shown."""
    parts = text.split(".") if text else []
    return [int(part) if _is_version(part) else None for part in parts]


def _is_version(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def result(batch: BatchRecord, decision: Decision, user_id: str) -> Result:
    """What became of each task of a decided batch."""
    tasks = batches.tasks_of(batch, user_id)
    lines = tuple(_line(tasks[item["task"]], item) for item in batch.items if item["task"] in tasks)
    done = tuple(line.task for line in lines if line.state in ("applied", "waiting"))
    return Result(
        decision=decision,
        lines=lines,
        gone=len(batch.items) - len(lines),
        total=_sum(done),
        comment=batch.comment,
        may_undo=not is_undone(batch) and any(line.task.may_undo for line in lines),
    )


def is_undone(batch: BatchRecord) -> bool:
    """Whether somebody pressed Undo for all of it, whatever came of that."""
    return any("undo" in item or "kept" in item for item in batch.items)


def _line(task: ChosenTask, item: dict[str, str]) -> Line:
    if "left_out" in item:
        return Line(task, "left_out", bulk.sentence(item["left_out"]))
    if task.outcome == "refused":
        return Line(task, "refused", bulk.sentence(task.reason or ""))
    if task.undo == "waiting":
        return Line(task, "undoing")
    if task.undo == "applied" or item.get("kept") == "undone" or task.is_overtaken:
        return Line(task, "undone")
    kept = task.undo_reason if task.undo == "refused" else item.get("kept")
    return Line(
        task, task.outcome or "waiting", f"Not undone: {bulk.sentence(kept)}" if kept else ""
    )


def _sum(tasks: tuple[ChosenTask, ...]) -> str:
    return bulk.sum_words(totals((task.amount, task.currency) for task in tasks))
