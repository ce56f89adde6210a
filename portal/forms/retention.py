"""Forms about what is kept: a legal hold, the days of each type, and the reason of an erasure."""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.form import BaseForm

from portal.domain.proof.retention import LONGEST_DAYS, LONGEST_REASON, HoldScope, Retention
from portal.forms.building import options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    DayField,
    LineField,
    LinesField,
    OptionsField,
    Required,
    WholeNumberField,
)
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

LEAST_DAYS = 30


class WhyForm(Form):
    """Why something is lifted or erased."""

    reason: Any = unbound(
        LinesField,
        lazy("Reason"),
        [Required(lazy("enter a reason; administrators and auditors read it")),
         AtMost(LONGEST_REASON)],
        lazy("Administrators and auditors can read it."),
    )  # fmt: skip


def hold_form(
    scope: HoldScope,
    people: PeopleSource,
    names: Sequence[str],
    types: Mapping[str, str],
    typed: "MultiDict[str, str] | None" = None,
    **values: object,
) -> BaseForm:
    """What is held, why, and until when; `names`: whom the form suggests."""
    why = _("enter a reason; administrators and auditors read it")
    until = _("It ends on that day by itself. Leave empty to keep it until somebody lifts it.")
    form = BaseForm(
        _subject(scope, people, names, types)
        | {
            "reason": unbound(LinesField, _("Reason"), [Required(why), AtMost(LONGEST_REASON)]),
            "until": unbound(DayField, _("Until"), [Allowed()], until),
        }
    )
    form.process(typed, data=values)
    return form


def _subject(
    scope: HoldScope, people: PeopleSource, names: Sequence[str], types: Mapping[str, str]
) -> dict[str, Any]:
    if scope is HoldScope.REQUEST:
        rules = [Required(_("enter the number of a request")), AtMost(40)]
        return {"number": unbound(LineField, _("Request number"), rules)}
    if scope is HoldScope.PERSON:
        rules = [Required(_("enter a name from the list"))]
        return {
            "person": unbound(
                SomebodyField, _("Person"), rules, str(HINT), people=people, names=names
            )
        }
    listed = options(list(types.items()), first=_("Choose a request type"))
    return {"type": unbound(OptionsField, _("Request type"), [Required(_("choose one"))], **listed)}


def days_form(
    types: Mapping[str, Retention], typed: "MultiDict[str, str] | None" = None
) -> BaseForm:
    """For how many days each type keeps texts, files and whole requests, by `texts-CODE`,
    `files-CODE` and `requests-CODE`."""
    rules = [Allowed(), Between(LEAST_DAYS, LONGEST_DAYS)]
    labels = {
        "texts": _("Texts, in days"),
        "files": _("Files, in days"),
        "requests": _("Whole requests, in days"),
    }
    form = BaseForm(
        {
            f"{what}-{code}": unbound(WholeNumberField, label, rules)
            for code in types
            for what, label in labels.items()
        }
    )
    values = {f"texts-{code}": each.texts_days for code, each in types.items()}
    values |= {f"files-{code}": each.files_days for code, each in types.items()}
    values |= {f"requests-{code}": each.requests_days for code, each in types.items()}
    form.process(typed, data=values)
    return form
