"""Reading the old tables in chunks by key: every row as JSON, so that no column has to be there.

Memory does not grow with the number of instances: one chunk is held at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from portal.legacy.note import voter_in
from portal.legacy.records import Action, Definition, Delegation, Instance, Row, Step, person_in
from portal.legacy.tables import ACTIVE_STATES, ENGINE_TABLES, OPS
from portal.legacy.values import mapping, moment, text

CHUNK = 1000
Connection = psycopg.Connection[Any]

# What the mover has done already is left out; what needs a person or failed is tried again.
NOT_DONE = sql.SQL("""NOT EXISTS (SELECT 1 FROM portal.legacy_moves m WHERE m.instance_id = i.id
    AND m.result IN ('moved', 'on_hold', 'history') AND m.rolled_back_at IS NULL)""")


@dataclass(frozen=True)
class Selection:
    """Which instances: of these definitions (None: all), and active ones or the others."""

    active: bool
    workflows: tuple[str, ...] | None = None

    def where(self) -> sql.Composable:
        """The condition on the instances `i`."""
        states = sql.SQL(", ").join(map(sql.Literal, ACTIVE_STATES))
        kind = sql.SQL("" if self.active else "NOT ")
        state = sql.SQL("coalesce(i.state::text, '') {}IN ({})").format(kind, states)
        if self.workflows is None:
            return state
        return sql.SQL("{} AND i.workflow_id = ANY({})").format(
            state, sql.Literal(list(self.workflows))
        )


class OldEngine:
    """The engine's tables in a schema (gloria_ops, or gloria_archive)."""

    def __init__(self, connection: Connection, schema: str = OPS) -> None:
        self._connection = connection
        self._schema = self.schema = schema
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema]
        )
        here = {row[0] for row in found.fetchall()}
        self.missing = tuple(name for name in ENGINE_TABLES if name not in here)

    @property
    def is_there(self) -> bool:
        """Whether there is an engine to move at all."""
        return not {"workflows", "workflow_instances"} & set(self.missing)

    def table(self, name: str) -> sql.Identifier:
        """A table of the engine, with its schema."""
        return sql.Identifier(self._schema, name)

    def definitions(self) -> dict[str, Definition]:
        """All definitions, by id."""
        rows = self._rows("workflows", sql.SQL("true"))
        return {str(row.get("id")): Definition(str(row.get("id")), row) for row in rows}

    def count(self, selection: Selection, *, done: bool = False) -> int:
        """How many instances there are: those to do, or those done already."""
        rest = sql.SQL("NOT ({})").format(NOT_DONE) if done else NOT_DONE
        query = sql.SQL("SELECT count(*) FROM {} i WHERE {} AND {}").format(
            self.table("workflow_instances"), selection.where(), rest
        )
        row = self._connection.execute(query).fetchone()
        return 0 if row is None else int(row[0])

    def instances(
        self, selection: Selection, definitions: dict[str, Definition], chunk: int = CHUNK
    ) -> Iterator[list[Instance]]:
        """The instances that are not done, by key, in chunks."""
        last: str | None = None
        while True:
            after = sql.SQL("true") if last is None else sql.SQL("i.id > {}").format(last)
            where = sql.SQL("{} AND {} AND {}").format(selection.where(), NOT_DONE, after)
            rows = self._rows("workflow_instances", where, order="id", limit=chunk)
            if not rows:
                return
            yield self.assembled(rows, definitions)
            last = str(rows[-1].get("id"))
            if len(rows) < chunk:
                return

    def some(self, ids: Sequence[str], definitions: dict[str, Definition]) -> list[Instance]:
        """The instances with these keys."""
        where = sql.SQL("i.id = ANY({})").format(sql.Literal(list(ids)))
        return self.assembled(self._rows("workflow_instances", where, order="id"), definitions)

    def assembled(self, rows: list[Row], definitions: dict[str, Definition]) -> list[Instance]:
        """Instances with everything that belongs to them, from their own rows."""
        ids = [str(row.get("id")) for row in rows]
        found = [definitions.get(str(row.get("workflow_id"))) for row in rows]
        delegations = self._of("workflow_delegations", "instance_id", ids)
        steps = self._steps(dict(zip(ids, found, strict=True)), delegations)
        own = {step.id for each in steps.values() for step in each}
        strays = [row for row in delegations if str(row.get("step_instance_id")) not in own]
        stray = _grouped(strays, "instance_id")
        escalations = _grouped(self._of("workflow_escalations", "instance_id", ids), "instance_id")
        transitions = _grouped(self._of("workflow_transitions", "instance_id", ids), "instance_id")
        return [
            Instance(
                id_,
                row,
                definition,
                tuple(steps.get(id_, ())),
                tuple(escalations.get(id_, ())),
                tuple(transitions.get(id_, ())),
                tuple(delegation_in(each) for each in stray.get(id_, ())),
            )
            for id_, row, definition in zip(ids, rows, found, strict=True)
        ]

    def _steps(
        self, definitions: dict[str, Definition | None], links: list[Row]
    ) -> dict[str, list[Step]]:
        """The steps of these instances, each with its definition, in order."""
        instances = list(definitions)
        rows = self._of("workflow_step_instances", "instance_id", instances)
        ids = [str(row.get("id")) for row in rows]
        column = "step_instance_id"
        actions = _grouped(self._of("workflow_actions", column, ids), column)
        delegations = _grouped(links, column)
        steps: dict[str, list[Step]] = {}
        for row in sorted(rows, key=_place):
            id_, instance, (index, _) = str(row.get("id")), str(row.get("instance_id")), _place(row)
            defined = _defined(row, index, definitions.get(instance))
            steps.setdefault(instance, []).append(
                Step(
                    id_,
                    index,
                    _kind(row, defined),
                    text(row.get("status")) or "",
                    row,
                    defined,
                    tuple(action_in(each) for each in actions.get(id_, ())),
                    tuple(delegation_in(each) for each in delegations.get(id_, ())),
                )
            )
        return steps

    def _of(self, table: str, column: str, keys: list[str]) -> list[Row]:
        """The rows of a table that hang on these keys; none where the table is missing."""
        if table in self.missing or not keys:
            return []
        where = sql.SQL("i.{} = ANY({})").format(sql.Identifier(column), sql.Literal(keys))
        return self._rows(table, where)

    def _rows(
        self, table: str, where: sql.Composable, *, order: str = "", limit: int = 0
    ) -> list[Row]:
        parts = [sql.SQL("SELECT row_to_json(i) FROM {} i WHERE").format(self.table(table)), where]
        if order:
            parts.append(sql.SQL("ORDER BY i.{}").format(sql.Identifier(order)))
        if limit:
            parts.append(sql.SQL("LIMIT {}").format(limit))
        return [row[0] for row in self._connection.execute(sql.SQL(" ").join(parts)).fetchall()]


