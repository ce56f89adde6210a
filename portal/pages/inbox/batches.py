"""Many at once: tasks chosen in the inbox, looked at together, decided, and what became of each."""

from uuid import UUID

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.domain.request.proof import ListProof
from portal.forms.decision import CommentForm
from portal.forms.fields import uuid_of
from portal.pages.inbox import blueprint
from portal.pages.inbox.show import filter_of, offered
from portal.pages.second_step import sign_first
from portal.presenters import batches as reading
from portal.presenters.answer import command_key
from portal.presenters.current_stage import JUST_NOW
from portal.queries import batches
from portal.queries.batches import BatchRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services import batches as service
from portal.services import signing
from portal.services.batches import BatchDecision, UnknownBatch, undo
from portal.services.errors import Refused
from portal.services.tasks import note_opened
from portal.translation import _

DECISIONS = frozenset(decision.value for decision in Decision)


@blueprint.post("/batches")
@requires(Permission.DECIDE_OWN_TASKS)
def choose() -> ResponseReturnValue:
    """Keep what was ticked, or everything that may be decided together, to be looked at."""
    key = command_key()
    back = filter_of(request.form)
    if "all" in request.form:
        chosen = offered(back, service.MOST)
    else:
        chosen = [found for text in request.form.getlist("task") if (found := uuid_of(text))]
    if not chosen:
        flash(_("Tick at least one request first."), "warning")
        return redirect(back.url, 303)
    if len(chosen) > service.MOST:
        words = _("Only the first %(n)s were taken; the others wait in your inbox.", n=service.MOST)
        flash(words, "warning")
    service.choose(key, me().id, chosen)
    return redirect(url_for(".show_batch", batch_id=key), 303)


@blueprint.get("/batches/<uuid:batch_id>")
@requires(Permission.DECIDE_OWN_TASKS)
def show_batch(batch_id: UUID) -> ResponseReturnValue:
    """Every chosen request before the decision; afterwards what became of each."""
    batch = _find(batch_id)
    if batch.decision is None:
        return _review(batch, CommentForm())
    return _result(batch, batch.decision)


@blueprint.post("/batches/<uuid:batch_id>/decision")
@requires(Permission.DECIDE_OWN_TASKS)
def decide_batch(batch_id: UUID) -> ResponseReturnValue:
    """Approve, send back or reject all that the page showed. Sent twice, it is once."""
    form, said = CommentForm(request.form), request.form.get("decision", "")
    seen = reading.seen_of(request.form.get("seen", ""))
    if not form.validate() or said not in DECISIONS or not any(seen):
        return _incomplete(batch_id, form)
    text = form.comment.data
    verdict = BatchDecision(
        batch_id=str(batch_id), decision=Decision(said), seen=seen, comment=text, proof=_recent()
    )
    try:
        service.decide(verdict, me().id, click())
    except UnknownBatch:
        abort(404)
    except Refused as refused:
        if signing.is_unsigned(refused):
            return sign_first(signing.begin_batch(verdict, me().id))
        form.comment.errors = [_("Say why. Each requester can read it.")]
        return _review(_find(batch_id), form), 422
    return _decided(_find(batch_id), text)


@blueprint.post("/batches/<uuid:batch_id>/undo")
@requires(Permission.DECIDE_OWN_TASKS)
def undo_batch(batch_id: UUID) -> ResponseReturnValue:
    """Undo every decision of the batch that still can be undone. Sent twice, it is once."""
    try:
        undo(str(batch_id), me().id, click())
    except UnknownBatch:
        abort(404)
    return redirect(url_for(".show_batch", batch_id=batch_id), 303)


@blueprint.get("/batches/<uuid:batch_id>/state")
@requires(Permission.DECIDE_OWN_TASKS)
def batch_state(batch_id: UUID) -> ResponseReturnValue:
    """Whether every decision and undo is applied, as JSON, for the page that becomes the result."""
    batch = _find(batch_id)
    return jsonify(
        done=batches.waiting(batch) == 0, location=url_for(".show_batch", batch_id=batch_id)
    )


def _recent() -> ListProof | None:
    proof = me().proof
    return None if proof is None else ListProof(proof)


def _find(batch_id: UUID) -> BatchRecord:
    return batches.find(str(batch_id), me().id) or abort(404)


def _incomplete(batch_id: UUID, form: CommentForm) -> ResponseReturnValue:
    if not form.errors:
        form.comment.errors = [_("Choose what to do: approve, return or reject.")]
    batch = _find(batch_id)
    if batch.decision is not None:
        return _decided(batch, form.comment.data or "")
    return _review(batch, form), 422


def _decided(batch: BatchRecord, text: str) -> ResponseReturnValue:
    """What became of the batch; a comment that it was not decided with is kept beside that."""
    if batch.decision is None or text in ("", batch.comment):
        return redirect(url_for(".show_batch", batch_id=batch.id), 303)
    return _result(batch, batch.decision, text), 409


def _result(batch: BatchRecord, decision: Decision, unsent: str = "") -> str:
    found = reading.result(batch, decision, me().id)
    is_late = batch.decided_at is not None and me().now - batch.decided_at > JUST_NOW
    return render_template(
        "pages/batches/result.html", batch=batch, result=found, is_late=is_late, unsent=unsent
    )


def _review(batch: BatchRecord, form: CommentForm) -> str:
    review = reading.review(batch, me().id, request.values.getlist("without"))
    note_opened(me().id, tasks=[each.id for each in review.chosen])
    return render_template("pages/batches/review.html", batch=batch, form=form, review=review)
