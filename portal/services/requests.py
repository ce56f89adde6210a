"""What people do with a request as a whole. Whether they may is asked by the page's guard, by the
domain (`judge`) and by the request's workflow; here the command is made."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, Select, Uuid, bindparam, delete, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from portal.directory.planner import load_policy
from portal.domain import codec
from portal.domain.deciding.override import given_over
from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.domain.policy.difference import PolicyDifference, difference
from portal.domain.policy.policy import Decision, Policy, StepUp
from portal.domain.request import commands
from portal.domain.request.files import KeptFile
from portal.domain.request.proof import DecisionProof, SignedDecision, is_proven, strongest
from portal.domain.request.state import Click, Content, Priority, Via
from portal.domain.routing.plan import RouteQuestion
from portal.extensions import Question, db
from portal.models import Command, Draft, PolicyVersion, Request, RequestType
from portal.models.columns import new_id
from portal.queries import request_types
from portal.services.attachments import attach
from portal.services.commands import Receipt, issue, receipt, require_usable, store
from portal.services.errors import Refused
from portal.services.judge import admitted
from portal.services.snapshots import RequestSnapshot, new_request, of_request, of_requests
from portal.translation import _

# More at once would make the preview of a move a page that nobody reads.
MOST_MOVED = 25
NEWEST = msgid("It already uses the newest version.")
REVIEW_CAUSE = "An administrator asked for it."


class DraftGone(Exception):
    """The draft was changed, deleted or sent meanwhile: look at it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A checked form: what is asked for, by whom, for whom, under which policy.

    `draft_id` becomes the command's id. `draft_version` is when the draft last changed: another
    version is not what the person looked at; None: what a program asks for was never a draft.
    """

    draft_id: str
    draft_version: datetime | None = None
    type_code: str
    workflow: str
    module: str | None
    policy_version_id: str
    requester_id: str
    on_behalf_of: str | None
    content: Content
    has_files: bool
    priority: Priority
    due_at: datetime | None
    entity_type: str | None = None
    entity_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the form says; `content_version` is the version that it was drawn from."""

    command_id: str
    number: str
    content: Content
    content_version: int
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideInput:
    """What the form says; `stage_key` None means the whole request."""

    command_id: str
    number: str
    decision: Decision
    stage_key: str | None
    reason: str
    content_version: int
    proof: DecisionProof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMove:
    """What the form says: these requests, and why. `command_id` is the form's one-time key."""

    command_id: str
    numbers: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class MovedRequests:
    """Numbers of the requests that move, and of those that do not, with the reason for each."""

    numbers: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def submit(new: NewRequest, click: Click) -> Receipt:
    """Turn the draft into a numbered request and hand its command on.

    Draft, number and command change in one transaction: a second press waits for the first and
    gets its receipt. The number's row is locked last, and so for the length of one commit only.
    Raises DraftGone, and Refused where the requester is not among those who may ask.
    """
    if not request_types.may_ask_by(new.policy_version_id, new.requester_id):
        db.session.rollback()
        sentence = _("You are not among those who may ask for this.")
        raise Refused(Refusal.NOT_ALLOWED, detail=sentence)
    if not _take_draft(new):
        db.session.rollback()
        return sent_before(new.draft_id, new.requester_id)
    return _begin(new, new_id(), click, Via.WEB)


def submit_for_program(new: NewRequest, request_id: str, click: Click) -> Receipt:
    """Turn what a program asks for into a numbered request of that id."""
    return _begin(new, request_id, click, Via.API)


def _begin(new: NewRequest, request_id: str, click: Click, via: Via) -> Receipt:
    files = partial(attach, new.draft_id, new.requester_id, request_id) if new.has_files else None
    number, first_stage = _numbered(new)
    command = commands.Submit(
        command_id=new.draft_id,
        request_id=request_id,
        actor_id=new.requester_id,
        on_behalf_of=new.on_behalf_of,
        at=datetime.now(UTC),
        via=via,
        number=number,
        type_code=new.type_code,
        policy_version_id=new.policy_version_id,
        content=new.content,
        module=new.module,
        entity_type=new.entity_type,
        entity_id=new.entity_id,
        metadata=new.metadata,
        priority=new.priority,
        due_at=new.due_at,
        first_stage=first_stage,
    )
    return issue(command, click, new_request(request_id, number, new.workflow), files)


def sent_before(command_id: str, person_id: str) -> Receipt:
    """The receipt of a form that this person has sent. Raises DraftGone where there is none."""
    sender = db.session.scalar(select(Command.actor_id).where(Command.id == command_id))
    found = receipt(command_id) if sender == person_id else None
    if found is None:
        raise DraftGone
    return found


