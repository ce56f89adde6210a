"""The rows that a batch of events brings about in the projections."""

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass
class Rows:
    """Rows for the tables around a request; `task_changes` by task id, `undone` task ids."""

    tasks: dict[str, Row] = field(default_factory=dict)
    task_changes: dict[str, Row] = field(default_factory=dict)
    participants: dict[str, None] = field(default_factory=dict)
    comments: list[Row] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    outcomes: dict[str, Row] = field(default_factory=dict)

    def change_task(self, task_id: str, **columns: Any) -> None:
        """Change a task of this batch, or one that is already in the table. With a new status it
        waits for no information any more.
        """
        if "status" in columns:
            columns = {"asked_at": None} | columns
        inserted = self.tasks.get(task_id)
        if inserted is not None:
            inserted.update(columns)
        else:
            self.task_changes.setdefault(task_id, {"id": task_id}).update(columns)

    def hand_task(self, task_id: str, why: Row, **columns: Any) -> None:
        """Change whose task it is; `why` is added to what is known of why it came to them."""
        inserted = self.tasks.get(task_id)
        changed = self.task_changes.get(task_id, {})
        known = inserted["why"] if inserted is not None else changed.get("why", {})
        self.change_task(task_id, why=known | why, **columns)
