"""People, departments, groups and types as they stood at a moment, for whoever keeps them."""

from datetime import datetime
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.organisation import UnitKind
from portal.domain.people.permissions import Permission
from portal.forms.type_fields import KINDS
from portal.pages.past import NothingThenError, PastOf, draw_past, steps
from portal.presenters import types as words
from portal.queries import request_types, validity
from portal.queries.organisation import DepartmentRecord, GroupRecord
from portal.queries.request_types import AdminType
from portal.queries.staff import StaffRecord
from portal.queries.validity import Changed
from portal.security.sessions import me
from portal.translation import _, language_name


def draw_person_then(person: StaffRecord) -> ResponseReturnValue:
    """Somebody's page as of the moment in the address; absences for administrators, as today."""

    def find(at: datetime) -> dict[str, Any]:
        found, changed = validity.person(person.id, at)
        if found is None:
            raise _nothing(person.name, changed)
        own = me().may(Permission.ADMINISTER)
        return {
            "person": found,
            "delegations": validity.absences(person.id, at) if own else None,
            "types": {each.code: each.name for each in request_types.all_of_them()} if own else {},
            "language_name": language_name(found.locale) if found.locale else "",
            "steps": steps(changed.older, changed.newer),
        }

    here = url_for("admin.show_person", person_id=person.id)
    back = _("The page as it is now")
    of = PastOf(name=person.name, here=here, title=person.name, back=back)
    return draw_past(of, "pages/people/then.html", find)


def draw_unit_then(
    kind: UnitKind, unit: DepartmentRecord | GroupRecord, here: str
) -> ResponseReturnValue:
    """The page of a department or a group as of the moment in the address."""

    def find(at: datetime) -> dict[str, Any]:
        found, changed = validity.unit(kind, unit.id, at)
        if found is None:
            raise _nothing(unit.name, changed)
        return {
            "unit": found.unit,
            "members": found.members,
            "known_since": found.known_since,
            "steps": steps(changed.older, changed.newer),
        }

    folder = "groups" if kind is UnitKind.GROUP else "departments"
    return draw_past(_of(unit.name, here), f"pages/{folder}/then.html", find)


def draw_type_then(kind: AdminType) -> ResponseReturnValue:
    """The page of a type as of the moment in the address, with the version that was in force."""

    def find(at: datetime) -> dict[str, Any]:
        found, changed = validity.request_type(kind, at)
        if found is None:
            raise _nothing(kind.name, changed)
        content = found.version and found.version.content
        minutes = found.target_minutes
        return {
            "kind": kind,
            "stood": found,
            "kinds": KINDS,
            "route": content and words.route(content, words.names_then(content, at)),
            "target": "" if minutes is None else words.waiting(minutes, elapsed=False),
            "steps": steps(changed.older, changed.newer),
        }

    here = url_for("admin.show_type", code=kind.code)
    return draw_past(_of(kind.name, here), "pages/types/then.html", find)


def _of(name: str, here: str) -> PastOf:
    return PastOf(name=name, here=here, title=name, back=_("%(number)s as it is now", number=name))


def _nothing(name: str, changed: Changed) -> NothingThenError:
    """Why nothing is shown of what was not there."""
    why = _("%(name)s was added later.", name=name)
    return NothingThenError(_("It did not exist yet"), why, 404, changed.newer)
