"""What people ask for, one frozen dataclass each. `kind_of` names a command in tables."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.policy.policy import Decision, Reach
from portal.domain.request.proof import DecisionProof
from portal.domain.request.reasons import Kept
from portal.domain.request.state import Content, Priority, Via


@dataclass(frozen=True, kw_only=True)
class Command:
    """Common to all: id (made when the form is drawn), request, who, for whom, when, how."""

    command_id: str
    request_id: str
    actor_id: str
    at: datetime
    on_behalf_of: str | None = None
    via: Via = Via.WEB


@dataclass(frozen=True, kw_only=True)
class Submit(Command):
    """Ask for approval. The number was given at the click.

    `first_stage`: where the route most likely begins, for Temporal's own pages only: right in most
    requests, it saves the workflow's first update of the server's index.
    """

    number: str
    type_code: str
    policy_version_id: str
    content: Content
    module: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    priority: Priority = Priority.MEDIUM
    due_at: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    first_stage: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskCommand(Command):
    """About one task: names the task, its round, and the content version the person saw.

    `entitled`: whether the directory gave whoever has the task the right to it at the moment when
    the command was recorded. None: it was not asked yet.
    """

    task_id: str
    round: int = 1
    content_version: int = 1
    comment: str = ""
    files: tuple[dict[str, Any], ...] = ()
    entitled: bool | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionCommand(TaskCommand):
    """Decides one task. `proof`: by what whoever decides showed that it is they."""

    proof: DecisionProof | None = None


@dataclass(frozen=True, kw_only=True)
class Approve(DecisionCommand):
    """Say yes to one task."""


@dataclass(frozen=True, kw_only=True)
class Reject(DecisionCommand):
    """Say no to one task."""


@dataclass(frozen=True, kw_only=True)
class SendBack(DecisionCommand):
    """Return the request to the requester for changes."""


@dataclass(frozen=True, kw_only=True)
class Retract(Command):
    """Undo one's own decision on a task while the undo window is open.

    `entitled`: whether everybody who is asked then had the right to it when this was recorded;
    else the stage is looked at again. None: it was not asked.
    """

    task_id: str
    entitled: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Resubmit(Command):
    """Send a returned request again, changed or not; `content_version` is the one it builds on."""

    content: Content
    content_version: int = 1
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Amend(Command):
    """Change a request that waits for decisions; `content_version` is the one it builds on."""

    content: Content
    content_version: int = 1
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Comment(Command):
    """Say something to everybody who may see the request; `files` as `KeptFile.as_value`."""

    comment: str
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Withdraw(Command):
    """The requester takes the request back."""

    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Cancel(Command):
    """An admin ends the request, with a reason."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Hold(Command):
    """Stop the clocks, with a reason (admin)."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Let the clocks run on; on a request that needs attention: try to route it again (admin)."""

    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Remind(Command):
    """The requester's nudge to everybody who is asked now."""


@dataclass(frozen=True, kw_only=True)
class StartDelegation(Command):
    """The portal: `on_behalf_of` is away, and the delegate gets this open task of theirs.

    `to_reach`: as for `NamingCommand`.
    """

    task_id: str
    delegation_id: str
    delegate_id: str
    until: datetime | None = None
    why: Kept = ""
    to_reach: Reach | None = None


@dataclass(frozen=True, kw_only=True)
class EndDelegation(Command):
    """The portal: the absence is over, or the delegate cannot act, so the owner has the task."""

    task_id: str
    delegation_id: str
    reason: Kept = ""


@dataclass(frozen=True, kw_only=True)
class NamingCommand(Command):
    """Gives a task to somebody: `to_id`.

    `to_name` is what the directory calls that person at the moment the command is applied. None:
    it was not asked yet; "": nobody of that id may decide anything (unknown, inactive, auditor).
    `to_reach`: how near the rules of the stage are to that person, asked at the same moment.
    """

    to_id: str
    to_name: str | None = None
    to_reach: Reach | None = None


@dataclass(frozen=True, kw_only=True)
class Reassign(NamingCommand, TaskCommand):
    """Hand a task over for good. `as_admin`: not by its owner; that they may is checked before."""

    as_admin: bool = False


@dataclass(frozen=True, kw_only=True)
class Delegate(NamingCommand, TaskCommand):
    """Delegate this one task to another; it stays the owner's."""


@dataclass(frozen=True, kw_only=True)
class TakeBack(TaskCommand):
    """End the delegation of one task: its owner takes it back, or the delegate gives it back."""


@dataclass(frozen=True, kw_only=True)
class ReviewPeople(Command):
    """See whether those who are asked still may decide, and ask others where not.

    `cause`: why, in a sentence; `task_id`: the task that gave rise to it, if one did.
    """

    cause: Kept = ""
    task_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Override(Command):
    """An admin decides in place of those who are asked, with a reason.

    `stage_key`: only that stage, the one under way; None: the whole request. `proof`: by what they
    showed that it is they, where a stage asks for it.
    """

    decision: Decision
    reason: str
    stage_key: str | None = None
    content_version: int = 1
    proof: DecisionProof | None = None


@dataclass(frozen=True, kw_only=True)
class AddApprover(NamingCommand):
    """Ask somebody beside the policy's people, too; the stage passes only with their approval."""

    round: int = 1
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class AskInformation(TaskCommand):
    """Ask the requester something before deciding; the question is in `comment`."""


@dataclass(frozen=True, kw_only=True)
class AnswerInformation(TaskCommand):
    """Answer what was asked about a task; the answer is in `comment`."""


@dataclass(frozen=True, kw_only=True)
class MoveToPolicy(Command):
    """An admin moves an open request to a newer version of its policy, with a reason.

    `stages`: the keys of that version's stages, in order; `same`: those that say what they said.
    """

    policy_version_id: str
    from_version_id: str
    version: int
    stages: tuple[str, ...]
    same: tuple[str, ...] = ()
    reason: str


COMMANDS: dict[str, type[Command]] = {
    command.__name__: command
    for command in (
        Submit, Approve, Reject, SendBack, Retract, Resubmit, Amend, Comment, Withdraw, Cancel,
        Hold, Resume, Remind, Reassign, Delegate, TakeBack, StartDelegation, EndDelegation,
        ReviewPeople, Override, MoveToPolicy, AskInformation, AnswerInformation,
        AddApprover,
    )
}  # fmt: skip


def kind_of(command: Command) -> str:
    """The command's name in `portal.commands.kind` and in the signal, such as "Approve"."""
    return type(command).__name__
