"""Changing a request that waits for decisions."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES
from portal.domain.people.permissions import Permission
from portal.domain.request.values import Status
from portal.forms.request_form import RequestForm
from portal.pages.requests import edit_request as correcting
from portal.presenters.form_keys import new_key
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.services.amend import amend, not_now
from portal.services.errors import Refused

blueprint = Blueprint("amend", __name__)

DEED = correcting.Deed(
    kind="Amend",
    awaits=Status.PENDING,
    give=amend,
    done="{} is changed. Below you see who is asked about it now.",
)


@blueprint.get("/requests/<number>/amend")
@requires(Permission.SUBMIT)
def form(number: str) -> ResponseReturnValue:
    """The request as it stands, to be changed."""
    record = correcting.owned(number)
    refusal = not_now(record.status)
    if refusal is not None:
        abort(409, REFUSAL_SENTENCES[refusal])
    return _page(record, correcting.unchanged(record), new_key())


@blueprint.post("/requests/<number>/amend")
@requires(Permission.SUBMIT, uploads=True)
def send(number: str) -> ResponseReturnValue:
    """Make it a new version. A form that was sent before gives the first result."""
    return correcting.send(number, DEED, _page)


def _page(
    record: RequestRecord, drawn: RequestForm, key: str, trouble: Refused | None = None
) -> ResponseReturnValue:
    return correcting.page("pages/amend/form.html", record, drawn, key, trouble)
