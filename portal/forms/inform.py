"""A question to the requester, and the answer to it."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.form import BaseForm

from portal.forms.building import unbound
from portal.forms.fields import AtMost, LinesField, Required
from portal.translation import _, lazy

LONGEST = 10_000


class QuestionForm(Form):
    """What an approver wants to know."""

    comment: Any = unbound(
        LinesField,
        lazy("Your question"),
        [Required(lazy("enter your question")), AtMost(LONGEST)],
        lazy("Everyone who can see the request can read the question and the answer."),
    )


def answer_form(task_id: str, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
    """The answer to one of several questions: each has an id of its own on the page."""
    rules = [Required(_("enter your answer")), AtMost(LONGEST)]
    form = BaseForm(
        {"comment": unbound(LinesField, _("Your answer"), rules, id=f"answer-{task_id}")}
    )
    form.process(typed)
    return form
