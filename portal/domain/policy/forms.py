"""The fields of a request type's form as data: kept with the type, drawn and checked by pages."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

# In place of a field's name: what lies in the past or in the future by its nature.
TODAY = "today"
# A sign, fifteen digits and a point.
LONGEST_DECIMAL = 17
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class FieldKind(StrEnum):
    """What a form field holds. MONEY is kept as integer minor units; DATE as ISO 8601 text; DECIMAL
    and PERCENT as decimal text such as "7.5", which is exact; YES_NO as a boolean; CHOICES as a
    list of options' values; DEPARTMENT as its code; LINK as the number of another request. SECTION
    holds nothing: it is a heading above the fields that follow it."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    MONEY = "money"
    INTEGER = "integer"
    DATE = "date"
    DECIMAL = "decimal"
    PERCENT = "percent"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"
    PERSON = "person"
    DEPARTMENT = "department"
    LINK = "link"
    ATTACHMENTS = "attachments"
    SECTION = "section"


# Kinds whose values are decimal text.
DECIMALS = frozenset({FieldKind.DECIMAL, FieldKind.PERCENT})
# Kinds with options of their own.
OPTIONED = frozenset({FieldKind.CHOICE, FieldKind.CHOICES})
# Kinds on whose values other fields may depend.
DECIDING = frozenset({FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO})
MOST_PLACES = 6
# How a yes or no is written where values are texts.
YES, NO = "yes", "no"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One option of a CHOICE or CHOICES field: the stored value and what people read."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ShownIf:
    """When a field is shown: another field, further up, holds one of these values."""

    field: str
    values: tuple[str, ...]

    def met_by(self, value: Any) -> bool:
        """Whether that field's value is, or has among it, one of these."""
        return any(each in self.values for each in texts_of(value))


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field. `is_amount` marks the MONEY field that is the request's amount.

    `min_value` and `max_value` bound INTEGER and MONEY (minor units) fields, and, as decimal text,
    DECIMAL and PERCENT, which have at most `places` digits after the point. `not_before` names
    the DATE field this one may not precede, `not_after` the one it may not follow; `TODAY` in
    their place is the day on which the request is submitted. A field whose `shown_if` is not met,
    or that of its section, is not asked: it is never required and holds nothing.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    hint: str = ""
    max_length: int = 200
    choices: tuple[Choice, ...] = ()
    currency: str | None = None
    is_amount: bool = False
    min_value: int | str | None = None
    max_value: int | str | None = None
    places: int = 2
    shown_if: ShownIf | None = None
    not_before: str | None = None
    not_after: str | None = None


def exact(text: Any) -> Decimal | None:
    """The number that decimal text is; None for anything else. At most 15 digits: so many are told
    apart by every reader, also by those that compare as floating point."""
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text) or len(text) > LONGEST_DECIMAL:
        return None
    return Decimal(text)


def decimal_text(number: Decimal) -> str:
    """The one way in which a number is kept: "7.5", never "7.50" or "75E-1"."""
    whole = number.to_integral_value()
    if not number:
        return "0"
    return f"{whole:f}" if number == whole else f"{number.normalize():f}"


def bound(value: int | str | None) -> Decimal | None:
    """A smallest or largest value as a number."""
    return Decimal(value) if isinstance(value, int) else exact(value)


def texts_of(value: Any) -> tuple[str, ...]:
    """The values of a field on which others depend, as texts: none, one or several."""
    if isinstance(value, bool):
        return (YES if value else NO,)
    if isinstance(value, list | tuple):
        return tuple(str(each) for each in value)
    return () if value is None or value == "" else (str(value),)


def shown_names(form: Iterable[FormField], values: Mapping[str, Any]) -> frozenset[str]:
    """The names of the fields and sections that are asked, given these values. What is not asked
    holds nothing, so that whatever depends on it is not asked either."""
    names: set[str] = set()
    in_section = True
    for each in form:
        on = each.shown_if
        met = on is None or (on.field in names and on.met_by(values.get(on.field)))
        if each.kind is FieldKind.SECTION:
            in_section = met
        if met and in_section:
            names.add(each.name)
    return frozenset(names)


def section_of(form: Iterable[FormField]) -> dict[str, FormField]:
    """The section in which each field stands, by the field's name; those before the first have
    none."""
    found: dict[str, FormField] = {}
    section = None
    for each in form:
        if each.kind is FieldKind.SECTION:
            section = each
        elif section is not None:
            found[each.name] = section
    return found


def answerable(form: Iterable[FormField]) -> tuple[FormField, ...]:
    """The fields that hold something: all but sections."""
    return tuple(each for each in form if each.kind is not FieldKind.SECTION)
