"""The form by which an administrator decides in place of others."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import RadioField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.forms.building import unbound
from portal.forms.fields import AtMost, LinesField, Required
from portal.translation import _

LONGEST = 10_000
THE_STAGE = "approve_stage"


def override_form(stage: str | None, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
    """Decision and reason, with what was typed; `stage` is the name of the stage under way, None
    where none can be decided by itself."""
    only = _("Approve the stage “%(stage)s” only; the others are asked", stage=stage)
    choices = {} if stage is None else {THE_STAGE: only}
    choices |= {"approve": _("Approve the whole request"), "reject": _("Reject the request")}
    form = BaseForm(
        {
            "decision": unbound(
                RadioField,
                _("Your decision"),
                [Required(_("choose an option")), _listed],
                choices=choices,
                validate_choice=False,
            ),
            "reason": unbound(
                LinesField,
                _("Reason"),
                [Required(_("enter a reason; the approvers read it")), AtMost(LONGEST)],
                _("Everyone who can see the request can read this."),
            ),
        }
    )
    form.process(typed)
    return form


def _listed(_form: Any, field: Any) -> None:
    if field.data not in field.choices:
        raise ValidationError(_("Choose one of these decisions."))
