"""Sending a draft: its number, its command, and what became of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, update

from portal.domain.request.click import Click
from portal.domain.request.commands import Submit
from portal.domain.request.values import Content, Priority
from portal.domain.routing.plan import RouteQuestion
from portal.extensions import db
from portal.models import Command, Draft, RequestType
from portal.models.columns import new_id
from portal.services import attachments
from portal.services.commands import Receipt, issue, receipt


class DraftGone(Exception):
    """The draft was changed, deleted or sent meanwhile: look at it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A checked form: what is asked for, by whom, for whom, under which policy.

    `draft_id` becomes the command's id. `draft_version` is when the draft last changed: another
    version is not what the person looked at.
    """

    draft_id: str
    draft_version: datetime
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


def submit(wish: Wish, click: Click) -> Receipt:
    """Turn the draft into a numbered request and hand its command on.

    Draft, number and command change in one transaction: a second press waits for the first and
    gets its receipt. The number's row is locked last, and so for the length of one commit only.
    Raises DraftGone.
    """
    if not _take(wish):
        db.session.rollback()
        return sent_before(wish.draft_id, wish.requester_id)
    request_id = new_id()
    if wish.has_files:
        attachments.attach(wish.draft_id, wish.requester_id, request_id)
    number = _next_number(wish.type_code)
    command = Submit(
        command_id=wish.draft_id,
        request_id=request_id,
        actor_id=wish.requester_id,
        on_behalf_of=wish.on_behalf_of,
        at=datetime.now(UTC),
        number=number,
        type_code=wish.type_code,
        policy_version_id=wish.policy_version_id,
        content=wish.content,
        module=wish.module,
        priority=wish.priority,
        due_at=wish.due_at,
    )
    return issue(command, click, number, wish.workflow)


def sent_before(command_id: str, person_id: str) -> Receipt:
    """The receipt of a form that this person has sent. Raises DraftGone where there is none."""
    sender = db.session.scalar(select(Command.actor_id).where(Command.id == command_id))
    found = receipt(command_id) if sender == person_id else None
    if found is None:
        raise DraftGone
    return found


def question_of(wish: Wish, now: datetime) -> RouteQuestion:
    """What to ask routing about a request that does not exist yet."""
    return RouteQuestion(
        request_id=wish.draft_id,
        policy_version_id=wish.policy_version_id,
        from_index=0,
        requester_id=wish.requester_id,
        on_behalf_of=wish.on_behalf_of,
        title=wish.content.title,
        fields=wish.content.fields,
        amount=wish.content.amount,
        currency=wish.content.currency,
        priority=wish.priority.value,
        type_code=wish.type_code,
        now=now,
    )


def _take(wish: Wish) -> bool:
    """Delete the draft in the version that was checked; False where it is not there any more."""
    statement = (
        delete(Draft)
        .where(
            Draft.id == wish.draft_id,
            Draft.user_id == wish.requester_id,
            Draft.type_code == wish.type_code,
            Draft.updated_at == wish.draft_version,
        )
        .returning(Draft.id)
    )
    return db.session.execute(statement).one_or_none() is not None


def _next_number(type_code: str) -> str:
    """The type's next number, such as "PR-2052"."""
    statement = (
        update(RequestType)
        .where(RequestType.code == type_code)
        .values(next_number=RequestType.next_number + 1)
        .returning(RequestType.prefix, RequestType.next_number - 1)
    )
    prefix, number = db.session.execute(statement).one()
    return f"{prefix}-{number}"
