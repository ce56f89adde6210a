"""Text as people type it: what is taken out before anything is kept, and what is said about it."""

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from portal.translation import _, lazy

# PostgreSQL keeps neither NUL nor half a surrogate pair; the other controls have no look at all.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Unicode's embeddings, overrides and isolates (UAX #9): they let a text read as another one.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")

# Where a field puts its own label into a problem.
LABEL = "%(label)s"
_AGAIN = lazy("Check the text and submit again.")


@dataclass(frozen=True, slots=True)
class Examined:
    """A text without what cannot be kept, and words about what was taken out ("" = nothing)."""

    text: str
    problem: str = ""


def examine(raw: str, *, lines: bool = False) -> Examined:
    """Make a typed text fit to be kept; `lines` keeps its line breaks. Only-spaces become ""."""
    text = _LINE_ENDS.sub("\n", raw)
    problem = ""
    if _UNSTORABLE.search(text):
        problem = _(
            "%(label)s contained characters that cannot be stored; they were removed. %(again)s",
            label=LABEL,
            again=_AGAIN,
        )
    elif _TURNING.search(text):
        problem = _(
            "%(label)s contained invisible characters that change the text direction; they were"
            " removed. %(again)s",
            label=LABEL,
            again=_AGAIN,
        )
    text = _TURNING.sub("", _UNSTORABLE.sub("", text))
    text = text.strip() if lines else " ".join(text.split())
    return Examined(text if _is_visible(text) else "", problem)


def storable(raw: str) -> str:
    """The text as typed, without the characters that the database refuses."""
    return _UNSTORABLE.sub("", raw)


def _is_visible(text: str) -> bool:
    """Whether any character can be seen: not only spaces, joiners and zero widths."""
    return any(unicodedata.category(each)[0] not in "ZC" for each in text)


def uuid_of(text: str | None) -> str | None:
    """The id in its usual spelling; None for anything that is none."""
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None
