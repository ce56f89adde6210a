"""What happens to a request as a whole."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from portal.domain.event import Event
from portal.domain.policy import Decision
from portal.domain.request import Content, Priority, Via


@dataclass(frozen=True, kw_only=True)
class RequestSubmitted(Event):
    """A request began its first round."""

    tag: ClassVar[str] = "request:submitted"
    TEXTS: ClassVar[tuple[str, ...]] = ("content",)
    number: str
    type_code: str
    policy_version_id: str
    content: Content
    content_hash: str
    module: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    priority: Priority = Priority.MEDIUM
    due_at: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    via: Via = Via.WEB


@dataclass(frozen=True, kw_only=True)
class AttentionNeeded(Event):
    """Nobody could be asked; the admins see it. Routing is tried again at `retry_at`.

    `attempt` counts, from 1, how often this same `reason` has come up: tell people at 1 only.
    """

    tag: ClassVar[str] = "request:attention"
    reason: str
    retry_at: datetime
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class RoutingRetried(Event):
    """The time came to look again for somebody to ask, after `attempt` fruitless searches."""

    tag: ClassVar[str] = "request:routing:retried"
    attempt: int


@dataclass(frozen=True, kw_only=True)
class RouteQuestioned(Event):
    """It has to be looked at again who is asked: people changed. `cause` says how."""

    tag: ClassVar[str] = "request:route:questioned"
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class RouteReviewed(Event):
    """It was looked at, and everybody who is asked may decide."""

    tag: ClassVar[str] = "request:route:reviewed"


@dataclass(frozen=True, kw_only=True)
class CommentAdded(Event):
    """Somebody said something; `files` came with it (`KeptFile.as_value`)."""

    tag: ClassVar[str] = "request:commented"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    comment: str
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestReturned(Event):
    """The round ended: the requester has to change something."""

    tag: ClassVar[str] = "request:returned"
    by: str
    round: int


@dataclass(frozen=True, kw_only=True)
class RequestResubmitted(Event):
    """The next round began. `changed` names what differs; `carried` stages stay approved."""

    tag: ClassVar[str] = "request:resubmitted"
    TEXTS: ClassVar[tuple[str, ...]] = ("content", "comment")
    round: int
    content_version: int
    content: Content
    content_hash: str
    changed: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestAmended(Event):
    """The content changed while the request waited for decisions; its route is looked at anew.

    `changed` names what differs. `carried` stages stay approved; those in `asked_again` read
    what changed, so that their decisions, of an earlier content, do not count any more.
    """

    tag: ClassVar[str] = "request:amended"
    TEXTS: ClassVar[tuple[str, ...]] = ("content", "comment")
    content_version: int
    content: Content
    content_hash: str
    changed: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    asked_again: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestHeld(Event):
    """The clocks stopped, and why."""

    tag: ClassVar[str] = "request:held"
    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestResumed(Event):
    """The clocks run on; every deadline moved later by `seconds`."""

    tag: ClassVar[str] = "request:resumed"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    seconds: int
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestMovedToPolicy(Event):
    """The request goes on by another version of its policy, whose stages are `stages`.

    `carried` stages stay approved; those in `asked_again` are not the same there, or are gone.
    """

    tag: ClassVar[str] = "request:policy:moved"
    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    policy_version_id: str
    from_version_id: str
    version: int
    stages: tuple[str, ...]
    carried: tuple[str, ...] = ()
    asked_again: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestOverridden(Event):
    """An admin decided the request, or the stage `stage_key`, in place of `passed_over`.

    `passed_over`: everybody who was asked in what was under way, or decided there.
    """

    tag: ClassVar[str] = "request:overridden"
    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    decision: Decision
    reason: str
    stage_key: str | None = None
    content_version: int = 1
    content_hash: str = ""
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestApproved(Event):
    """Outcome: every stage needed was passed."""

    tag: ClassVar[str] = "request:approved"


@dataclass(frozen=True, kw_only=True)
class RequestRejected(Event):
    """Outcome: a stage failed."""

    tag: ClassVar[str] = "request:rejected"
    stage_key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestTimedOut(Event):
    """Outcome: all deadlines and escalations of a stage passed."""

    tag: ClassVar[str] = "request:timedout"
    stage_key: str


@dataclass(frozen=True, kw_only=True)
class RequestWithdrawn(Event):
    """Outcome: the requester took it back."""

    tag: ClassVar[str] = "request:withdrawn"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestCancelled(Event):
    """Outcome: an admin ended it."""

    tag: ClassVar[str] = "request:cancelled"
    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str


@dataclass(frozen=True, kw_only=True)
class CommandRefused(Event):
    """A command had no effect. `reason` is a `Refusal`; `kind` the command's name."""

    tag: ClassVar[str] = "command:refused"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    kind: str
    reason: str
    task_id: str | None = None
    comment: str = ""
