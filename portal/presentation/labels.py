"""Plain words for what the domain names in capitals, and for the values of a form's fields.

Unknown names become words, never blanks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from portal.domain.marked import msgid
from portal.domain.notices.wording import spoken
from portal.domain.people.permissions import Role
from portal.domain.policy.forms import FieldKind, FormField, cells, exact, lines_of, named_in
from portal.domain.policy.policy import WORKING_DAY
from portal.domain.request.catalogue import COMMANDS_BY_NAME
from portal.domain.request.files import KeptFile
from portal.domain.request.reasons import read, sentence
from portal.domain.time.day_ranges import DayRange, day_range_of
from portal.presentation.money import money
from portal.presentation.times import day
from portal.translation import NO_OWN, _, current, lazy, ngettext, own_value, showing_own


@dataclass(frozen=True, slots=True)
class Label:
    """Words with an icon and a tone (neutral, info, ok, warn, bad): colour never stands alone."""

    words: str
    tone: str = "neutral"
    icon: str = "minus-circle"
    sentence: str = ""


STATUSES = {
    "STARTING": Label(msgid("Starting"), "info", "arrow-path", msgid("Saved and being started.")),
    "PENDING": Label(
        msgid("Pending approval"), "info", "clock", msgid("Waiting for an approver to decide.")
    ),
    "ON_HOLD": Label(
        msgid("On hold"), "warn", "pause-circle", msgid("On hold. All deadlines are paused.")
    ),
    "RETURNED": Label(
        msgid("Returned"),
        "warn",
        "arrow-uturn-left",
        msgid("Returned to the requester for changes."),
    ),
    "APPROVED": Label(
        msgid("Approved"), "ok", "check-circle", msgid("Approved by everyone required.")
    ),
    "REJECTED": Label(msgid("Rejected"), "bad", "x-circle", msgid("Rejected.")),
    "TIMEOUT": Label(msgid("Expired"), "bad", "clock", msgid("Expired without a decision.")),
    "WITHDRAWN": Label(
        msgid("Withdrawn"), "neutral", "minus-circle", msgid("Withdrawn by the requester.")
    ),
    "CANCELLED": Label(
        msgid("Cancelled"), "neutral", "no-symbol", msgid("Cancelled by an administrator.")
    ),
    "FAILED": Label(
        msgid("Failed"), "bad", "exclamation-triangle", msgid("Failed in the old system.")
    ),
    "QUESTION": Label(
        msgid("Question open"),
        "warn",
        "question-mark-circle",
        msgid("An approver asked a question."),
    ),
    "ATTENTION": Label(
        msgid("Needs attention"),
        "bad",
        "exclamation-triangle",
        msgid("An administrator needs to act."),
    ),
}
PRIORITIES = {
    "LOW": Label(msgid("Low"), "neutral", "chevron-down", msgid("priority")),
    "MEDIUM": Label(msgid("Normal"), "neutral", "minus", msgid("priority")),
    "HIGH": Label(msgid("High"), "warn", "chevron-up", msgid("priority")),
    "URGENT": Label(msgid("Urgent"), "bad", "chevron-double-up"),
    "CRITICAL": Label(msgid("Critical"), "bad", "fire"),
}
DECISIONS = {
    "APPROVE": Label(msgid("Approved"), "ok", "check"),
    "REJECT": Label(msgid("Rejected"), "bad", "x-mark"),
    "SEND_BACK": Label(msgid("Returned"), "warn", "arrow-uturn-left"),
}


def words_of(name: str) -> str:
    """`TaskEscalated`, `TASK_ESCALATED` and `task:escalated` all read `Task escalated`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_:.\-\s]+", " ", name).strip().lower()
    return spaced[:1].upper() + spaced[1:]


# What every request has beside the fields of its form, by the names of the record.
_COMMON: Mapping[str, str] = {
    "title": lazy("Title"),
    "amount": lazy("Amount"),
    "currency": lazy("Currency"),
    "priority": lazy("Priority"),
    "department": lazy("Department"),
}
_ROLES: Mapping[str, str] = {
    Role.MEMBER: lazy("Member"),
    Role.AUDITOR: lazy("Auditor"),
    Role.PEOPLE_ADMIN: lazy("People administrator"),
    Role.TYPE_EDITOR: lazy("Type editor"),
    Role.TYPE_PUBLISHER: lazy("Type publisher"),
    Role.ADMIN: lazy("Administrator"),
}


