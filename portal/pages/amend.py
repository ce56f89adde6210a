"""Changing a request that waits for decisions."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES
from portal.domain.permissions import Permission
from portal.domain.request import Status
from portal.forms.request_form import RequestForm
from portal.pages import correcting
from portal.pages.reading.answer import after, answered, command_key
from portal.pages.reading.keys import new_key
from portal.queries.request import RequestRecord
from portal.security.clicks import click
from portal.security.guards import requires
from portal.security.identity import me
from portal.services.amend import amend, not_now
from portal.services.attachments import hand_on
from portal.services.errors import Refused

blueprint = Blueprint("amend", __name__)


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
    record, key = correcting.owned(number), command_key()
    sent = correcting.sent_before(key)
    if sent is not None:
        return sent
    drawn = correcting.posted(record, key)
    if not drawn.validate() and record.status is Status.PENDING:
        return _page(record, drawn, key)
    correction = correcting.correction_of(record, drawn, key)
    try:
        receipt = answered(amend(correction, me().id, click()), correction.comment)
    except Refused as refused:
        # The key may be used up: what comes next is another command, with the same files.
        again = new_key()
        hand_on(key, me().id, again)
        return _page(correcting.owned(number), drawn, again, refused)
    return after(receipt, f"{record.number} is changed. Below you see who is asked about it now.")


def _page(
    record: RequestRecord, drawn: RequestForm, key: str, trouble: Refused | None = None
) -> ResponseReturnValue:
    return correcting.page("pages/amend/form.html", record, drawn, key, trouble)
