"""The moment as of which a page is asked for: in the address, or typed in the reader's zone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.forms.building import unbound
from portal.forms.fields import Typed
from portal.translation import _

PARTS = re.compile(r"\d[.,]\d")
TO_ITS_END = timedelta(microseconds=999_999)
# An address in which nobody wrote "+" as %2B has a space before the distance from UTC.
DISTANCE = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


class MomentField(Typed):
    """A day and a time of it, by the clock of `zone` where it does not say how far from UTC. What
    it cannot read is shown as text: such a field would blank it."""

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def read(self, text: str) -> datetime:
        """ISO 8601. A second that is named without its parts is meant to its end: what happened in
        it is shown with this time, and a picker that shows no more is sent as it was drawn."""
        if "T" in text:
            text = DISTANCE.sub("+", text)
        try:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
            at = moment.astimezone(UTC) + (timedelta() if PARTS.search(text) else TO_ITS_END)
        except (ValueError, OverflowError):
            raise ValueError(
                _("%(label)s must be a real moment, such as 2026-12-31 16:55.")
            ) from None
        if not 1970 <= at.year <= 2200:
            raise ValueError(_("%(label)s must be between 1970 and 2200."))
        return at

    def write(self, value: datetime) -> str:
        """To the second, by the reader's clock."""
        return value.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def __call__(self, **kwargs: Any) -> Any:
        """Draw it."""
        if self.typed and self.data is None:
            return super().__call__(type="text", **kwargs)
        self.typed = None
        return super().__call__(type="datetime-local", step="1", **kwargs)


class MomentForm(BaseForm):
    """The picker of a moment, with what the address says."""

    def __init__(self, zone: ZoneInfo, text: str) -> None:
        hint = _("On your clock.")
        field = unbound(MomentField, _("Date and time"), (), hint, zone=zone)
        super().__init__({"at": field})
        self.process(MultiDict({"at": text}))
        self.validate()

    @property
    def moment(self) -> datetime | None:
        """What was asked for; None where it cannot be read."""
        found: datetime | None = self["at"].data
        return None if self["at"].errors else found


def in_address(at: datetime) -> str:
    """A moment as an address has it: whole, and without a sign that would have to be escaped."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
