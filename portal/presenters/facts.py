"""A request's form values as people read them, and what a change of it changed, from the contents
that the audit record kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from flask import url_for

from portal.domain.errors import CannotDecode
from portal.domain.policy.forms import DECIMALS, FieldKind, FormField, lines_of, section_of
from portal.domain.request.events import RequestAmended, RequestResubmitted, RequestSubmitted
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Content
from portal.presentation.labels import (
    as_date,
    attached,
    field_label,
    in_words,
    kept,
    loose,
    shown,
    total_of,
    words_of,
)
from portal.presentation.money import money
from portal.presentation.parts import FieldChange
from portal.queries import audit
from portal.queries.request import RequestRecord, TaskRecord
from portal.translation import _

NUMBERS = DECIMALS | {FieldKind.MONEY, FieldKind.INTEGER}
# Texts that every request may have, beside the fields of its type.
OWN = {each.name for each in fields(Content)} - {"fields", "amount"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value: text, a `date`, or minor units where `currency` is set. `url`: of
    what the value names. `section`: the heading under which it stands."""

    label: str
    value: Any
    changed: bool = False
    currency: str | None = None
    url: str = ""
    section: str = ""
    table: "LinesShown | None" = None


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as listed."""

    name: str
    url: str
    size: int
    kind: str


@dataclass(frozen=True, slots=True)
class LinesShown:
    """A table of lines as it is read: columns as labels with their class, rows of cells, and the
    total, if it has one."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[tuple[str, tuple[File, ...]], ...], ...]
    total: str | None


def lines_shown(field: FormField, value: Any, names: Mapping[str, str]) -> LinesShown | None:
    """The lines of a LINES field; None for any other."""
    if field.kind is not FieldKind.LINES or not lines_of(value):
        return None

    def cell(column: FormField, row: Mapping[str, Any]) -> tuple[str, tuple[File, ...]]:
        given = row.get(column.name)
        if column.kind is FieldKind.ATTACHMENTS:
            return "", tuple(_file(kept(entry)) for entry in given or ())
        return in_words(column, given, names) or "", ()

    rows = tuple(tuple(cell(c, row) for c in field.columns) for row in lines_of(value))
    columns = tuple((c.label, "num" if c.kind in NUMBERS else "") for c in field.columns)
    return LinesShown(columns, rows, total_of(field, value))


def facts(
    form: tuple[FormField, ...],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    changed: tuple[str, ...] = (),
) -> tuple[Fact, ...]:
    """Every filled field but files and the amount, in the form's order; then what it lacks."""
    sections = section_of(form)
    known = tuple(
        replace(
            _fact(each, values[each.name], names, changed),
            section=sections[each.name].label if each.name in sections else "",
        )
        for each in shown(form, values)
    )
    declared = {each.name for each in form}
    others = tuple(
        Fact(words_of(name), loose(value), name in changed)
        for name, value in values.items()
        if name not in declared and value not in (None, "", [])
    )
    return known + others


def files(form: tuple[FormField, ...], values: Mapping[str, Any]) -> tuple[File, ...]:
    """Every attachment of every field."""
    return tuple(_file(file) for file in attached(form, values))


def changes(
    form: tuple[FormField, ...], before: Content, after: Content, names: Mapping[str, str]
) -> tuple[FieldChange, ...]:
    """Each field that differs, with both values in words."""
    drawn = {each.name: each for each in form}
    differing = before.changed_from(after)
    money_fields = {each.name for each in form if each.is_amount}
    listed = []
    for name in differing:
        if name in ("amount", "currency") and money_fields & (set(differing) - {name}):
            continue  # the type's own field for it says it already
        label, old, new = _sides(name, drawn.get(name), before, after, names)
        listed.append(FieldChange(label, old, new))
    return tuple(listed)


def _sides(
    name: str, field: FormField | None, before: Content, after: Content, names: Mapping[str, str]
) -> tuple[str, str | None, str | None]:
    if name == "title" or (name in OWN and field is None):
        return field_label(name, ()), getattr(before, name), getattr(after, name)
    if name == "amount" and field is None:
        return field_label(name, ()), _amount(before), _amount(after)
    old, new = before.fields.get(name), after.fields.get(name)
    if field is None:
        return words_of(name), loose(old) or None, loose(new) or None
    return field.label, in_words(field, old, names), in_words(field, new, names)


def _fact(field: FormField, value: Any, names: Mapping[str, str], changed: tuple[str, ...]) -> Fact:
    differs = field.name in changed
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return Fact(field.label, value, differs, field.currency or "EUR")
    if field.kind is FieldKind.DATE and as_date(value):
        return Fact(field.label, as_date(value), differs)
    url = url_for("requests.show", number=value) if field.kind is FieldKind.LINK else ""
    words, table = in_words(field, value, names) or "", lines_shown(field, value, names)
    return Fact(field.label, words, differs, url=url, table=table)


def _amount(content: Content) -> str | None:
    if content.amount is None or content.currency is None:
        return None
    return money(content.amount, content.currency)


def _file(file: KeptFile) -> File:
    kind = file.name.rpartition(".")[2].upper() if "." in file.name else _("File")
    try:
        url = url_for("requests.download", attachment_id=UUID(file.id))
    except ValueError:
        url = ""
    return File(file.name, url, file.size, kind)


@dataclass(frozen=True, slots=True)
class Revision:
    """What differs between the version `since` and today's: in words, and the fields' names.

    `changes` is empty where the older text was erased.
    """

    since: int
    changes: tuple[FieldChange, ...]
    fields: tuple[str, ...]


def revision_of(record: RequestRecord, names: Mapping[str, str], since: int) -> Revision | None:
    """Before and after of what changed since that version; None where nothing can have."""
    if not 1 <= since < record.content_version:
        return None
    before = _content_of(record, since)
    if before is None:
        return Revision(since, (), tuple(record.changed_fields))
    changed = changes(record.form, before, record.content, names)
    return Revision(since, changed, record.content.changed_from(before))


def seen_version(record: RequestRecord, mine: Iterable[TaskRecord]) -> int:
    """The last version that a person decided or was asked about before today's; else the one
    before it."""
    earlier = [task.content_version for task in mine]
    return max(
        (version for version in earlier if version < record.content_version),
        default=record.content_version - 1,
    )


def _content_of(record: RequestRecord, version: int) -> Content | None:
    """What was submitted as that version; None where it was erased or cannot be read."""
    for each in audit.course_of(record.id, record.submitted_at):
        try:
            event = each.typed()
        except CannotDecode:
            continue
        if isinstance(event, RequestSubmitted):
            sent = 1
        elif isinstance(event, RequestResubmitted | RequestAmended):
            sent = event.content_version
        else:
            continue
        if sent == version:
            return None if each.is_erased("content") else event.content
    return None
