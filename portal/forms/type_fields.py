"""The forms of a draft's form: a new field, and everything about one that may change."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from wtforms import BooleanField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.domain.policy.forms import (
    DECIDING,
    IN_LINES,
    MOST_PLACES,
    NO,
    TODAY,
    YES,
    Choice,
    FieldKind,
    FormField,
    ShownIf,
    bound,
    comparable,
)
from portal.domain.policy.types import TypeContent, first_amount, name_for, summed
from portal.forms.building import LARGEST, options, unbound
from portal.forms.fields import (
    Allowed,
    AtMost,
    Between,
    CurrencyField,
    DecimalNumberField,
    LineField,
    LinesField,
    MoneyField,
    OptionsField,
    Required,
    WholeNumberField,
)
from portal.forms.types import LONGEST_TEXT
from portal.translation import _, lazy

MOST_LENGTH = 10_000


KINDS: Mapping[str, str] = {
    FieldKind.TEXT: lazy("Text, one line"),
    FieldKind.LONG_TEXT: lazy("Text, several lines"),
    FieldKind.MONEY: lazy("Amount of money"),
    FieldKind.INTEGER: lazy("Whole number"),
    FieldKind.DECIMAL: lazy("Decimal number"),
    FieldKind.PERCENT: lazy("Percentage"),
    FieldKind.DATE: lazy("Date"),
    FieldKind.DAY_RANGE: lazy("Days from and to, with half days"),
    FieldKind.YES_NO: lazy("Yes or no"),
    FieldKind.CHOICE: lazy("One of several options"),
    FieldKind.CHOICES: lazy("Several of several options"),
    FieldKind.PERSON: lazy("Person"),
    FieldKind.DEPARTMENT: lazy("Department"),
    FieldKind.LINK: lazy("Earlier request"),
    FieldKind.ATTACHMENTS: lazy("Files"),
    FieldKind.LINES: lazy("Table of lines"),
    FieldKind.SECTION: lazy("Section: a heading above fields"),
}


class ChoicesField(LinesField):
    """Options, one on each line: `value = label`, or a label alone, which is its own value."""

    empty: Any = ()

    def read(self, text: str) -> tuple[Choice, ...]:
        """The options in their order; a value that stands twice is an error with its line."""
        found: dict[str, Choice] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            value, equals, label = (part.strip() for part in line.partition("="))
            if not value and not equals:
                continue
            if not value or (equals and not label):
                raise ValueError(
                    _("%(label)s: line %(number)s must be “value = label”.", label="%(label)s",
                      number=number)
                )  # fmt: skip
            if value in found:
                raise ValueError(
                    _("%(label)s: line %(number)s repeats the value “%(value)s”.",
                      label="%(label)s", number=number, value=value)
                )  # fmt: skip
            found[value] = Choice(value=value, label=label or value)
        return tuple(found.values())

    def write(self, value: Sequence[Choice]) -> str:
        """One on each line."""
        lines = (o.value if o.value == o.label else f"{o.value} = {o.label}" for o in value)
        return "\n".join(lines)


def new_field_form(typed: Any = None, *, column: bool = False) -> BaseForm:
    """A field's label and kind; the kind is fixed from then on. `column`: of a table of lines."""
    kinds = [(k, str(words)) for k, words in KINDS.items() if k in IN_LINES or not column]
    form = BaseForm({
        "label": unbound(
            LineField, _("Label"), [Required(_("enter a label, such as Supplier")), AtMost(100)],
            _("What people read beside the field."),
        ),
        "kind": unbound(
            OptionsField, _("Kind"), [Required(_("choose what the field holds"))],
            _("It cannot be changed later; add another field instead."), **options(kinds),
        ),
    }, prefix="new" if column else "")  # fmt: skip
    form.process(typed)
    return form


def new_field(
    form: BaseForm, content: TypeContent, taken: Sequence[str], usual: str = "EUR"
) -> FormField:
    """The field that a valid `new_field_form` describes, with a name that nothing else has; an
    amount is in the `usual` currency."""
    kind, label = FieldKind(form["kind"].data), form["label"].data
    used = {*taken, *(each.name for each in (*content.form, *comparable(content.form)))}
    if kind is not FieldKind.MONEY:
        used.add("amount")
    lengths = {FieldKind.LONG_TEXT: 4000}
    bounds: dict[FieldKind, tuple[int | str | None, int | str | None]] = {
        FieldKind.MONEY: (0, None), FieldKind.PERCENT: ("0", "100"),
    }  # fmt: skip
    least, most = bounds.get(kind, (None, None))
    return FormField(
        name=name_for(label, used),
        label=label,
        kind=kind,
        max_length=lengths.get(kind, 200),
        currency=usual if kind is FieldKind.MONEY else None,
        is_amount=first_amount(content, kind),
        required=kind is not FieldKind.SECTION,
        min_value=least,
        max_value=most,
        columns=_first_columns(usual) if kind is FieldKind.LINES else (),
    )


