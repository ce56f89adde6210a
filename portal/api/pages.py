"""Pages of a list: a cursor is text that only the portal reads."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from portal.presentation.problems import InputError, ProblemRaised
from portal.security.guards import unreadable
from portal.translation import _


def text_of(place: Sequence[str | int] | None) -> str | None:
    """The cursor that names a place in a list; None where the list ends."""
    if place is None:
        return None
    return urlsafe_b64encode(json.dumps(list(place)).encode()).decode().rstrip("=")


def cursor_of(text: str | None, parts: int) -> list[str] | None:
    """The place that a cursor names, in so many parts; None: from the beginning."""
    if text is None:
        return None
    try:
        found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list) and len(found) == parts:
        words = [str(each) for each in found]
        if not any(map(unreadable, words)):
            return words
    raise invalid_cursor()


def invalid_cursor() -> ProblemRaised:
    """What is answered to a cursor that is none of ours."""
    words = _("This is no cursor: take it from “next” of the page before.")
    return ProblemRaised("invalid", errors=(InputError("?cursor", words),))
