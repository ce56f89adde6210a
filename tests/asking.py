"""A request type to ask with, and requests as the record activity would have left them.

A folder's conftest.py takes the fixtures over: ``from tests.asking import kind  # noqa: F401``.
"""

import io
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, text, update

from portal.domain.codec import encode
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import ApproverRule, Policy, Receivers, RuleKind, Stage
from portal.domain.request.state import Approval, Content, Status
from portal.extensions import db
from portal.models import Participant, PolicyVersion, Request, RequestState, RequestType
from portal.models.columns import new_id
from portal.models.states import state_row
from tests.pages_read import Page
from tests.web import People

CODE = "chairs"
FORM = (
    FormField(name="amount", label="Amount", kind=FieldKind.MONEY, currency="EUR", is_amount=True,
              min_value=1),
    FormField(name="reason", label="Reason", kind=FieldKind.LONG_TEXT, max_length=2000),
    FormField(name="offers", label="Offers", kind=FieldKind.ATTACHMENTS, required=False),
)  # fmt: skip
MANAGER = Stage(
    key="manager", name="Line manager",
    rules=(ApproverRule(kind=RuleKind.MANAGER, label="line manager"),), expire_after=60,
    receivers=Receivers.ANYONE,
)  # fmt: skip
FINANCE = Stage(
    key="finance", name="Finance", rules=(ApproverRule(kind=RuleKind.GROUP, code="finance"),),
    condition="amount >= 100000", condition_text="from €1,000.00", receivers=Receivers.ANYONE,
)  # fmt: skip
POLICY = Policy(stages=(MANAGER, FINANCE))
ANSWERS = {"title": "A chair", "amount": "120.00", "reason": "The old one broke."}
PDF = b"%PDF-1.7 an offer"


def insert_type(code: str = CODE, policy: Policy = POLICY, **columns: Any) -> dict[str, str]:
    """A type with a published policy; the ids of both. The caller commits."""
    ids = {"type": new_id(), "policy_version": new_id()}
    row = {"code": code, "name": code.title(), "prefix": code[:2].upper()}
    form = columns.pop("form", encode(FORM))
    db.session.execute(insert(RequestType).values(id=ids["type"], **(row | columns)))
    version = {"id": ids["policy_version"], "request_type_id": ids["type"], "version": 1}
    db.session.execute(
        insert(PolicyVersion).values(**version, form=form, definition=encode(policy))
    )
    mine = RequestType.id == ids["type"]
    in_force = {"policy_version_id": ids["policy_version"]}
    db.session.execute(update(RequestType).where(mine).values(**in_force))
    return ids


@pytest.fixture
def kind(app: Flask, people: People) -> dict[str, str]:
    """The type `CODE`, ready to be asked for."""
    with app.app_context():
        ids = insert_type()
        db.session.commit()
    return ids


def insert_request(kind: dict[str, str], requester: str, number: str, **columns: Any) -> str:
    """A row of the projection, and its state; its id. The caller commits."""
    row: dict[str, Any] = {
        "id": new_id(), "number": number, "type_code": CODE, "type_name": "Chairs",
        "policy_version_id": kind["policy_version"], "requester_id": requester,
        "requester_name": "Ana Example", "title": f"Chair {number}", "amount": 12000,
        "currency": "EUR", "fields": {"amount": 12000, "reason": "It broke.", "offers": []},
        "priority": "MEDIUM", "status": "PENDING", "round": 1, "content_version": 1,
        "content_hash": "0", "last_seq": 1, "last_hash": "0", "submitted_at": func.now(),
        "updated_at": func.now(),
    }  # fmt: skip
    row |= columns
    db.session.execute(insert(Request).values(**row))
    db.session.execute(insert(RequestState).values(**_state_row(row)))
    seen_by = {"request_id": row["id"], "user_id": requester, "submitted_at": row["submitted_at"]}
    db.session.execute(insert(Participant).values(**seen_by))
    return str(row["id"])


def move_requests(**columns: Any) -> None:
    """Let every request stand otherwise, in its row and in its state. The caller commits."""
    db.session.execute(update(Request).values(**columns))
    changes = {"changes": json.dumps(columns)}
    words = "UPDATE portal.request_states SET state = state || CAST(:changes AS jsonb)"
    db.session.execute(text(words), changes)


def _state_row(row: dict[str, Any]) -> dict[str, Any]:
    """The row of `portal.request_states` beside a row of the projection."""
    content = Content(
        title=row["title"], fields=row["fields"], amount=row["amount"], currency=row["currency"]
    )
    state = Approval(
        request_id=row["id"],
        seq=row["last_seq"],
        number=row["number"],
        type_code=row["type_code"],
        policy_version_id=row["policy_version_id"],
        requester_id=row["requester_id"],
        content=content,
        content_version=row["content_version"],
        status=Status(row["status"]),
        round=row["round"],
        attention=row.get("attention"),
    )
    return state_row(state)


def upload(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    """A file for a test client's form."""
    return io.BytesIO(data), name


def draft_of(page: Page) -> str:
    """The draft's id on a check page."""
    return page.form(f"/requests/new/{CODE}/submit").values["command_id"]
