"""A found comment as a list item with the words marked."""

from collections.abc import Sequence

from markupsafe import Markup

from portal.presentation.highlight import excerpt, marked
from portal.queries.search import FoundComment

# Near misses have none of the words to mark: their beginning says what they are about.
LONGEST_START = 140


def comment_excerpt(comment: FoundComment, words: Sequence[str]) -> Markup:
    """The comment around the first hit, or its beginning."""
    found = excerpt(comment.text, words)
    start = " ".join(comment.text[: LONGEST_START + 1].split())
    return found or marked(start[:LONGEST_START] + "…" * (len(start) > LONGEST_START), ())