def field_label(name: str, form: Iterable[FormField]) -> str:
    """What a field of a request is called; one that nobody declared, by its name."""
    label = next((each.label for each in form if each.name == name), None)
    return label or str(_COMMON.get(name, words_of(name)))


def role(name: str) -> str:
    """A role; one that the portal does not know, by its name."""
    return str(_ROLES.get(name, words_of(name)))


def _look_up(table: dict[str, Label], name: str | Enum) -> Label:
    text = str(name.value if isinstance(name, Enum) else name)
    label = table.get(text.upper())
    return Label(words_of(text)) if label is None else _translated(label, current().code)


@cache
def _translated(label: Label, _language: str) -> Label:
    sentence = _(label.sentence) if label.sentence else ""
    return replace(label, words=_(label.words), sentence=sentence)


def status(name: str | Enum) -> Label:
    """The label of a request's status."""
    return _look_up(STATUSES, name)


def priority(name: str | Enum) -> Label:
    """The label of a priority."""
    return _look_up(PRIORITIES, name)


def decision(name: str | Enum) -> Label:
    """The label of a decision: approve, reject or send back."""
    return _look_up(DECISIONS, name)


def listed(several: Iterable[str]) -> str:
    """`Ana, Ben and Chloé`."""
    names = list(several)
    if len(names) < 2:
        return "".join(names)
    if not current().is_english:
        return format_list(names, locale=current().locale)
    return _("%(names)s and %(last)s", names=", ".join(names[:-1]), last=names[-1])


def some(names: Sequence[str], most: int) -> str:
    """`Ana, Ben and 3 more`: the first `most` of many names."""
    hidden = len(names) - most
    if hidden <= 0:
        return listed(names)
    return _("%(names)s and %(n)s more", names=", ".join(names[:most]), n=hidden)


def people(count: int) -> str:
    """`1 person`, `4 people`."""
    return ngettext("%(n)s person", "%(n)s people", count)


def mode(name: str | Enum, total: int, needed: int | None = None, place: str | None = None) -> str:
    """How many must say yes: `Any one of 4 people in Finance`, `2 of 4 people`. `total` is how many
    were asked (groups, for `per_group`); `needed` is read by quorum only."""
    text = str(name.value if isinstance(name, Enum) else name).lower()
    if text == "per_group":
        return ngettext("One from the group", "One from each of %(n)s groups", total)
    asked = (
        _("%(people)s in %(place)s", people=people(total), place=place) if place else people(total)
    )
    if total == 1:
        return asked
    if text == "quorum":
        return _("%(needed)s of %(people)s", needed=needed, people=asked)
    return (
        _("Any one of %(people)s", people=asked)
        if text == "any"
        else _("All %(people)s", people=asked)
    )


def count(number: int) -> str:
    """A counter in the navigation. Nobody counts past 99, and no query has to."""
    return str(number) if number < 100 else "99+"


def figure(number: int) -> str:
    """A whole number in the reader's language: `1,234`."""
    words: str = format_decimal(number, locale=current().locale)
    return words


def decimal(value: float) -> str:
    """`1,234.5`: with one decimal."""
    words: str = format_decimal(round(value, 1), "#,##0.0", locale=current().locale)
    return words


def percent(hundredths: float | Decimal) -> str:
    """`96%`, in German `96 %`."""
    share = Decimal(str(hundredths)) / 100
    words: str = format_percent(share, locale=current().locale, decimal_quantization=False)
    return words


def working_days(minutes: float) -> str:
    """Working minutes in working days of eight hours, with one decimal."""
    return decimal(minutes / WORKING_DAY)


def command_name(kind: str) -> str:
    """What a command is called to its sender: `Your approval`."""
    entry = COMMANDS_BY_NAME.get(kind)
    return _("What you sent") if entry is None else _(entry.label)


def said(kept: Any) -> str:
    """The words of a reason in any form in which it is kept; nothing for none."""
    return sentence(read(kept), _, own_value)


def told(message: Any) -> str:
    """What a notification says: as it was put together, in English where it is an old one."""
    with showing_own(getattr(message, "words", NO_OWN)):
        return _told(message)


def _told(message: Any) -> str:
    return spoken(message.said, _, own_value) or str(message.text)


