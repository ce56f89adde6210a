"""The fields of a request type's form as data: kept with the type, drawn and checked by pages."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.domain.policy.rows import Condition

# In place of a field's name: what lies in the past or in the future by its nature.
TODAY = "today"
# A sign, fifteen digits and a point.
LONGEST_DECIMAL = 17
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class FieldKind(StrEnum):
    """What a form field holds. MONEY is kept as integer minor units; DATE as ISO 8601 text; DECIMAL
    and PERCENT as decimal text such as "7.5", which is exact; YES_NO as a boolean; CHOICES as a
    list of options' values; DEPARTMENT as its code; LINK as the number of another request. SECTION
    holds nothing: it is a heading above the fields that follow it. LINES is a table: a mapping of
    `rows`, their `count`, and the `total` of the column that is summed. DAY_RANGE is a mapping of
    the `first` and the `last` day, whether they are halves, how many working `days` they are, and
    which days were `off`."""

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
    DAY_RANGE = "day_range"
    LINES = "lines"
    SECTION = "section"


# Kinds whose values are decimal text.
DECIMALS = frozenset({FieldKind.DECIMAL, FieldKind.PERCENT})
# Kinds with options of their own.
OPTIONED = frozenset({FieldKind.CHOICE, FieldKind.CHOICES})
# Kinds on whose values other fields may depend.
DECIDING = frozenset({FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO})
# Kinds of the columns of LINES.
IN_LINES = frozenset({
    FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.MONEY, FieldKind.INTEGER, FieldKind.DECIMAL,
    FieldKind.PERCENT, FieldKind.DATE, FieldKind.YES_NO, FieldKind.CHOICE, FieldKind.DEPARTMENT,
    FieldKind.ATTACHMENTS,
})  # fmt: skip
MOST_COLUMNS = 8
MOST_LINES = 50
# The plain parts of values that are mappings: conditions call them "lines_total" and so on.
PARTS: Mapping[FieldKind, Mapping[str, FieldKind]] = {
    FieldKind.LINES: {"total": FieldKind.MONEY, "count": FieldKind.INTEGER},
    FieldKind.DAY_RANGE: {
        "days": FieldKind.DECIMAL,
        "first": FieldKind.DATE,
        "last": FieldKind.DATE,
    },
}
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
    """One field. `is_amount` marks the MONEY field that is the request's amount, or the LINES field
    whose sum is it. LINES have `columns`; `total_of` names the MONEY column that is summed.

    `min_value` and `max_value` bound INTEGER and MONEY (minor units) fields, and, as decimal text,
    DECIMAL and PERCENT, which have at most `places` digits after the point. `not_before` names
    the DATE field this one may not precede, `not_after` the one it may not follow; `TODAY` in
    their place is the day on which the request is submitted. A field whose `shown_if` is not met,
    or that of its section, is not asked: it is never required and holds nothing. `shown_when` is
    the same by a whole condition on fields further up, and `shown_text` its sentence.
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
    shown_when: Condition | None = None
    shown_text: str = ""
    columns: "tuple[FormField, ...]" = ()
    total_of: str | None = None

    def column(self, name: str | None) -> "FormField | None":
        """The column of that name."""
        return next((each for each in self.columns if each.name == name), None)

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


def parts_of(each: FormField) -> dict[str, FormField]:
    """What conditions may compare of a field whose value is a mapping, by the part's name."""
    if each.kind is FieldKind.LINES and each.total_of is None:
        kinds: Mapping[str, FieldKind] = {"count": FieldKind.INTEGER}
    else:
        kinds = PARTS.get(each.kind, {})
    return {
        part: FormField(name=f"{each.name}_{part}", label=each.label, kind=kind,
                        currency=each.currency, required=each.required,
                        is_amount=each.is_amount and kind is FieldKind.MONEY)
        for part, kind in kinds.items()
    }  # fmt: skip


def comparable(form: Iterable[FormField]) -> tuple[FormField, ...]:
    """What conditions may compare: fields with one value, and the parts of the others."""
    found: list[FormField] = []
    for each in answerable(form):
        found += parts_of(each).values() if each.kind in PARTS else [each]
    return tuple(found)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """A request's values, and beside them the plain parts of those that are mappings."""
    found = dict(values)
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{part}": each for part, each in value.items()
                      if not isinstance(each, list | tuple | Mapping)}  # fmt: skip
    return found


def part_names(names: Iterable[str]) -> set[str]:
    """Every name that the parts of these fields may have in a condition."""
    parts = {part for each in PARTS.values() for part in each}
    return {f"{name}_{part}" for name in names for part in parts}


def with_total(each: FormField, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The value of a LINES field with these rows; None without any."""
    if not rows:
        return None
    value: dict[str, Any] = {"rows": list(rows), "count": len(rows)}
    if each.total_of is not None:
        given = [row.get(each.total_of) for row in rows]
        value["total"] = sum(minor for minor in given if isinstance(minor, int))
    return value


def lines_of(value: Any) -> Sequence[Mapping[str, Any]]:
    """The rows of a LINES value; none of anything else."""
    rows = value.get("rows") if isinstance(value, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def cells(form: Iterable[FormField], values: Mapping[str, Any]) -> Iterator[tuple[FormField, Any]]:
    """Each field with its value; of LINES each column of each row with what stands there."""
    for each in answerable(form):
        if each.kind is FieldKind.LINES:
            for row in lines_of(values.get(each.name)):
                yield from ((column, row.get(column.name)) for column in each.columns)
        else:
            yield each, values.get(each.name)


def named_in(form: Iterable[FormField], values: Mapping[str, Any]) -> set[str]:
    """Ids of the people and codes of the departments whom a request's values name."""
    kinds = (FieldKind.PERSON, FieldKind.DEPARTMENT)
    return {
        each for field, value in cells(form, values) if field.kind in kinds
        for each in texts_of(value)
    }  # fmt: skip
