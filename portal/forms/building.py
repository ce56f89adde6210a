"""From a form field's description to the WTForms field with its rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from wtforms import Field
from wtforms.fields.core import UnboundField

from portal.domain.policy.forms import DECIMALS, OPTIONED, TODAY, FieldKind, FormField
from portal.domain.request.files import ACCEPT, KeptFile
from portal.domain.time.day_ranges import Workdays
from portal.forms import fields as kinds
from portal.forms.day_range import DayRangeField
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    NotAfter,
    NotBefore,
    NotFuture,
    NotPast,
    Required,
)
from portal.forms.lines import LinesTable
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

LARGEST = 10**15

_ADVICE = {
    FieldKind.MONEY: lazy("enter an amount, such as 6,336.00"),
    FieldKind.INTEGER: lazy("enter a whole number"),
    FieldKind.DATE: lazy("enter a date"),
    FieldKind.DECIMAL: lazy("enter a number"),
    FieldKind.PERCENT: lazy("enter a percentage, such as 12.5"),
    FieldKind.YES_NO: lazy("choose yes or no"),
    FieldKind.CHOICE: lazy("choose an option"),
    FieldKind.CHOICES: lazy("choose at least one option"),
    FieldKind.DEPARTMENT: lazy("choose a department"),
    FieldKind.LINK: lazy("enter the number of a request"),
    FieldKind.PERSON: lazy("choose a name from the list"),
    FieldKind.ATTACHMENTS: lazy("attach at least one file"),
}


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a form has to know beside its fields: who fills it in and when, and whom it may name.
    `names`: whom it suggests. `submitted_on`: the day of a request that is changed. `departments`:
    gives their names by code; `requests`: finds those that the person may see; `workdays`: the
    days that they work."""

    person_id: str
    today: date
    people: PeopleSource
    names: Sequence[str] = ()
    submitted_on: date | None = None
    departments: Callable[[], Mapping[str, str]] = dict
    requests: kinds.RequestSource | None = None
    workdays: Callable[[], Workdays] = Workdays


def unbound(
    kind: type[Field], label: str, rules: Sequence[Any], hint: str = "", **more: Any
) -> "UnboundField[Any]":
    """A field to be bound to a form; calling the class does that, which no type says."""
    return UnboundField(kind, label, validators=list(rules), description=hint, **more)


def field_for(
    each: FormField, around: Surroundings, html_name: Callable[[str], str]
) -> "UnboundField[Any]":
    """The field that a request type describes."""
    if each.kind is FieldKind.SECTION:
        return unbound(kinds.HeadingField, each.label, [], each.hint)
    if each.kind is FieldKind.DAY_RANGE:
        about = {"described": each, "workdays": around.workdays, "today": _first_today(around)}
        return unbound(DayRangeField, each.label, [], each.hint, draw=unbound, **about)
    if each.kind is FieldKind.LINES:
        more = {"described": each, "stored": stored, "held": held}
        draw = partial(_columns, each, around)
        return unbound(LinesTable, each.label, [], each.hint, draw=draw, **more)
    advice = _ADVICE.get(each.kind, _("enter a value"))
    rules: list[Any] = [Required(advice) if each.required else Allowed()]
    kind, more = _kind_of(each, around)
    if each.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        rules.append(AtMost(each.max_length))
    elif each.kind is FieldKind.MONEY:
        most = LARGEST if each.max_value is None else each.max_value
        rules.append(Between(each.min_value or 0, most))
    elif each.kind is FieldKind.INTEGER or each.kind in DECIMALS:
        rules.append(Between(each.min_value, each.max_value))
    elif each.kind is FieldKind.DATE:
        rules += _days(each, around, html_name)
    return unbound(kind, each.label, rules, each.hint, **more)


def _first_today(around: Surroundings) -> date:
    """The earliest day that counts as today: what was right at the submission stays so."""
    return min(around.today, around.submitted_on or around.today)


def _columns(each: FormField, around: Surroundings) -> dict[str, Any]:
    """The fields of one line."""
    return {column.name: field_for(column, around, str) for column in each.columns}


def held(each: FormField, value: Any) -> Any:
    """A kept value as its WTForms field holds it."""
    if each.kind is FieldKind.ATTACHMENTS:
        return [KeptFile.from_value(entry) for entry in value or ()]
    if each.kind is FieldKind.DATE and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value


def stored(drawn: Any) -> Any:
    """A field's value as JSON; nothing given is None."""
    if isinstance(drawn, LinesTable | DayRangeField):
        return drawn.value
    value = drawn.data
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(drawn, kinds.FilesField):
        return [kept.as_value() for kept in value]
    return given(value)


def given(value: Any) -> Any:
    """The value, or None where there is none: "No" and 0 are answers."""
    return None if value in ("", [], ()) else value


def _days(each: FormField, around: Surroundings, html_name: Callable[[str], str]) -> Iterator[Any]:
    """Which days a DATE field may hold. What was right when the request was submitted stays so."""
    if each.not_before == TODAY:
        yield NotPast(_first_today(around))
    elif each.not_before:
        yield NotBefore(html_name(each.not_before))
    if each.not_after == TODAY:
        yield NotFuture(around.today)
    elif each.not_after:
        yield NotAfter(html_name(each.not_after))


def _kind_of(each: FormField, around: Surroundings) -> tuple[type[Field], dict[str, Any]]:
    """The class and what it needs."""
    if each.kind is FieldKind.MONEY:
        return kinds.MoneyField, {"currency": each.currency or "EUR"}
    if each.kind is FieldKind.PERSON:
        return kinds.PersonField, {"people": around.people, "names": around.names}
    if each.kind is FieldKind.ATTACHMENTS:
        return kinds.FilesField, {"accept": ACCEPT}
    if each.kind in OPTIONED or each.kind is FieldKind.DEPARTMENT:
        return _options_of(each, around)
    if each.kind in DECIMALS:
        unit = "%" if each.kind is FieldKind.PERCENT else ""
        return kinds.DecimalNumberField, {"places": each.places, "unit": unit}
    if each.kind is FieldKind.LINK:
        return kinds.LinkField, {"requests": around.requests}
    plain: dict[FieldKind, type[Field]] = {
        FieldKind.LONG_TEXT: kinds.LinesField,
        FieldKind.INTEGER: kinds.WholeNumberField,
        FieldKind.DATE: kinds.DayField,
        FieldKind.YES_NO: kinds.YesNoField,
    }
    return plain.get(each.kind, kinds.LineField), {}


def _options_of(each: FormField, around: Surroundings) -> tuple[type[Field], dict[str, Any]]:
    offered = [(option.value, option.label) for option in each.choices]
    if each.kind is FieldKind.CHOICES:
        return kinds.SeveralField, {"choices": dict(offered), "validate_choice": False}
    if each.kind is FieldKind.DEPARTMENT:
        named = list(around.departments().items())
        return kinds.OptionsField, options(named, _("Choose a department"))
    return kinds.OptionsField, options(offered)


def options(choices: Sequence[tuple[str, str]], first: str | None = None) -> dict[str, Any]:
    """What a list field needs: an empty option on top, then the choices (value and label). `first`
    names the empty one; "" leaves it out."""
    unchosen = _("Choose an option") if first is None else first
    empty = {"": unchosen} if unchosen else {}
    named = {value: str(label) for value, label in choices}
    return {"choices": empty | named, "validate_choice": False}
