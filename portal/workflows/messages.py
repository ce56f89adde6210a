"""What goes in and out of workflows and activities: one frozen dataclass for each message.

Later fields get a default, always: a payload that does not decode is dropped without a word.
Domain objects travel in the JSON form of `portal.domain.codec`.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CommandMessage:
    """A command as it stands in `portal.commands`: the signal's payload."""

    command_id: str
    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class StartApproval:
    """How a workflow begins: with a Submit, or from a state (move, recovery, continue-as-new).

    `pending`: commands that were received and not yet applied, in order. `continue_after`: the
    length of history (events) at which the workflow continues as new; 0 = when the server says so.
    `is_lean`: search attributes are updated only to say something new. OpenedAt stays the time of
    the click, and the outcome, which is the workflow's result, is no attribute. Workflows that were
    started before this field update them more often, and their histories need it. `tells_place`: an
    attribute says up to which event the workflow has recorded, so that whoever compares it with the
    record need not ask each workflow; those that were started before this field do not say it.
    """

    request_id: str
    command: CommandMessage | None = None
    state: dict[str, Any] | None = None
    pending: list[CommandMessage] = field(default_factory=list)
    continue_after: int = 0
    is_lean: bool = False
    tells_place: bool = False


@dataclass(frozen=True)
class RecordedEvent:
    """An event's name and its JSON form."""

    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class RecordBatch:
    """Events to record in one transaction, and the state after them (the projection's source)."""

    request_id: str
    workflow_id: str
    run_id: str
    workflow_type: str
    events: list[RecordedEvent]
    state: dict[str, Any]


@dataclass(frozen=True)
class RecordAnswer:
    """What the record says where it differs from a batch.

    A worker that dies between commit and answer leaves events behind that the workflow never heard
    of, and it then makes others, at a later time. The record wins: `recorded` holds its events from
    the batch's first number on, nothing of the batch was written, and the workflow adopts them.
    Empty: the batch stands in the record as given.
    """

    recorded: list[RecordedEvent] = field(default_factory=list)


@dataclass(frozen=True)
class StaffAsk:
    """A person whom a command names, the request's state in JSON form, and the task, if one is
    named: for how near that person is to the stage."""

    person_id: str
    state: dict[str, Any] | None = None
    task_id: str | None = None


@dataclass(frozen=True)
class StaffAnswer:
    """What the directory calls that person; "" if nobody of that id may decide anything.

    `reach`: a `portal.domain.policy.policy.Reach`; None where it does not matter.
    """

    name: str = ""
    reach: str | None = None


@dataclass(frozen=True)
class EntitlementAsk:
    """A command about a task of the stage under way, and the request's state in JSON form."""

    command_id: str
    task_id: str
    state: dict[str, Any]


@dataclass(frozen=True)
class EntitlementAnswer:
    """Whether whoever has the task had the right to it when the command was recorded."""

    is_entitled: bool = True


@dataclass(frozen=True)
class RouteAsk:
    """A `portal.domain.plan.RouteQuestion` in JSON form."""

    question: dict[str, Any]


@dataclass(frozen=True)
class RouteAnswer:
    """A `portal.domain.plan.RoutePlan` in JSON form."""

    plan: dict[str, Any]


@dataclass(frozen=True)
class MessageBatch:
    """Messages to be sent together: their ids, and the id under which the outbox holds them.

    `is_digest`: they are one mail.
    """

    batch_id: str
    message_ids: list[str] = field(default_factory=list)
    is_digest: bool = False


@dataclass(frozen=True)
class HookBatch:
    """Webhooks to one endpoint: their ids, and the id under which the outbox holds them."""

    batch_id: str
    delivery_ids: list[str] = field(default_factory=list)
    endpoint_id: str = ""


@dataclass(frozen=True)
class Digests:
    """Digests that are due, each with its messages."""

    batches: list[MessageBatch] = field(default_factory=list)
