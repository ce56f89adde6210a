"""The check page: a form's answers in words, and the route that the request would take."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from portal.domain.policy.forms import FieldKind, FormField, named_in, section_of
from portal.domain.routing.plan import Attention, StagePlan, StageSkip
from portal.domain.time.expected_finish import Expected, Unsaid
from portal.forms.asking import AROUND
from portal.forms.request_form import RequestForm
from portal.presentation import times
from portal.presentation.labels import in_words, said
from portal.presentation.parts import Step
from portal.presenters.current_stage import absences_of, people_of
from portal.presenters.facts import LinesShown, lines_shown
from portal.presenters.progress import expected, fallback
from portal.queries import asked
from portal.queries.people import names_of
from portal.services import expecting
from portal.services.expecting import Journey
from portal.services.requests import NewRequest
from portal.translation import _


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """A label, the words (None = left empty), the field's HTML name to change it, and the heading
    under which it stands."""

    label: str
    words: str | None
    name: str
    section: str = ""
    table: LinesShown | None = None


def answers(form: RequestForm, today: date) -> tuple[CheckedAnswer, ...]:
    """All answers of a valid form, in its order; days as the request's page will show them."""
    around = (_around(form, name, today) for name in AROUND)
    return (*typed_answers(form, today), *around)


def typed_answers(form: RequestForm, today: date) -> tuple[CheckedAnswer, ...]:
    """The title and the answers to the type's own fields."""
    content = form.content()
    sections = section_of(form.whole)
    listed = [CheckedAnswer(_("Title"), content.title, "title")]
    for each, drawn in form.type_fields():
        value, names = content.fields[each.name], _names(each, drawn)
        words = in_words(each, value, names)
        if words and each.kind is FieldKind.DATE:
            words = times.calendar_day(drawn.data, today)
        heading = sections[each.name].label if each.name in sections else ""
        table = lines_shown(each, value, names)
        listed.append(CheckedAnswer(each.label, words, drawn.name, heading, table))
    return tuple(listed)


def _names(each: FormField, drawn: Any) -> dict[str, str]:
    """What the form itself calls whom and what it names."""
    if each.kind is FieldKind.PERSON:
        return {drawn.data: drawn.typed}
    if each.kind is FieldKind.LINES:
        return names_of(named_in((each,), {each.name: drawn.value}))
    return dict(drawn.choices) if each.kind is FieldKind.DEPARTMENT else {}


def _around(form: RequestForm, name: str, today: date) -> CheckedAnswer:
    drawn: Any = form[name]
    if name == "priority":
        words = dict(drawn.choices)[drawn.data]
    elif name == "due_at":
        words = times.calendar_day(drawn.data, today) if drawn.data else None
    else:
        words = drawn.typed or None
    return CheckedAnswer(drawn.label.text, words, name)


def route(
    entries: Sequence[StageSkip | StagePlan | Attention],
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The stages as steps, and what would need an administrator's attention."""
    attention = tuple(said(each.reason) for each in entries if isinstance(each, Attention))
    return tuple(_step(each) for each in entries), attention


def finish(
    wish: NewRequest, entries: Sequence[StageSkip | StagePlan | Attention], now: datetime
) -> Expected | Unsaid | None:
    """When it may be finished if it is submitted now."""
    content = wish.content
    journey = Journey(
        type_code=wish.type_code,
        policy_version_id=wish.policy_version_id,
        amount=content.amount,
        currency=content.currency,
        ahead=entries,
    )
    away = absences_of(asked.absences(people_of(entries), now))
    return expecting.expected(journey, None, away, now)


def _step(entry: StageSkip | StagePlan | Attention) -> Step:
    step = expected(entry)
    if isinstance(entry, StagePlan):
        notes = (said(entry.reason), fallback(entry))
        return replace(step, note=" ".join(filter(None, notes)), due_at=entry.due_at)
    return step


def mark(wish: NewRequest) -> str:
    """What the check page showed, in short: a form that was drawn for something else says so."""
    parts = (
        wish.content.fingerprint(),
        wish.policy_version_id,
        wish.on_behalf_of or "",
        wish.priority.value,
        wish.due_at.isoformat() if wish.due_at else "",
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
