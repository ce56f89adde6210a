"""Who takes over from somebody who is deactivated: the part of that page about them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.domain.people.permissions import Permission
from portal.forms.fields import uuid_of
from portal.forms.organisation import successors_form
from portal.presenters import people as words
from portal.queries import gaps, people
from portal.queries.people import names_of
from portal.queries.staff import StaffRecord
from portal.security.sessions import me
from portal.services.errors import Refused
from portal.services.people import REPORTS, PersonChange

FOR_ALL = "person"
# What the page shows of successors where nobody leaves.
NOBODY: Mapping[str, Any] = {
    "ties": None, "estate": None, "heirs": None, "chosen": {}, "given": [],
}  # fmt: skip


def form_of(person: StaffRecord, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
    """The form: a successor for everything, and for each part."""
    names = people.suggested(person.id, deciding=True)
    parts = words.parts_of(
        gaps.estate_of(person.id),
        types=me().may(Permission.EDIT_TYPES),
        tasks=me().may(Permission.REASSIGN),
        titles=me().may(Permission.READ_ALL),
    )
    return successors_form(parts, people, names, typed)


def posted(given: "MultiDict[str, str]") -> dict[str, str]:
    """Who was chosen for what, as the preview sends it on."""
    named = (name for name in given if name in (FOR_ALL, REPORTS) or "." in name)
    return {name: found for name in named if (found := uuid_of(given[name]))}


def with_heirs(wish: PersonChange, chosen: Mapping[str, str]) -> PersonChange:
    """The change with them; tasks are given to others only by whoever may do that."""
    may = me().may(Permission.REASSIGN)
    parts = {
        name: each for name, each in chosen.items()
        if name != FOR_ALL and (may or not name.startswith("task."))
    }  # fmt: skip
    return replace(wish, successor_id=chosen.get(FOR_ALL), successors=parts)


def shown(person: StaffRecord, wish: PersonChange, form: BaseForm | None) -> dict[str, Any]:
    """What depends on somebody, the form, and what goes to whom."""
    estate = gaps.estate_of(person.id)
    chosen = {FOR_ALL: wish.successor_id, **wish.successors}
    names = names_of({each for each in chosen.values() if each})
    return {
        "ties": gaps.ties_of(person.id),
        "estate": estate,
        "heirs": form or form_of(person),
        "chosen": chosen,
        "given": words.given(estate, chosen, names),
    }


def trouble_with(refused: Refused) -> str:
    """Why somebody cannot have a task, with the number of its request."""
    return f"{refused.comment}: {refused.sentence}"
