"""The filters of the audit log, read from the address."""

from collections.abc import Mapping

from portal.forms.building import options, unbound
from portal.forms.fields import AtMost, DayField, LineField, OptionsField
from portal.forms.history import LONGEST, FilterForm
from portal.translation import _


class AuditForm(FilterForm):
    """Days, people, kind, request, type and text. Wrong values have an error and filter nothing."""

    def __init__(self, kinds: Mapping[str, str], types: Mapping[str, str]) -> None:
        short = [AtMost(LONGEST)]
        happened = options(list(kinds.items()), _("Anything"))
        listed = options(list(types.items()), _("Any type"))
        super().__init__(
            {
                "from": unbound(DayField, _("From"), ()),
                "to": unbound(DayField, _("Until"), ()),
                "who": unbound(LineField, _("Who"), short),
                "for": unbound(LineField, _("For whom"), short),
                "kind": unbound(OptionsField, _("What happened"), (), **happened),
                "request": unbound(LineField, _("Request"), short),
                "type": unbound(OptionsField, _("Type"), (), **listed),
                "text": unbound(LineField, _("Words"), short),
            }
        )
