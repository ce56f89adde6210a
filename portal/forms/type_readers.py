"""The form that says which groups see all requests of a type."""

from collections.abc import Mapping, Sequence

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.building import unbound
from portal.forms.fields import Allowed, SeveralField
from portal.translation import _


def readers_form(
    groups: Mapping[str, str], now: Sequence[str], typed: "MultiDict[str, str] | None"
) -> BaseForm:
    """Which of these groups (names by code) do, with those of `now` ticked."""
    hint = _("Their members see every request of this type with its files, in lists and in search.")
    field = unbound(
        SeveralField, _("Groups"), [Allowed()], hint, choices=dict(groups), validate_choice=False
    )
    form = BaseForm({"groups": field})
    form.process(typed, data={"groups": list(now)})
    return form
