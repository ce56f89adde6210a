"""A request as it stood at a moment: to read, and nothing else. Who may see it is judged now."""

from datetime import datetime
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.domain.errors import CannotDecode, DomainError
from portal.pages.past import NothingThenError, PastOf, draw_past, steps
from portal.presenters.comments import questions
from portal.presenters.progress import KINDS
from portal.presenters.request_page import compose_then
from portal.queries import request_then
from portal.queries.request import RequestRecord
from portal.security.sessions import me
from portal.translation import _


def draw_then(record: RequestRecord) -> ResponseReturnValue:
    """The page of a request that the reader may see, as of the moment in the address."""

    def find(at: datetime) -> dict[str, Any]:
        try:
            events = request_then.events_of(record)
            found = request_then.as_of(record, events, at, KINDS)
        except (CannotDecode, DomainError, KeyError):
            why = _("What was recorded of %(number)s cannot be put together.", number=record.number)
            raise NothingThenError(_("Not known"), why, 409) from None
        if found is None:
            why = _("%(number)s was submitted later.", number=record.number)
            raise NothingThenError(_("It did not exist yet"), why, 404)
        around = request_then.moments(events, at)
        return {
            "page": compose_then(found, me()),
            "record": found.record,
            "known_since": found.known_since,
            "questions": questions(found.record.questions, None),
            "steps": steps(around.older, around.newer),
        }

    here = url_for("requests.show", number=record.number)
    of = PastOf(
        name=record.number,
        here=here,
        title=record.title,
        back=_("%(number)s as it is now", number=record.number),
        number=record.number,
        first=record.submitted_at,
        first_words=_("See it as it was submitted"),
    )
    return draw_past(of, "pages/request/then.html", find)
