"""Signing a decision: who one is, what it means, and the passkey or what stands in for it."""

from flask import Response, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision, StepUp
from portal.forms.factors import ProofForm
from portal.pages.second_step import SIGNING, proof_input, prover, providers_of, site
from portal.pages.tasks import blueprint
from portal.presenters.answer import after, answered, reader
from portal.queries import batches
from portal.queries import request as requests
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.security.sessions import me, portal_session
from portal.services import passkeys, second_factors, signing
from portal.services.errors import Refused, TooMany
from portal.services.proofs import NotProven, ProofInput, Proven
from portal.services.signing import Signing
from portal.translation import _, lazy

ALTERED = lazy("This is not the decision that was signed. Nothing was decided.")
MEANING: dict[Decision, str] = {
    Decision.APPROVE: lazy("approval"),
    Decision.REJECT: lazy("rejection"),
    Decision.SEND_BACK: lazy("return for changes"),
}

MEANING_OVER: dict[Decision, str] = {
    Decision.APPROVE: lazy("approval in place of the approvers"),
    Decision.REJECT: lazy("rejection in place of the approvers"),
}


@blueprint.get("/tasks/sign")
@requires(Permission.DECIDE_OWN_TASKS)
def ask_to_sign() -> ResponseReturnValue:
    """What is signed, by whom, with what meaning."""
    waits = _waiting()
    return _over() if waits is None else _page(waits, ProofForm(formdata=None))


@blueprint.post("/tasks/sign")
@requires(Permission.DECIDE_OWN_TASKS)
def sign() -> ResponseReturnValue:
    """Record the decision with its signature."""
    waits, form = _waiting(), ProofForm()
    if waits is None:
        return _over()
    if not form.validate():
        return _page(waits, form, 422)
    try:
        return _signed(waits, proof_input(form))
    except NotProven:
        return _page(waits, form, 422, _not_proven(waits))
    except TooMany as many:
        return _too_many(waits, form, many)
    except Refused as refused:
        if not signing.is_unsigned(refused):
            raise
        return _page(waits, form, 403, str(ALTERED))


def sign_by_provider(challenge_id: str, proven: Proven) -> ResponseReturnValue:
    """Record the decision that the page showed from which somebody left for their provider."""
    waits = signing.waiting(challenge_id, me().id)
    if waits is None:
        return _over()
    try:
        return _signed(waits, proven)
    except NotProven:
        return _over()
    except Refused as refused:
        if not signing.is_unsigned(refused):
            raise
        return _page(waits, ProofForm(formdata=None), 403, str(ALTERED))


def _signed(waits: Signing, given: ProofInput | Proven) -> ResponseReturnValue:
    person = me()
    by = prover(person.id)
    if waits.batch is not None:
        signing.sign_batch(given, waits, by, person.session_id)
        portal_session().pop(SIGNING, None)
        return redirect(url_for("inbox.show_batch", batch_id=waits.batch.batch_id), 303)
    receipt = signing.sign(given, waits, by, person.session_id)
    portal_session().pop(SIGNING, None)
    if waits.over is not None:
        words = _("You decided %(number)s in place of the approvers.", number=waits.over.number)
        return after(answered(receipt, waits.over.reason), words)
    assert waits.vote is not None
    return after(answered(receipt, waits.vote.comment))


def _waiting() -> Signing | None:
    return signing.waiting(portal_session().get(SIGNING), me().id)


def _over() -> ResponseReturnValue:
    flash(_("Nothing waits to be signed: it was signed already, or took too long."), "info")
    return redirect(url_for("inbox.show"), 303)


def _not_proven(waits: Signing) -> str:
    if waits.needed is StepUp.SIGNATURE:
        return _("Not signed. Use your passkey, or your password together with a code.")
    return _("Not confirmed. That was not right.")


def _too_many(waits: Signing, form: ProofForm, many: TooMany) -> Response:
    response = _page(waits, form, 429, _("Too many wrong tries. Try again later."))
    response.headers["Retry-After"] = str(many.retry_after)
    return response


def _page(waits: Signing, form: ProofForm, status: int = 200, error: str = "") -> Response:
    person, record = me(), None
    if waits.batch is not None:
        many = batches.find(waits.batch.batch_id, person.id) or abort(404)
        back = url_for("inbox.show_batch", batch_id=many.id)
    else:
        record = _record(waits) or abort(404)
        back = url_for("requests.show", number=record.number)
    held = second_factors.held_by(person.id)
    page = render_template(
        "pages/task/sign.html",
        form=form,
        waits=waits,
        person=person,
        record=record,
        count=len(waits.challenge.data["leaves"]),
        comment=waits.comment,
        meaning=str((MEANING_OVER if waits.over else MEANING)[waits.decision]),
        held=held,
        options=passkeys.options_known(waits.challenge, site()) if held.passkeys else None,
        providers=providers_of(person.id),
        signature=waits.needed is StepUp.SIGNATURE,
        back=back,
        error=error,
    )
    return make_response(page, status)


def _record(waits: Signing) -> RequestRecord | None:
    """The request that is decided, where the reader still sees it."""
    if waits.over is not None:
        return requests.find(waits.over.number, reader())
    assert waits.vote is not None
    return requests.find_by_task(waits.vote.task_id, reader())
