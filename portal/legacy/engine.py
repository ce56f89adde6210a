"""The old engine as it is read: its rows in chunks, as plain records with what hangs on them.

Every row is read as JSON, so that no column has to be there; memory does not grow with the number
of instances. What the way back leaves in the old rows stands under the key "portal" in an
instance's metadata (`status`: the outcome, `state`: the old state that was written for it,
`resumed`), in a step's metadata (`votesFrom`: votes before this time belong to an earlier round),
and in an action's data (`onBehalfOf`: whose vote it is).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

from portal.domain.request.state import Status
from portal.legacy.choices import ReasonQuestion
from portal.legacy.tables import ACTIVE_STATES, ENGINE_TABLES, OPS
from portal.legacy.values import OddRow, bound, listing, mapping, moment, row_in, text

NOTE = "portal"


def note_in(row: dict[str, Any], column: str = "metadata") -> dict[str, Any]:
    """The note in a row; empty where there is none."""
    return mapping(mapping(row.get(column)).get(NOTE))


def with_note(row: dict[str, Any], column: str = "metadata", **said: Any) -> dict[str, Any]:
    """The column's value with the note added; a value that was no object is kept beside it."""
    value = row.get(column)
    kept = mapping(value)
    if not kept and value is not None and value != {}:
        kept = {"before": value}
    return {**kept, NOTE: {**note_in(row, column), **said}}


def outcome_in(row: dict[str, Any]) -> Status | None:
    """The outcome that a request had here, while the instance is still as it was written."""
    note = note_in(row)
    if text(note.get("state")) != text(row.get("state")):
        return None
    try:
        status = Status(str(note.get("status")))
    except ValueError:
        return None
    return None if status.is_open else status


def voter_in(row: dict[str, Any]) -> Any:
    """Whose vote an action is: of who acted, or of the one they acted for."""
    return text(note_in(row, "data").get("onBehalfOf")) or row.get("actor_id")


# The times that mean something; what ends a span may be without end.
TIMES = {
    "workflow_instances": ("started_at", "completed_at", "created_at"),
    "workflow_step_instances": ("started_at", "completed_at", "due_date"),
    "workflow_actions": ("performed_at",),
    "workflow_delegations": ("created_at",),
    "workflow_escalations": ("escalated_at",),
    "workflow_transitions": ("transitioned_at",),
}
FINISHED = frozenset({"COMPLETED", "SKIPPED", "REJECTED"})
UNDER_WAY = frozenset({"IN_PROGRESS", "DELEGATED", "ESCALATED"})
SYSTEM_NAMES = frozenset({"system", "System", "SYSTEM"})

Row = dict[str, Any]


def person_in(value: Any) -> str | None:
    """A profile's id from a column; None for blanks and for "system"."""
    name = text(value)
    return None if name is None or name in SYSTEM_NAMES else name


@dataclass(frozen=True)
class Action:
    """A row of workflow_actions."""

    id: str
    action: str
    actor: str | None
    at: datetime | None
    row: Row


@dataclass(frozen=True)
class EngineDelegation:
    """A row of workflow_delegations. `is_in_force` depends on the time it is asked for."""

    id: str
    from_id: str | None
    to_id: str | None
    at: datetime | None
    row: Row

    def is_in_force(self, now: datetime) -> bool:
        """Active, not revoked, and not expired."""
        expires = bound(self.row.get("expires_at"))
        if self.row.get("is_active") is False or self.row.get("revoked_at") is not None:
            return False
        return expires is None or expires > now


