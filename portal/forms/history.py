"""The filters of the history, read from the address."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from wtforms.form import BaseForm

from portal.domain.request.state import Status
from portal.forms.building import options, unbound
from portal.forms.fields import AtMost, DayField, LineField, OptionsField
from portal.translation import _

LONGEST = 100


class FilterForm(BaseForm):
    """Filters in an address. Wrong values have an error and filter nothing."""

    def given(self, name: str) -> Any:
        """A field's value, or None where it is empty or wrong."""
        drawn = self[name]
        return None if drawn.errors or drawn.data in (None, "") else drawn.data

    def text_of(self, name: str) -> str:
        """A field's value as it stands in the address."""
        value = self.given(name)
        return value.isoformat() if isinstance(value, date) else str(value or "")

    def values(self) -> dict[str, str]:
        """Every filter that is set, as it stands in the address."""
        texts = {name: self.text_of(name) for name in self.data}
        return {name: text for name, text in texts.items() if text}


class HistoryForm(FilterForm):
    """Status, type, person, days and text. Wrong values have an error and filter nothing."""

    def __init__(self, types: Mapping[str, str], statuses: Mapping[Status, str]) -> None:
        listed = options([(key.value, words) for key, words in statuses.items()], _("Any status"))
        kinds = options(list(types.items()), _("Any type"))
        short = [AtMost(LONGEST)]
        super().__init__(
            {
                "text": unbound(LineField, _("Number or words"), short),
                "status": unbound(OptionsField, _("Status"), (), **listed),
                "type": unbound(OptionsField, _("Type"), (), **kinds),
                "person": unbound(LineField, _("Requester"), short),
                "from": unbound(DayField, _("Submitted from"), ()),
                "to": unbound(DayField, _("Submitted until"), ()),
            }
        )
