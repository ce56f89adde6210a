"""Changing a request that exists already: amended while it is pending, resubmitted when it was
returned."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain import codec
from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.permissions import Permission
from portal.domain.request.amend import not_now
from portal.domain.request.commands import Amend, Resubmit
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Click, Status
from portal.forms import asking
from portal.forms.request_form import RequestForm, own_files
from portal.pages.requests import blueprint
from portal.pages.requests.attachments import sent_name, store
from portal.pages.requests.request_form_io import (
    kept_files,
    leave_unasked,
    surroundings,
    take_files,
)
from portal.pages.requests.show import visible
from portal.presenters.answer import after, answered, command_key, new_key
from portal.queries import commands
from portal.queries.commands import CommandRecord
from portal.queries.comments import CommentEntry, comments_of
from portal.queries.request import Reader, RequestRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services.attachments import hand_on
from portal.services.commands import Receipt, other_words
from portal.services.errors import Refused
from portal.services.requests import Correction, amend, resubmit
from portal.translation import lazy

Draw = Callable[[RequestRecord, RequestForm, str, Refused | None], ResponseReturnValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a form gives: the command's kind, in which status it is awaited, and what is said."""

    kind: str
    awaits: Status
    give: Callable[[Correction, str, Click], Receipt]
    done: str


def owned(number: str) -> RequestRecord:
    """The request, for those who asked; 403 for others who may see it, 404 for everybody else."""
    record = visible(number)
    if not record.is_by(me().id):
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_ALLOWED])
    return record


def send(number: str, deed: Deed, draw: Draw) -> ResponseReturnValue:
    """Give the command that the form asks for. Sent again, it gives the first result; what is
    wrong or refused shows the form once more, with everything that was typed."""
    record, key = owned(number), command_key()
    before = commands.find(key, Reader(me().id))
    if before is not None:
        return _sent_before(record, deed, before, draw)
    drawn = posted(record, key)
    if drawn.pressed(request.form):
        return draw(record, drawn, key, None)
    if not drawn.validate() and record.status is deed.awaits:
        return draw(record, drawn, key, None)
    correction = correction_of(record, drawn, key)
    leave_unasked(drawn, key)
    try:
        receipt = answered(deed.give(correction, me().id, click()), correction.comment)
    except Refused as refused:
        # The key may be used up: what comes next is another command, with the same files.
        again = new_key()
        hand_on(key, me().id, again)
        return draw(owned(number), drawn, again, refused)
    return after(receipt, deed.done.format(record.number))


def _sent_before(
    record: RequestRecord, deed: Deed, before: CommandRecord, draw: Draw
) -> ResponseReturnValue:
    """The first result; where the form says something else now, that is kept under a new key."""
    if before.kind != deed.kind:
        raise Refused(Refusal.KEY_USED)
    if _is_repeated(record, before):
        return redirect(url_for("commands.show", command_id=before.id), 303)
    again, is_awaited = new_key(), record.status is deed.awaits
    reason = Refusal.KEY_USED if is_awaited else Refusal.LATE
    refused = Refused(reason, detail=other_words() if is_awaited else "")
    return draw(record, posted(record, again), again, refused)


def _is_repeated(record: RequestRecord, before: CommandRecord) -> bool:
    """Whether the form says what the command said. Files are known by their names: those of the
    command may stand in the request already, or not yet."""
    drawn = _drawn(record)
    drawn.read(drawn.posted(request.form), _kept(record, drawn, before.id))
    drawn.validate()
    then, now = before.payload["content"], codec.encode(drawn.content())
    sent = {file["id"]: file["name"] for file in _files_in(then)}
    names = {file["name"] for file in _files_in(now)}
    names |= {sent_name(file) for _field, file in request.files.items(multi=True) if file.filename}
    return (
        (drawn["comment"].data or "") in ("", before.payload["comment"])
        and _without_files(now) == _without_files(then)
        and names <= set(sent.values())
        and sent.keys().isdisjoint(request.form.getlist("remove"))
    )


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and "sha256" in value


def _files_in(value: Any) -> Iterator[Any]:
    if _is_file(value):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _files_in(each)


