"""Asking somebody beside the policy's people, too: by who asked for it, or who is asked."""

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.forms.handing import handing_form
from portal.pages.requests import blueprint
from portal.pages.requests.reassignment import ABOUT_PERSON, PersonPageWords, suggestions
from portal.pages.requests.show import draw, visible
from portal.presenters.answer import after, answered, command_key, new_key
from portal.queries import people
from portal.queries import request as requests
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services.errors import Refused
from portal.services.snapshots import of_request
from portal.services.tasks import NewApprover, add_approver, takers
from portal.translation import _

WORDS = PersonPageWords(msgid("Approver"), msgid("Add the approver"), msgid("Adding…"), "user-plus")
TEXT = msgid(
    "They decide in the current stage, as well as everybody who is asked already. The stage passes"
    " only with their approval; the approvals of the others are still needed."
)


@blueprint.get("/requests/<number>/approvers")
@requires(Permission.READ_INVOLVED)
def approver_form(number: str) -> ResponseReturnValue:
    """Whom to ask, and why."""
    record = _mine(number)
    if not record.status.is_open or record.stage_name is None or record.settles_at is not None:
        return draw(record, 409, trouble=Refused(Refusal.LATE))
    return _page(record, _form(record))


@blueprint.post("/requests/<number>/approvers")
@requires(Permission.READ_INVOLVED)
def add_an_approver(number: str) -> ResponseReturnValue:
    """Ask them; whatever was typed is kept where it was refused."""
    record = _mine(number)
    form = _form(record, request.form)
    if not form.validate():
        return _page(record, form, 422)
    wish = NewApprover(
        command_id=command_key(), number=record.number, round=record.round,
        to_id=form["person"].data, reason=form["reason"].data,
    )  # fmt: skip
    try:
        receipt = answered(add_approver(wish, me().id, click()), wish.reason)
    except Refused as refused:
        if refused.reason not in ABOUT_PERSON:
            return draw(record, refused.status, trouble=refused)
        form["person"].errors = [refused.sentence]
        return _page(record, form, refused.status)
    return after(receipt, _("%(name)s was added as an approver.", name=form["person"].typed))


def _form(record: RequestRecord, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
    found = takers(of_request(record.number, new_key()), None)
    names, note = suggestions(found, anybody=False)
    return handing_form(_(WORDS.field), people, names, typed, must_say_why=False, note=note)


def _page(record: RequestRecord, form: BaseForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "pages/task/hand.html", act=WORDS, record=record, form=form, key=new_key(), text=_(TEXT),
        heading=_("Add an approver to %(number)s", number=record.number),
    )  # fmt: skip
    return make_response(page, status)


def _mine(number: str) -> RequestRecord:
    """The request, for who asked for it, and who is asked or decided in this round."""
    record = visible(number)
    tasks = (task for task in requests.tasks_of(record.id) if task.round == record.round)
    asked = any(me().id in (task.assignee_id, task.owner_id) for task in tasks)
    if not (record.is_by(me().id) or asked):
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_ALLOWED])
    return record