def _first_columns(usual: str) -> tuple[FormField, ...]:
    """What most tables begin with; both can be changed and removed."""
    return (
        FormField(name="description", label=_("Description")),
        FormField(name="amount", label=_("Amount"), kind=FieldKind.MONEY, currency=usual,
                  min_value=0),
    )  # fmt: skip


def new_column(form: BaseForm, table: FormField, usual: str = "EUR") -> FormField:
    """The column that a valid `new_field_form` describes."""
    inside = TypeContent(name="", form=table.columns)
    return replace(new_field(form, inside, (), usual), is_amount=False)


class _NotAbove:
    """The largest value is not below the smallest."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise, naming both."""
        least, most = bound(form["min_value"].data), bound(field.data)
        if least is not None and most is not None and most < least:
            raise ValidationError(
                _("%(label)s must not be below %(other)s.", label=field.label.text,
                  other=form["min_value"].label.text)
            )  # fmt: skip


def column_form(each: FormField, typed: Any = None) -> BaseForm:
    """Everything about one column of a table of lines that may change."""
    return field_form(each, TypeContent(name="", form=(each,)), typed, column=True)


def field_form(
    each: FormField, content: TypeContent, typed: Any = None, *, column: bool = False
) -> BaseForm:
    """Everything about one field that may change."""
    drawn: dict[str, Any] = {
        "label": unbound(LineField, _("Label"), [Required(_("enter a label")), AtMost(100)]),
        "hint": unbound(
            LineField, _("Hint"), [AtMost(LONGEST_TEXT)],
            _("A sentence below the label that says what to enter."),
        ),
        **({} if each.kind is FieldKind.SECTION else _required()),
        **_kind_fields(each, content),
    }  # fmt: skip
    more, shown = _shown_fields(each, content)
    drawn |= more
    if column:
        drawn.pop("is_amount", None)
    form = BaseForm(drawn)
    currency = str(typed.get("currency", "") if typed is not None else each.currency or "")
    for name in ("min_value", "max_value"):
        if each.kind is FieldKind.MONEY:
            form[name].currency = currency if re.fullmatch("[A-Z]{3}", currency) else "EUR"
    form.process(typed, data={name: getattr(each, name, None) for name in drawn} | shown)
    return form


def _required() -> dict[str, Any]:
    return {"required": unbound(BooleanField, _("An answer is required"), [])}


def _shown_fields(each: FormField, content: TypeContent) -> tuple[dict[str, Any], dict[str, Any]]:
    """On which choice further up it depends whether it is shown, and what is kept of that."""
    before = takewhile(lambda other: other.name != each.name, content.form)
    deciding = {other.name: other for other in before if other.kind in DECIDING}
    if not deciding:
        return {}, {}
    on = each.shown_if
    offered = options([(name, other.label) for name, other in deciding.items()], _("Always shown"))
    values = [_OfField(deciding)]
    hint = _("One on each line, as people see them. Any of them is enough.")
    labels = _labels_of(deciding.get(on.field)) if on else {}
    kept = [labels.get(value, value) for value in on.values] if on else []
    return {
        "shown_field": unbound(OptionsField, _("Shown only if"), [], **offered),
        "shown_values": unbound(LinesField, _("is one of"), values, hint),
    }, {"shown_field": on.field if on else "", "shown_values": "\n".join(kept)}


def _labels_of(other: FormField | None) -> dict[str, str]:
    """The labels of a deciding field's options by their values."""
    if other is None:
        return {}
    if other.kind is FieldKind.YES_NO:
        return {YES: _("Yes"), NO: _("No")}
    return {option.value: option.label for option in other.choices}


def _values_of(other: FormField | None, typed: str) -> tuple[list[str], list[str]]:
    """The values that typed lines are, and the lines that are none."""
    known: dict[str, str] = {}
    for value, label in _labels_of(other).items():
        known |= {value.casefold(): value, label.casefold(): value}
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    found = [known[line.casefold()] for line in lines if line.casefold() in known]
    return list(dict.fromkeys(found)), [each for each in lines if each.casefold() not in known]