def _without_files(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_files(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_files(each) for each in value if not _is_file(each)]
    return value


def unchanged(record: RequestRecord) -> RequestForm:
    """The form with what the request holds."""
    return _drawn(record).fill(record.content)


def posted(record: RequestRecord, key: str) -> RequestForm:
    """The form with what was sent; files are kept, whatever is wrong with the rest."""
    drawn = _drawn(record)
    typed = drawn.posted(request.form)
    problems = take_files(drawn, key, typed)
    drawn.read(typed, _kept(record, drawn, key))
    drawn.complain(problems)
    return drawn


def correction_of(record: RequestRecord, drawn: RequestForm, key: str) -> Correction:
    """What the form says."""
    return Correction(
        command_id=key,
        number=record.number,
        content=drawn.content(),
        content_version=seen_version(),
        comment=drawn["comment"].data or "",
    )


def page(
    template: str,
    record: RequestRecord,
    drawn: RequestForm,
    key: str,
    trouble: Refused | None = None,
    **more: object,
) -> ResponseReturnValue:
    """The form's page; 422 where a field is wrong."""
    status = trouble.status if trouble is not None else 422 if drawn.errors else 200
    body = render_template(
        template,
        record=record,
        form=drawn,
        key=key,
        changed=drawn.changed_from(record.content),
        removed=request.form.getlist("remove"),
        trouble=trouble,
        store=store(),
        **more,
    )
    return make_response(body, status)


def _drawn(record: RequestRecord) -> RequestForm:
    around = surroundings(
        suggest=True, type_code=record.type_code, submitted_at=record.submitted_at
    )
    return asking.changed_request(record.form, around)


def _kept(record: RequestRecord, drawn: RequestForm, key: str) -> dict[str, list[KeptFile]]:
    """The request's own files but those taken out, and what came with this form."""
    removed = set(request.form.getlist("remove"))
    fresh = kept_files(drawn, key)
    for place, files in own_files(record.form, record.content).items():
        own = [file for file in files if file.id not in removed]
        fresh[place] = [*own, *fresh.get(place, ())]
    return fresh


def seen_version() -> int:
    """The version that the form was drawn from; 0, which is none, for what is no number."""
    text = request.form.get("content_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


AMEND = Deed(
    kind=Amend.__name__,
    awaits=Status.PENDING,
    give=amend,
    done=lazy("{} was changed. See below who is asked now."),
)


@blueprint.get("/requests/<number>/amend")
@requires(Permission.SUBMIT)
def amend_form(number: str) -> ResponseReturnValue:
    """The request as it stands, to be changed."""
    record = owned(number)
    refusal = not_now(record.status)
    if refusal is not None:
        abort(409, REFUSAL_SENTENCES[refusal])
    return _amend_page(record, unchanged(record), new_key())


@blueprint.post("/requests/<number>/amend")
@requires(Permission.SUBMIT, uploads=True)
def amend_request(number: str) -> ResponseReturnValue:
    """Make it a new version. A form that was sent before gives the first result."""
    return send(number, AMEND, _amend_page)


def _amend_page(
    record: RequestRecord, drawn: RequestForm, key: str, trouble: Refused | None = None
) -> ResponseReturnValue:
    return page("pages/amend/form.html", record, drawn, key, trouble)


RESUBMIT = Deed(
    kind=Resubmit.__name__,
    awaits=Status.RETURNED,
    give=resubmit,
    done=lazy("{} was resubmitted."),
)


@blueprint.get("/requests/<number>/resubmit")
@requires(Permission.SUBMIT)
def resubmit_form(number: str) -> ResponseReturnValue:
    """The request as it stands, to be changed."""
    record = owned(number)
    if record.status is not Status.RETURNED:
        abort(409, REFUSAL_SENTENCES[Refusal.NOT_RETURNED])
    return _resubmit_page(record, unchanged(record), new_key())


@blueprint.post("/requests/<number>/resubmit")
@requires(Permission.SUBMIT, uploads=True)
def resubmit_request(number: str) -> ResponseReturnValue:
    """Send it again. A form that was sent before gives the first result."""
    return send(number, RESUBMIT, _resubmit_page)


def _remark(record: RequestRecord) -> CommentEntry | None:
    """What was said when the request was sent back."""
    said = [each for each in comments_of(record.id) if each.about == "send_back"]
    return said[-1] if said else None


def _resubmit_page(
    record: RequestRecord, drawn: RequestForm, key: str, trouble: Refused | None = None
) -> ResponseReturnValue:
    template, remark = "pages/resubmit/form.html", _remark(record)
    return page(template, record, drawn, key, trouble, remark=remark)
