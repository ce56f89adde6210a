"""Conditions in words, in the language of whoever reads them.

A version keeps the rows of a condition, and beside them a sentence for programs and the record.
People read what the rows say: amounts, days and names as their language writes them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from portal.domain.codec import decode
from portal.domain.policy.conditions import VALUELESS, Condition, Join, Row, RowGroup
from portal.domain.policy.forms import NO, YES, Choice, FieldKind, FormField, comparable
from portal.domain.policy.policy import Policy
from portal.domain.policy.translations import Translations
from portal.domain.policy.types import TypeContent
from portal.presentation.labels import number, priority
from portal.presentation.money import money
from portal.presentation.times import day
from portal.translation import _, lazy

COMPARED: Mapping[str, str] = {
    "is": lazy("%(field)s is %(value)s"),
    "is_not": lazy("%(field)s is not %(value)s"),
    "at_least": lazy("%(field)s is at least %(value)s"),
    "more_than": lazy("%(field)s is more than %(value)s"),
    "at_most": lazy("%(field)s is at most %(value)s"),
    "less_than": lazy("%(field)s is less than %(value)s"),
    "contains": lazy("%(field)s contains “%(value)s”"),
    "lacks": lazy("%(field)s does not contain “%(value)s”"),
    "empty": lazy("%(field)s is empty"),
    "filled": lazy("%(field)s is filled in"),
}
PARTS: Mapping[str, str] = {
    "total": lazy("%(field)s: total"),
    "count": lazy("%(field)s: number of lines"),
    "days": lazy("%(field)s: working days"),
    "first": lazy("%(field)s: first day"),
    "last": lazy("%(field)s: last day"),
}
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT", "CRITICAL")
# What every request has beside its form.
OWN_DEPARTMENT = "department"


def subjects(content: TypeContent, departments: Mapping[str, str]) -> tuple[FormField, ...]:
    """What conditions may compare: the form's fields, and what every request has beside them."""
    named = tuple(Choice(value=code, label=name) for code, name in departments.items())
    levels = tuple(Choice(value=each, label=priority(each).words) for each in PRIORITIES)
    own, level = _("Requester's department"), _("Priority")
    yes_no = (Choice(value=YES, label=_("Yes")), Choice(value=NO, label=_("No")))
    more = {FieldKind.DEPARTMENT: named, FieldKind.YES_NO: yes_no}
    return (
        *(
            replace(each, choices=more.get(each.kind, each.choices))
            for each in (_told_apart(part, content) for part in comparable(content.form))
        ),
        FormField(name="department", label=own, kind=FieldKind.CHOICE, choices=named),
        FormField(name="priority", label=level, kind=FieldKind.CHOICE, choices=levels),
    )


def _told_apart(each: FormField, content: TypeContent) -> FormField:
    """A part of a field by a label of its own; any other as it is."""
    if content.field(each.name) is not None:
        return each
    words = str(PARTS.get(each.name.rpartition("_")[2], "%(field)s"))
    return replace(each, label=words % {"field": each.label})


def conditional(
    form: Sequence[Any], policy: Mapping[str, Any], translations: Translations
) -> TypeContent | None:
    """A version that is kept, as far as its conditions need it; None where no condition has
    rows."""
    asked = any(each.get("when") for each in policy.get("stages", ()))
    if not asked and not any(each.get("shown_when") for each in form):
        return None
    return TypeContent(
        name="",
        form=tuple(decode(FormField, each) for each in form),
        policy=decode(Policy, policy),
        translations={text: dict(by) for text, by in translations.items()},
    )


def said_by(content: TypeContent, code: str, names: Mapping[str, str]) -> dict[str, str]:
    """What the rows of each condition say, by the sentence that is kept of it; `code`: of the
    language that is being written, in which `content` may say its own texts. `names`: of people by
    id, and of departments by code."""
    departments = {key: names[key] for key in mentioned(content) if key in names}
    read = with_sentences(content.in_language(code), departments, names)
    pairs = zip(_sentences(content), _sentences(read), strict=True)
    return {kept: said for (kept, _rows), (said, _same) in pairs if kept}


