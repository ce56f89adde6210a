"""One person's own requests, and those that others made on their behalf, newest first.

Each view is one statement over the indexes that begin with the person. A page begins behind the
request `before`, so rows are neither skipped nor repeated while others appear.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    literal,
    literal_column,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from portal.domain.request.commands import Submit
from portal.domain.request.state import Status
from portal.extensions import Question, db
from portal.models import Command, Request, RequestType, User
from portal.models.requests import OPEN
from portal.queries import own_texts

PAGE = 50
# The person who asked has the turn.
TURN = "status = 'RETURNED' OR questions <> '[]'"
WAITING_SHOWN = 20


class MyRequestsView(StrEnum):
    """A part of the list."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"
    DRAFTS = "drafts"


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRequest:
    """A row. `amount` is in minor units; `waiting_for`: {"id", "name"} of everybody asked."""

    id: str
    number: str
    title: str
    type_name: str
    policy_version_id: str
    amount: int | None
    currency: str | None
    priority: str
    status: Status
    stage_name: str | None
    stage_due_at: datetime | None
    waiting_for: list[dict[str, Any]]
    waiting_since: datetime | None
    settles_at: datetime | None
    attention: str | None
    hold_reason: str | None
    returned_by: str | None
    questions: list[dict[str, Any]]
    requester_id: str
    requester_name: str
    on_behalf_of_name: str | None
    submitted_at: datetime
    closed_at: datetime | None

    @property
    def is_turn(self) -> bool:
        """Whether it waits for whoever asked: to be changed, or for an answer."""
        return self.status is Status.RETURNED or bool(self.questions)


@dataclass(frozen=True, slots=True)
class WaitingSubmit:
    """A request that was sent and has not begun yet."""

    command_id: str
    number: str
    title: str
    type_name: str | None
    amount: int | None
    currency: str | None
    created_at: datetime
    policy_version_id: str | None


def page(
    person_id: str, view: MyRequestsView, before: str | None = None
) -> tuple[tuple[MyRequest, ...], str | None]:
    """Up to `PAGE` requests, those that wait for the person first, and the `before` of the next
    page.

    The first page of the open view has on top all requests (up to another `PAGE`) that were sent
    back, or about which somebody asked something.
    """
    values = {"person": person_id} | ({"before": before} if before else {})
    found = _question(view, before is not None).ask(db.session.connection(), values)
    records = (MyRequest(**{**row._asdict(), "status": Status(row.status)}) for row in found)
    rows = [own_texts.as_read(each, "type_name", "stage_name") for each in records]
    first = [row for row in rows if view is MyRequestsView.OPEN and row.is_turn]
    rest = [row for row in rows if row not in first]
    following = rest[PAGE - 1].id if len(rest) > PAGE else None
    return (*first, *rest[:PAGE]), following


def waiting_submits(person_id: str) -> tuple[WaitingSubmit, ...]:
    """What the person sent and what has not begun, newest first."""
    rows = _waiting().ask(db.session.connection(), {"person": person_id})
    return tuple(own_texts.as_read(WaitingSubmit(*row), "type_name") for row in rows)


def _person() -> Any:
    return bindparam("person", type_=Uuid(as_uuid=False))


@cache
def _question(view: MyRequestsView, behind: bool) -> Question:
    return Question(_statement(view, behind))


def _statement(view: MyRequestsView, behind: bool) -> Select[*tuple[Any, ...]]:
    """The rows of a view: for each of the two ways to own a request, a walk along its index."""
    parts = []
    for column in (Request.requester_id, Request.on_behalf_of):
        if view is MyRequestsView.OPEN:
            parts.append(_walk(column, text(f"NOT ({TURN})"), text(OPEN), behind=behind))
            if not behind:
                parts.append(_walk(column, text(f"({TURN})"), text(OPEN), behind=False))
        else:
            closed = Request.closed_at.is_not(None) if view is MyRequestsView.CLOSED else true()
            parts.append(_walk(column, closed, behind=behind))
    mine = union_all(*parts).subquery("mine")
    behalf = aliased(User)
    own = [name for name in MyRequest.__dataclass_fields__ if name != "on_behalf_of_name"]
    return (
        select(*(getattr(Request, name) for name in own), behalf.name.label("on_behalf_of_name"))
        .join(mine, mine.c.id == Request.id)
        .outerjoin(behalf, behalf.id == Request.on_behalf_of)
        .order_by(Request.submitted_at.desc(), Request.id.desc())
    )


def _walk(column: Any, *conditions: Any, behind: bool) -> Select[Any]:
    """Ids in the order of the index that begins with the person.

    The person is a range of one, not an equal: by an equal, the planner may take the index on the
    time alone for as good, and walk through everybody's requests to find those of a newcomer.
    """
    newest = (column.desc(), Request.submitted_at.desc(), Request.id.desc())
    walk = select(Request.id).where(column >= _person(), column <= _person(), *conditions)
    if behind:
        walk = walk.where(_older(column))
    return select(walk.order_by(*newest).limit(PAGE + 1).subquery().c.id)


def _older(column: Any) -> ColumnElement[bool]:
    """Behind the request `before`, whose time is looked up by its id."""
    other = aliased(Request)
    key = bindparam("before", type_=Uuid(as_uuid=False))
    at = select(other.submitted_at).where(other.id == key).scalar_subquery()
    return tuple_(column, Request.submitted_at, Request.id) < tuple_(_person(), at, key)


@cache
def _waiting() -> Question:
    content = Command.payload["content"]
    return Question(
        select(
            Command.id,
            Command.number,
            content["title"].astext,
            RequestType.name,
            content["amount"].as_integer(),
            content["currency"].astext,
            Command.created_at,
            RequestType.policy_version_id,
        )
        .outerjoin(RequestType, RequestType.code == Command.payload["type_code"].astext)
        .where(
            Command.actor_id == _person(),
            Command.applied_at.is_(None),
            Command.kind == literal_column(f"'{Submit.__name__}'"),
        )
        .order_by(Command.created_at.desc())
        .limit(literal(WAITING_SHOWN))
    )
