"""One WTForms field for each kind of form field, with its rules. Each keeps what was typed, also
when it is wrong.

Messages are whole sentences that begin with the field's label, so that they read well beside the
field and in the summary on top.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from markupsafe import Markup, escape
from wtforms import Field, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import (
    CheckboxInput,
    FileInput,
    ListWidget,
    Select,
    TextArea,
    TextInput,
    html_params,
)

from portal.domain.marked import Sentence
from portal.domain.money import decimals
from portal.domain.policy.forms import LONGEST_DECIMAL, NO, YES, bound, decimal_text
from portal.forms.people import PeopleSource, Suggestions
from portal.presentation.money import money
from portal.translation import _, lazy, ngettext, tell


class Required:
    """Something must be given; `advice` says what to do. A wrong value already has its error."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it by this name

    def __init__(self, advice: str) -> None:
        self.advice = advice

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise when the field is empty."""
        if field.errors:
            raise StopValidation
        if field.data in (None, "", [], ()):
            raise StopValidation(
                _("%(label)s is missing: %(advice)s.", label=field.label.text, advice=self.advice)
            )


class Allowed:
    """Nothing needs to be given, and then nothing else is asked."""

    field_flags = {"optional": True}  # noqa: RUF012 - as above

    def __call__(self, _form: Any, field: Any) -> None:
        """Stop here when the field is empty or already wrong."""
        if field.errors or field.data in (None, "", [], ()):
            raise StopValidation


class AtMost:
    """A text of at most so many characters."""

    def __init__(self, length: int) -> None:
        self.length = length
        # Not "maxlength": with that attribute browsers cut a pasted text without a word.
        self.field_flags = {"limit": length}

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise with both lengths."""
        if len(field.data) > self.length:
            raise ValidationError(
                _(
                    "%(label)s must have at most %(length)s characters; it has %(given)s.",
                    label=field.label.text,
                    length=self.length,
                    given=len(field.data),
                )
            )


class Between:
    """A number within bounds, either of which may be missing."""

    def __init__(self, least: int | str | None, most: int | str | None) -> None:
        self.least, self.most = least, most

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise, naming the bound as the field writes it."""
        value, least, most = bound(field.data), bound(self.least), bound(self.most)
        if value is None:
            return  # wrong in another way, which is said already
        if least is not None and value < least:
            raise ValidationError(
                _(
                    "%(label)s must be %(bound)s or more.",
                    label=field.label.text,
                    bound=field.say(self.least),
                )
            )
        if most is not None and value > most:
            raise ValidationError(
                _(
                    "%(label)s must be %(bound)s or less.",
                    label=field.label.text,
                    bound=field.say(self.most),
                )
            )


def _other(form: Any, name: str) -> Any:
    """The field of that name, if it is asked."""
    return next((each for each in form if each.name == name and not each.flags.unasked), None)


class NotBefore:
    """A day that may be the same as another field's, or later."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming both fields; an empty or wrong other day has its own error."""
        other = _other(form, self.name)
        if other is not None and other.data and field.data < other.data:
            raise ValidationError(
                _(
                    "%(label)s must not be before %(other)s.",
                    label=field.label.text,
                    other=other.label.text,
                )
            )


class NotAfter:
    """A day that may be the same as another field's, or earlier."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming both fields; an empty or wrong other day has its own error."""
        other = _other(form, self.name)
        if other is not None and other.data and field.data > other.data:
            raise ValidationError(
                _(
                    "%(label)s must not be after %(other)s.",
                    label=field.label.text,
                    other=other.label.text,
                )
            )


class NotFuture:
    """Today or earlier, on the calendar of the person who fills the form in."""

    def __init__(self, today: date) -> None:
        self.today = today

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise for tomorrow and later."""
        if field.data > self.today:
            raise ValidationError(_("%(label)s must be today or earlier.", label=field.label.text))


class NotPast:
    """Today or later, on the calendar of the person who fills the form in."""

    def __init__(self, today: date) -> None:
        self.today = today

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise for yesterday and earlier."""
        if field.data < self.today:
            raise ValidationError(_("%(label)s must be today or later.", label=field.label.text))


