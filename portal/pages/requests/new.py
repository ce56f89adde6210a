"""Asking for approval: choose a type, fill in, check, submit, and the receipt."""

from uuid import UUID

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES
from portal.domain.people.permissions import Permission
from portal.domain.request.commands import Submit
from portal.domain.request.state import Priority
from portal.forms import asking
from portal.forms.fields import storable, uuid_of
from portal.forms.request_form import RequestForm
from portal.pages.requests import blueprint
from portal.pages.requests.attachments import store
from portal.pages.requests.request_form_io import (
    end_of,
    kept_files,
    leave_unasked,
    surroundings,
    take_files,
)
from portal.presentation import times
from portal.presenters import check_page as checking
from portal.presenters import leave
from portal.presenters import waiting_on as turns
from portal.presenters.answer import new_key
from portal.queries import commands, drafts, request_types
from portal.queries import request as requests
from portal.queries.drafts import DraftRecord
from portal.queries.request import Reader
from portal.queries.request_types import TypeRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services import drafts as draft_service
from portal.services import requests as submitting
from portal.services.requests import NewRequest
from portal.services.snapshots import forecast
from portal.translation import _, lazy

TOO_MANY = lazy("You have {} drafts, which is the limit. Delete some first.")
MOVED = lazy(
    "The draft was changed in another window. This is the current version; check it again."
)


@blueprint.get("/requests/new")
@requires(Permission.SUBMIT)
def choose_type() -> ResponseReturnValue:
    """The types, with what each is for and how long it usually takes."""
    offered = [
        (each, times.about(each.typical) if each.typical else None)
        for each in request_types.choices(me().id)
    ]
    may_add = not offered and me().may(Permission.EDIT_TYPES)
    return render_template("pages/new_request/choose.html", offered=offered, may_add=may_add)


@blueprint.get("/requests/new/<code>")
@requires(Permission.SUBMIT)
def new(code: str) -> ResponseReturnValue:
    """An empty form, or a draft to be continued.

    An empty form has its draft's id in its address: whoever comes back to it, by the browser's own
    way, finds what was kept, and makes no second draft.
    """
    kind = _type(code)
    wanted = request.args.get("draft") or uuid_of(request.args.get("form"))
    if not wanted:
        return redirect(url_for(".new", code=code, form=new_key()), 303)
    draft = _draft(code, wanted)
    if draft is None and "draft" not in request.args and not _is_sent(wanted):
        empty = _drawn(kind).read({"priority": kind.default_priority}, {})
        return _form_page(kind, wanted, empty)
    if draft is None:
        return _sent_or_unknown(wanted)
    drawn = _drawn(kind)
    return _form_page(kind, draft.id, drawn.read(draft.values, kept_files(drawn, draft.id)))


@blueprint.post("/requests/new/<code>")
@requires(Permission.SUBMIT, uploads=True)
def save_draft(code: str) -> ResponseReturnValue:
    """Keep what was typed, whatever it is; when it is right, go on to the check."""
    kind = _type(code)
    draft_id = uuid_of(request.form.get("draft_id") or new_key()) or abort(404)
    drawn = _drawn(kind)
    typed = {"priority": kind.default_priority} | drawn.posted(request.form)
    extra: list[str] = []
    problems: list[tuple[str, str]] = []
    try:
        kept = {name: storable(text) for name, text in typed.items()}
        draft_service.keep(draft_id, me().id, kind.code, kept)
        problems = take_files(drawn, draft_id, typed)
    except draft_service.NotYourDraft:
        abort(404)
    except draft_service.AlreadySent:
        return _sent_or_unknown(draft_id)
    except draft_service.TooManyDrafts:
        extra = [TOO_MANY.format(draft_service.MOST)]
    drawn.read(typed, kept_files(drawn, draft_id))
    drawn.complain(problems)
    if (table := drawn.pressed(request.form)) and not extra and not problems:
        return redirect(url_for(".new", code=kind.code, draft=draft_id, _anchor=table), 303)
    return _after_saving(kind, draft_id, drawn, extra)


def _after_saving(
    kind: TypeRecord, draft_id: str, drawn: RequestForm, extra: list[str]
) -> ResponseReturnValue:
    """On to the check; back to the form with what is wrong; or away, to go on another day."""
    refused = extra or any(field.process_errors for field in drawn.file_widgets())
    if request.form.get("next") == "later" and not refused:
        flash(_("Draft saved. Continue it here at any time."), "success")
        return redirect(url_for("requests.list_mine", view="drafts"), 303)
    if drawn.validate() and not extra:
        return redirect(url_for(".check", code=kind.code, draft=draft_id), 303)
    return _form_page(kind, draft_id, drawn, extra), 422


@blueprint.get("/requests/new/<code>/check")
@requires(Permission.SUBMIT)
def check(code: str) -> ResponseReturnValue:
    """Every answer with a way to change it, and the route that the request would take."""
    kind = _type(code)
    draft = _draft(code, request.args.get("draft"))
    if draft is None:
        return _sent_or_unknown(request.args.get("draft"))
    drawn = _read(kind, draft)
    if not drawn.validate():
        return _form_page(kind, draft.id, drawn), 422
    return _check_page(kind, draft, drawn)


