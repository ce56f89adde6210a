"""The name of a view."""

from typing import Any

from wtforms import Form

from portal.forms.building import unbound
from portal.forms.fields import AtMost, LineField, Required
from portal.translation import lazy

LONGEST = 60


class SavedViewForm(Form):
    """What somebody calls a filter."""

    name: Any = unbound(
        LineField, lazy("Name of the view"), [Required(lazy("enter a name")), AtMost(LONGEST)]
    )