class SomebodyElse:
    """Not the person who fills the form in."""

    def __init__(self, own_id: str) -> None:
        self.own_id = own_id

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise for oneself."""
        if field.data == self.own_id:
            raise ValidationError(
                _(
                    "%(label)s must be someone else. Leave it empty if the request is for you.",
                    label=field.label.text,
                )
            )


# PostgreSQL keeps neither NUL nor half a surrogate pair; the other controls have no look at all.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Unicode's embeddings, overrides and isolates (UAX #9): they let a text read as another one.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")

# Where a field puts its own label into a problem.
LABEL = "%(label)s"
_CHOOSE = lazy("%(label)s: choose one of the options shown.")
_AGAIN = lazy("Check the text and submit again.")


@dataclass(frozen=True, slots=True)
class Examined:
    """A text without what cannot be kept, and words about what was taken out ("" = nothing)."""

    text: str
    problem: str = ""


def examine(raw: str, *, lines: bool = False) -> Examined:
    """Make a typed text fit to be kept: in NFC, so that what looks the same is the same; `lines`
    keeps its line breaks. Only-spaces become ""."""
    text = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", raw))
    problem = ""
    if _UNSTORABLE.search(text):
        problem = _(
            "%(label)s contained characters that cannot be stored; they were removed. %(again)s",
            label=LABEL,
            again=_AGAIN,
        )
    elif _TURNING.search(text):
        problem = _(
            "%(label)s contained invisible characters that change the text direction; they were"
            " removed. %(again)s",
            label=LABEL,
            again=_AGAIN,
        )
    text = _TURNING.sub("", _UNSTORABLE.sub("", text))
    text = text.strip() if lines else " ".join(text.split())
    return Examined(text if _is_visible(text) else "", problem)


def storable(raw: str) -> str:
    """The text as typed, without the characters that the database refuses, in NFC."""
    return _UNSTORABLE.sub("", unicodedata.normalize("NFC", raw))


def _is_visible(text: str) -> bool:
    """Whether any character can be seen: not only spaces, joiners and zero widths."""
    return any(unicodedata.category(each)[0] not in "ZC" for each in text)


def uuid_of(text: str | None) -> str | None:
    """The id in its usual spelling; None for anything that is none."""
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None


_GROUPS = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")
_LONGEST = 40


def read_amount(raw: str, currency: str) -> int:
    """Minor units of a written amount: "1,234.56", "1.234,56", "1 234,56" and "€ 12" alike.

    The last of two different separators is the decimal one. A single separator before exactly
    three digits groups thousands, for no amount has three decimals; in currencies that do have
    them a point is the decimal sign and a comma is refused as unclear. Raises ValueError with words
    in which `LABEL` stands for the field.
    """
    text = _bare(raw, currency)
    digits = decimals(currency)
    example = f"6,336.{'0' * digits}" if digits else "6,336"
    if text.startswith(("-", "\N{MINUS SIGN}")):
        raise ValueError(_("%(label)s must not be negative."))
    if not re.fullmatch(r"\d[\d.,]*", text) or len(text) > _LONGEST:
        raise ValueError(
            _("%(label)s must be a number, such as %(example)s.", label=LABEL, example=example)
        )
    whole, _sign, fraction = _split(text, digits)
    if len(fraction) > digits:
        rule = _("at most %(digits)s digits", digits=digits) if digits else _("no digits")
        raise ValueError(
            _(
                "%(label)s can have %(rule)s after the decimal point, such as %(example)s.",
                label=LABEL,
                rule=rule,
                example=example,
            )
        )
    if not whole.isdigit():
        raise ValueError(
            _(
                "%(label)s has points and commas in the wrong place. Write it like %(example)s.",
                label=LABEL,
                example=example,
            )
        )
    return int(whole + fraction.ljust(digits, "0"))


def written(minor: int, currency: str) -> str:
    """The amount as a form shows it again, without grouping: "6336.00"."""
    digits = decimals(currency)
    text = str(minor).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def _bare(raw: str, currency: str) -> str:
    """Digits and separators only: without the currency's sign or code, spaces and apostrophes."""
    text = unicodedata.normalize("NFKC", raw[: 2 * _LONGEST]).upper()
    code = re.escape(currency.upper())
    text = re.sub(f"{code}|{code[:2]}(?=[$¥])", "", text, count=1)
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) != "Sc")
    return "".join(c for c in kept if c not in "'’")


