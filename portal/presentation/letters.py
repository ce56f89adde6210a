"""The words of mails: the same times, amounts and values as on pages, in the reader's zone."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.domain.policy.forms import FormField
from portal.presentation import labels, times
from portal.presentation.filters import TYPED
from portal.presentation.labels import said
from portal.presentation.money import file_size, money
from portal.presentation.times import zone_named
from portal.translation import install

PRODUCT = "Gloria Approvals"
LONGEST_VALUE = 600
MOST_FACTS = 12


def letters(templates: Path) -> Environment:
    """The environment that draws `email/*`, HTML escaped and text as it is."""
    words = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    install(words)
    words.globals.update(product=PRODUCT, typed=TYPED)
    words.filters.update(
        money_words=money,
        file_size=file_size,
        moment=_moment,
        month=times.month,
        figure=labels.figure,
        percent=labels.percent,
        working_days=labels.working_days,
        due_words=_due_words,
        zone_words=lambda zone, now: times.zone_name(zone_named(zone), now),
        decision_label=labels.decision,
        priority_label=labels.priority,
        reason_words=said,
        short=_short,
        quoted=_quoted,
    )
    words.globals["form_facts"] = _form_facts
    words.globals["attached"] = labels.attached
    return words


def _moment(at: datetime | date, zone: str) -> str:
    return times.absolute(at, zone_named(zone)) if isinstance(at, datetime) else times.day(at)


def _due_words(at: datetime | None, zone: str, now: datetime) -> str:
    """`Mon 30 Nov, 17:00`: absolute, for nobody knows when a mail is read."""
    if at is None:
        return ""
    place = zone_named(zone)
    day = times.calendar_day(at.astimezone(place).date(), now.astimezone(place).date())
    return times.together(day, times.clock(at.astimezone(place)))


def _form_facts(
    form: tuple[FormField, ...], values: Mapping[str, Any], names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Label and value of each filled field but files and the amount."""
    fields = list(labels.shown(form, values))[:MOST_FACTS]
    return [
        (each.label, _short(labels.in_words(each, values[each.name], names) or ""))
        for each in fields
    ]


def _short(words: str, most: int = LONGEST_VALUE) -> str:
    """Long text cut at the end, with a sign of it."""
    return words if len(words) <= most else f"{words[: most - 2].rstrip()} …"


def _quoted(words: str) -> str:
    """Text as quoted in a plain mail."""
    return "\n".join(f"> {line}" for line in words.strip().splitlines())
