"""The old rows of one instance while they are being changed: what differs, and what is new."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.legacy.back.keys import old_key
from portal.legacy.reading import action_in, delegation_in
from portal.legacy.records import FINISHED, Instance, Row, Step

ACTIONS, DELEGATIONS = "workflow_actions", "workflow_delegations"
ESCALATIONS, TRANSITIONS = "workflow_escalations", "workflow_transitions"
INSTANCES, STEPS = "workflow_instances", "workflow_step_instances"


@dataclass
class OldRows:
    """An instance's rows. `before` is as it was read; `added` are new rows by table."""

    before: Instance
    instance: Row = field(init=False)
    steps: dict[str, Row] = field(init=False)
    added: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instance = dict(self.before.row)
        self.steps = {step.id: dict(step.row) for step in self.before.steps}

    def add(self, table: str, at: datetime, seq: int, **values: Any) -> Row:
        """A new row; its key follows from the event (`seq`) that it tells."""
        rows = self.added.setdefault(table, [])
        parts = (self.before.id, table, str(seq), str(len(rows)))
        row = {"id": old_key(at, *parts), **values}
        rows.append(row)
        return row

    def is_finished(self, step: Step) -> bool:
        """Whether the step's row says now that nothing is left to do in it."""
        return self.steps[step.id].get("status") in FINISHED

    def changed_instance(self) -> Row:
        """The columns of the instance that differ."""
        return _differing(self.before.row, self.instance)

    def changed_steps(self) -> dict[str, Row]:
        """The columns that differ, by the step's key."""
        found = {step.id: _differing(step.row, self.steps[step.id]) for step in self.before.steps}
        return {id_: row for id_, row in found.items() if row}

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.changed_instance() or self.changed_steps() or any(self.added.values()))

    def as_instance(self) -> Instance:
        """The instance as it will be read after the rows are written."""
        escalations = (*self.before.escalations, *self.added.get(ESCALATIONS, ()))
        transitions = (*self.before.transitions, *self.added.get(TRANSITIONS, ()))
        steps = tuple(self._step(step) for step in self.before.steps)
        return replace(
            self.before, row=self.instance, steps=steps, escalations=escalations,
            transitions=transitions,
        )  # fmt: skip

    def _step(self, step: Step) -> Step:
        row = self.steps[step.id]
        actions = [r for r in self.added.get(ACTIONS, ()) if r["step_instance_id"] == step.id]
        links = [r for r in self.added.get(DELEGATIONS, ()) if r["step_instance_id"] == step.id]
        return replace(
            step,
            status=str(row.get("status")),
            row=row,
            actions=(*step.actions, *map(action_in, actions)),
            delegations=(*step.delegations, *map(delegation_in, links)),
        )


def _differing(before: Row, after: Row) -> Row:
    return {name: value for name, value in after.items() if before.get(name) != value}
