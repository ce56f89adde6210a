"""Example values with which a draft's route is drawn: only what conditions and rules read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from wtforms.form import BaseForm

from portal.domain.policy.forms import FieldKind, FormField
from portal.domain.policy.types import TypeContent
from portal.domain.request.state import Content, Priority
from portal.forms.asking import PRIORITIES
from portal.forms.building import Surroundings, field_for, options, stored, unbound
from portal.forms.fields import Allowed, OptionsField
from portal.forms.handing import SomebodyField
from portal.forms.type_try import ASKER, URGENCY, InventedRequest, counted
from portal.presentation.conditions import subjects
from portal.translation import _


def read_by_route(content: TypeContent, departments: Mapping[str, str]) -> tuple[FormField, ...]:
    """The fields, and parts of fields, on which the route of a type depends."""
    names = set(_names_read(content))
    by_hand = " ".join(s.condition or "" for s in content.policy.stages if s.when is None)
    names |= set(re.findall(r"[A-Za-z_]\w*", by_hand))
    offered = (each for each in subjects(content, departments) if each.name not in BESIDE)
    return tuple(e for e in offered if e.name in names or (e.is_amount and "amount" in names))


# What a request has without its form's saying so.
BESIDE = frozenset({"department", "priority"})


def _names_read(content: TypeContent) -> Iterator[str]:
    for stage in content.policy.stages:
        if stage.when is not None:
            yield from (row.field for row in stage.when.all_rows())
        rules = (*stage.rules, *stage.fallback, *content.policy.fallback)
        yield from (rule.form_field for rule in rules if rule.form_field)


def example_form(
    fields: tuple[FormField, ...], around: Surroundings, typed: Any = None
) -> BaseForm:
    """Who asks, and a value for each of these fields; none is needed."""
    urgencies: Any = [(each.value, words) for each, words in PRIORITIES]
    drawn: dict[str, Any] = {
        ASKER: unbound(
            SomebodyField, _("Requester"), [Allowed()], _("Empty: you."),
            people=around.people, names=around.names,
        ),
        **{each.name: field_for(_plainly(each), around, str) for each in fields},
        URGENCY: unbound(OptionsField, _("Priority"), [Allowed()], **options(urgencies, "")),
    }  # fmt: skip
    form = BaseForm(drawn)
    form.process(typed, data={URGENCY: Priority.MEDIUM.value})
    return form


def _plainly(each: FormField) -> FormField:
    """The field without what holds beside other fields, and without a need of an answer."""
    free = replace(counted(each), required=False, not_before=None, not_after=None, hint="")
    return replace(free, min_value=0) if each.kind is FieldKind.ATTACHMENTS else free


def read_example(
    form: BaseForm, fields: tuple[FormField, ...], content: TypeContent, me: str
) -> InventedRequest:
    """The invented request of a valid form; by whoever looks, where nobody is named."""
    values: dict[str, Any] = {each.name: None for each in content.form}
    for each in fields:
        value = stored(form[each.name])
        values[each.name] = [{}] * (value or 0) if each.kind is FieldKind.ATTACHMENTS else value
    amount = next((each for each in fields if each.is_amount), None)
    minor = values[amount.name] if amount else None
    currency = (amount.currency or "EUR") if amount and minor is not None else None
    asked = Content(title=content.name, fields=values, amount=minor, currency=currency)
    urgency = form[URGENCY].data or Priority.MEDIUM.value
    return InventedRequest(asked, form[ASKER].data or me, Priority(urgency))
