"""What was said about a request, with what it was said with, and the questions still open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wtforms.form import BaseForm

from portal.domain.request.catalogue import ABOUT, DECIDED
from portal.forms.inform import answer_form
from portal.presentation.labels import words_of
from portal.presentation.parts import Remark
from portal.presenters.answer import new_key
from portal.queries.comments import CommentEntry
from portal.queries.request import TaskRecord
from portal.translation import _, lazy

# What a comment of one's own came with, by `portal.comments.about`: a sentence each, as "You" does
# not stand before the words for others in every language.
OWN: dict[str, str] = {
    "approve": lazy("You approved"),
    "reject": lazy("You rejected"),
    "send_back": lazy("You returned it"),
    "reassigned": lazy("You reassigned a task"),
    "delegated": lazy("You delegated a task"),
    "given_back": lazy("You ended a delegation"),
    "asked": lazy("You asked a question"),
    "answered": lazy("You answered"),
    "added": lazy("You added an approver"),
    "resubmitted": lazy("You submitted it again"),
    "amended": lazy("You edited it"),
    "held": lazy("You put it on hold"),
    "resumed": lazy("You resumed it"),
    "moved_policy": lazy("You moved it to a newer policy"),
    "overridden": lazy("You decided in place of the approvers"),
    "withdrawn": lazy("You withdrew it"),
    "cancelled": lazy("You cancelled it"),
    "undone": lazy("You decided, then undid it"),
}


def remarks(
    said: Iterable[CommentEntry], tasks: Sequence[TaskRecord], me: str
) -> tuple[Remark, ...]:
    """The conversation, oldest first; the comments of decisions name their stage."""
    stages = {(task.decided_by, task.decided_at): task for task in tasks if task.decided_at}
    return tuple(_remark(each, stages.get((each.author_id, each.at)), me) for each in said)


def _remark(said: CommentEntry, task: TaskRecord | None, me: str) -> Remark:
    stage = task.stage_name if task is not None and said.about in DECIDED else ""
    name = said.name or _("The system")
    is_own = said.author_id == me
    return Remark(
        str(OWN.get(said.about, _("You"))) if is_own else name,
        said.at,
        said.text,
        label=_own_label(said.about, stage) if is_own else _label(said.about, stage),
        is_own=is_own,
        initials="".join(part[0] for part in name.split()[:2]).upper(),
    )


def _own_label(about: str, stage: str) -> str:
    """What stands beside the sentence about oneself: the stage, or what has no sentence."""
    return stage if about in OWN else _label(about, stage)


def _label(about: str, stage: str) -> str:
    words = ABOUT.get(about, words_of(about).lower())
    label = _(words) if words else ""
    return _("%(did)s, %(stage)s", did=label, stage=stage) if stage else label


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question, with the form that answers it and the form's one-time key."""

    task_id: str
    name: str
    text: str
    at: datetime
    form: BaseForm
    key: str


def questions(stored: Sequence[dict[str, Any]], typed: BaseForm | None) -> list[OpenQuestion]:
    """The questions as the request's row keeps them; `typed`: an answer that was not right yet."""
    return [_question(each, typed) for each in stored]


def _question(each: dict[str, Any], typed: BaseForm | None) -> OpenQuestion:
    form = answer_form(each["task_id"])
    if typed is not None and typed["comment"].id == form["comment"].id:
        form = typed
    at = datetime.fromisoformat(each["at"])
    return OpenQuestion(each["task_id"], each["name"], each["text"], at, form, new_key())
