"""What approvers asked the requester and is not answered yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wtforms.form import BaseForm

from portal.forms.inform import answer_form
from portal.presenters.form_keys import new_key


@dataclass(frozen=True, slots=True)
class Question:
    """A question, with the form that answers it and the form's one-time key."""

    task_id: str
    name: str
    text: str
    at: datetime
    form: BaseForm
    key: str


def questions(stored: Sequence[dict[str, Any]], typed: BaseForm | None) -> list[Question]:
    """The questions as the request's row keeps them; `typed`: an answer that was not right yet."""
    return [_question(each, typed) for each in stored]


def _question(each: dict[str, Any], typed: BaseForm | None) -> Question:
    form = answer_form(each["task_id"])
    if typed is not None and typed["comment"].id == form["comment"].id:
        form = typed
    at = datetime.fromisoformat(each["at"])
    return Question(each["task_id"], each["name"], each["text"], at, form, new_key())
