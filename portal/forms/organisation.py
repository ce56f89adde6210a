"""The forms of a department and of a group, and that of somebody who joins or heads one."""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.form import BaseForm

from portal.domain.people.organisation import CODE_RULE, NAME_LIMIT, PURPOSE_LIMIT, UnitKind
from portal.forms.building import options, unbound
from portal.forms.fields import Allowed, AtMost, LineField, LinesField, OptionsField, Required
from portal.forms.handing import HINT, SomebodyField
from portal.forms.people import PeopleSource
from portal.translation import _, lazy


class OrganisationForm(Form):
    """What the house is called."""

    name: Any = unbound(
        LineField,
        lazy("Name of the organisation"),
        [Required(lazy("enter a name")), AtMost(60)],
    )


def unit_form(
    kind: UnitKind,
    parents: Mapping[str, str],
    typed: "MultiDict[str, str] | None",
    *,
    is_new: bool,
    **values: object,
) -> BaseForm:
    """What is written about a department or group. Rules and files know it by its code, which is
    given once. `parents`: departments that it may be part of, names by id."""
    fields: dict[str, Any] = {
        "name": unbound(LineField, _("Name"), [Required(_("enter a name")), AtMost(NAME_LIMIT)])
    }
    if is_new:
        advice = Required(_("enter a code"))
        hint = _("%(rule)s It cannot be changed later.", rule=_(CODE_RULE))
        fields["code"] = unbound(LineField, _("Code"), [advice, AtMost(40)], hint)
    if kind is UnitKind.GROUP:
        hint = _("What this group is asked to approve. Shown to administrators.")
        limits = [Allowed(), AtMost(PURPOSE_LIMIT)]
        fields["purpose"] = unbound(LinesField, _("Purpose"), limits, hint)
    else:
        offered = options(list(parents.items()), first=_("No other department"))
        fields["parent_id"] = unbound(OptionsField, _("Part of"), [Allowed()], **offered)
    form = BaseForm(fields)
    form.process(typed, data=values)
    return form


def somebody_form(
    label: str, people: PeopleSource, names: Sequence[str], typed: "MultiDict[str, str] | None"
) -> BaseForm:
    """One person by name or address."""
    rules = [Required(_("enter a name or email"))]
    field = unbound(SomebodyField, label, rules, HINT, people=people, names=names)
    form = BaseForm({"person": field})
    form.process(typed)
    return form
