"""The form of a calendar: name and zone, each weekday's hours, holidays, and days of its own."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import TextInput

from portal.domain.time.calendars import (
    DAY_NAMES,
    LONGEST_NAME,
    days_text,
    hours_words,
    read_days,
    read_hours,
)
from portal.forms.building import options, unbound
from portal.forms.fields import (
    LABEL,
    Allowed,
    AtMost,
    LineField,
    LinesField,
    OptionsField,
    Required,
    Typed,
)
from portal.forms.people import Suggestions
from portal.translation import _, lazy

Parts = Callable[[str], Mapping[str, str]]

NO_HOURS = lazy("Enter working hours for at least one day.")
DAYS_HINT = lazy("One per line, such as “2026-12-24 Christmas Eve”.")


class HoursField(Typed):
    """The working hours of one weekday; `data` is as the table has it, empty for a day off."""

    widget = TextInput()
    empty = ()

    def read(self, text: str) -> list[list[str]]:
        """Intervals in order."""
        return read_hours(text)

    def write(self, value: Sequence[Sequence[str]]) -> str:
        """As they are typed, with a plain hyphen."""
        return hours_words(value).replace("–", "-") if value else ""


class DaysField(LinesField):
    """Days with names; `data` gives the names by ISO date."""

    empty: Any = MappingProxyType({})

    def read(self, text: str) -> dict[str, str]:
        """A day on each line."""
        return read_days(text)

    def write(self, value: Any) -> str:
        """A day on each line."""
        return days_text(value)


class PartField(Typed):
    """A part of the chosen country by name or code; `data` is the code."""

    def __init__(self, *args: Any, parts: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts = parts
        self.widget = Suggestions(tuple(parts.values()))
        self.render_kw = {"autocomplete": "off"}

    def read(self, text: str) -> str:
        """The code of the part that is meant."""
        for code, name in self.parts.items():
            if text.casefold() in (code.casefold(), name.casefold()):
                return code
        if not self.parts:
            raise ValueError(_("%(label)s must be empty: no regions are known for this country."))
        raise ValueError(
            _(
                "%(label)s must be one of: %(names)s.",
                label=LABEL,
                names=", ".join(self.parts.values()),
            )
        )

    def write(self, value: str) -> str:
        """The part's name."""
        return self.parts.get(value, value)


class _NotBoth:
    """No day that the other field has as well."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming the first."""
        both = sorted(set(field.data) & set(form["closed_days"].data or {}))
        if both:
            raise ValidationError(
                _(
                    "%(label)s: %(day)s is also a closing day.",
                    label=field.label.text,
                    day=both[0],
                )
            )


class _DaysOnly:
    """Days without names: there is no place where these would be read."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming the first."""
        named = [day for day, name in (field.data or {}).items() if name]
        if named:
            raise ValidationError(
                _(
                    "%(label)s: write %(day)s without a name.",
                    label=field.label.text,
                    day=named[0],
                )
            )


class _SomeHours:
    """Working time on at least one day; asked on the first."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise where every day is off; a wrong day has its own error."""
        days = [form[f"day_{number}"] for number in range(1, 8)]
        if field.errors or any(day.data or day.errors for day in days):
            raise StopValidation
        raise StopValidation(NO_HOURS)


def calendar_form(
    zones: Sequence[str],
    countries: Mapping[str, str],
    parts_of: Parts,
    typed: "MultiDict[str, str] | None",
    stored: Mapping[str, Any] | None = None,
) -> BaseForm:
    """The form with what was typed, else with what is stored (by the table's columns)."""
    values = dict(stored or {})
    values |= {f"day_{n}": values.get("hours", {}).get(str(n), ()) for n in range(1, 8)}
    country = str(typed.get("country", "") if typed is not None else values.get("country") or "")
    form = BaseForm(_fields(zones, countries, parts_of(country)))
    form.process(typed, data=values)
    return form


def _fields(
    zones: Sequence[str], countries: Mapping[str, str], parts: Mapping[str, str]
) -> dict[str, Any]:
    named = [Required(_("enter a name")), AtMost(LONGEST_NAME)]
    places = options([(zone, zone.replace("_", " ")) for zone in zones])
    known = options(list(countries.items()), first=_("No public holidays"))
    days = {
        f"day_{number}": unbound(HoursField, name, [_SomeHours()] if number == 1 else [Allowed()])
        for number, name in enumerate(DAY_NAMES, start=1)
    }
    return {
        "name": unbound(
            LineField, _("Name"), named, _("For example the location: “Bengaluru office”.")
        ),
        "time_zone": unbound(
            OptionsField, _("Time zone"), [Required(_("choose an option"))], **places
        ),
        **days,
        "country": unbound(OptionsField, _("Public holidays of"), [Allowed()], **known),
        "subdivision": unbound(
            PartField,
            _("Region"),
            [Allowed()],
            _("If the region has its own holidays, such as Berlin in Germany."),
            parts=parts,
        ),
        "closed_days": unbound(DaysField, _("Closing days"), [Allowed()], DAYS_HINT),
        "worked_days": unbound(
            DaysField,
            _("Working public holidays"),
            [Allowed(), _NotBoth(), _DaysOnly()],
            _("Public holidays that are working days here, one per line."),
        ),
    }


def hours_of(form: BaseForm) -> dict[str, Any]:
    """The week as the table has it: only the days with hours."""
    week = {str(number): form[f"day_{number}"].data for number in range(1, 8)}
    return {number: hours for number, hours in week.items() if hours}
