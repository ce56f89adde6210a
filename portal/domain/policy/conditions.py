"""A stage's condition as rows: "field, comparison, value", under All or Any, nested once.

Rows are what is kept and edited; the CEL expression that routing evaluates is made from them.
A field that nobody filled in makes every comparison untrue, also "is not": only "is empty" is true
of it. So a condition never ends without a value. Money is whole minor units: exact to the cent.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.domain.policy.forms import (
    DECIMALS,
    NO,
    YES,
    FieldKind,
    FormField,
    exact,
    parts_of,
    plain,
)
from portal.domain.policy.rows import (
    VALUELESS,
    Comparison,
    Condition,
    Join,
    Row,
    RowGroup,
)

__all__ = [
    "COMPARISONS", "VALUELESS", "Comparison", "Condition", "Join", "Row", "RowGroup", "expression",
    "holds", "row_holds", "shown_names",
]  # fmt: skip


_SIGNS = {
    Comparison.IS: "==",
    Comparison.IS_NOT: "!=",
    Comparison.AT_LEAST: ">=",
    Comparison.MORE_THAN: ">",
    Comparison.AT_MOST: "<=",
    Comparison.LESS_THAN: "<",
}
_EQUAL = (Comparison.IS, Comparison.IS_NOT)
_ORDERED = (*_EQUAL, Comparison.AT_LEAST, Comparison.MORE_THAN, Comparison.AT_MOST,
            Comparison.LESS_THAN)  # fmt: skip
_PRESENT = (Comparison.EMPTY, Comparison.FILLED)
COMPARISONS: Mapping[FieldKind, tuple[Comparison, ...]] = {
    FieldKind.TEXT: (*_EQUAL, Comparison.CONTAINS, *_PRESENT),
    FieldKind.LONG_TEXT: (Comparison.CONTAINS, *_PRESENT),
    FieldKind.MONEY: (*_ORDERED, *_PRESENT),
    FieldKind.INTEGER: (*_ORDERED, *_PRESENT),
    FieldKind.DECIMAL: (*_ORDERED, *_PRESENT),
    FieldKind.PERCENT: (*_ORDERED, *_PRESENT),
    FieldKind.DATE: (*_ORDERED, *_PRESENT),
    FieldKind.YES_NO: (*_EQUAL, *_PRESENT),
    FieldKind.CHOICE: (*_EQUAL, *_PRESENT),
    FieldKind.CHOICES: (Comparison.CONTAINS, Comparison.LACKS, *_PRESENT),
    FieldKind.PERSON: (*_EQUAL, *_PRESENT),
    FieldKind.DEPARTMENT: (*_EQUAL, *_PRESENT),
    FieldKind.LINK: (*_EQUAL, *_PRESENT),
    FieldKind.ATTACHMENTS: (*_ORDERED, *_PRESENT),
    FieldKind.DAY_RANGE: (),
    FieldKind.LINES: (),
    FieldKind.SECTION: (),
}
# Kinds of which no value is an empty text, and those that are told empty by their size.
_NEVER_TEXT = frozenset({FieldKind.MONEY, FieldKind.INTEGER, FieldKind.YES_NO})
_SIZED = frozenset({FieldKind.CHOICES})


def expression(condition: Condition, fields: Iterable[FormField]) -> str:
    """The condition in CEL. A row whose field is not there any more is named as it stands."""
    kinds = _kinds(fields)
    parts = [_row(row, kinds.get(row.field, FieldKind.TEXT)) for row in condition.rows]
    for group in condition.groups:
        if group.rows:
            rows = [_row(row, kinds.get(row.field, FieldKind.TEXT)) for row in group.rows]
            parts.append(f"({_joined(group.join, rows)})")
    return _joined(condition.join, parts)


def _kinds(fields: Iterable[FormField]) -> dict[str, FieldKind]:
    """The kinds of fields, and of the parts of those that have some, by name."""
    kinds: dict[str, FieldKind] = {}
    for each in fields:
        kinds |= {each.name: each.kind} | {e.name: e.kind for e in parts_of(each).values()}
    return kinds


def holds(condition: Condition, fields: Iterable[FormField], values: Mapping[str, Any]) -> bool:
    """The condition's value for a request's values, as its expression gives it."""
    kinds = _kinds(fields)

    def judge(rows: Sequence[Row]) -> list[bool]:
        return [row_holds(row, kinds.get(row.field, FieldKind.TEXT), values) for row in rows]

    found = judge(condition.rows)
    found += [_judged(each.join, judge(each.rows)) for each in condition.groups if each.rows]
    return _judged(condition.join, found)


def shown_names(form: Iterable[FormField], values: Mapping[str, Any]) -> frozenset[str]:
    """The names of the fields and sections that are asked, given these values. What is not asked
    holds nothing, so that whatever depends on it is judged as if it were empty."""
    names: set[str] = set()
    before: list[FormField] = []
    in_section = True
    for each in form:
        met = _is_met(each, before, {name: values.get(name) for name in names})
        if each.kind is FieldKind.SECTION:
            in_section = met
        if met and in_section:
            names.add(each.name)
        before.append(each)
    return frozenset(names)


def _is_met(each: FormField, before: Sequence[FormField], asked: Mapping[str, Any]) -> bool:
    """Whether a field is shown as far as its own conditions say; `asked`: the values of those
    before it that are asked."""
    on, when = each.shown_if, each.shown_when
    if on is not None and not (on.field in asked and on.met_by(asked[on.field])):
        return False
    return when is None or when.is_empty or holds(when, before, asked)


def row_holds(row: Row, kind: FieldKind, values: Mapping[str, Any]) -> bool:
    """Whether one row is true of a request's values."""
    value = plain(values).get(row.field)
    if kind is FieldKind.ATTACHMENTS:
        value = len(value or ())
    is_empty = value in (None, "", [], ()) or (kind is FieldKind.ATTACHMENTS and value == 0)
    if row.comparison in VALUELESS:
        return is_empty is (row.comparison is Comparison.EMPTY)
    if is_empty and kind is not FieldKind.ATTACHMENTS:
        return False
    return _compare(row.comparison, _weighed(value, kind), _weighed(row.value, kind))


