"""The builder of a condition: its rows as typed, read and written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.domain.policy.conditions import (
    COMPARISONS,
    VALUELESS,
    Comparison,
    Condition,
    Join,
    Row,
    RowGroup,
)
from portal.domain.policy.forms import (
    DECIMALS,
    MOST_PLACES,
    FieldKind,
    FormField,
)
from portal.forms.building import unbound
from portal.forms.fields import (
    DayField,
    DecimalNumberField,
    MoneyField,
    WholeNumberField,
)
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

MOST_ROWS = 8
# The rows of the condition itself, and those of its group: what their inputs' names begin with.
OWN, GROUP = "r", "g"
PREFIXES = (OWN, GROUP)
ALL_ROWS = "all"


WORDS: Mapping[str, str] = {
    Comparison.IS: lazy("is"),
    Comparison.IS_NOT: lazy("is not"),
    Comparison.AT_LEAST: lazy("is at least"),
    Comparison.MORE_THAN: lazy("is more than"),
    Comparison.AT_MOST: lazy("is at most"),
    Comparison.LESS_THAN: lazy("is less than"),
    Comparison.CONTAINS: lazy("contains"),
    Comparison.LACKS: lazy("does not contain"),
    Comparison.EMPTY: lazy("is empty"),
    Comparison.FILLED: lazy("is filled in"),
}


@dataclass(frozen=True)
class RowShown:
    """One row of the builder as typed: names of its inputs, its values, and what is wrong."""

    name: str
    field: str = ""
    comparison: str = ""
    value: str = ""
    error: str = ""


@dataclass(frozen=True)
class ConditionShown:
    """The builder as typed. `join` and `group_join`: "all" or "any"."""

    join: str
    rows: tuple[RowShown, ...]
    group_join: str
    group: tuple[RowShown, ...]

    @property
    def has_errors(self) -> bool:
        """Whether any row is wrong."""
        return any(each.error for each in (*self.rows, *self.group))


def shown(
    condition: Condition | None, fields: Sequence[FormField], people: PeopleSource, more: str = ""
) -> ConditionShown:
    """The builder with a condition that is kept; `more`: the part that gets an empty row."""
    kept = condition or Condition()
    group = kept.groups[0] if kept.groups else RowGroup(join=Join.ANY, rows=())
    return ConditionShown(
        kept.join.value,
        with_room(OWN, _rows_shown(OWN, kept.rows, fields, people), more),
        group.join.value,
        with_room(GROUP, _rows_shown(GROUP, group.rows, fields, people), more),
    )


def with_room(prefix: str, drawn: Sequence[RowShown], more: str) -> tuple[RowShown, ...]:
    """The rows with an empty one where it was asked for, and where a condition has none at all."""
    wanted = more == prefix or (prefix == OWN and not drawn)
    return (*drawn, RowShown(f"{prefix}{len(drawn)}")) if wanted else tuple(drawn)


def _rows_shown(
    prefix: str, rows: Sequence[Row], fields: Sequence[FormField], people: PeopleSource
) -> tuple[RowShown, ...]:
    by_name = {each.name: each for each in fields}
    return tuple(
        RowShown(
            f"{prefix}{i}",
            row.field,
            row.comparison.value,
            written_value(row.value, by_name.get(row.field), people),
        )
        for i, row in enumerate(rows)
    )


def written_value(value: Any, each: FormField | None, people: PeopleSource) -> str:
    """A row's value as it is typed; of an option, its value."""
    if value is None:
        return ""
    if each is not None and each.kind is FieldKind.MONEY:
        return str(_bound(each).write(value))
    if each is not None and each.kind is FieldKind.PERSON:
        person = people.find(str(value))
        return person.label if person else str(value)
    return str(value)


