"""What was read of the old engine, as plain records: an instance with its steps and their rows."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from portal.domain.legacy_choices import Question
from portal.legacy.values import listing, mapping, moment, text

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
class Delegation:
    """A row of workflow_delegations. `is_in_force` depends on the time it is asked for."""

    id: str
    from_id: str | None
    to_id: str | None
    at: datetime | None
    row: Row

    def is_in_force(self, now: datetime) -> bool:
        """Active, not revoked, and not expired."""
        expires = moment(self.row.get("expires_at"))
        if self.row.get("is_active") is False or self.row.get("revoked_at") is not None:
            return False
        return expires is None or expires > now


@dataclass(frozen=True)
class Step:
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
    delegations: tuple[Delegation, ...] = ()
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
    steps: tuple[Step, ...] = ()
    escalations: tuple[Row, ...] = ()
    transitions: tuple[Row, ...] = ()
    strays: tuple[Delegation, ...] = ()

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
class Finding:
    """What a mapping has to say: reasons for a person, reasons for a hold, and remarks.

    `questions`: what the reasons ask, each once.
    """

    questions: list[Question] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    hold: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def needs(self, reason: str, question: Question) -> None:
        """A person has to answer the question, because of this."""
        if reason not in self.reasons:
            self.reasons.append(reason)
        if question not in self.questions:
            self.questions.append(question)

    def take(self, other: "Finding") -> None:
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