def question_of(new: NewRequest, now: datetime) -> RouteQuestion:
    """What to ask routing about a request that does not exist yet."""
    return RouteQuestion(
        request_id=new.draft_id,
        policy_version_id=new.policy_version_id,
        from_index=0,
        requester_id=new.requester_id,
        on_behalf_of=new.on_behalf_of,
        title=new.content.title,
        fields=new.content.fields,
        amount=new.content.amount,
        currency=new.content.currency,
        priority=new.priority.value,
        type_code=new.type_code,
        now=now,
    )


def resubmit(correction: Correction, actor_id: str, click: Click) -> Receipt:
    """Send a returned request again, changed or not."""
    return _correct(commands.Resubmit, correction, actor_id, click)


def amend(correction: Correction, actor_id: str, click: Click) -> Receipt:
    """Change a request that waits for decisions."""
    return _correct(commands.Amend, correction, actor_id, click)


def _correct(
    kind: type[commands.Resubmit] | type[commands.Amend],
    correction: Correction,
    actor_id: str,
    click: Click,
) -> Receipt:
    about = of_request(correction.number, correction.command_id, correction.comment)
    command = kind(
        **about.given(correction.command_id, actor_id),
        content=correction.content,
        content_version=correction.content_version,
        comment=correction.comment,
    )
    files = partial(attach, correction.command_id, actor_id, about.state.request_id)
    return issue(command, click, about, files)


def withdraw(
    number: str, command_id: str, comment: str, actor_id: str, click: Click, via: Via = Via.WEB
) -> Receipt:
    """Take one's own request back."""
    about = of_request(number, command_id, comment)
    command = commands.Withdraw(**about.given(command_id, actor_id, via), comment=comment)
    return issue(command, click, about)


def cancel(
    number: str, reason: str, command_id: str, actor_id: str, click: Click, via: Via = Via.WEB
) -> Receipt:
    """End a request with a reason, as an administrator."""
    about = of_request(number, command_id, reason)
    command = commands.Cancel(**about.given(command_id, actor_id, via), reason=reason)
    return issue(command, click, about)


