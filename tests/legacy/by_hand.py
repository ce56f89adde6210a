"""Old requests written row by row in SQL, as the document gives the tables."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

TABLES = Path(__file__).with_name("legacy_engine.sql").read_text()
JSON = ("steps", "context", "metadata", "sla_config", "step_data", "step_definition", "result")
Cells = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A row of one of the engine's tables besides steps; `step`: of this instance's, by index."""

    table: str
    cells: Cells
    step: int | None = 0


@dataclass(frozen=True)
class Case:
    """An old request, and what has to become of it: only what is given is compared."""

    name: str
    steps: list[Cells]
    result: str
    words: str = ""
    stage: str | None = None
    people: set[str] | None = None
    status: str | None = None
    cells: Cells = field(default_factory=dict)
    definition: Cells = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def step(kind: str = "APPROVAL", status: str = "PENDING", to: str | None = None, /, **more: Any
         ) -> Cells:  # fmt: skip
    """A step; cells by their names, everything else goes into its definition."""
    cells = {"step_type": kind, "status": status, "assignee_id": to}
    for name in ("result", "started_at", "completed_at", "due_date", "delegated_to"):
        if name in more:
            cells[name] = more.pop(name)
    if status == "IN_PROGRESS":
        cells.setdefault("started_at", "2020-01-01")
    defined = {"type": kind, "config": more.pop("rule", {}), "nextSteps": more.pop("following", [])}
    return cells | {"step_definition": defined | more}


def approved(to: str = "bob", *, said: bool = True, **more: Any) -> Cells:
    """A completed approval."""
    done = {"started_at": "2020-01-01", "completed_at": "2020-01-02"}
    return step("APPROVAL", "COMPLETED", to, result={"approved": said}, **{**done, **more})


def vote(action: str, actor: str, at: str = "2020-01-03", id_: str = "1") -> Row:
    """A row of workflow_actions on the first step."""
    cells = {"action": action, "actor_id": actor, "performed_at": at, "id": f"{actor}-{id_}"}
    return Row("workflow_actions", cells)


def lent(giver: str, taker: str, *, at: str = "2020-01-01", **more: Any) -> Row:
    """A row of workflow_delegations on the first step."""
    cells = {"delegated_from_id": giver, "delegated_to_id": taker, "created_at": at,
             "updated_at": at, "id": f"{giver}-{taker}-{at}", **more}  # fmt: skip
    return Row("workflow_delegations", cells)


def write(connection: psycopg.Connection[Any], case: Case) -> None:
    """Write the case's definition, instance and rows; keys are made of its name."""
    name = case.name
    steps = [each["step_definition"] for each in case.steps]
    definition = {"id": f"w-{name}", "code": name, "name": name, "module": "hr", "category": "x",
                  "status": "ACTIVE", "steps": steps, "created_by": "maker",
                  "updated_at": "2020-01-01", **case.definition}  # fmt: skip
    _insert(connection, "workflows", definition)
    instance = {"id": f"i-{name}", "workflow_id": f"w-{name}", "request_id": f"q-{name}",
                "initiator_id": "req", "state": "IN_PROGRESS", "context": {"amount": 900},
                "started_at": "2020-01-01", **case.cells}  # fmt: skip
    _insert(connection, "workflow_instances", instance)
    for index, cells in enumerate(case.steps):
        named = {"id": f"s{index}", "name": f"S{index}"}
        defined = cells["step_definition"]
        whole = {
            **cells,
            "step_definition": named | defined if isinstance(defined, dict) else defined,
        }
        own = {"id": f"i-{name}-{index}", "instance_id": f"i-{name}", "step_index": index}
        _insert(connection, "workflow_step_instances", own | {"step_data": {}} | whole)
    for row in case.rows:
        keys: Cells = {"id": f"{name}-{row.cells['id']}"}
        if row.table != "workflow_actions":
            keys["instance_id"] = f"i-{name}"
        if row.step is not None:
            keys["step_instance_id"] = f"i-{name}-{row.step}"
        _insert(connection, row.table, row.cells | keys)


def _insert(connection: psycopg.Connection[Any], table: str, cells: Cells) -> None:
    values = [_value(name, value) for name, value in cells.items()]
    statement = sql.SQL("INSERT INTO gloria_ops.{} ({}) VALUES ({})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, cells)),
        sql.SQL(", ").join(sql.Placeholder() * len(cells)),
    )  # fmt: skip
    connection.execute(statement, values)


def _value(name: str, value: Any) -> Any:
    if name in JSON and value is not None and not isinstance(value, Jsonb):
        return Jsonb(value)
    return value