def with_sentences(
    content: TypeContent, departments: Mapping[str, str], names: Mapping[str, str]
) -> TypeContent:
    """The content with the sentence of each condition as its rows say it in the language that is
    being written. `departments`: by code."""
    beside = subjects(content, departments)

    def said(condition: Condition | None, kept: str) -> str:
        has_rows = condition is not None and not condition.is_empty
        return condition_words(condition, beside, names) if condition and has_rows else kept

    stages = (
        replace(each, condition_text=said(each.when, each.condition_text))
        for each in content.policy.stages
    )
    form = (
        replace(each, shown_text=said(each.shown_when, each.shown_text)) for each in content.form
    )
    policy = replace(content.policy, stages=tuple(stages))
    return replace(content, form=tuple(form), policy=policy)


def mentioned(content: TypeContent) -> set[str]:
    """Ids of people and codes of departments of which conditions speak."""
    kinds = {each.name: each.kind for each in comparable(content.form)}
    kinds[OWN_DEPARTMENT] = FieldKind.DEPARTMENT
    rows = (row for _kept, condition in _sentences(content) for row in condition.all_rows())
    named = (FieldKind.PERSON, FieldKind.DEPARTMENT)
    return {str(row.value) for row in rows if kinds.get(row.field) in named and row.value}


def _sentences(content: TypeContent) -> Iterator[tuple[str, Condition]]:
    """The sentence that is kept of each condition that has rows, and the condition."""
    for stage in content.policy.stages:
        if stage.when is not None and not stage.when.is_empty:
            yield stage.condition_text, stage.when
    for each in content.form:
        if each.shown_when is not None and not each.shown_when.is_empty:
            yield each.shown_text, each.shown_when


def condition_words(condition: Condition, fields: Sequence[FormField], names: Mapping[str, str]
                    ) -> str:  # fmt: skip
    """The condition as a sentence without its subject: "Amount is at least €10,000.00"."""
    parts = [row_words(row, fields, names) for row in condition.rows]
    parts += [f"({_group(each, fields, names)})" for each in condition.groups if each.rows]
    return _joined(condition.join, parts)


def _group(group: RowGroup, fields: Sequence[FormField], names: Mapping[str, str]) -> str:
    return _joined(group.join, [row_words(row, fields, names) for row in group.rows])


def _joined(join: Join, parts: Sequence[str]) -> str:
    return (_(" and ") if join is Join.ALL else _(" or ")).join(parts)


def row_words(row: Row, fields: Sequence[FormField], names: Mapping[str, str]) -> str:
    """One comparison in words."""
    each = next((each for each in fields if each.name == row.field), None)
    label = each.label if each else row.field
    if each is not None and each.kind is FieldKind.ATTACHMENTS:
        label = _("Number of files in %(field)s", field=label)
    value = "" if row.comparison in VALUELESS else value_words(row.value, each, names)
    return str(COMPARED[row.comparison]) % {"field": label, "value": value}


def value_words(value: Any, each: FormField | None, names: Mapping[str, str]) -> str:
    """A value of a condition as people read it."""
    if each is None:
        return str(value)
    match each.kind:
        case FieldKind.MONEY if isinstance(value, int):
            return money(value, each.currency or "EUR")
        case FieldKind.DATE:
            return _day(str(value))
        case FieldKind.DECIMAL | FieldKind.PERCENT:
            return number(value, each.kind)
        case FieldKind.YES_NO:
            return _("Yes") if value == YES else _("No")
        case FieldKind.CHOICE | FieldKind.CHOICES | FieldKind.DEPARTMENT:
            return next((o.label for o in each.choices if o.value == value), str(value))
        case FieldKind.PERSON:
            return names.get(str(value), str(value))
    return str(value)


def _day(value: str) -> str:
    try:
        return day(date.fromisoformat(value))
    except ValueError:
        return value
