"""Links in messages. They lead to a task with a decision chosen, and decide nothing themselves."""

import structlog
from flask import make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.domain.notices.links import LinkTarget, leads, may_decide_unsigned
from portal.pages import errors
from portal.pages.tasks import blueprint
from portal.presenters import links as reading
from portal.queries import links
from portal.queries.links import LinkRecord
from portal.security.guards import public
from portal.security.sessions import LINK, Identity, click, signed_in
from portal.security.tokens import token_hash
from portal.services.links import note_refusal

log = structlog.get_logger("portal.web")

LOOK = "review"


@blueprint.get("/a/<token>")
@public
def follow_link(token: str) -> ResponseReturnValue:
    """Where a link leads. Changes nothing, however often it is opened; only that somebody opened
    another person's is kept, once."""
    link = links.by_hash(token_hash(token))
    if link is None:
        return errors.answer(410)
    structlog.contextvars.bind_contextvars(link=link.id)
    person = signed_in()
    instead = answer(link, person)
    if instead is not None:
        return instead
    if person is None:
        # Kept in the visitor's signed cookie, so that the token leaves the address bar.
        session[LINK] = link.id
        if may_decide_unsigned(link.amount, link.unsigned_up_to):
            return redirect(url_for("tasks.show_unsigned"), 303)
    return redirect(task_url(link), 303)


def task_url(link: LinkRecord) -> str:
    """The task's own address, with the decision that the link offers."""
    return url_for("tasks.show", task_id=link.task_id, decision=link.decision or LOOK)


def answer(link: LinkRecord, person: Identity | None) -> ResponseReturnValue | None:
    """What a link says instead of leading to its task; None where it leads there."""
    match leads(link.followed, person.id if person else None):
        case LinkTarget.OVER:
            return errors.answer(410)
        case LinkTarget.ELSEWHERE if person is not None:
            log.warning("link.not_theirs", link=link.id, sent_to=link.recipient_id, user=person.id)
            if request.method != "HEAD":
                note_refusal(link.id, link.request_id, person.id, click())
            page = reading.elsewhere(link)
            return make_response(render_template("errors/error.html", page=page), 403)
        case LinkTarget.DONE:
            return _page("pages/links/done.html", 200, link=link)
        case LinkTarget.CHANGED if person is not None:
            news = reading.news(link, person)
            return _page("pages/links/changed.html", 409, link=link, news=news)
        case _:
            return None


def remembered(task_id: str) -> LinkRecord | None:
    """The link by which the reader came to that task, before signing in."""
    link_id = session.get(LINK)
    link = links.by_id(link_id) if isinstance(link_id, str) else None
    return link if link is not None and link.task_id == task_id else None


def _page(template: str, status: int, **values: object) -> ResponseReturnValue:
    return make_response(render_template(template, **values), status)
