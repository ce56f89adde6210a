"""What an absence would make of the tasks that are open now, asked of the rules themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.directory import Absence
from portal.domain.request import apply as approval
from portal.domain.request.commands import StartDelegation
from portal.domain.request.events import SYSTEM, CommandRefused
from portal.domain.request.state import Approval
from portal.domain.routing.delegates import covers
from portal.extensions import db
from portal.models import Request, Task
from portal.models.columns import new_id
from portal.models.states import kept_states
from portal.services.away import Wish

MOST = 100

WHY = {
    Refusal.EXCLUDED: "asked for it, or may not decide it for another reason",
    Refusal.ALREADY_ASKED: "is asked in the same stage already, and has one vote there",
}
OTHER_TYPE = "the delegation is not about this type of request"
OTHER_AMOUNT = "the amount is above the limit of the delegation, or in another currency"
ANOTHERS = "you have it for somebody else, and it is not passed on"


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open task and, where it stays, why."""

    number: str
    title: str
    requester_name: str
    amount: int | None
    currency: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The open tasks that would move and those that would not; `unseen`: more of them."""

    moving: tuple[OpenTask, ...]
    staying: tuple[OpenTask, ...]
    unseen: int


def preview(wish: Wish, delegate: str) -> Preview:
    """Look at the tasks the person has now; `delegate` is the other's name."""
    mine = (Task.assignee_id == wish.delegator_id, Task.status == "OPEN")
    rows = db.session.execute(
        select(
            Task.id, Task.request_id, Task.acting_for, Request.number, Request.title,
            Request.requester_name, Request.amount, Request.currency, Request.type_code,
        )
        .join(Request, Request.id == Task.request_id)
        .where(*mine)
        .order_by(Task.due_at, Task.id)
        .limit(MOST)
    ).all()  # fmt: skip
    states = kept_states(db.session.connection(), (row.request_id for row in rows))
    found = [
        OpenTask(
            row.number, row.title, row.requester_name, row.amount, row.currency,
            _why_not(row, states.get(row.request_id), wish, delegate),
        )
        for row in rows
    ]  # fmt: skip
    count = db.session.scalar(select(func.count()).select_from(Task).where(*mine)) or 0
    return Preview(
        moving=tuple(each for each in found if not each.why),
        staying=tuple(each for each in found if each.why),
        unseen=max(0, count - len(rows)),
    )


def _why_not(row: Any, state: Approval | None, wish: Wish, delegate: str) -> str:
    if row.acting_for is not None:
        return ANOTHERS
    absence = Absence(
        id="",
        delegator_id=wish.delegator_id,
        delegate_id=wish.delegate_id,
        ends_at=wish.period.ends_at,
        type_codes=wish.type_codes,
        max_amount=wish.max_amount,
        currency=wish.currency,
    )
    if not covers(absence, row.type_code, row.amount, row.currency):
        return OTHER_AMOUNT if covers(absence, row.type_code, None, None) else OTHER_TYPE
    return "" if state is None else _refused(state, row.id, wish, delegate)


def _refused(state: Approval, task_id: str, wish: Wish, delegate: str) -> str:
    now = datetime.now(UTC)
    command = StartDelegation(
        command_id=new_id(),
        request_id=state.request_id,
        actor_id=SYSTEM,
        on_behalf_of=wish.delegator_id,
        at=now,
        task_id=task_id,
        delegation_id="",
        delegate_id=wish.delegate_id,
    )
    for event in approval.apply(state, command, now):
        if isinstance(event, CommandRefused):
            reason = Refusal(event.reason)
            words = WHY.get(reason)
            return f"{delegate} {words}" if words else REFUSAL_SENTENCES[reason]
    return ""
