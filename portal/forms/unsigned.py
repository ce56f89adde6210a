"""A decision from a link without signing in."""

from typing import Any

from wtforms import Form

from portal.forms.building import unbound
from portal.forms.decision import LONGEST
from portal.forms.fields import AtMost, LineField, LinesField, Required
from portal.translation import lazy


class UnsignedForm(Form):
    """A comment, and the end of the request's number, which no program that opens mails types."""

    comment: Any = unbound(LinesField, lazy("Comment"), [AtMost(LONGEST)])
    proof: Any = unbound(
        LineField,
        lazy("Last four characters of the request number"),
        [Required(lazy("enter the last four characters of the number")), AtMost(20)],
        lazy("The number is in the subject of the message."),
    )