def _split(text: str, digits: int) -> tuple[str, str, str]:
    """Whole units (ungrouped), the decimal sign and the fraction; a wrong grouping stays in it."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return text, "", ""
    sign, fraction = text[last], text[last + 1 :]
    unlike = ("," if sign == "." else ".") in text
    if not unlike and (text.count(sign) > 1 or (len(fraction) == 3 and text[0] != "0")):
        if digits >= 3 and text.count(sign) == 1:
            return (text[:last], sign, fraction) if sign == "." else (text, "", "")
        return _ungrouped(text), "", ""
    whole = text[:last]
    return _ungrouped(whole) if not whole.isdigit() else whole, sign, fraction


def _ungrouped(whole: str) -> str:
    """Without thousands separators, if they stand where they belong; else unchanged."""
    one_kind = not ("." in whole and "," in whole)
    return re.sub(r"[.,]", "", whole) if one_kind and _GROUPS.fullmatch(whole) else whole


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
            said = error.args[0] if error.args else ""
            raise ValueError(
                self._about(tell(said) if isinstance(said, Sentence) else str(error))
            ) from error
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

    def say(self, value: Any) -> str:
        """The same in a sentence."""
        return self.write(value)

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

    def say(self, value: int) -> str:
        """Such as "€6,336.00"."""
        return money(value, self.currency)


class CurrencyField(LineField):
    """A code such as EUR."""

    def read(self, text: str) -> str:
        """Three capitals."""
        if not re.fullmatch("[A-Za-z]{3}", text):
            raise ValueError(_("%(label)s must be a code of three letters, such as EUR."))
        return text.upper()


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


class DecimalNumberField(Typed):
    """A number with at most `places` digits after the point; `data` is its text, such as "7.5"."""

    def __init__(self, *args: Any, places: int, unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places, self.unit = places, unit
        self.render_kw = {"inputmode": "decimal", "autocomplete": "off"}

    def read(self, text: str) -> str:
        """The number's text; a point or a comma may stand before the decimals."""
        figures = re.sub(r"[\s'’]", "", text).replace("\N{MINUS SIGN}", "-").removesuffix("%")
        sign, plain = ("-", figures[1:]) if figures.startswith("-") else ("", figures)
        example = "12.5" if self.places else "12"
        if not re.fullmatch(r"[0-9][0-9.,]*", plain):
            raise ValueError(
                _("%(label)s must be a number, such as %(example)s.", label=LABEL, example=example)
            )
        whole, _sign, fraction = _split(plain, self.places)
        if not whole.isdigit():
            raise ValueError(
                _("%(label)s has points and commas in the wrong place. Write it like %(example)s.",
                  label=LABEL, example=example)
            )  # fmt: skip
        if len(fraction) > self.places:
            raise ValueError(
                ngettext(
                    "%(label)s can have at most %(n)s digit after the point.",
                    "%(label)s can have at most %(n)s digits after the point.",
                    self.places, label=LABEL,
                )
            )  # fmt: skip
        if len(whole.lstrip("0") + fraction) > LONGEST_DECIMAL - 2:
            raise ValueError(_("%(label)s must have at most 15 digits."))
        return decimal_text(Decimal(f"{sign}{whole}.{fraction or 0}"))

    def say(self, value: Any) -> str:
        """With its unit."""
        return f"{value}{self.unit}"


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


