"""Tasks: deciding one's own, and undoing it while there is time."""

from uuid import UUID

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.errors import Refusal
from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.forms.decision import CommentForm
from portal.pages.requests.attachments import Enclosed, enclose
from portal.pages.requests.show import draw
from portal.pages.second_step import sign_first
from portal.pages.tasks import blueprint, links
from portal.presenters.answer import after, answered, command_key, reader
from portal.queries import request as requests
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services import signing
from portal.services.errors import Refused
from portal.services.tasks import Vote, decide, undo
from portal.translation import _

ON_PAGE = {403, 409, 422}
DECISIONS = frozenset(decision.value for decision in Decision)


@blueprint.get("/tasks/<uuid:task_id>")
@requires(Permission.READ_INVOLVED)
def show(task_id: UUID) -> ResponseReturnValue:
    """The task's place: its request's page. A `decision` in the address is only pointed at."""
    wanted = request.args.get("decision", "")
    link = links.remembered(str(task_id)) if wanted else None
    instead = links.answer(link, me()) if link else None
    if instead is not None:
        return instead
    record = _record(task_id)
    chosen = wanted if wanted in DECISIONS else None
    return redirect(url_for("requests.show", number=record.number, decision=chosen), 303)


@blueprint.post("/tasks/<uuid:task_id>/decision")
@requires(Permission.DECIDE_OWN_TASKS, uploads=True)
def decision(task_id: UUID) -> ResponseReturnValue:
    """Approve, reject or send back."""
    form, files = CommentForm(request.form), _enclosed(task_id)
    said = request.form.get("decision", "")
    if not form.validate() or said not in DECISIONS or files.problems:
        return _incomplete(task_id, form, files)
    text = form.comment.data
    vote = Vote(
        command_id=files.key,
        task_id=str(task_id),
        decision=Decision(said),
        content_version=_content_version(),
        comment=text,
        files=files.kept,
        proof=me().proof,
    )
    try:
        receipt = answered(decide(vote, me().id, click()), text)
    except Refused as refused:
        if signing.is_unsigned(refused):
            return sign_first(signing.begin(vote, me().id))
        return _refused(task_id, form, refused, files)
    # The request's page itself says what the reader has just decided, and offers to undo it.
    return after(receipt)


@blueprint.post("/tasks/<uuid:task_id>/undo")
@requires(Permission.DECIDE_OWN_TASKS)
def undo_decision(task_id: UUID) -> ResponseReturnValue:
    """Undo one's own decision."""
    record = _record(task_id)
    try:
        receipt = answered(undo(str(task_id), command_key(), me().id, click()))
    except Refused as refused:
        if refused.reason is not Refusal.UNDO_OVER:
            raise
        return draw(record, refused.status, trouble=refused)
    undone = _(
        "Your decision about %(number)s is undone. It waits for you again.", number=record.number
    )
    return after(receipt, undone)


def _content_version() -> int:
    text = request.form.get("content_version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        abort(422, _("The form does not say which version of the request you saw."))
    return int(text)


def _record(task_id: UUID) -> RequestRecord:
    record = requests.find_by_task(str(task_id), reader())
    if record is None:
        abort(404)
    return record


def _enclosed(task_id: UUID) -> Enclosed:
    """The files that came with the decision; without any, nothing has to be asked for."""
    if not any(request.files.values()) and "kept" not in request.form:
        return Enclosed(command_key())
    return enclose(command_key(), _record(task_id).id)


def _incomplete(task_id: UUID, form: CommentForm, files: Enclosed) -> ResponseReturnValue:
    """The page again, with what was typed; for the person whose task it is."""
    record = _record(task_id)
    if not form.errors and not files.problems:
        form.comment.errors = [_("Choose what to do: approve, return or reject.")]
    return draw(record, 422, form=form, files=files)


def _refused(
    task_id: UUID, form: CommentForm, refused: Refused, files: Enclosed
) -> ResponseReturnValue:
    """Why it had no effect: on the request's page where the person can go on from there."""
    record = _record(task_id)
    if refused.status not in ON_PAGE:
        raise refused
    if refused.reason is Refusal.COMMENT_REQUIRED:
        name = record.requester_name.split()[0]
        form.comment.errors = [_("Say why. %(name)s reads this text.", name=name)]
        return draw(record, 422, form=form, files=files)
    since = _content_version() if refused.reason is Refusal.STALE else None
    return draw(record, refused.status, form=form, trouble=refused, since=since, files=files)
