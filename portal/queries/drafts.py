"""Forms that were filled in and not sent yet. A draft is seen by its owner only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, Uuid, bindparam, exists, select

from portal.extensions import Question, db
from portal.models import Command, Draft, RequestType
from portal.queries import own_texts

LISTED = 100


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft. `values`: what was typed, by the name of the HTML field."""

    id: str
    type_code: str
    type_name: str
    values: dict[str, str]
    updated_at: datetime
    policy_version_id: str | None

    @property
    def title(self) -> str:
        """The title as typed so far."""
        return self.values.get("title", "").strip() or "Without a title"


def find(draft_id: str, owner_id: str) -> DraftRecord | None:
    """The owner's draft of that id; None for anybody else's, and once it was sent."""
    values = {"draft": draft_id, "owner": owner_id}
    row = _ONE.one_or_none(db.session.connection(), values)
    return None if row is None else _read(row)


def listed(owner_id: str, limit: int = LISTED) -> tuple[DraftRecord, ...]:
    """The owner's drafts, the last changed first."""
    rows = _LISTED.ask(db.session.connection(), {"owner": owner_id, "most": limit})
    return tuple(_read(row) for row in rows)


def _read(row: Any) -> DraftRecord:
    return own_texts.as_read(DraftRecord(*row), "type_name")


def _mine() -> Select[*tuple[Any, ...]]:
    # A form saved in one window while it is sent in another leaves a draft that means nothing.
    sent = exists().where(Command.id == Draft.id)
    return (
        select(
            Draft.id,
            Draft.type_code,
            RequestType.name,
            Draft.values,
            Draft.updated_at,
            RequestType.policy_version_id,
        )
        .join(RequestType, RequestType.code == Draft.type_code)
        .where(Draft.user_id == bindparam("owner", type_=Uuid(as_uuid=False)), ~sent)
    )


_ONE = Question(_mine().where(Draft.id == bindparam("draft", type_=Uuid(as_uuid=False))))
_LISTED = Question(
    _mine().order_by(Draft.updated_at.desc()).limit(bindparam("most", type_=Integer))
)
