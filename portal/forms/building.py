"""From a form field's description to the WTForms field with its rules."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import Field
from wtforms.fields.core import UnboundField

from portal.domain.policy.forms import TODAY, FieldKind, FormField
from portal.domain.request.files import ACCEPT
from portal.forms import fields as kinds
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
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

LARGEST = 10**15

_ADVICE = {
    FieldKind.MONEY: lazy("enter an amount, such as 6,336.00"),
    FieldKind.INTEGER: lazy("enter a whole number"),
    FieldKind.DATE: lazy("enter a date"),
    FieldKind.CHOICE: lazy("choose an option"),
    FieldKind.PERSON: lazy("choose a name from the list"),
    FieldKind.ATTACHMENTS: lazy("attach at least one file"),
}


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a form has to know beside its fields: who fills it in and when, and whom it may name.
    `names`: whom it suggests. `submitted_on`: the day of a request that is changed."""

    person_id: str
    today: date
    people: PeopleSource
    names: Sequence[str] = ()
    submitted_on: date | None = None


def unbound(
    kind: type[Field], label: str, rules: Sequence[Any], hint: str = "", **more: Any
) -> "UnboundField[Any]":
    """A field to be bound to a form; calling the class does that, which no type says."""
    return UnboundField(kind, label, validators=list(rules), description=hint, **more)


def field_for(
    each: FormField, around: Surroundings, html_name: Callable[[str], str]
) -> "UnboundField[Any]":
    """The field that a request type describes."""
    advice = _ADVICE.get(each.kind, _("enter a value"))
    rules: list[Any] = [Required(advice) if each.required else Allowed()]
    kind, more = _kind_of(each, around)
    if each.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        rules.append(AtMost(each.max_length))
    elif each.kind is FieldKind.MONEY:
        most = LARGEST if each.max_value is None else each.max_value
        rules.append(Between(each.min_value or 0, most))
    elif each.kind is FieldKind.INTEGER:
        rules.append(Between(each.min_value, each.max_value))
    elif each.kind is FieldKind.DATE:
        rules += _days(each, around, html_name)
    return unbound(kind, each.label, rules, each.hint, **more)


def _days(each: FormField, around: Surroundings, html_name: Callable[[str], str]) -> Iterator[Any]:
    """Which days a DATE field may hold. What was right when the request was submitted stays so."""
    if each.not_before == TODAY:
        yield NotPast(min(around.today, around.submitted_on or around.today))
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
    if each.kind is FieldKind.CHOICE:
        offered = [(option.value, option.label) for option in each.choices]
        return kinds.OptionsField, options(offered)
    plain: dict[FieldKind, type[Field]] = {
        FieldKind.LONG_TEXT: kinds.LinesField,
        FieldKind.INTEGER: kinds.WholeNumberField,
        FieldKind.DATE: kinds.DayField,
    }
    return plain.get(each.kind, kinds.LineField), {}


def options(choices: Sequence[tuple[str, str]], first: str | None = None) -> dict[str, Any]:
    """What a list field needs: an empty option on top, then the choices (value and label). `first`
    names the empty one; "" leaves it out."""
    unchosen = _("Choose an option") if first is None else first
    empty = {"": unchosen} if unchosen else {}
    named = {value: str(label) for value, label in choices}
    return {"choices": empty | named, "validate_choice": False}
