"""A request as it stood at a moment: to read, and nothing else. Who may see it is judged now."""

from datetime import datetime

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.domain.errors import CannotDecode, DomainError
from portal.forms.moment import MomentForm, in_address
from portal.pages.layout_context import look_from, viewpoint
from portal.presenters.comments import questions
from portal.presenters.progress import KINDS
from portal.presenters.request_page import compose_then
from portal.queries import request_then
from portal.queries.request import RequestRecord
from portal.queries.request_then import Moments
from portal.security.sessions import me
from portal.translation import _


def draw_then(record: RequestRecord) -> ResponseReturnValue:
    """The page of a request that the reader may see, as of the moment in the address."""
    view = viewpoint()
    form = MomentForm(view.zone, request.args.get("at", ""))
    at = form.moment
    if at is None:
        return _without(record, form, _("No such moment"), "", 400)
    if at > view.now:
        why = _("Nobody knows yet how %(number)s will stand then.", number=record.number)
        return _without(record, form, _("That moment is still to come"), why, 400)
    try:
        events = request_then.events_of(record)
        found = request_then.as_of(record, events, at, KINDS)
    except (CannotDecode, DomainError, KeyError):
        why = _("What was recorded of %(number)s cannot be put together.", number=record.number)
        return _without(record, form, _("Not known"), why, 409)
    if found is None:
        why = _("%(number)s was submitted later.", number=record.number)
        return _without(record, form, _("It did not exist yet"), why, 404)
    look_from(at)
    return make_response(
        render_template(
            "pages/request/then.html",
            page=compose_then(found, me()),
            record=found.record,
            form=form,
            known_since=found.known_since,
            questions=questions(found.record.questions, None),
            steps=_steps(request_then.moments(events, at)),
        )
    )


def _without(
    record: RequestRecord, form: MomentForm, title: str, why: str, status: int
) -> ResponseReturnValue:
    """The page that says why there is nothing to show."""
    drawn = render_template(
        "pages/request/not_then.html",
        record=record,
        form=form,
        heading=title,
        why=why or ("" if form.errors else _("Choose a date and a time.")),
        first=in_address(record.submitted_at),
    )
    return make_response(drawn, status)


def _steps(moments: Moments) -> dict[str, str | None]:
    """The moments before and after at which something was recorded, as an address has them."""

    def written(at: datetime | None) -> str | None:
        return None if at is None else in_address(at)

    return {"older": written(moments.older), "newer": written(moments.newer)}
