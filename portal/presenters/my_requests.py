"""Rows of "My requests": records put into the words that a reader of their own list needs."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from flask import url_for

from portal.domain.request.state import Status
from portal.presenters.waiting_on import turn_of
from portal.queries.my_requests import MyRequest, WaitingSubmit
from portal.translation import _


class MyRequestsRow(NamedTuple):
    """One row. `status` is a label's name; `turn` for whom it waits, `since` when, `todo` what they
    have to do; `due_at`: when the stage is due."""

    title: str
    url: str
    number: str
    kind: str
    amount: int | None
    currency: str | None
    status: str
    since: datetime | None
    note: str = ""
    priority: str = "MEDIUM"
    turn: str = ""
    todo: str = ""
    due_at: datetime | None = None
    closed_at: datetime | None = None


def starting(submits: Iterable[WaitingSubmit]) -> Iterator[MyRequestsRow]:
    """What was sent and has not begun yet."""
    for each in submits:
        yield MyRequestsRow(
            title=each.title,
            url=url_for("requests.receipt", command_id=each.command_id),
            number=each.number,
            kind=each.type_name or "",
            amount=each.amount,
            currency=each.currency,
            status="STARTING",
            since=each.created_at,
        )


def rows(requests: Iterable[MyRequest], me: str) -> Iterator[MyRequestsRow]:
    """Requests as they stand."""
    for each in requests:
        turn = turn_of(each, me)
        yield MyRequestsRow(
            title=each.title,
            url=f"/requests/{each.number}",
            number=each.number,
            kind=each.type_name,
            note=_note(each, me),
            priority=each.priority,
            amount=each.amount,
            currency=each.currency,
            status=_status(each),
            turn=turn.name,
            todo=turn.todo,
            since=_asked_since(each) or each.waiting_since if turn.name else None,
            due_at=each.stage_due_at if each.status is Status.PENDING else None,
            closed_at=each.closed_at,
        )


def _status(each: MyRequest) -> str:
    if each.closed_at is None and each.attention:
        return "ATTENTION"
    return "QUESTION" if each.questions and each.status is Status.PENDING else each.status.value


def _asked_since(each: MyRequest) -> datetime | None:
    return datetime.fromisoformat(each.questions[0]["at"]) if each.questions else None


def _note(each: MyRequest, me: str) -> str:
    if each.requester_id != me:
        return _("requested by %(name)s", name=each.requester_name)
    if each.on_behalf_of_name:
        return _("for %(name)s", name=each.on_behalf_of_name)
    return ""
