"""What ends or halts a request as a whole: hold, resume and cancel by an administrator, withdraw by
its requester; each on its own page."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.domain.request.state import Click
from portal.forms.decision import CommentForm, NoteForm, ReasonForm
from portal.pages.requests import blueprint
from portal.pages.requests.edit_request import owned
from portal.pages.requests.show import draw, visible
from portal.presenters.answer import after, answered, command_key, new_key
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services.commands import Receipt
from portal.services.errors import Refused
from portal.services.requests import cancel, hold, resume, withdraw
from portal.translation import _

Service = Callable[[str, str, str, str, Click], Receipt]


@dataclass(frozen=True)
class LifecycleAct:
    """One thing to do: its words, its form and its service."""

    name: str
    title: str
    text: str
    label: str
    done: str
    form: type[ReasonForm] | type[NoteForm]
    service: Service


HOLD = LifecycleAct(
    "hold",
    msgid("Put %(number)s on hold?"),
    msgid("All deadlines stop, and nobody can decide, until an administrator resumes it."),
    msgid("Put on hold"),
    msgid("%(number)s is on hold."),
    ReasonForm,
    hold,
)
RESUME = LifecycleAct(
    "resume",
    msgid("Resume %(number)s?"),
    msgid(
        "All deadlines move by the time it was on hold. If no approver was found, the portal looks"
        " for one again."
    ),
    msgid("Resume"),
    msgid("%(number)s is resumed."),
    NoteForm,
    resume,
)
CANCEL = LifecycleAct(
    "cancel",
    msgid("Cancel %(number)s?"),
    msgid("The request ends without a decision and leaves all inboxes. You cannot undo this."),
    msgid("Cancel the request"),
    msgid("%(number)s is cancelled."),
    ReasonForm,
    cancel,
)


@blueprint.get("/requests/<number>/hold")
@requires(Permission.HOLD)
def hold_form(number: str) -> ResponseReturnValue:
    """Ask for the reason of a hold."""
    return _ask(HOLD, number)


@blueprint.post("/requests/<number>/hold")
@requires(Permission.HOLD)
def hold_request(number: str) -> ResponseReturnValue:
    """Stop the clocks."""
    return _do(HOLD, number)


@blueprint.get("/requests/<number>/resume")
@requires(Permission.HOLD)
def resume_form(number: str) -> ResponseReturnValue:
    """Ask before the clocks run on."""
    return _ask(RESUME, number)


@blueprint.post("/requests/<number>/resume")
@requires(Permission.HOLD)
def resume_request(number: str) -> ResponseReturnValue:
    """Let the clocks run on."""
    return _do(RESUME, number)


@blueprint.get("/requests/<number>/cancel")
@requires(Permission.CANCEL)
def cancel_form(number: str) -> ResponseReturnValue:
    """Ask for the reason of a cancellation."""
    return _ask(CANCEL, number)


@blueprint.post("/requests/<number>/cancel")
@requires(Permission.CANCEL)
def cancel_request(number: str) -> ResponseReturnValue:
    """End the request."""
    return _do(CANCEL, number)


def _ask(
    act: LifecycleAct, number: str, form: ReasonForm | NoteForm | None = None, status: int = 200
) -> ResponseReturnValue:
    record = visible(number)
    page = render_template(
        "pages/request/steer.html", act=act, record=record, form=form or act.form(), key=new_key()
    )
    return make_response(page, status)


def _do(act: LifecycleAct, number: str) -> ResponseReturnValue:
    form = act.form(request.form)
    if not form.validate():
        return _ask(act, number, form, 422)
    record, text = visible(number), form.reason.data
    try:
        receipt = answered(act.service(record.number, text, command_key(), me().id, click()), text)
    except Refused as refused:
        return draw(record, refused.status, trouble=refused)
    return after(receipt, _(act.done, number=record.number))


@blueprint.get("/requests/<number>/withdraw")
@requires(Permission.SUBMIT)
def withdraw_form(number: str) -> ResponseReturnValue:
    """Name the request and what ends with it."""
    record = owned(number)
    if not record.status.is_open:
        abort(409, REFUSAL_SENTENCES[Refusal.CLOSED])
    return _withdraw_page(record, CommentForm())


@blueprint.post("/requests/<number>/withdraw")
@requires(Permission.SUBMIT)
def withdraw_request(number: str) -> ResponseReturnValue:
    """End the request. A form that was sent before gives the first result."""
    record, form = owned(number), CommentForm(request.form)
    if not form.validate():
        return _withdraw_page(record, form, 422)
    text = form.comment.data
    try:
        receipt = answered(withdraw(record.number, command_key(), text, me().id, click()), text)
    except Refused as refused:
        return draw(record, refused.status, trouble=refused)
    return after(receipt, _("%(number)s is withdrawn.", number=record.number))


def _withdraw_page(
    record: RequestRecord, form: CommentForm, status: int = 200
) -> ResponseReturnValue:
    page = render_template("pages/withdraw/confirm.html", record=record, form=form, key=new_key())
    return make_response(page, status)
