"""The values of a request's form as plain words, for pages and for mail alike."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.request.files import KeptFile
from portal.presentation.labels import words_of
from portal.presentation.money import money
from portal.presentation.times import day
from portal.translation import _


def in_words(field: FormField, value: Any, names: Mapping[str, str]) -> str | None:
    """A value as plain text; None when it is empty."""
    if value in (None, "", []):
        return None
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return money(value, field.currency or "EUR")
    if field.kind is FieldKind.DATE:
        parsed = as_date(value)
        return day(parsed) if parsed else str(value)
    if field.kind is FieldKind.CHOICE:
        return next((c.label for c in field.choices if c.value == value), str(value))
    if field.kind is FieldKind.PERSON:
        return ", ".join(names.get(person, _("Unknown person")) for person in ids(value))
    if field.kind is FieldKind.ATTACHMENTS:
        return ", ".join(kept(entry).name for entry in value)
    return loose(value)


def shown(form: tuple[FormField, ...], values: Mapping[str, Any]) -> Iterator[FormField]:
    """The filled fields but files and the amount, in the form's order."""
    for each in form:
        apart = each.kind is FieldKind.ATTACHMENTS or each.is_amount
        if not apart and values.get(each.name) not in (None, "", []):
            yield each


def attached(form: tuple[FormField, ...], values: Mapping[str, Any]) -> list[KeptFile]:
    """Every file of every field."""
    fields = [each for each in form if each.kind is FieldKind.ATTACHMENTS]
    return [kept(entry) for each in fields for entry in values.get(each.name) or ()]


def people_in(form: tuple[FormField, ...], values: Mapping[str, Any]) -> set[str]:
    """Ids of the people whom the form names."""
    fields = [each for each in form if each.kind is FieldKind.PERSON]
    return {person for each in fields for person in ids(values.get(each.name))}


def as_date(value: Any) -> date | None:
    """A date from ISO 8601 text; None for anything else."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def ids(value: Any) -> list[str]:
    """The ids that a PERSON field holds: none, one, or a list."""
    if not value:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def loose(value: Any) -> str:
    """A value that no form field describes."""
    if isinstance(value, list | tuple):
        return ", ".join(loose(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{words_of(str(key))}: {loose(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else str(value)


def kept(entry: Any) -> KeptFile:
    """A stored file as `KeptFile.as_value` wrote it, or a bare id."""
    return KeptFile.from_value(entry if isinstance(entry, Mapping) else {"id": str(entry)})
