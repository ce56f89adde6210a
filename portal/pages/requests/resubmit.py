"""Changing a request that was sent back, and sending it again."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.permissions import Permission
from portal.domain.request.values import Status
from portal.forms.request_form import RequestForm
from portal.pages.requests import edit_request as correcting
from portal.presenters.form_keys import new_key
from portal.queries.comments import Said, comments_of
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.services.errors import Refused
from portal.services.resubmit import resubmit

blueprint = Blueprint("resubmit", __name__)

DEED = correcting.Deed(
    kind="Resubmit",
    awaits=Status.RETURNED,
    give=resubmit,
    done="{} is on its way again.",
)


@blueprint.get("/requests/<number>/resubmit")
@requires(Permission.SUBMIT)
def form(number: str) -> ResponseReturnValue:
    """The request as it stands, to be changed."""
    record = correcting.owned(number)
    if record.status is not Status.RETURNED:
        abort(409, REFUSAL_SENTENCES[Refusal.NOT_RETURNED])
    return _page(record, correcting.unchanged(record), new_key())


@blueprint.post("/requests/<number>/resubmit")
@requires(Permission.SUBMIT, uploads=True)
def send(number: str) -> ResponseReturnValue:
    """Send it again. A form that was sent before gives the first result."""
    return correcting.send(number, DEED, _page)


def _remark(record: RequestRecord) -> Said | None:
    """What was said when the request was sent back."""
    said = [each for each in comments_of(record.id) if each.about == "send_back"]
    return said[-1] if said else None


def _page(
    record: RequestRecord, drawn: RequestForm, key: str, trouble: Refused | None = None
) -> ResponseReturnValue:
    template, remark = "pages/resubmit/form.html", _remark(record)
    return correcting.page(template, record, drawn, key, trouble, remark=remark)