class OptionList(Select):
    """A list of options. The filters above lists are drawn with every page, and are the same for
    most readers: each is drawn once."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        """Draw it."""
        flags = {name: True for name in self.validation_attrs if getattr(field.flags, name, None)}
        attributes = {"id": field.id, **flags, **kwargs, "name": field.name}
        choices = tuple((str(value), str(label)) for value, label in dict(field.choices).items())
        return _option_list(tuple(attributes.items()), choices, field.data)


@lru_cache(maxsize=1024)
def _option_list(
    attributes: tuple[tuple[str, Any], ...], choices: tuple[tuple[str, str], ...], chosen: Any
) -> Markup:
    drawn = [
        f'<option {"selected " if value == chosen else ""}value="{escape(value)}">'
        f"{escape(label or value)}</option>"
        for value, label in choices
    ]
    # Attributes are escaped by the library, the rest above.
    return Markup(f"<select {html_params(**dict(attributes))}>{''.join(drawn)}</select>")  # noqa: S704


class OptionsField(SelectField):
    """One of the options offered; `data` is its value, or ""."""

    widget = OptionList()

    @property
    def offered(self) -> set[str]:
        """The values that may be chosen."""
        return {str(option[0]) for option in self.iter_choices() if option[0]}

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take an option; anything else was not offered."""
        value = str(valuelist[0]) if valuelist else ""
        self.data = value if value in self.offered else ""
        if value and not self.data:
            raise ValueError(_CHOOSE % {"label": self.label.text})


class YesNoField(RadioField):
    """Yes or no; `data` is a boolean, or None for no answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        offered = {YES: _("Yes"), NO: _("No")}
        super().__init__(*args, choices=offered, validate_choice=False, **kwargs)
        if not self.flags.required:
            self.choices = {**offered, "": _("No answer")}

    def iter_choices(self) -> Any:
        """Each answer, and whether it is the one given."""
        given = "" if self.data is None else YES if self.data else NO
        return [each._replace(selected=each.value == given) for each in super().iter_choices()]

    def process_data(self, value: Any) -> None:
        """Take a kept value as it is."""
        self.data = value if isinstance(value, bool) else None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take an answer; anything else was not offered."""
        value = str(valuelist[0]) if valuelist else ""
        self.data = {YES: True, NO: False}.get(value)
        if value and self.data is None:
            raise ValueError(_CHOOSE % {"label": self.label.text})


class SeveralField(SelectMultipleField):
    """Any of the options offered; `data` lists their values in the order of the options. A form
    post has one of them for each tick; a draft has them in one text, a line for each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_data(self, value: Any) -> None:
        """Take a kept value as it is."""
        self.data = [str(each) for each in value or ()]

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the options; anything else was not offered."""
        given = {line for text in valuelist for line in str(text).splitlines() if line}
        offered = [str(option.value) for option in self.iter_choices()]
        self.data = [value for value in offered if value in given]
        if given - set(offered):
            raise ValueError(_("%(label)s: choose from the options shown.", label=self.label.text))


class RequestSource(Protocol):
    """Where requests are found; `portal.queries.linked` is one."""

    def number_of(self, text: str) -> str | None:
        """The number of the request that a text means, if the person may see it."""

    def recent(self) -> Sequence[tuple[str, str]]:
        """Numbers and titles of a few that the person is likely to mean."""


class LinkField(Typed):
    """Another request, by its number; `data` is the number."""

    def __init__(self, *args: Any, requests: "RequestSource | None", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.requests = requests
        recent = requests.recent() if requests is not None else ()
        self.widget = Suggestions([f"{number} {title}" for number, title in recent])
        self.render_kw = {"autocomplete": "off"}

    def read(self, text: str) -> str:
        """The number; what follows it, and the address before it, are left out."""
        found = self.requests.number_of(text) if self.requests is not None else None
        if found is None:
            raise ValueError(
                _("%(label)s must be the number of a request that you may see, such as PR-2052.")
            )
        return found


class HeadingField(Field):
    """Nothing to fill in: a heading above the fields that follow."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Nothing to read."""

    def __call__(self, **_kwargs: Any) -> Markup:
        """Nothing to draw beside its label."""
        return Markup("")


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