def hold(number: str, reason: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Stop a request's clocks with a reason, as an administrator."""
    about = of_request(number, command_id, reason)
    return issue(commands.Hold(**about.given(command_id, actor_id), reason=reason), click, about)


def resume(number: str, text: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Let the clocks run on, or, where nobody could be asked, have routing try again."""
    about = of_request(number, command_id, text)
    return issue(commands.Resume(**about.given(command_id, actor_id), comment=text), click, about)


def comment(
    number: str,
    text: str,
    command_id: str,
    actor_id: str,
    click: Click,
    files: tuple[KeptFile, ...] = (),
    via: Via = Via.WEB,
) -> Receipt:
    """Say something, with files, to everybody who may see the request."""
    about = of_request(number, command_id, text)
    command = commands.Comment(
        **about.given(command_id, actor_id, via),
        comment=text,
        files=tuple(file.as_value() for file in files),
    )
    also = partial(attach, command_id, actor_id, about.state.request_id) if files else None
    return issue(command, click, about, also)


def remind(number: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Nudge everybody who is asked now, as the requester."""
    about = of_request(number, command_id)
    return issue(commands.Remind(**about.given(command_id, actor_id)), click, about)


def override(given: OverrideInput, actor_id: str, click: Click) -> Receipt:
    """Decide in place of others, as an administrator who has just shown who they are. Raises
    Refused, also where what they showed is less than one of the stages that are decided asks for.
    """
    about = of_request(given.number, given.command_id, given.reason)
    needed, proof = step_up_over(about, given.stage_key), given.proof
    command = _over(about, given, actor_id, proof)
    counts = not about.is_used and given.content_version == about.state.content_version
    if counts and not is_proven(needed, proof, given_over(command, about.state)):
        raise Refused(Refusal.NOT_SIGNED, given.reason)
    return issue(command, click, about)


def step_up_over(about: RequestSnapshot, stage_key: str | None) -> StepUp:
    """What a decision in place of others has to show: as much as any stage that it decides, and
    never less than a fresh check."""
    plans = [stage.plan for stage in about.state.under_way]
    needed = [plan.step_up for plan in plans if stage_key in (None, plan.key)]
    if stage_key is None:
        needed += [stage.step_up for stage in policy_of(about.state.policy_version_id).stages]
    return strongest([StepUp.RECENT, *needed])


def override_to_sign(about: RequestSnapshot, given: OverrideInput, actor_id: str) -> SignedDecision:
    """The decision in place of others as it is signed. Raises Refused where it would come to
    nothing, however it is signed."""
    command = _over(about, given, actor_id, None)
    require_usable(codec.encode(command))
    try:
        admitted(about, command)
    except Refused as refused:
        if refused.reason is not Refusal.NOT_SIGNED:
            raise
    return given_over(command, about.state)


def _over(
    about: RequestSnapshot, given: OverrideInput, actor_id: str, proof: DecisionProof | None
) -> commands.Override:
    return commands.Override(
        **about.given(given.command_id, actor_id),
        decision=given.decision,
        stage_key=given.stage_key,
        reason=given.reason,
        content_version=given.content_version,
        proof=proof,
    )


def review_people(number: str, command_id: str, actor_id: str, click: Click) -> Receipt:
    """Have it looked at again who is asked, as an administrator."""
    about = of_request(number, command_id)
    command = commands.ReviewPeople(**about.given(command_id, actor_id), cause=REVIEW_CAUSE)
    return issue(command, click, about)


def move_to_policy(move: PolicyMove, actor_id: str, click: Click) -> MovedRequests:
    """Let the newest version of their policy hold for open requests, as an administrator.

    A form that was sent before changes nothing more.
    """
    numbers = move.numbers[:MOST_MOVED]
    behind = {row.number: row for row in db.session.execute(_behind(numbers))}
    given: list[tuple[commands.Command, RequestSnapshot]] = []
    left: list[tuple[str, str]] = []
    for number, about in of_requests(numbers).items():
        if number not in behind:
            left.append((number, NEWEST))
            continue
        command = _move(move, about, behind[number], actor_id)
        try:
            given.append((admitted(about, command), about))
        except Refused as refused:
            left.append((number, refused.sentence))
    if len(given) == 1:
        answer = issue(given[0][0], click, given[0][1])
        if answer.outcome == "refused" and answer.reason is not None:
            return MovedRequests((), (*left, (answer.number, REFUSAL_SENTENCES[answer.reason])))
    else:
        store(given, click)
        db.session.commit()
    return MovedRequests(tuple(about.number for _, about in given), tuple(left))


def policy_of(version_id: str) -> Policy:
    """A published version. Raises InvalidPolicy where there is none of that id."""
    return load_policy(db.session.connection(), version_id)


def difference_of(from_id: str, to_id: str) -> PolicyDifference:
    """What the one version says otherwise than the other."""
    return difference(policy_of(from_id), policy_of(to_id))


def _move(
    move: PolicyMove, about: RequestSnapshot, row: Row[Any], actor_id: str
) -> commands.MoveToPolicy:
    command_id = str(uuid5(UUID(move.command_id), about.state.request_id))
    return commands.MoveToPolicy(
        **about.given(command_id, actor_id),
        policy_version_id=row.newest_id,
        from_version_id=row.policy_version_id,
        version=row.newest,
        stages=tuple(stage.key for stage in policy_of(row.newest_id).stages),
        same=difference_of(row.policy_version_id, row.newest_id).same,
        reason=move.reason,
    )


def _behind(numbers: Iterable[str]) -> Select[*tuple[Any, ...]]:
    """The version that each follows, and the one that new requests of its type follow."""
    newest = aliased(PolicyVersion)
    return (
        select(Request.number, Request.policy_version_id, newest.id.label("newest_id"),
               newest.version.label("newest"))
        .join(PolicyVersion, PolicyVersion.id == Request.policy_version_id)
        .join(RequestType, RequestType.id == PolicyVersion.request_type_id)
        .join(newest, newest.id == RequestType.policy_version_id)
        .where(Request.number.in_(numbers), newest.version > PolicyVersion.version)
    )  # fmt: skip


def _take_draft(new: NewRequest) -> bool:
    """Delete the draft in the version that was checked; False where it is not there any more."""
    statement = (
        delete(Draft)
        .where(
            Draft.id == new.draft_id,
            Draft.user_id == new.requester_id,
            Draft.type_code == new.type_code,
            Draft.updated_at == new.draft_version,
        )
        .returning(Draft.id)
    )
    return db.session.execute(statement).one_or_none() is not None


def _numbered(new: NewRequest) -> tuple[str, str]:
    """The type's next number, such as "PR-2052", and the key of the policy's first stage."""
    values = {"version": new.policy_version_id, "type": new.type_code}
    [(prefix, number, key)] = _NUMBERING.ask(db.session.connection(), values)
    return f"{prefix}-{number}", key or ""


def _numbering() -> ReturningUpdate[Any]:
    version = bindparam("version", type_=Uuid(as_uuid=False))
    stages = select(PolicyVersion.definition["stages"][0]["key"].astext)
    first_stage = stages.where(PolicyVersion.id == version).scalar_subquery()
    return (
        update(RequestType)
        .where(RequestType.code == bindparam("type"))
        .values(next_number=RequestType.next_number + 1)
        .returning(
            RequestType.prefix, (RequestType.next_number - 1).label("number"),
            first_stage.label("first_stage"),
        )
    )  # fmt: skip


_NUMBERING = Question(_numbering())
