"""What people do with a task. Whether they may is asked by the page's guard, by the domain
(`judge`) and by the request's workflow; here the command is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.directory.receivers import reach, reaches
from portal.domain.deciding.decide import find_task
from portal.domain.errors import Refusal
from portal.domain.notices.links import is_proof
from portal.domain.people.delegation import busy
from portal.domain.policy.policy import Decision, Reach, StepUp
from portal.domain.request import commands
from portal.domain.request.files import KeptFile
from portal.domain.request.proof import DecisionProof, SignedDecision
from portal.domain.request.state import Approval, Click, TaskStatus, Via
from portal.extensions import db
from portal.services import attempts
from portal.services.attachments import attach
from portal.services.commands import Receipt, issue, read_row
from portal.services.errors import Refused
from portal.services.notifications import mark_tasks_read
from portal.services.snapshots import RequestSnapshot, TaskSnapshot, of_request, of_task
from portal.translation import _

log = structlog.get_logger("portal.web")

LONGEST_COMMENT = 10_000
LINK_TRIES = 5

_DECISIONS: dict[Decision, type[commands.DecisionCommand]] = {
    Decision.APPROVE: commands.Approve,
    Decision.REJECT: commands.Reject,
    Decision.SEND_BACK: commands.SendBack,
}


class WrongProof(Exception):
    """What was typed is not the end of the request's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a decision form says. `content_version` is the one the person saw; `proof`: by what they
    showed that it is they."""

    command_id: str
    task_id: str
    decision: Decision
    content_version: int
    comment: str = ""
    files: tuple[KeptFile, ...] = ()
    proof: DecisionProof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssignee:
    """What a form says about a task, the person who gets it, and why."""

    command_id: str
    task_id: str
    to_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApprover:
    """What a form says: whom to ask, too, and why. `round` is the one the person saw."""

    command_id: str
    number: str
    round: int
    to_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Takers:
    """Who could be given a task, by id: those whom the rules of the stage name, those who may have
    it with a reason, and those who may never decide in the stage or are asked there already."""

    named: frozenset[str]
    with_reason: frozenset[str]
    barred: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionInput:
    """What a form says about a task: a question, or the answer to it."""

    command_id: str
    task_id: str
    text: str


def decide(vote: Vote, actor_id: str, click: Click, via: Via = Via.WEB) -> Receipt:
    """Approve, reject or send back a task that is one's own; what asked for it counts as read."""
    task = of_task(vote.task_id, vote.command_id, vote.comment)
    if task.is_decided_by(actor_id) and not task.request.is_used:
        raise Refused(
            Refusal.LATE, vote.comment, _("Your decision is already recorded and is being applied.")
        )
    if task.request.is_used and via is not Via.API:
        _require_standing(task, vote, actor_id)

    def also() -> None:
        if vote.files:
            attach(vote.command_id, actor_id, task.request.state.request_id)
        mark_tasks_read(actor_id, [vote.task_id])

    return issue(decision_of(task, vote, actor_id, via), click, task.request, also)


def _require_standing(task: TaskSnapshot, vote: Vote, actor_id: str) -> None:
    """Refuse a form that is sent again from before its decision was undone: nothing would come of
    it, and nothing would say so."""
    first, now = read_row(vote.command_id), task.open_task
    if first is None or (first.actor_id, first.outcome) != (actor_id, "applied"):
        return
    if now is not None and now.status is TaskStatus.OPEN and now.assignee_id == actor_id:
        words = _("This decision was recorded and then undone. Decide again from here.")
        raise Refused(Refusal.KEY_USED, vote.comment, words)


def decision_of(
    task: TaskSnapshot, vote: Vote, actor_id: str, via: Via = Via.WEB
) -> commands.TaskCommand:
    """The command that a vote amounts to. It is about the content that the person saw."""
    given = task.given(vote.command_id, actor_id, via) | {"content_version": vote.content_version}
    return _DECISIONS[vote.decision](
        **given,
        on_behalf_of=task.acting_for,
        comment=vote.comment,
        files=tuple(file.as_value() for file in vote.files),
        proof=None if step_up_of(task) is StepUp.NONE else vote.proof,
    )


def step_up_of(task: TaskSnapshot) -> StepUp:
    """What a decision of the task asks for now."""
    found = find_task(task.request.state, task.id)
    return StepUp.NONE if found is None else found[0].plan.step_up


def to_be_signed(task: TaskSnapshot, vote: Vote, actor_id: str) -> SignedDecision:
    """The decision as it is signed."""
    return SignedDecision(
        command_id=vote.command_id,
        person_id=actor_id,
        task_id=vote.task_id,
        decision=vote.decision,
        content_version=vote.content_version,
        content_hash=task.request.state.content_hash,
    )


