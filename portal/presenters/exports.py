"""Lists and events as files for other programs."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.domain.money import decimals
from portal.domain.policy.forms import DECIMALS, OPTIONED, FieldKind, FormField, exact, texts_of
from portal.domain.spreadsheets import harmless
from portal.presentation import labels
from portal.presentation.labels import as_date, in_words, people_in
from portal.presentation.money import major
from portal.queries.history import Exported, HistoryApprover
from portal.queries.people import names_of
from portal.translation import _, bare, lazy

# Those that every request has, beside those of its form.
COLUMNS = (
    lazy("Number"), lazy("Title"), lazy("Type"), lazy("Requester"), lazy("Amount"),
    lazy("Currency"), lazy("Status"), lazy("Stage"), lazy("Submitted"), lazy("Closed"),
    lazy("Approvers"), lazy("Decisions"), lazy("Type code"), lazy("Status code"),
)  # fmt: skip
# A field's column: its label, and the how manieth of that label it is in its form.
Column = tuple[str, int]


def as_csv(rows: Sequence[Exported], zone: ZoneInfo) -> str:
    """RFC 4180 with a byte order mark, which spreadsheets need to read UTF-8. Times are ISO 8601
    with the offset of the reader's zone; amounts are in whole units with a point. Each label of
    the requests' forms has a column; of a choice the values stand beside, last. Words are those of
    the pages, in the reader's language; what programs go by stands beside them as a code."""
    text = io.StringIO()
    writer = csv.writer(text)
    places = list(dict.fromkeys(column for each in rows for column, _field in _columns(each.form)))
    names = names_of({who for row in rows for who in people_in(row.form, row.values)})
    chosen = dict.fromkeys(
        column for each in rows for column, field in _columns(each.form) if field.kind in OPTIONED
    )
    heads = [label for label, _nth in places]
    heads += [bare(_("%(label)s, code", label=label)) for label, _nth in chosen]
    writer.writerow([*map(str, COLUMNS), *map(harmless, heads)])
    for each in rows:
        fields = dict(_columns(each.form))
        filled = [_cell(fields[at], each, names) if at in fields else "" for at in places]
        codes = [_code(fields.get(at), each) for at in chosen]
        writer.writerow([*_always(each, zone), *filled, *codes])
    return "\ufeff" + text.getvalue()


def table_as_csv(columns: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    """A table of a page in the same form, its words as the page has them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([harmless(x) if isinstance(x, str) else x for x in row] for row in rows)
    return "\ufeff" + text.getvalue()


def _always(each: Exported, zone: ZoneInfo) -> Iterator[str]:
    row = each.row
    yield from map(harmless, (row.number, row.title, row.type_name, row.requester_name))
    yield _amount(row.amount, row.currency)
    yield harmless(row.currency or "")
    yield labels.status(row.status).words
    yield harmless(row.stage_name or "")
    yield _time(row.submitted_at, zone)
    yield _time(row.closed_at, zone)
    yield harmless("; ".join(dict.fromkeys(map(_who, each.asked))))
    yield harmless("; ".join(_decided(one, zone) for one in each.asked if one.decision))
    yield harmless(row.type_code or "")
    yield row.status


def _who(asked: HistoryApprover) -> str:
    name = asked.name
    if asked.acting_for:
        name = bare(_("%(name)s for %(other)s", name=name, other=asked.acting_for))
    return f"{name} ({asked.stage_name})"


def _decided(asked: HistoryApprover, zone: ZoneInfo) -> str:
    words = labels.decision(asked.decision or "").words
    return f"{_who(asked)}: {words} {_time(asked.decided_at, zone)}"


def _columns(form: Sequence[FormField]) -> Iterator[tuple[Column, FormField]]:
    """The form's columns; its amount has one already."""
    seen = Counter[str]()
    for field in form:
        is_amount = field.is_amount and field.kind is FieldKind.MONEY
        if not is_amount and field.kind is not FieldKind.SECTION:
            seen[field.label] += 1
            yield (field.label, seen[field.label]), field


def _code(field: FormField | None, each: Exported) -> str:
    """The values of a choice, as programs know them."""
    if field is None or field.kind not in OPTIONED:
        return ""
    return harmless("; ".join(texts_of(each.values.get(field.name))))


def _cell(field: FormField, each: Exported, names: Mapping[str, str]) -> str:
    """A value for a program where it is a number or a day, else as pages say it."""
    value = each.values.get(field.name)
    if field.kind is FieldKind.MONEY and isinstance(value, int):
        return _amount(value, field.currency or "EUR")
    if field.kind is FieldKind.INTEGER and isinstance(value, int):
        return str(value)
    if field.kind in DECIMALS and exact(value) is not None:
        return str(value)
    if field.kind is FieldKind.DATE and as_date(value):
        return str(value)
    return harmless(in_words(field, value, names) or "")


def _amount(minor: int | None, currency: str | None) -> str:
    if minor is None or currency is None:
        return ""
    return f"{major(minor, currency):.{decimals(currency)}f}"


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")
