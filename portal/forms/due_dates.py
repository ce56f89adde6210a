"""The form of the page that shows next due dates: which requests, whose place, and from when on."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.building import options, unbound
from portal.forms.fields import Allowed, DayField, OptionsField, Required, Typed
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _


class ClockField(Typed):
    """A time of the day. What it cannot read is shown as text: a time field would blank it."""

    def read(self, text: str) -> time:
        """Hours and minutes."""
        try:
            return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            raise ValueError(_("%(label)s must be a time, such as 16:55.")) from None

    def write(self, value: time) -> str:
        """Hours and minutes."""
        return f"{value:%H:%M}"

    def __call__(self, **kwargs: Any) -> Any:
        """Draw it."""
        unreadable = bool(self.typed) and self.data is None
        return super().__call__(type="text" if unreadable else "time", **kwargs)


class RecentDayField(DayField):
    """A day for which clocks and holidays are known."""

    def read(self, text: str) -> Any:
        """A day of these times."""
        day = super().read(text)
        if not 1970 <= day.year <= 2100:
            raise ValueError(_("%(label)s must be between 1970 and 2100."))
        return day


def due_dates_form(
    types: Mapping[str, str],
    places: Mapping[str, str],
    people: PeopleSource,
    names: Sequence[str],
    typed: "MultiDict[str, str]",
) -> BaseForm:
    """Types by code, places by id. Nothing given means the first type, and now."""
    kinds = options(list(types.items()), first="")
    anywhere = options(list(places.items()), first=_("Nobody in particular"))
    form = BaseForm(
        {
            "type": unbound(
                OptionsField, _("Request type"), [Required(_("choose an option"))], **kinds
            ),
            "place": unbound(OptionsField, _("Approver's location"), [Allowed()], **anywhere),
            "person": unbound(
                SomebodyField, _("Or an approver"), [Allowed()], HINT, people=people, names=names
            ),
            "on": unbound(RecentDayField, _("Day"), [Allowed()], _("Leave empty for today.")),
            "at": unbound(ClockField, _("Time"), [Allowed()], _("Leave empty for now.")),
        }
    )
    form.process(MultiDict({"type": next(iter(types), ""), **typed}))
    return form
