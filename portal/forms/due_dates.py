"""The form of the page that shows next due dates: which requests, whose place, and from when on."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.building import options, unbound
from portal.forms.fields import DayField, OptionsField, Typed
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.forms.rules import Allowed, Required


class ClockField(Typed):
    """A time of the day. What it cannot read is shown as text: a time field would blank it."""

    def read(self, text: str) -> time:
        """Hours and minutes."""
        try:
            return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            raise ValueError("must be a time of the day, written like 16:55.") from None

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
            raise ValueError("must lie between 1970 and 2100.")
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
    anywhere = options(list(places.items()), first="Nobody in particular")
    form = BaseForm(
        {
            "type": unbound(OptionsField, "Request type", [Required("choose one")], **kinds),
            "place": unbound(OptionsField, "Approver's place", [Allowed()], **anywhere),
            "person": unbound(
                SomebodyField, "Or an approver", [Allowed()], HINT, people=people, names=names
            ),
            "on": unbound(RecentDayField, "Day", [Allowed()], "Empty for today."),
            "at": unbound(ClockField, "Time", [Allowed()], "Empty for now."),
        }
    )
    form.process(MultiDict({"type": next(iter(types), ""), **typed}))
    return form
