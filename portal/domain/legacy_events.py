"""What only requests from the old workflow engine have in their record."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from portal.domain.event import Event


@dataclass(frozen=True, kw_only=True)
class LegacyRecorded(Event):
    """One row that the old engine kept about this request: an action, a delegation, and so on.

    `source` and `legacy_id` name the old table and row, `what` the old word for it (APPROVE), and
    `step` the old step's name. `facts` are the row's other values. It changes nothing.
    """

    tag: ClassVar[str] = "legacy:recorded"
    TEXTS: ClassVar[tuple[str, ...]] = ("comment",)
    source: str
    legacy_id: str
    what: str
    step: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestImported(Event):
    """The request came over from the old engine, under this policy version.

    Whatever state the request had here before (it may have been given back to the old engine and
    come again) begins anew: nothing passed, nothing open, routing from the first stage. The events
    after this one say where it really stands. `remarks`: what was odd, and how it was read.
    """

    tag: ClassVar[str] = "request:imported"
    instance_id: str
    legacy_request_id: str
    old_state: str
    policy_version_id: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestFailed(Event):
    """Outcome: the old engine gave up on it, with this error."""

    tag: ClassVar[str] = "request:failed"
    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str = ""