def _place(row: Row) -> tuple[int, str]:
    place = row.get("step_index")
    return (place if isinstance(place, int) else 0, str(row.get("id")))


def action_in(row: Row) -> Action:
    """A row of workflow_actions; its actor is the one whose vote it is."""
    return Action(
        str(row.get("id")),
        text(row.get("action")) or "",
        person_in(voter_in(row)),
        moment(row.get("performed_at")),
        row,
    )


def delegation_in(row: Row) -> Delegation:
    """A row of workflow_delegations."""
    return Delegation(
        str(row.get("id")),
        person_in(row.get("delegated_from_id")),
        person_in(row.get("delegated_to_id")),
        moment(row.get("created_at")),
        row,
    )


def _defined(row: Row, index: int, definition: Definition | None) -> Row:
    """A step's definition: the copy in its row, else the workflow's own, else its data."""
    found = mapping(row.get("step_definition"))
    if not found and definition is not None and 0 <= index < len(definition.steps):
        found = definition.steps[index]
    return found or mapping(row.get("step_data"))


def _kind(row: Row, defined: Row) -> str:
    """The enum lacks WAIT; a row of another kind cannot say what such a step waits for."""
    return "WAIT" if text(defined.get("type")) == "WAIT" else text(row.get("step_type")) or ""


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(column)), []).append(row)
    return groups
