"""The page of a condition: when a stage is asked, or a field is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import request
from flask.typing import ResponseReturnValue

from portal.domain.policy.conditions import VALUELESS, Condition
from portal.domain.policy.forms import FormField
from portal.domain.policy.types import TypeContent, is_id
from portal.forms import type_conditions as rows
from portal.forms.type_conditions import ConditionShown
from portal.pages.admin.types import after_edit, found, page
from portal.presentation.conditions import condition_words, subjects
from portal.presenters import types as words
from portal.queries import people, request_types
from portal.queries.people import names_of
from portal.queries.request_types import AdminType
from portal.services import organisation_settings
from portal.translation import speaking


@dataclass(frozen=True, kw_only=True)
class ConditionOf:
    """What the page is about. `fields`: what its rows may compare; `when`: the rows that are kept;
    `words` and `expression`: what they say; `without`: what holds without rows, and `never`: the
    button that takes them away; `live`: the rows of the version that is in force, where it can be
    said what they make of requests; `lead`: the line below the heading, in place of the usual."""

    title: str
    url: str
    back: str
    back_label: str
    fields: Sequence[FormField]
    when: Condition | None
    words: str
    expression: str
    without: str
    never: str
    live: Condition | None = None
    lead: str = ""


def condition_page(
    kind: AdminType,
    about: ConditionOf,
    seen: ConditionShown,
    status: int = 200,
    told: list[str] | None = None,
) -> ResponseReturnValue:
    """The rows as they were typed, and what they say of the newest requests."""
    newest = request_types.newest_of(kind.code) if about.when and status == 200 else ()
    tried = words.tried(about.when, about.live, about.fields, newest) if about.when else []
    return page(
        "condition", kind, status, about=about, seen=seen, fields=about.fields, told=told or [],
        tried=tried, asked=sum(each.asked for each in tried),
        comparisons=rows.WORDS, valueless=VALUELESS, most=rows.MOST_ROWS,
        by_hand=about.expression if about.when is None else "",
    )  # fmt: skip


def keep_condition(
    kind: AdminType, about: ConditionOf, edited: Callable[[TypeContent, Condition], TypeContent]
) -> ResponseReturnValue:
    """Keep the rows that were typed; `more` and `remove` come back to the page, but for the one
    that removes all of them."""
    seen, condition = rows.read_condition(request.form, about.fields, people)
    if seen.has_errors:
        return condition_page(kind, about, seen, 422)
    more, removed = request.form.get("more"), request.form.get("remove")
    stays = more is not None or removed not in (None, rows.ALL_ROWS)
    return after_edit(
        kind,
        lambda content: edited(content, condition),
        lambda told: condition_page(found(kind.code), about, seen, 409, told),
        f"{about.url}?more={more}" if more in rows.PREFIXES else about.url if stays else about.back,
    )


def sentence_of(condition: Condition, content: TypeContent) -> str:
    """The condition in words, people by their names, in the organisation's usual language."""
    named = {str(row.value) for row in condition.all_rows()}
    names = names_of({each for each in named if is_id(each)})
    with speaking(organisation_settings.usual_language()):
        return condition_words(condition, subjects(content, request_types.departments()), names)
