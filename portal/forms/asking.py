"""The whole form of a new request, and of one that was sent back."""

from collections.abc import Sequence
from typing import Any

from portal.domain.policy.forms import FormField
from portal.domain.request.values import Priority
from portal.forms.building import Surroundings, options, unbound
from portal.forms.fields import DayField, LinesField, OptionsField, PersonField
from portal.forms.request_form import RequestForm
from portal.forms.rules import Allowed, AtMost, NotPast, Required, SomebodyElse

LONGEST_COMMENT = 10_000
PRIORITIES = (
    (Priority.LOW, "Low"),
    (Priority.MEDIUM, "Normal"),
    (Priority.HIGH, "High"),
    (Priority.URGENT, "Urgent"),
    (Priority.CRITICAL, "Critical"),
)
# The fields that every new request has after those of its type.
AROUND = ("on_behalf_of", "priority", "due_at")


def new_request(fields: Sequence[FormField], priority: str, around: Surroundings) -> RequestForm:
    """Title, the type's fields, and for whom, how pressing and by when; `priority` is preset."""
    urgencies: Any = [(each.value, words) for each, words in PRIORITIES]
    more = {
        "on_behalf_of": unbound(
            PersonField,
            "For someone else",
            [Allowed(), SomebodyElse(around.person_id)],
            "Leave it empty to ask for yourself. Otherwise start to write a name.",
            people=around.people,
            names=around.names,
        ),
        "priority": unbound(
            OptionsField,
            "Priority",
            [Required("choose one")],
            default=priority,
            **options(urgencies, first=""),
        ),
        "due_at": unbound(
            DayField,
            "Decision needed by",
            [Allowed(), NotPast(around.today)],
            "Only if a day matters. Those who decide see it.",
        ),
    }
    return RequestForm(fields, around, more)


def changed_request(fields: Sequence[FormField], around: Surroundings) -> RequestForm:
    """Title, the type's fields, and a word to those who decide."""
    hint = "What you changed, or why you did not. Everybody who decides reads it."
    comment = unbound(LinesField, "Comment", [Allowed(), AtMost(LONGEST_COMMENT)], hint)
    return RequestForm(fields, around, {"comment": comment})
