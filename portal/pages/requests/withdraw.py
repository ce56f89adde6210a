"""Taking back one's own request, on a page that asks first."""

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.permissions import Permission
from portal.forms.decision import CommentForm
from portal.pages.requests.edit_request import owned
from portal.pages.requests.show import draw
from portal.presenters.answer import after, answered, command_key
from portal.presenters.form_keys import new_key
from portal.queries.request import RequestRecord
from portal.security.clicks import click
from portal.security.guards import requires
from portal.security.identity import me
from portal.services.errors import Refused
from portal.services.withdraw import withdraw

blueprint = Blueprint("withdraw", __name__)


@blueprint.get("/requests/<number>/withdraw")
@requires(Permission.SUBMIT)
def ask(number: str) -> ResponseReturnValue:
    """Name the request and what ends with it."""
    record = owned(number)
    if not record.status.is_open:
        abort(409, REFUSAL_SENTENCES[Refusal.CLOSED])
    return _page(record, CommentForm())


@blueprint.post("/requests/<number>/withdraw")
@requires(Permission.SUBMIT)
def take_back(number: str) -> ResponseReturnValue:
    """End the request. A form that was sent before gives the first result."""
    record, form = owned(number), CommentForm(request.form)
    if not form.validate():
        return _page(record, form, 422)
    text = form.comment.data
    try:
        receipt = answered(withdraw(record.number, command_key(), text, me().id, click()), text)
    except Refused as refused:
        return draw(record, refused.status, trouble=refused)
    return after(receipt, f"{record.number} is withdrawn.")


def _page(record: RequestRecord, form: CommentForm, status: int = 200) -> ResponseReturnValue:
    page = render_template("pages/withdraw/confirm.html", record=record, form=form, key=new_key())
    return make_response(page, status)