def in_words(field: FormField, value: Any, names: Mapping[str, str]) -> str | None:
    """A value as plain text; None when it is empty."""
    if value in (None, "", []):
        return None
    match field.kind:
        case FieldKind.MONEY if isinstance(value, int):
            return money(value, field.currency or "EUR")
        case FieldKind.DATE if parsed := as_date(value):
            return day(parsed)
        case FieldKind.CHOICE | FieldKind.CHOICES:
            return ", ".join(_option(field, each) for each in ids(value))
        case FieldKind.DECIMAL | FieldKind.PERCENT:
            return number(value, field.kind)
        case _:
            return _named(field, value, names)


def _lines(field: FormField, value: Any, names: Mapping[str, str]) -> Iterator[str]:
    """Each line in a line, and the total."""
    for number, row in enumerate(lines_of(value), start=1):
        words = (in_words(column, row.get(column.name), names) for column in field.columns)
        yield f"{number}. " + ", ".join(" ".join(each.split()) for each in words if each)
    if (total := total_of(field, value)) is not None:
        yield _("Total: %(amount)s", amount=total)


def days_words(value: Any) -> str:
    """`7 Dec 2026 (from midday) to 11 Dec 2026: 3.5 working days`, and which days were off."""
    given = day_range_of(value)
    if given is None:
        return loose(value)
    between, days = range_words(given), number(value.get("days"))
    words = _("%(between)s: %(days)s working days", between=between, days=days)
    if value.get("days") == "1":
        words = _("%(between)s: 1 working day", between=between)
    off = [f"{day(at)} ({name})" for text, name in dict(value.get("off") or {}).items()
           if (at := as_date(text))]  # fmt: skip
    return "\n".join([words, _("Days off: %(days)s", days="; ".join(off))] if off else [words])


def range_words(given: DayRange) -> str:
    """`7 Dec 2026 (from midday) to 11 Dec 2026`."""
    first, last = day(given.first), day(given.last)
    if given.first_half:
        first = _("%(day)s (from midday)", day=first)
    if given.last_half:
        last = _("%(day)s (until midday)", day=last)
    if given.first == given.last:
        return first if given.first_half else last
    return _("%(first)s to %(last)s", first=first, last=last)


def total_of(field: FormField, value: Any) -> str | None:
    """The sum of a table of lines, if it has one."""
    minor = value.get("total") if isinstance(value, Mapping) else None
    return money(minor, field.currency or "EUR") if isinstance(minor, int) else None


def _named(field: FormField, value: Any, names: Mapping[str, str]) -> str:
    """The words of a value that names something, and of any other."""
    match field.kind:
        case FieldKind.DEPARTMENT:
            return names.get(str(value), str(value))
        case FieldKind.PERSON:
            return ", ".join(names.get(person, _("Unknown person")) for person in ids(value))
        case FieldKind.DAY_RANGE:
            return days_words(value)
        case FieldKind.LINES:
            return "\n".join(_lines(field, value, names))
        case FieldKind.ATTACHMENTS:
            return ", ".join(kept(entry).name for entry in value)
        case _:
            return loose(value)


def _option(field: FormField, value: str) -> str:
    return next((c.label for c in field.choices if c.value == value), value)


def number(value: Any, kind: FieldKind = FieldKind.DECIMAL) -> str:
    """Decimal text in the reader's language: `1,234.5`, of a percent `12.5%`; anything else as it
    is."""
    found = exact(value)
    if found is None:
        return str(value)
    if kind is FieldKind.PERCENT:
        return percent(found)
    words: str = format_decimal(found, decimal_quantization=False, locale=current().locale)
    return words


def shown(form: tuple[FormField, ...], values: Mapping[str, Any]) -> Iterator[FormField]:
    """The filled fields but files and the amount, in the form's order."""
    for each in form:
        money = each.is_amount and each.kind is FieldKind.MONEY
        apart = each.kind is FieldKind.ATTACHMENTS or money
        if not apart and values.get(each.name) not in (None, "", []):
            yield each


def attached(form: tuple[FormField, ...], values: Mapping[str, Any]) -> list[KeptFile]:
    """Every file of every field."""
    found = (value for each, value in cells(form, values) if each.kind is FieldKind.ATTACHMENTS)
    return [kept(entry) for value in found for entry in value or ()]


def people_in(form: tuple[FormField, ...], values: Mapping[str, Any]) -> set[str]:
    """Ids of the people and codes of the departments whom the form names."""
    return named_in(form, values)


def as_date(value: Any) -> date | None:
    """A date from ISO 8601 text; None for anything else."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def ids(value: Any) -> list[str]:
    """What a field of one or several values holds: none, one, or a list."""
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
