"""Changing a request that was sent back, and sending it again."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.files import KeptFile
from portal.domain.permissions import Permission
from portal.domain.request import Content, Status
from portal.forms import asking
from portal.forms.request_form import RequestForm, held
from portal.pages.filling import kept_files, store, surroundings, take_files
from portal.pages.reading.answer import after, answered, command_key
from portal.pages.reading.keys import new_key
from portal.pages.requests import visible
from portal.queries import commands
from portal.queries.comments import Said, comments_of
from portal.queries.readers import Reader
from portal.queries.request import RequestRecord
from portal.security.clicks import click
from portal.security.guards import requires
from portal.security.identity import me
from portal.services.attachments import hand_on
from portal.services.errors import Refused
from portal.services.resubmit import Correction, resubmit

blueprint = Blueprint("resubmit", __name__)


@blueprint.get("/requests/<number>/resubmit")
@requires(Permission.SUBMIT)
def form(number: str) -> ResponseReturnValue:
    """The request as it stands, to be changed."""
    record = _mine(number)
    if record.status is not Status.RETURNED:
        abort(409, REFUSAL_SENTENCES[Refusal.NOT_RETURNED])
    return _page(record, _drawn(record).fill(_content(record)), new_key())


@blueprint.post("/requests/<number>/resubmit")
@requires(Permission.SUBMIT, uploads=True)
def send(number: str) -> ResponseReturnValue:
    """Send it again. A form that was sent before gives the first result."""
    record, key = _mine(number), command_key()
    sent = commands.find(key, Reader(me().id))
    if sent is not None:
        return redirect(url_for("commands.show", command_id=sent.id), 303)
    drawn = _drawn(record)
    problems = take_files(drawn, key)
    drawn.read(drawn.posted(request.form), _kept(record, drawn, key))
    drawn.complain(problems)
    if not drawn.validate() and record.status is Status.RETURNED:
        return _page(record, drawn, key, status=422)
    correction = _correction(record, drawn, key)
    try:
        receipt = answered(resubmit(correction, me().id, click()), correction.comment)
    except Refused as refused:
        # The key may be used up: what comes next is another command, with the same files.
        again = new_key()
        hand_on(key, me().id, again)
        return _page(_mine(number), drawn, again, refused, refused.status)
    return after(receipt, f"{record.number} is on its way again.")


def _correction(record: RequestRecord, drawn: RequestForm, key: str) -> Correction:
    """What the form says."""
    return Correction(
        command_id=key,
        number=record.number,
        content=drawn.content(),
        content_version=_seen_version(),
        comment=drawn["comment"].data or "",
    )


def _mine(number: str) -> RequestRecord:
    """The request, for those who asked; 403 for others who may see it, 404 for everybody else."""
    record = visible(number)
    if not record.is_by(me().id):
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_ALLOWED])
    return record


def _drawn(record: RequestRecord) -> RequestForm:
    return asking.returned_request(record.form, surroundings(suggest=True))


def _content(record: RequestRecord) -> Content:
    return Content(
        title=record.title, fields=record.fields, amount=record.amount, currency=record.currency
    )


def _kept(record: RequestRecord, drawn: RequestForm, key: str) -> dict[str, list[KeptFile]]:
    """The request's own files but those taken out, and what came with this form."""
    removed = set(request.form.getlist("remove"))
    content = _content(record)
    fresh = kept_files(drawn, key)
    for each in drawn.file_fields():
        own = [file for file in held(each, content) if file.id not in removed]
        fresh[each.name] = [*own, *fresh[each.name]]
    return fresh


def _seen_version() -> int:
    """The version that the form was drawn from; 0, which is none, for what is no number."""
    text = request.form.get("content_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _remark(record: RequestRecord) -> Said | None:
    """What was said when the request was sent back."""
    said = [each for each in comments_of(record.id) if each.about == "send_back"]
    return said[-1] if said else None


def _page(
    record: RequestRecord,
    drawn: RequestForm,
    key: str,
    trouble: Refused | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    page = render_template(
        "pages/resubmit/form.html",
        record=record,
        form=drawn,
        key=key,
        remark=_remark(record),
        changed=drawn.changed_from(_content(record)),
        removed=request.form.getlist("remove"),
        trouble=trouble,
        store=store(),
    )
    return make_response(page, status)
