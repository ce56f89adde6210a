"""A request's form values as people read them, and what a new round changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for

from portal.domain.forms import FieldKind, FormField
from portal.domain.request import Content
from portal.presentation.labels import words_of
from portal.presentation.money import money
from portal.presentation.parts import Change
from portal.presentation.times import day


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value: text, a `date`, or minor units where `currency` is set."""

    label: str
    value: Any
    changed: bool = False
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as listed."""

    name: str
    url: str
    size: int
    kind: str


def people_in(form: tuple[FormField, ...], values: Mapping[str, Any]) -> set[str]:
    """Ids of the people whom the form names."""
    fields = [each for each in form if each.kind is FieldKind.PERSON]
    return {person for each in fields for person in _ids(values.get(each.name))}


def facts(
    form: tuple[FormField, ...],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    changed: tuple[str, ...] = (),
) -> tuple[Fact, ...]:
    """Every filled field but files and the amount, in the form's order; then what it lacks."""
    known = tuple(_fact(each, values[each.name], names, changed) for each in _shown(form, values))
    declared = {each.name for each in form}
    loose = tuple(
        Fact(words_of(name), _loose(value), name in changed)
        for name, value in values.items()
        if name not in declared and value not in (None, "", [])
    )
    return known + loose


def files(form: tuple[FormField, ...], values: Mapping[str, Any]) -> tuple[File, ...]:
    """Every attachment of every field."""
    fields = [each for each in form if each.kind is FieldKind.ATTACHMENTS]
    return tuple(_file(entry) for each in fields for entry in values.get(each.name) or ())


def changes(
    form: tuple[FormField, ...], before: Content, after: Content, names: Mapping[str, str]
) -> tuple[Change, ...]:
    """Each field that differs, with both values in words."""
    fields = {each.name: each for each in form}
    differing = before.changed_from(after)
    money_fields = {each.name for each in form if each.is_amount}
    listed = []
    for name in differing:
        if name in ("amount", "currency") and money_fields & (set(differing) - {name}):
            continue  # the type's own field for it says it already
        label, old, new = _sides(name, fields.get(name), before, after, names)
        listed.append(Change(label, old, new))
    return tuple(listed)


def _sides(
    name: str, field: FormField | None, before: Content, after: Content, names: Mapping[str, str]
) -> tuple[str, str | None, str | None]:
    if name == "title" or (name == "currency" and field is None):
        return words_of(name), getattr(before, name), getattr(after, name)
    if name == "amount" and field is None:
        return "Amount", _amount(before), _amount(after)
    old, new = before.fields.get(name), after.fields.get(name)
    if field is None:
        return words_of(name), _loose(old) or None, _loose(new) or None
    return field.label, in_words(field, old, names), in_words(field, new, names)


def in_words(field: FormField, value: Any, names: Mapping[str, str]) -> str | None:
    """A value as plain text; None when it is empty."""
    if value in (None, "", []):
        return None
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return money(value, field.currency or "EUR")
    if field.kind is FieldKind.DATE:
        parsed = _date(value)
        return day(parsed) if parsed else str(value)
    if field.kind is FieldKind.CHOICE:
        return next((c.label for c in field.choices if c.value == value), str(value))
    if field.kind is FieldKind.PERSON:
        return ", ".join(names.get(person, "Somebody unknown") for person in _ids(value))
    if field.kind is FieldKind.ATTACHMENTS:
        return ", ".join(_file(entry).name for entry in value)
    return _loose(value)


def _shown(form: tuple[FormField, ...], values: Mapping[str, Any]) -> Iterator[FormField]:
    for each in form:
        apart = each.kind is FieldKind.ATTACHMENTS or each.is_amount
        if not apart and values.get(each.name) not in (None, "", []):
            yield each


def _fact(field: FormField, value: Any, names: Mapping[str, str], changed: tuple[str, ...]) -> Fact:
    differs = field.name in changed
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return Fact(field.label, value, differs, field.currency or "EUR")
    if field.kind is FieldKind.DATE and _date(value):
        return Fact(field.label, _date(value), differs)
    return Fact(field.label, in_words(field, value, names) or "", differs)


def _amount(content: Content) -> str | None:
    if content.amount is None or content.currency is None:
        return None
    return money(content.amount, content.currency)


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _ids(value: Any) -> list[str]:
    if not value:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _loose(value: Any) -> str:
    """A value that no form field describes."""
    if isinstance(value, list | tuple):
        return ", ".join(_loose(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{words_of(str(key))}: {_loose(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


def _file(entry: Any) -> File:
    """A stored file as `portal.domain.files.KeptFile.as_value` wrote it, or a bare id."""
    kept = entry if isinstance(entry, Mapping) else {"id": str(entry)}
    name = str(kept.get("name", "File"))
    kind = name.rpartition(".")[2].upper() if "." in name else "File"
    try:
        url = url_for("attachments.download", attachment_id=UUID(str(kept.get("id"))))
    except ValueError:
        url = ""
    return File(name, url, int(kept.get("size", 0)), kind)
