"""The form that says who may ask for a type."""

from typing import Any

from wtforms import RadioField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.domain.policy.policy import Askers
from portal.forms.building import unbound
from portal.forms.fields import Allowed, SeveralField
from portal.forms.type_route import Choosable
from portal.translation import _

EVERYBODY, SOME = "everybody", "some"


def askers_form(askers: Askers | None, choosable: Choosable, typed: Any) -> BaseForm:
    """Everybody, or some by group and department; what is kept and gone stays to be unticked."""
    kept = askers or Askers()
    groups = dict(choosable.groups) | {
        each: each for each in kept.groups if each not in choosable.groups
    }
    departments = dict(choosable.departments) | {
        each: each for each in kept.departments if each not in choosable.departments
    }
    whom = [(EVERYBODY, _("Everybody")), (SOME, _("Only the groups and departments ticked below"))]
    form = BaseForm({
        "whom": unbound(RadioField, _("Who may ask"), [_Ticked()], choices=dict(whom)),
        "departments": unbound(
            SeveralField, _("Departments"), [Allowed()],
            _("Departments that are part of one count with it."), choices=departments,
        ),
        "groups": unbound(SeveralField, _("Groups"), [Allowed()], choices=groups),
    })  # fmt: skip
    data = {"groups": list(kept.groups), "departments": list(kept.departments)}
    form.process(typed, data={**data, "whom": SOME if askers else EVERYBODY})
    return form


class _Ticked:
    """Some are at least one."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise where none is ticked."""
        some = [*(form["groups"].data or ()), *(form["departments"].data or ())]
        if field.data == SOME and not some:
            raise ValidationError(_("Tick at least one group or department."))


def read_askers(form: BaseForm) -> Askers | None:
    """What a valid form says."""
    if form["whom"].data != SOME:
        return None
    groups, departments = form["groups"].data or (), form["departments"].data or ()
    return Askers(groups=tuple(sorted(groups)), departments=tuple(sorted(departments)))