@dataclass(frozen=True)
class EngineStep:
    """A row of workflow_step_instances with what hangs on it, and its definition.

    A person may have chosen that it is `passed_over`, or what an unclear result is `read_as`.
    """

    id: str
    index: int
    type: str
    status: str
    row: Row
    definition: Row
    actions: tuple[Action, ...] = ()
    delegations: tuple[EngineDelegation, ...] = ()
    passed_over: bool = False
    read_as: bool | None = None

    @property
    def name(self) -> str:
        """Its name for people."""
        return text(self.definition.get("name")) or f"Step {self.index + 1}"

    @property
    def config(self) -> Row:
        """The definition's `config`."""
        return mapping(self.definition.get("config"))

    @property
    def key(self) -> str | None:
        """The id by which other steps' nextSteps name it."""
        return text(self.definition.get("id"))

    @cached_property
    def next_keys(self) -> tuple[str, ...]:
        """What nextSteps says."""
        named = (text(each) for each in listing(self.definition.get("nextSteps")))
        return tuple(key for key in named if key is not None)

    @property
    def assignee(self) -> str | None:
        """Who has it, by the row; blank is nobody."""
        return person_in(self.row.get("assignee_id"))

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do in it."""
        return self.status in FINISHED or self.passed_over

    @property
    def is_under_way(self) -> bool:
        """Whether it has started and is not finished."""
        if self.passed_over or self.status in UNDER_WAY:
            return not self.passed_over
        return self.status == "PENDING" and self.started_at is not None

    @property
    def started_at(self) -> datetime | None:
        """When it was reached."""
        return moment(self.row.get("started_at"))

    @property
    def completed_at(self) -> datetime | None:
        """When it was finished."""
        return moment(self.row.get("completed_at"))


@dataclass(frozen=True)
class Definition:
    """A row of workflows."""

    id: str
    row: Row

    @property
    def code(self) -> str:
        """Its code, or its id where it has none."""
        return text(self.row.get("code")) or self.id

    @property
    def name(self) -> str:
        """Its name for people."""
        return text(self.row.get("name")) or self.code

    @cached_property
    def steps(self) -> tuple[Row, ...]:
        """The definitions of its steps; entries that are no objects are empty."""
        return tuple(mapping(each) for each in listing(self.row.get("steps")))

    @cached_property
    def sla(self) -> Row:
        """Its `sla_config`."""
        return mapping(self.row.get("sla_config"))

    @property
    def created_by(self) -> str | None:
        """The profile that made it, if the column names one."""
        return person_in(self.row.get("created_by"))


@dataclass(frozen=True)
class Instance:
    """A row of workflow_instances and everything that belongs to it, in order of its steps.

    `strays`: delegations that name no step of it.
    """

    id: str
    row: Row
    definition: Definition | None
    steps: tuple[EngineStep, ...] = ()
    escalations: tuple[Row, ...] = ()
    transitions: tuple[Row, ...] = ()
    strays: tuple[EngineDelegation, ...] = ()

    @cached_property
    def odd(self) -> tuple[tuple[str, OddRow], ...]:
        """Its rows that hold anything unusual, its definition's too, each with its table."""
        return tuple((table, row) for table, row in self._rows() if isinstance(row, OddRow))

    def _rows(self) -> Iterator[tuple[str, Row]]:
        """Every row of it, with its table."""
        yield "workflow_instances", self.row
        if self.definition is not None:
            yield "workflows", self.definition.row
        for step in self.steps:
            yield "workflow_step_instances", step.row
            yield from (("workflow_actions", each.row) for each in step.actions)
            yield from (("workflow_delegations", each.row) for each in step.delegations)
        yield from (("workflow_delegations", each.row) for each in self.strays)
        yield from (("workflow_escalations", each) for each in self.escalations)
        yield from (("workflow_transitions", each) for each in self.transitions)

    def dropped_times(self) -> Iterator[str]:
        """What is said of every time that is none of ours, such as infinity: it is not used."""
        for table, row in self._rows():
            for name in TIMES.get(table, ()):
                value = row.get(name)
                if value is not None and moment(value) is None:
                    yield f"The {name} of {table} {row.get('id')} cannot be used: {value}."

    @property
    def request_id(self) -> str | None:
        """The request's id, as the old text."""
        value = self.row.get("request_id")
        return value if isinstance(value, str) and value.strip() else None

    @property
    def state(self) -> str:
        """The state; the column `status` says nothing."""
        return text(self.row.get("state")) or ""

    @property
    def initiator(self) -> str | None:
        """Who asked."""
        return person_in(self.row.get("initiator_id"))

    @property
    def context(self) -> Any:
        """What was asked for; usually an object."""
        return self.row.get("context")

    @cached_property
    def metadata(self) -> Row:
        """Tags, priority and so on."""
        return mapping(self.row.get("metadata"))

    @property
    def started_at(self) -> datetime | None:
        """When it began."""
        return moment(self.row.get("started_at")) or moment(self.row.get("created_at"))


@dataclass
class MappingFinding:
    """What a mapping has to say: reasons for a person, reasons for a hold, and remarks.

    `questions`: what the reasons ask, each once.
    """

    questions: list[ReasonQuestion] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    hold: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def needs(self, reason: str, question: ReasonQuestion) -> None:
        """A person has to answer the question, because of this."""
        if reason not in self.reasons:
            self.reasons.append(reason)
        if question not in self.questions:
            self.questions.append(question)

    def take(self, other: "MappingFinding") -> None:
        """What another finding has to say as well."""
        for reason in other.reasons:
            self.needs(reason, other.questions[0])
        self.questions += [each for each in other.questions if each not in self.questions]
        for words in other.remarks:
            self.remark(words)

    def remark(self, words: str) -> None:
        """Something odd, and how it was read."""
        if words not in self.remarks:
            self.remarks.append(words)


CHUNK = 1000
Driver = psycopg.Connection[Any]

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

    def __init__(self, connection: Driver, schema: str = OPS) -> None:
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
    ) -> dict[str, list[EngineStep]]:
        """The steps of these instances, each with its definition, in order."""
        instances = list(definitions)
        rows = self._of("workflow_step_instances", "instance_id", instances)
        ids = [str(row.get("id")) for row in rows]
        column = "step_instance_id"
        actions = _grouped(self._of("workflow_actions", column, ids), column)
        delegations = _grouped(links, column)
        steps: dict[str, list[EngineStep]] = {}
        for row in sorted(rows, key=_place):
            id_, instance, (index, _) = str(row.get("id")), str(row.get("instance_id")), _place(row)
            defined = _defined(row, index, definitions.get(instance))
            steps.setdefault(instance, []).append(
                EngineStep(
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
        parts = [
            sql.SQL("SELECT row_to_json(i)::text FROM {} i WHERE").format(self.table(table)),
            where,
        ]
        if order:
            parts.append(sql.SQL("ORDER BY i.{}").format(sql.Identifier(order)))
        if limit:
            parts.append(sql.SQL("LIMIT {}").format(limit))
        found = self._connection.execute(sql.SQL(" ").join(parts)).fetchall()
        return [row_in(row[0]) for row in found]


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


def delegation_in(row: Row) -> EngineDelegation:
    """A row of workflow_delegations."""
    return EngineDelegation(
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