@blueprint.post("/requests/new/<code>/submit")
@requires(Permission.SUBMIT)
def submit(code: str) -> ResponseReturnValue:
    """Send the draft, checked anew against today's form. Sent twice, it is one request."""
    kind = _type(code)
    draft = _draft(code, request.form.get("command_id"))
    if draft is None:
        return _sent_or_unknown(request.form.get("command_id"))
    drawn = _read(kind, draft)
    if not drawn.validate():
        return _form_page(kind, draft.id, drawn), 422
    wish = _wish(kind, draft, drawn)
    if request.form.get("seen", checking.mark(wish)) != checking.mark(wish):
        return _check_page(kind, draft, drawn, MOVED), 409
    leave_unasked(drawn, draft.id)
    try:
        sent = submitting.submit(wish, click())
    except submitting.DraftGone:
        return redirect(url_for(".check", code=code, draft=draft.id), 303)
    return redirect(url_for(".receipt", command_id=sent.command_id), 303)


@blueprint.get("/requests/receipt/<uuid:command_id>")
@requires(Permission.READ_INVOLVED)
def receipt(command_id: UUID) -> ResponseReturnValue:
    """The number, whose turn it is and what happens next; honest while it is being started."""
    reader = Reader(me().id)
    command = commands.find(str(command_id), reader)
    if command is None or command.kind != Submit.__name__:
        abort(404)
    record = requests.find(command.number, reader) if command.outcome == "applied" else None
    if request.accept_mimetypes.best == "application/json":
        return jsonify(done=command.outcome is not None, location=request.path)
    return render_template(
        "pages/new_request/receipt.html",
        command=command,
        refusal=REFUSAL_SENTENCES[command.refusal] if command.refusal else "",
        record=record,
        next_words=turns.receipt_words(record, me().id) if record else "",
    )


def _type(code: str) -> TypeRecord:
    kind = request_types.find(code) or abort(404)
    if not request_types.may_ask(kind.askers, me().id):
        abort(403)
    return kind


def _draft(code: str, draft_id: str | None) -> DraftRecord | None:
    known = uuid_of(draft_id)
    draft = drafts.find(known, me().id) if known else None
    return draft if draft is not None and draft.type_code == code else None


def _is_sent(draft_id: str) -> bool:
    return commands.find(draft_id, Reader(me().id)) is not None


def _sent_or_unknown(draft_id: str | None) -> ResponseReturnValue:
    """To the receipt of a form that was sent already; else there is nothing to see."""
    known = uuid_of(draft_id)
    command = commands.find(known, Reader(me().id)) if known else None
    if command is None or command.kind != Submit.__name__:
        abort(404)
    return redirect(url_for(".receipt", command_id=command.id), 303)


def _drawn(kind: TypeRecord, *, suggest: bool = True) -> RequestForm:
    around = surroundings(suggest=suggest, type_code=kind.code)
    return asking.new_request(kind.form, kind.default_priority, around)


def _read(kind: TypeRecord, draft: DraftRecord) -> RequestForm:
    drawn = _drawn(kind, suggest=False)
    return drawn.read(draft.values, kept_files(drawn, draft.id))


def _wish(kind: TypeRecord, draft: DraftRecord, drawn: RequestForm) -> NewRequest:
    """What a valid form asks for."""
    return NewRequest(
        draft_id=draft.id,
        draft_version=draft.updated_at,
        type_code=kind.code,
        workflow=kind.workflow,
        module=kind.module,
        policy_version_id=kind.policy_version_id,
        requester_id=me().id,
        on_behalf_of=drawn["on_behalf_of"].data,
        content=drawn.content(),
        has_files=any(each.data for each in drawn.file_widgets()),
        priority=Priority(drawn["priority"].data),
        due_at=end_of(drawn["due_at"].data),
    )


def _form_page(
    kind: TypeRecord, draft_id: str, drawn: RequestForm, extra: list[str] | None = None
) -> str:
    return render_template(
        "pages/new_request/form.html",
        kind=kind,
        draft_id=draft_id,
        form=drawn,
        extra=extra or [],
        store=store(),
    )


def _check_page(kind: TypeRecord, draft: DraftRecord, drawn: RequestForm, warning: str = "") -> str:
    wish = _wish(kind, draft, drawn)
    coming = forecast(submitting.question_of(wish, me().now))
    steps, attention = checking.route(coming)
    return render_template(
        "pages/new_request/check.html",
        kind=kind,
        draft=draft,
        answers=checking.answers(drawn, me().now.date()),
        steps=steps,
        attention=attention,
        expected=checking.finish(wish, coming, me().now),
        seen=checking.mark(wish),
        warning=warning,
        overlaps=leave.warnings(wish.content.fields, wish.on_behalf_of or wish.requester_id),
    )
