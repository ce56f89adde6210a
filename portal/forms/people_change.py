"""The small forms of a person's page: a new manager, and the reason of a change."""

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.form import BaseForm

from portal.forms.building import unbound
from portal.forms.fields import Allowed, AtMost, LineField
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

LONGEST = 200


class ChangeForm(Form):
    """Why a person is changed."""

    reason: Any = unbound(
        LineField,
        lazy("Reason"),
        [Allowed(), AtMost(LONGEST)],
        lazy("Administrators and auditors can read it."),
    )


def manager_form(
    people: PeopleSource, names: Sequence[str], typed: "MultiDict[str, str] | None"
) -> BaseForm:
    """Who is the manager? Empty for nobody."""
    hint = _("%(hint)s Leave empty for nobody.", hint=HINT)
    field = unbound(SomebodyField, _("New manager"), [Allowed()], hint, people=people, names=names)
    form = BaseForm({"person": field})
    form.process(typed)
    return form
