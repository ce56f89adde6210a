"""A batch as its pages show it: to be looked at before the decision, and its result after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.deciding.bulk import totals
from portal.domain.policy.policy import Decision
from portal.presentation import bulk
from portal.presentation.labels import people_in
from portal.presenters.facts import Fact, File, facts, files
from portal.queries import batches
from portal.queries.batches import BatchRecord, ChosenTask
from portal.queries.people import names_of
from portal.translation import _

LEFT_OUT = "-"


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A task of a batch. `state`: applied, waiting, refused or left_out, and once somebody pressed
    Undo also undoing or undone; `why` in words."""

    task: ChosenTask
    state: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class BatchTask:
    """A task to decide with others, and what its request is about."""

    task: ChosenTask
    facts: tuple[Fact, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class TypeGroup:
    """The chosen tasks of one request type, and what they come to."""

    type_name: str
    shown: tuple[BatchTask, ...]
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is decided together and what is not. `gone`: chosen, but not the person's any more;
    `without`: numbers of those that the person left out on this page.

    `seen`: the version shown of each task of the batch, in their order, for the form.
    """

    groups: tuple[TypeGroup, ...]
    chosen: tuple[ChosenTask, ...]
    left_out: tuple[BatchLine, ...]
    without: tuple[str, ...]
    gone: int
    total: str
    seen: str

    @property
    def must_say_why(self) -> frozenset[Decision]:
        """The decisions that need a comment for at least one of them."""
        return frozenset(Decision(each) for task in self.chosen for each in task.comment_required)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What became of each. `gone`: cannot be shown, because it went to somebody else."""

    decision: Decision
    lines: tuple[BatchLine, ...]
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


def review(batch: BatchRecord, user_id: str, without: Sequence[str] = ()) -> Review:
    """The batch as it stands now, without those that the person leaves out."""
    tasks = batches.tasks_of(batch, user_id)
    reasons = batches.left_out(tasks)
    order = [item["task"] for item in batch.items]
    open_here = [key for key in order if key in tasks and key not in reasons]
    out = [key for key in open_here if tasks[key].number in without]
    here = [key for key in open_here if key not in out]
    chosen = tuple(tasks[key] for key in here)
    left = [
        BatchLine(tasks[key], why=bulk.sentence(reasons[key])) for key in order if key in reasons
    ]
    left += [BatchLine(tasks[key], why=_("You left it out.")) for key in out]
    versions = {task.id: str(task.content_version) for task in chosen}
    return Review(
        groups=_groups(chosen),
        chosen=chosen,
        left_out=tuple(left),
        without=tuple(tasks[key].number for key in out),
        gone=len(order) - len(tasks),
        total=_sum(chosen),
        seen=".".join(versions.get(key, LEFT_OUT) for key in order),
    )


def _groups(chosen: Sequence[ChosenTask]) -> tuple[TypeGroup, ...]:
    wanted = {person for task in chosen for person in people_in(task.form, task.fields)}
    names = names_of(wanted)
    by_type: dict[str, list[ChosenTask]] = {}
    for task in chosen:
        by_type.setdefault(task.type_name, []).append(task)
    return tuple(
        TypeGroup(
            type_name,
            tuple(
                BatchTask(task, facts(task.form, task.fields, names), files(task.form, task.fields))
                for task in tasks
            ),
            _sum(tasks),
        )
        for type_name, tasks in by_type.items()
    )


def seen_of(text: str) -> list[int | None]:
    """The versions that a form says were shown. Anything unreadable counts as not shown."""
    parts = text.split(".") if text else []
    return [int(part) if _is_version(part) else None for part in parts]


def _is_version(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def result(batch: BatchRecord, decision: Decision, user_id: str) -> BatchResult:
    """What became of each task of a decided batch."""
    tasks = batches.tasks_of(batch, user_id)
    lines = tuple(_line(tasks[item["task"]], item) for item in batch.items if item["task"] in tasks)
    done = tuple(line.task for line in lines if line.state in ("applied", "waiting"))
    return BatchResult(
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


def _line(task: ChosenTask, item: dict[str, str]) -> BatchLine:
    if "left_out" in item:
        return BatchLine(task, "left_out", bulk.sentence(item["left_out"]))
    if task.outcome == "refused":
        return BatchLine(task, "refused", bulk.sentence(task.reason or ""))
    if task.undo == "waiting":
        return BatchLine(task, "undoing")
    if task.undo == "applied" or item.get("kept") == "undone" or task.is_overtaken:
        return BatchLine(task, "undone")
    kept = task.undo_reason if task.undo == "refused" else item.get("kept")
    return BatchLine(
        task,
        task.outcome or "waiting",
        _("Not undone: %(why)s", why=bulk.sentence(kept)) if kept else "",
    )


def _sum(tasks: Sequence[ChosenTask]) -> str:
    return bulk.sum_words(totals((task.amount, task.currency) for task in tasks))
