"""A command's way through a form: the one-time key, the receipt, the browser's next page."""

from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from uuid_utils import uuid7

from portal.domain.people.permissions import Permission
from portal.queries.request import Reader
from portal.security.sessions import me
from portal.services.commands import Receipt
from portal.services.errors import Refused
from portal.translation import _


def reader() -> Reader:
    """The signed-in person, as queries want to know them."""
    person = me()
    return Reader(person.id, person.may(Permission.READ_ALL))


def requests_url() -> str:
    """What stands before a number in the address of a request's page."""
    return url_for("requests.show", number="0")[:-1]


def command_key() -> str:
    """The form's one-time key. 422 where it is missing: nothing is recorded then."""
    try:
        return str(UUID(request.form.get("command_id", "")))
    except ValueError:
        abort(422, _("The form is incomplete. Reload the page and try again."))


def answered(receipt: Receipt, text: str = "") -> Receipt:
    """The receipt, unless the workflow refused: then raises Refused with the text kept."""
    if receipt.outcome == "refused" and receipt.reason is not None:
        raise Refused(receipt.reason, text)
    return receipt


def after(receipt: Receipt, message: str = "") -> ResponseReturnValue:
    """See Other: the request's page once the command is applied, else the waiting page."""
    if receipt.outcome == "waiting":
        return redirect(url_for("commands.show", command_id=receipt.command_id), 303)
    if message:
        flash(message, "success")
    return redirect(url_for("requests.show", number=receipt.number), 303)


def new_key() -> str:
    """A fresh UUIDv7: the id of the command that a form will be, made when the form is drawn."""
    return str(uuid7())
