"""One WTForms field for each kind of form field. Each keeps what was typed, also when it is wrong.

Messages are whole sentences that begin with the field's label, so that they read well beside the
field and in the summary on top.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import Field, SelectField, StringField
from wtforms.widgets import FileInput, TextArea, TextInput

from portal.forms.amounts import read_amount, written
from portal.forms.people import PeopleSource, Suggestions
from portal.forms.text import LABEL, examine
from portal.translation import _


class Typed(StringField):
    """A field of one line; subclasses say in `read` what the text means.

    `data` is the value, or None for an empty or wrong one; the text itself is shown again.
    """

    data: Any
    empty: Any = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; a ValueError is a sentence with the label in its place."""
        found = examine(str(valuelist[0]) if valuelist else "", lines=self.keeps_lines)
        self.typed = found.text
        self.data = self.empty
        try:
            if found.text:
                self.data = self.read(found.text)
        except ValueError as error:
            raise ValueError(self._about(str(error))) from error
        if found.problem:
            raise ValueError(self._about(found.problem))

    def _about(self, problem: str) -> str:
        """The problem with this field's label in its place; without one the label comes first."""
        label = str(self.label.text)
        return problem.replace(LABEL, label) if LABEL in problem else f"{label} {problem}"

    keeps_lines = False
    typed: str | None = None

    def read(self, text: str) -> Any:
        """The value of a text that is not empty."""
        return text

    def write(self, value: Any) -> str:
        """The text that stands for a value."""
        return str(value)

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else self.write(self.data)


class LineField(Typed):
    """A text of one line."""

    widget = TextInput()
    empty = ""


class LinesField(Typed):
    """A text of several lines."""

    widget = TextArea()
    keeps_lines = True
    empty = ""


class MoneyField(Typed):
    """An amount in minor units of `currency`."""

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.render_kw = {"inputmode": "decimal", "autocomplete": "off"}

    def read(self, text: str) -> int:
        """Minor units."""
        return read_amount(text, self.currency)

    def write(self, value: int) -> str:
        """Such as "6336.00"."""
        return written(value, self.currency)


class WholeNumberField(Typed):
    """A whole number."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.render_kw = {"inputmode": "numeric", "autocomplete": "off"}

    def read(self, text: str) -> int:
        """The number; spaces may group its digits."""
        figures = text.replace(" ", "").replace("\N{MINUS SIGN}", "-")
        if not re.fullmatch(r"[+-]?[0-9]+", figures):
            raise ValueError(_("%(label)s must be a whole number, such as 12."))
        if len(figures) > 15:
            raise ValueError(_("%(label)s must have at most 15 digits."))
        return int(figures)


class DayField(Typed):
    """A calendar day. What it cannot read is shown as text: a date field would blank it."""

    def read(self, text: str) -> date:
        """The day written as ISO 8601."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise ValueError(_("%(label)s must be a real date, such as 2026-12-31.")) from None
        if not 1900 <= day.year <= 2200:
            raise ValueError(_("%(label)s must be between 1900 and 2200."))
        return day

    def write(self, value: date) -> str:
        """ISO 8601."""
        return value.isoformat()

    def __call__(self, **kwargs: Any) -> Any:
        """Draw it."""
        unreadable = bool(self.typed) and self.data is None
        return super().__call__(type="text" if unreadable else "date", **kwargs)


class PersonField(Typed):
    """Somebody active, by name; `data` is the id. The list of names works without scripts."""

    def __init__(
        self, *args: Any, people: PeopleSource, names: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        self.widget = Suggestions(names)
        self.render_kw = {"autocomplete": "off"}

    def read(self, text: str) -> str:
        """The id of the one person that the text names."""
        found = self.people.called(text)
        if not found:
            raise ValueError(
                _(
                    "%(label)s must be a name from the list. No colleague with that name.",
                    label=LABEL,
                )
            )
        if len(found) > 1:
            names = "; ".join(person.label for person in found[:5])
            raise ValueError(
                _(
                    "%(label)s matches several people. Enter one of: %(names)s.",
                    label=LABEL,
                    names=names,
                )
            )
        return found[0].id

    def write(self, value: str) -> str:
        """The name of the person of that id."""
        person = self.people.find(value)
        return person.label if person else ""


class OptionsField(SelectField):
    """One of the options offered; `data` is its value, or ""."""

    @property
    def offered(self) -> set[str]:
        """The values that may be chosen."""
        return {str(option[0]) for option in self.iter_choices() if option[0]}

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take an option; anything else was not offered."""
        value = str(valuelist[0]) if valuelist else ""
        self.data = value if value in self.offered else ""
        if value and not self.data:
            raise ValueError(
                _("%(label)s: choose one of the options shown.", label=self.label.text)
            )


class FilesField(Field):
    """Files. `data` lists those already kept (`portal.domain.files.KeptFile`); uploads are not read
    here, for a file is stored before the form is judged: a failed form must not lose it."""

    widget = FileInput(multiple=True)

    def __init__(self, *args: Any, accept: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.render_kw = {"accept": accept}

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Nothing to read: see the class."""

    def _value(self) -> bool:
        return False