def _weighed(value: Any, kind: FieldKind) -> Any:
    """A value as it is compared: decimal text by its number, yes and no by their truth."""
    if kind in DECIMALS:
        number = exact(value)
        return value if number is None else number
    return {YES: True, NO: False}.get(value, value) if kind is FieldKind.YES_NO else value


def _compare(comparison: Comparison, value: Any, with_: Any) -> bool:
    match comparison:
        case Comparison.IS:
            return bool(value == with_)
        case Comparison.IS_NOT:
            return bool(value != with_)
        case Comparison.AT_LEAST:
            return bool(value >= with_)
        case Comparison.MORE_THAN:
            return bool(value > with_)
        case Comparison.AT_MOST:
            return bool(value <= with_)
        case Comparison.LESS_THAN:
            return bool(value < with_)
        case Comparison.LACKS:
            return with_ not in value
        case _:
            return with_ in value


def _judged(join: Join, found: Sequence[bool]) -> bool:
    return all(found) if join is Join.ALL else any(found)


def _joined(join: Join, parts: Sequence[str]) -> str:
    return (" && " if join is Join.ALL else " || ").join(parts)


def _row(row: Row, kind: FieldKind) -> str:
    name, files = row.field, kind is FieldKind.ATTACHMENTS
    subject = f"(({name} == null) ? 0 : size({name}))" if files else name
    if row.comparison in VALUELESS:
        empty = f"{subject} == 0" if files else f"({_parted(name, kind, '==', ' || ')})"
        return empty if row.comparison is Comparison.EMPTY else f"!({empty})"
    compared = _compared(row, kind, subject)
    return compared if files else f"({_parted(name, kind, '!=', ' && ')} && {compared})"


def _parted(name: str, kind: FieldKind, sign: str, between: str) -> str:
    """Nothing at all, and the other way in which a value of that kind is empty."""
    tests = [f"{name} {sign} null"]
    if kind in _SIZED:
        tests.append(f"size({name}) {sign} 0")
    elif kind not in _NEVER_TEXT:
        tests.append(f"{name} {sign} ''")
    return between.join(tests)


def _compared(row: Row, kind: FieldKind, subject: str) -> str:
    """The comparison of a value that is there."""
    value = json.dumps(row.value, ensure_ascii=False)
    if kind is FieldKind.CHOICES:
        within = f"{value} in {subject}"
        return within if row.comparison is Comparison.CONTAINS else f"!({within})"
    if row.comparison is Comparison.CONTAINS:
        return f"{subject}.contains({value})"
    if kind in DECIMALS and (number := exact(row.value)) is not None:
        subject, value = f"double({subject})", _double(number)
    if kind is FieldKind.YES_NO:
        value = "true" if row.value == YES else "false"
    return f"{subject} {_SIGNS[row.comparison]} {value}"


def _double(number: Decimal) -> str:
    """As CEL writes a number with a point."""
    text = f"{number:f}"
    return text if "." in text else f"{text}.0"
