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
from portal.translation import _


def remarks(
    said: Iterable[CommentEntry], tasks: Sequence[TaskRecord], me: str
) -> tuple[Remark, ...]:
    """The conversation, oldest first; the comments of decisions name their stage."""
    stages = {(task.decided_by, task.decided_at): task for task in tasks if task.decided_at}
    return tuple(_remark(each, stages.get((each.author_id, each.at)), me) for each in said)


def _remark(said: CommentEntry, task: TaskRecord | None, me: str) -> Remark:
    about = ABOUT.get(said.about, words_of(said.about).lower())
    label = _(about) if about else ""
    if task is not None and said.about in DECIDED:
        label = _("%(did)s, %(stage)s", did=label, stage=task.stage_name)
    name = said.name or _("The system")
    is_you = said.author_id == me
    return Remark(
        _("You") if is_you else name,
        said.at,
        said.text,
        label=label,
        initials="".join(part[0] for part in name.split()[:2]).upper(),
    )


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
