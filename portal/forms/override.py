"""The form by which an administrator decides in place of others."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, RadioField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.forms.building import unbound
from portal.forms.fields import LinesField
from portal.forms.rules import AtMost, Required

LONGEST = 10_000
THE_STAGE = "approve_stage"


def override_form(stage: str | None, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
    """Decision, reason and password, with what was typed; `stage` is the name of the stage under
    way, None where none can be decided by itself."""
    only = f"Approve the stage “{stage}” only; the others are asked"
    choices = {} if stage is None else {THE_STAGE: only}
    choices |= {"approve": "Approve the whole request", "reject": "Reject the request"}
    form = BaseForm(
        {
            "decision": unbound(
                RadioField,
                "Your decision",
                [Required("choose one"), _listed],
                choices=choices,
                validate_choice=False,
            ),
            "reason": unbound(
                LinesField,
                "Reason",
                [Required("say why, those passed over read it"), AtMost(LONGEST)],
                "Everybody who may see the request reads this.",
            ),
            "password": unbound(
                PasswordField,
                "Your password",
                [Required("it shows that it is you")],
                "Asked again, because you decide what is not yours.",
                render_kw=_PASSWORD,
            ),
        }
    )
    form.process(typed)
    return form


def _listed(_form: Any, field: Any) -> None:
    if field.data not in field.choices:
        raise ValidationError("Your decision must be one of these.")


_PASSWORD: dict[str, Any] = {"autocomplete": "current-password"}
