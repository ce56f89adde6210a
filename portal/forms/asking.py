"""The whole form of a new request, and of one that was sent back."""

from collections.abc import Sequence
from typing import Any

from portal.domain.policy.forms import FormField
from portal.domain.request.state import Priority
from portal.forms.building import Surroundings, options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    DayField,
    LinesField,
    NotPast,
    OptionsField,
    PersonField,
    Required,
    SomebodyElse,
)
from portal.forms.request_form import RequestForm
from portal.translation import _, lazy

LONGEST_COMMENT = 10_000
PRIORITIES = (
    (Priority.LOW, lazy("Low")),
    (Priority.MEDIUM, lazy("Normal")),
    (Priority.HIGH, lazy("High")),
    (Priority.URGENT, lazy("Urgent")),
    (Priority.CRITICAL, lazy("Critical")),
)
# The fields that every new request has after those of its type.
AROUND = ("on_behalf_of", "priority", "due_at")


def new_request(fields: Sequence[FormField], priority: str, around: Surroundings) -> RequestForm:
    """Title, the type's fields, and for whom, how pressing and by when; `priority` is preset."""
    urgencies: Any = [(each.value, words) for each, words in PRIORITIES]
    more = {
        "on_behalf_of": unbound(
            PersonField,
            _("On behalf of"),
            [Allowed(), SomebodyElse(around.person_id)],
            _("Leave empty if the request is for you. Otherwise start typing a name."),
            people=around.people,
            names=around.names,
        ),
        "priority": unbound(
            OptionsField,
            _("Priority"),
            [Required(_("choose an option"))],
            default=priority,
            **options(urgencies, first=""),
        ),
        "due_at": unbound(
            DayField,
            _("Decision needed by"),
            [Allowed(), NotPast(around.today)],
            _("Approvers see this date."),
        ),
    }
    return RequestForm(fields, around, more)


def changed_request(fields: Sequence[FormField], around: Surroundings) -> RequestForm:
    """Title, the type's fields, and a word to those who decide."""
    hint = _("What you changed, or why you did not. All approvers can read it.")
    comment = unbound(LinesField, _("Comment"), [Allowed(), AtMost(LONGEST_COMMENT)], hint)
    return RequestForm(fields, around, {"comment": comment})
