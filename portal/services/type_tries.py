"""An invented request by a type's draft: who would be asked, without making anything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portal.directory.planner import predict_draft
from portal.domain.policy.types import TypeContent
from portal.domain.request.state import Content, Priority
from portal.domain.routing.plan import Attention, RouteQuestion, StagePlan, StageSkip
from portal.extensions import db


class Invented(Protocol):
    """A request that nobody sends."""

    @property
    def content(self) -> Content:
        """What it says."""

    @property
    def asker_id(self) -> str:
        """Who would send it."""

    @property
    def priority(self) -> Priority:
        """How pressing it is."""


def route(
    content: TypeContent, code: str, invented: Invented, now: datetime
) -> Sequence[StageSkip | StagePlan | Attention]:
    """Every stage as it would be if it came now. Raises InvalidPolicy as routing does."""
    asked = invented.content
    question = RouteQuestion(
        request_id="",
        policy_version_id="",
        from_index=0,
        requester_id=invented.asker_id,
        title=asked.title,
        fields=asked.fields,
        amount=asked.amount,
        currency=asked.currency,
        priority=invented.priority.value,
        type_code=code,
        now=now,
    )
    return predict_draft(db.session.connection(), content, question)