class _OfField:
    """Values that the chosen field offers."""

    def __init__(self, deciding: Mapping[str, FormField]) -> None:
        self.deciding = deciding

    def __call__(self, form: Any, field: Any) -> None:
        """Raise for what it does not offer, and for nothing."""
        other = self.deciding.get(form["shown_field"].data or "")
        if other is None:
            return
        values, unknown = _values_of(other, field.data or "")
        if unknown:
            raise ValidationError(
                _("“%(field)s” has no option “%(value)s”.", field=other.label, value=unknown[0])
            )
        if not values:
            offered = ", ".join(_labels_of(other).values())
            raise ValidationError(
                _("Enter at least one option of “%(field)s”: %(options)s.", field=other.label,
                  options=offered)
            )  # fmt: skip


def _kind_fields(each: FormField, content: TypeContent) -> dict[str, Any]:
    match each.kind:
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            length = [Required(_("enter a number")), Between(1, MOST_LENGTH)]
            return {"max_length": unbound(WholeNumberField, _("Most characters"), length)}
        case FieldKind.CHOICE | FieldKind.CHOICES:
            hint = _("One on each line: value = label. The value is kept; the label is shown.")
            rules = [Required(_("enter at least one option")), _AtMostChoices()]
            return {"choices": unbound(ChoicesField, _("Options"), rules, hint)}
        case FieldKind.MONEY:
            return _money_fields()
        case FieldKind.INTEGER:
            return _bounds(WholeNumberField)
        case FieldKind.DECIMAL | FieldKind.PERCENT:
            places = [Required(_("enter a number")), Between(0, MOST_PLACES)]
            return {
                "places": unbound(WholeNumberField, _("Digits after the point"), places),
                **_bounds(DecimalNumberField, places=MOST_PLACES),
            }
        case FieldKind.DATE | FieldKind.DAY_RANGE:
            return _day_fields(each, content)
        case FieldKind.LINES:
            return _sum_fields(each)
    return {}


def _sum_fields(each: FormField) -> dict[str, Any]:
    amounts = [(c.name, c.label) for c in each.columns if c.kind is FieldKind.MONEY]
    return {
        "total_of": unbound(
            OptionsField, _("Sum of"), [],
            _("The column that is added up. Conditions can compare the total."),
            **options(amounts, _("Nothing")),
        ),
        "is_amount": unbound(
            BooleanField, _("The sum is the amount of the request"), [_OfSum()],
            _("Lists, sums and limits go by it. Only one field can be the amount."),
        ),
    }  # fmt: skip


class _OfSum:
    """Only a sum can be the amount."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise where nothing is summed."""
        if field.data and not form["total_of"].data:
            raise ValidationError(_("Choose the column that is summed."))


def _day_fields(each: FormField, content: TypeContent) -> dict[str, Any]:
    others = [
        (other.name, other.label)
        for other in content.form
        if other.kind is FieldKind.DATE and other.name != each.name
    ]
    if each.kind is FieldKind.DAY_RANGE:
        days = options([(TODAY, _("the day of the request"))], _("Any day"))
        return {"not_before": unbound(OptionsField, _("Not before"), [], **days)}
    days = options([(TODAY, _("the day of the request")), *others], _("Any day"))
    return {
        "not_before": unbound(OptionsField, _("Not before"), [], **days),
        "not_after": unbound(OptionsField, _("Not after"), [], **days),
    }


class _AtMostChoices:
    def __call__(self, _form: Any, field: Any) -> None:
        if len(field.data) > 500:
            raise ValidationError(_("%(label)s: at most 500 options.", label=field.label.text))


def _money_fields() -> dict[str, Any]:
    return {
        "currency": unbound(
            CurrencyField, _("Currency"), [Required(_("enter a code such as EUR"))]
        ),
        "is_amount": unbound(
            BooleanField, _("This is the amount of the request"), [],
            _("Lists, sums and limits go by it. Only one field can be the amount."),
        ),
        **_bounds(MoneyField, currency="EUR"),
    }  # fmt: skip


def _bounds(kind: Any, **more: Any) -> dict[str, Any]:
    within = [Allowed(), Between(-LARGEST, LARGEST)]
    return {
        "min_value": unbound(kind, _("Smallest value"), within, **more),
        "max_value": unbound(kind, _("Largest value"), [*within, _NotAbove()], **more),
    }


def changed_field(each: FormField, content: TypeContent, form: BaseForm) -> FormField:
    """The field as a valid form has it; name and kind stay."""
    values = {field.name: field.data for field in form}
    for name in ("not_before", "not_after"):
        if name in values:
            values[name] = values[name] or None
    shown, typed = values.pop("shown_field", None), values.pop("shown_values", "")
    if shown:
        found, _unknown = _values_of(content.field(shown), typed)
        values["shown_if"] = ShownIf(field=shown, values=tuple(found))
    elif shown is not None:
        values["shown_if"] = None
    if "total_of" in values:
        values["total_of"] = values["total_of"] or None
        return summed(replace(each, **values))
    return replace(each, **values)
