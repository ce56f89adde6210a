"""How the inbox is ordered and filtered, read from its address."""

from collections.abc import Mapping

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.asking import PRIORITIES
from portal.forms.building import options, unbound
from portal.forms.fields import OptionsField
from portal.translation import _


class InboxForm(BaseForm):
    """Order, type, priority and by when a decision is needed. What is not offered filters
    nothing."""

    def __init__(
        self, types: Mapping[str, str], orders: Mapping[str, str], needed: Mapping[str, str]
    ) -> None:
        kinds = options(list(types.items()), _("Any type"))
        urgencies = options([(each.value, words) for each, words in PRIORITIES], _("Any priority"))
        days = options(list(needed.items()), _("Any day"))
        super().__init__(
            {
                "sort": unbound(
                    OptionsField, _("Order"), (), **options(list(orders.items()), first="")
                ),
                "type": unbound(OptionsField, _("Type"), (), **kinds),
                "priority": unbound(OptionsField, _("Priority"), (), **urgencies),
                "needed": unbound(OptionsField, _("Decision needed by"), (), **days),
            }
        )

    def read(self, given: Mapping[str, str]) -> "InboxForm":
        """Take what an address says; anything else is as if it were not there."""
        names = list(self._fields)
        self.process(MultiDict({name: given[name] for name in names if given.get(name)}))
        return self
