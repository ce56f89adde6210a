"""The form by which an administrator decides in place of others."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, RadioField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.forms.building import unbound
from portal.forms.fields import AtMost, LinesField, Required
from portal.translation import _

LONGEST = 10_000
THE_STAGE = "approve_stage"


def override_form(
    stage: str | None,
    typed: "MultiDict[str, str] | None" = None,
    signed: "frozenset[str]" = frozenset(),
) -> BaseForm:
    """Decision, reason and password, with what was typed; `stage` is the name of the stage under
    way, None where none can be decided by itself. `signed`: decisions that are signed on the next
    page in place of the password."""
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
        | ({} if signed.issuperset(choices) else {"password": _password(signed)})
    )
    form.process(typed)
    return form


def _password(signed: "frozenset[str]") -> Any:
    """The field, which what is signed does without."""

    def unless_signed(form: Any, field: Any) -> None:
        if form["decision"].data not in signed:
            Required(_("enter your password"))(form, field)

    hint = _("Asked again because you are deciding for others.")
    if signed:
        hint = _("Leave it empty to decide the whole request: that is signed on the next page.")
    return unbound(PasswordField, _("Your password"), [unless_signed], hint, render_kw=_PASSWORD)


def _listed(_form: Any, field: Any) -> None:
    if field.data not in field.choices:
        raise ValidationError(_("Choose one of these decisions."))


_PASSWORD: dict[str, Any] = {"autocomplete": "current-password"}