def undo(task_id: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Take one's own decision back while its undo window is open."""
    task = of_task(task_id, command_id)
    return issue(retraction_of(task, command_id, actor_id), click, task.request)


def retraction_of(
    task: TaskSnapshot, command_id: str, actor_id: str, via: Via = Via.WEB
) -> commands.Retract:
    """The command that takes a decision back."""
    given = task.request.given(command_id, actor_id, via)
    return commands.Retract(**given, on_behalf_of=task.acting_for, task_id=task.id)


def reassign(new: NewAssignee, actor_id: str, click: Click, *, is_admin: bool) -> Receipt:
    """Give a task to somebody for good: its owner does, or an admin, who says why."""
    task = of_task(new.task_id, new.command_id, new.reason)
    owner_id = None if task.open_task is None else task.open_task.owner_id
    command = commands.Reassign(
        **task.given(new.command_id, actor_id),
        comment=new.reason,
        to_id=new.to_id,
        as_admin=is_admin and actor_id != owner_id,
    )
    return issue(command, click, task.request)


def delegate(new: NewAssignee, actor_id: str, click: Click) -> Receipt:
    """Delegate a task: another decides for its owner."""
    task = of_task(new.task_id, new.command_id, new.reason)
    given = task.given(new.command_id, actor_id)
    command = commands.Delegate(**given, comment=new.reason, to_id=new.to_id)
    return issue(command, click, task.request)


def takers(about: RequestSnapshot, task_id: str | None) -> Takers:
    """Who could be given the task, or be added to the stage under way (None). For suggestions: what
    is asked for is judged as it comes."""
    state, stage = about.state, about.state.stage
    if stage is None:
        return Takers(frozenset(), frozenset(), frozenset())
    near = reaches(db.session.connection(), state, task_id, None, about.now)
    taken = {each for each in busy(stage) if each is not None}
    never = {state.requester_id, state.on_behalf_of or state.requester_id, *stage.plan.excluded}
    barred = frozenset(taken | never)
    named = frozenset(person for person, each in near.items() if each is Reach.OWN)
    return Takers(named - barred, frozenset(near) - named - barred, barred)


def may_take(state: Approval, task_id: str, person_id: str) -> bool:
    """Whether the policy lets a person take the task, as a delegate for instance."""
    near = reach(db.session.connection(), state, task_id, person_id, datetime.now(UTC))
    return near is not Reach.OUTSIDE


def take_back(task_id: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """End the delegation of a task."""
    task = of_task(task_id, command_id)
    return issue(commands.TakeBack(**task.given(command_id, actor_id)), click, task.request)


def add_approver(new: NewApprover, actor_id: str, click: Click) -> Receipt:
    """Ask somebody beside the policy's people, too."""
    about = of_request(new.number, new.command_id, new.reason)
    command = commands.AddApprover(
        **about.given(new.command_id, actor_id),
        to_id=new.to_id,
        round=new.round,
        comment=new.reason,
    )
    return issue(command, click, about)


def ask(question: QuestionInput, actor_id: str, click: Click) -> Receipt:
    """Ask the requester something before deciding."""
    task = of_task(question.task_id, question.command_id, question.text)
    # In whose place a delegate asks stands with the question, too.
    command = commands.AskInformation(
        **task.given(question.command_id, actor_id),
        on_behalf_of=task.acting_for,
        comment=question.text,
    )
    return issue(command, click, task.request)


def answer(answer: QuestionInput, actor_id: str, click: Click) -> Receipt:
    """Answer what was asked, as whoever asked for the request."""
    task = of_task(answer.task_id, answer.command_id, answer.text)
    given = task.given(answer.command_id, actor_id)
    command = commands.AnswerInformation(**given, comment=answer.text)
    return issue(command, click, task.request)


def decide_unsigned(
    vote: Vote, link_id: str, recipient_id: str, number: str, proof: str, click: Click
) -> Receipt:
    """Decide from a link without signing in, in the name of the person whom it was sent to.

    Raises WrongProof, TooMany after a few wrong tries with the same link, and Refused.
    """
    attempt = attempts.begin({f"link:{link_id}": LINK_TRIES})
    if not is_proof(proof, number):
        raise WrongProof
    attempt.forget()
    return decide(vote, recipient_id, click, Via.LINK)


# Raw: an insert of what a query finds.
_OPENED = text("""
INSERT INTO portal.first_looks (request_id, person_id, round, at)
SELECT DISTINCT t.request_id, t.assignee_id, t.round, now() FROM portal.tasks t
WHERE (t.request_id = ANY(CAST(:requests AS uuid[])) OR t.id = ANY(CAST(:tasks AS uuid[])))
    AND t.assignee_id = CAST(:person AS uuid)
    AND t.status = 'OPEN'
ON CONFLICT DO NOTHING
""")


def note_opened(person_id: str, *, requests: Sequence[str] = (), tasks: Sequence[str] = ()) -> None:
    """Keep when somebody who is asked first saw these requests, or those of these tasks, for
    insights into where time goes. A database that takes nothing is no reason not to show them."""
    given = {"requests": list(requests), "tasks": list(tasks), "person": person_id}
    try:
        db.session.execute(_OPENED, given)
        db.session.commit()
    except DBAPIError as error:
        db.session.rollback()
        log.warning("opening.not_kept", error=type(error.orig).__name__)