def read_condition(
    post: "MultiDict[str, str]", fields: Sequence[FormField], people: PeopleSource
) -> tuple[ConditionShown, Condition]:
    """What was typed, and the condition that it is where no row has an error. `more` of the post
    names the part that gets an empty row; `remove` a row, a whole group, or every row."""
    by_name = {each.name: each for each in fields}
    parts: dict[str, tuple[tuple[RowShown, ...], tuple[Row, ...]]] = {}
    for prefix in PREFIXES:
        typed = [_typed(post, f"{prefix}{i}") for i in range(MOST_ROWS)]
        given = [each for each in typed if each.field or each.value]
        read = [_read_row(each, by_name, people) for each in given]
        rows = tuple(row for _each, row in read if row is not None)
        drawn = [replace(each, name=f"{prefix}{i}") for i, (each, _row) in enumerate(read)]
        parts[prefix] = (with_room(prefix, drawn, post.get("more", "")), rows)
    joins = [
        Join(post[each]) if post.get(each) in set(Join) else Join.ALL for each in ("join", "gj")
    ]
    groups = (RowGroup(join=joins[1], rows=parts[GROUP][1]),) if parts[GROUP][1] else ()
    seen = ConditionShown(joins[0].value, parts[OWN][0], joins[1].value, parts[GROUP][0])
    return seen, Condition(join=joins[0], rows=parts[OWN][1], groups=groups)


def _typed(post: "MultiDict[str, str]", name: str) -> RowShown:
    if post.get("remove") in (name, name[0], ALL_ROWS):
        return RowShown(name)
    parts = (post.get(f"{name}_{each}", "").strip()[:200] for each in ("field", "is", "value"))
    return RowShown(name, *parts)


def _read_row(
    typed: RowShown, fields: Mapping[str, FormField], people: PeopleSource
) -> tuple[RowShown, Row | None]:
    each = fields.get(typed.field)
    if each is None:
        return replace(typed, error=_("Choose a field.")), None
    if each.choices:
        typed = replace(typed, value=_option(typed.value, each) or typed.value)
    offered = COMPARISONS[each.kind]
    if typed.comparison not in offered:
        words = ", ".join(str(WORDS[comparison]) for comparison in offered)
        wrong = _("“%(field)s” can be compared by: %(words)s.", field=each.label, words=words)
        return replace(typed, error=wrong), None
    comparison = Comparison(typed.comparison)
    if comparison in VALUELESS:
        return replace(typed, value=""), Row(field=each.name, comparison=comparison)
    try:
        value = _read_value(typed.value, each, people)
    except ValueError as error:
        sentence = str(error).replace("%(label)s", each.label)
        return replace(typed, error=sentence), None
    return typed, Row(field=each.name, comparison=comparison, value=value)


def _read_value(text: str, each: FormField, people: PeopleSource) -> int | str:
    if not text:
        raise ValueError(
            _("Choose an option of “%(field)s”.", field=each.label)
            if each.choices
            else _("Enter a value to compare with.")
        )
    match each.kind:
        case _ if each.choices:
            return _known_option(text, each)
        case FieldKind.DECIMAL | FieldKind.PERCENT:
            return str(_bound(each).read(text))
        case FieldKind.LINK:
            return text.upper()
        case FieldKind.PERSON:
            return _colleague(text, people)
        case FieldKind.DATE:
            return str(_bound(each).read(text).isoformat())
        case FieldKind.MONEY | FieldKind.INTEGER | FieldKind.ATTACHMENTS:
            number: int = _bound(each).read(text)
            return number
    return text


def _option(text: str, each: FormField) -> str:
    """The value of the option that is chosen or typed, by its label too; "" where it is none."""
    typed = text.casefold()
    exact = (o.value for o in each.choices if o.value == text)
    alike = (o.value for o in each.choices if typed in (o.value.casefold(), o.label.casefold()))
    return next(exact, "") or next(alike, "")


def _known_option(text: str, each: FormField) -> str:
    found = _option(text, each)
    if not found:
        raise ValueError(_("%(label)s has no option “%(text)s”.", label=each.label, text=text))
    return found


def _colleague(text: str, people: PeopleSource) -> str:
    found = people.called(text)
    if len(found) != 1:
        raise ValueError(_("Enter the name or mail address of one active colleague."))
    return found[0].id


def _bound(each: FormField) -> Any:
    """A field that reads and writes values of that kind."""
    kinds: dict[FieldKind, Any] = {
        FieldKind.MONEY: unbound(MoneyField, each.label, [], currency=each.currency or "EUR"),
        FieldKind.DATE: unbound(DayField, each.label, []),
        **{
            kind: unbound(DecimalNumberField, each.label, [], places=MOST_PLACES)
            for kind in DECIMALS
        },
    }
    form = BaseForm({"x": kinds.get(each.kind, unbound(WholeNumberField, each.label, []))})
    return form["x"]
