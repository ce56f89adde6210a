"""The forms of a person's page: their record, a new manager, and the reason of a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.form import BaseForm

from portal.forms.building import options, unbound
from portal.forms.fields import Allowed, AtMost, LineField, OptionsField, Required, SeveralField
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _, lazy

LONGEST = 200


class ChangeForm(Form):
    """Why a person is changed."""

    reason: Any = unbound(
        LineField,
        lazy("Reason"),
        [Allowed(), AtMost(LONGEST)],
        lazy("Administrators and auditors can read it."),
    )


def manager_form(
    people: PeopleSource, names: Sequence[str], typed: "MultiDict[str, str] | None"
) -> BaseForm:
    """Who is the manager? Empty for nobody."""
    hint = _("%(hint)s Leave empty for nobody.", hint=HINT)
    field = unbound(SomebodyField, _("New manager"), [Allowed()], hint, people=people, names=names)
    form = BaseForm({"person": field})
    form.process(typed)
    return form


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What a record's form lets choose, names by value. `people` None: a record that stands, whose
    manager, place and roles are changed one by one; `roles` empty: none may be given."""

    departments: Mapping[str, str]
    zones: Sequence[str]
    languages: Mapping[str, str]
    places: Mapping[str, str]
    roles: Mapping[str, str]
    people: PeopleSource | None = None
    names: Sequence[str] = ()


def record_form(
    offered: Offered, typed: "MultiDict[str, str] | None", **values: object
) -> BaseForm:
    """What is written about a person, with what was typed, else with `values`."""
    fields = _written(offered)
    if offered.people is not None:
        fields |= _beside(offered, offered.people)
    form = BaseForm(fields)
    form.process(typed, data=values)
    return form


def _written(offered: Offered) -> dict[str, Any]:
    line = [Allowed(), AtMost(120)]
    address = _("Needed to sign in and for notifications.")
    zones = {each: each.replace("_", " ") for each in offered.zones}
    none = options(list(offered.departments.items()), first=_("No department"))
    return {
        "name": unbound(LineField, _("Full name"), [Required(_("enter a name")), AtMost(120)]),
        "email": unbound(LineField, _("Email address"), [Allowed(), AtMost(254)], address),
        "employee_no": unbound(LineField, _("Employee number"), [Allowed(), AtMost(40)]),
        "job_title": unbound(LineField, _("Job title"), line),
        "department_id": unbound(OptionsField, _("Department"), [Allowed()], **none),
        "time_zone": unbound(
            OptionsField,
            _("Time zone"),
            [Required(_("choose a time zone"))],
            **options(list(zones.items()), first=""),
        ),
        "locale": unbound(
            OptionsField,
            _("Language"),
            [Allowed()],
            **options(list(offered.languages.items()), first=_("Same as the browser")),
        ),
    }


def _beside(offered: Offered, people: PeopleSource) -> dict[str, Any]:
    hint = _("%(hint)s Leave empty for nobody.", hint=HINT)
    somebody = {"people": people, "names": offered.names}
    hours = _("Working hours and holidays; their time zone is the location's.")
    found = {
        "manager": unbound(SomebodyField, _("Manager"), [Allowed()], hint, **somebody),
        "place": unbound(
            OptionsField,
            _("Location"),
            [Allowed()],
            hours,
            **options(list(offered.places.items()), first=_("No location")),
        ),
    }
    if offered.roles:
        found["roles"] = unbound(
            SeveralField,
            _("Roles"),
            [Allowed()],
            _("Every active person is a member. Choose nothing for ordinary staff."),
            choices=dict(offered.roles),
            validate_choice=False,
        )
    return found
