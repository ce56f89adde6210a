"""What programs asked for: each call is noted with its command, so that the same one is known."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid5

from sqlalchemy import Table, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.domain.codec import encode
from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage, WorkflowKind
from portal.extensions import Question, db
from portal.models import ApiCall, Attachment, PolicyVersion, RequestType
from portal.models.columns import new_id

# Ids follow from the program and its own name for the request, so that twins meet one key.
COMMANDS = UUID("6f0c4b4e-54a8-5a55-9a0e-2f8d9a2f7c10")
REQUESTS = UUID("6f0c4b4e-54a8-5a55-9a0e-2f8d9a2f7c11")
DIRECT, DIRECT_PREFIX = "direct", "DIRECT"
APPROVER = "approver"


_GIVEN = ("command_id", "token_id", "request_id", "external_id", "digest")
_TABLE = cast(Table, ApiCall.__table__)
_NOTED = Question(
    insert(_TABLE)
    .values({name: bindparam(name, type_=_TABLE.c[name].type) for name in _GIVEN})
    .on_conflict_do_nothing()
    .returning(
        _TABLE.c.command_id,
        exists().where(Attachment.form_id == _TABLE.c.command_id).label("has_files"),
    )
)


class CallDiffers(Exception):
    """The same name or key was used before, with other values."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that changes something. `external_id`: the program's name for a new request."""

    token_id: str
    command_id: str
    request_id: str
    said: dict[str, Any]
    external_id: str | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of what it says."""
        text = json.dumps(self.said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def asking(token_id: str, external_id: str, said: dict[str, Any]) -> Call:
    """The call by which a program asks for an approval."""
    name = f"{token_id}:{external_id}"
    return Call(
        token_id=token_id,
        command_id=str(uuid5(COMMANDS, name)),
        request_id=str(uuid5(REQUESTS, name)),
        said=said,
        external_id=external_id,
    )


@dataclass(frozen=True, slots=True)
class Noted:
    """What was found of a call: its first time, and whether files were uploaded for it before."""

    is_first: bool
    has_files: bool = False


def note(call: Call) -> Noted:
    """Note a call in the caller's transaction, where this is its first time. Of calls at the same
    moment the others wait here. Raises CallDiffers where it said something else before."""
    row = {
        "command_id": call.command_id, "token_id": call.token_id, "request_id": call.request_id,
        "external_id": call.external_id, "digest": call.digest,
    }  # fmt: skip
    noted = _NOTED.one_or_none(db.session.connection(), row)
    if noted is not None:
        return Noted(True, noted.has_files)
    before = db.session.execute(
        select(ApiCall.token_id, ApiCall.request_id, ApiCall.digest).where(
            ApiCall.command_id == call.command_id
        )
    ).one_or_none()
    if before is None or tuple(before) != (call.token_id, call.request_id, call.digest):
        raise CallDiffers
    return Noted(False)


def is_made(call: Call) -> bool:
    """Whether the request of such a call is there. One that is being made is waited for: tried is
    its key, and the caller's transaction is rolled back."""
    try:
        return not note(call).is_first
    except CallDiffers:
        return True
    finally:
        db.session.rollback()


def have_direct_type() -> None:
    """Make the type of requests to one named approver, where it is not there yet, in the caller's
    transaction. It is retired from the first: no page offers it."""
    ids = {"type": new_id(), "version": new_id()}
    row = {
        "id": ids["type"], "code": DIRECT, "name": "Direct approval", "prefix": DIRECT_PREFIX,
        "description": "What another program asks one named person.", "is_active": False,
        "workflow": WorkflowKind.SIMPLE.value,
    }  # fmt: skip
    made = insert(RequestType).values(row).on_conflict_do_nothing().returning(RequestType.id)
    if db.session.execute(made).one_or_none() is None:
        return
    version = {
        "id": ids["version"], "request_type_id": ids["type"], "version": 1, "name": row["name"],
        "description": row["description"], "form": encode(FORM), "definition": encode(POLICY),
        "published_at": func.now(),
    }  # fmt: skip
    db.session.execute(insert(PolicyVersion).values(version))
    in_force = update(RequestType).where(RequestType.id == ids["type"])
    db.session.execute(in_force.values(policy_version_id=ids["version"]))


FORM = (
    FormField(name=APPROVER, label="Approver", kind=FieldKind.PERSON),
    FormField(name="amount", label="Amount", kind=FieldKind.MONEY, is_amount=True, required=False),
    FormField(name="details", label="Details", kind=FieldKind.LONG_TEXT, required=False,
              max_length=4000),
)  # fmt: skip
POLICY = Policy(
    stages=(
        Stage(
            key=APPROVER,
            name="Approver",
            rules=(
                ApproverRule(kind=RuleKind.CHOSEN, form_field=APPROVER, label="the approver named"),
            ),
        ),
    )
)
