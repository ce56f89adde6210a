"""Deciding from a link in a mail without signing in: only where a request type's policy allows it,
up to its amount, and only for somebody who types the end of the request's number.
"""

import structlog
from flask import (
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal.domain.errors import Refusal
from portal.domain.notices.links import LinkTarget, leads, may_decide_unsigned
from portal.domain.policy.policy import Decision
from portal.forms.unsigned import UnsignedForm
from portal.pages import errors
from portal.pages.tasks import blueprint
from portal.pages.tasks.links import task_url
from portal.presenters.answer import answered, command_key, new_key
from portal.queries import links
from portal.queries.links import LinkRecord
from portal.security.guards import public
from portal.security.sessions import LINK, click, signed_in
from portal.services.errors import Refused
from portal.services.tasks import Vote, WrongProof, decide_unsigned
from portal.translation import _, lazy

log = structlog.get_logger("portal.web")

OFFERED = {Decision.APPROVE.value, Decision.REJECT.value}
WRONG = lazy(
    "These are not the last four characters of the number. It is in the subject of the message."
)


@blueprint.get("/links/decision")
@public
def show_unsigned() -> ResponseReturnValue:
    """What is asked, and the form; the task's page for whoever has to sign in."""
    link = _remembered()
    if link is None:
        return errors.answer(410)
    if link.decided_by == link.recipient_id:
        return _page("pages/links/decided.html", 200, link=link)
    return _elsewhere(link) or _draw(link, UnsignedForm())


@blueprint.post("/links/decision")
@public
def decide_unsigned_task() -> ResponseReturnValue:
    """Approve or reject in the name of the person whom the message was sent to."""
    link = _remembered()
    if link is None:
        return errors.answer(410)
    instead = _elsewhere(link)
    if instead is not None:
        return instead
    form, said = UnsignedForm(request.form), request.form.get("decision", "")
    if not form.validate() or said not in OFFERED:
        return _draw(link, form, 422)
    return _decided(link, form, Decision(said))


def _decided(link: LinkRecord, form: UnsignedForm, decision: Decision) -> ResponseReturnValue:
    vote = Vote(
        command_id=command_key(),
        task_id=link.task_id,
        decision=decision,
        content_version=link.seen_version,
        comment=form.comment.data,
    )
    try:
        receipt = decide_unsigned(
            vote, link.id, link.recipient_id, link.number, form.proof.data, click()
        )
        answered(receipt, vote.comment)
    except WrongProof:
        form.proof.errors = [WRONG]
        return _draw(link, form, 422)
    except Refused as refused:
        if refused.reason is not Refusal.COMMENT_REQUIRED:
            raise
        form.comment.errors = [_("Enter a reason; the requester reads it.")]
        return _draw(link, form, 422)
    log.info("link.decided", link=link.id, user=link.recipient_id)
    if receipt.outcome == "waiting":
        flash(_("Your decision is recorded and being applied. You can close this page."), "info")
    return redirect(url_for("tasks.show_unsigned"), 303)


def _remembered() -> LinkRecord | None:
    """The link by which the visitor came, while it leads anywhere."""
    link_id = session.get(LINK)
    link = links.by_id(link_id) if isinstance(link_id, str) else None
    if link is None or leads(link.followed, None) is LinkTarget.OVER:
        return None
    return link


def _elsewhere(link: LinkRecord) -> ResponseReturnValue | None:
    """To the task's own page, for everybody who is or has to be signed in to decide."""
    is_open = leads(link.followed, link.recipient_id) is LinkTarget.TO_THE_TASK
    if signed_in() or not is_open or not may_decide_unsigned(link.amount, link.unsigned_up_to):
        return redirect(task_url(link), 303)
    return None


def _draw(link: LinkRecord, form: UnsignedForm, status: int = 200) -> ResponseReturnValue:
    return _page("pages/links/decide.html", status, link=link, form=form, key=new_key())


def _page(template: str, status: int, **values: object) -> ResponseReturnValue:
    return make_response(render_template(template, **values), status)
