"""What a search found, as rows and list items with the words marked."""

from collections.abc import Sequence

from markupsafe import Markup

from portal.presentation.filters import money_tag, time_tag
from portal.presentation.highlight import excerpt, marked
from portal.presentation.markup import cell, row_title, status_badge
from portal.presentation.viewpoint import Viewpoint
from portal.queries.history import HistoryRow
from portal.queries.search import FoundComment

_START, _END = Markup('<tr role="row" data-row>'), Markup("</tr>\n")
# Near misses have none of the words to mark: their beginning says what they are about.
LONGEST_START = 140


def request_rows(
    rows: Sequence[HistoryRow], texts: dict[str, str], words: Sequence[str], view: Viewpoint,
    requests_url: str,
) -> Markup:  # fmt: skip
    """Rows of a list table, each with the place in its texts that was hit."""
    parts: list[Markup] = []
    for row in rows:
        notes = (row.type_name, excerpt(texts.get(row.id, ""), words))
        title = marked(row.title, words)
        parts += (
            _START,
            row_title(title, requests_url + row.number, row.number, notes),
            cell(marked(row.requester_name, words)),
            cell(money_tag(row.amount, row.currency), "amount"),
            cell(time_tag(row.submitted_at, "relative", lambda: view), "hide"),
            cell(status_badge(row.status), "state"),
            _END,
        )
    return Markup("").join(parts)


def comment_excerpt(comment: FoundComment, words: Sequence[str]) -> Markup:
    """The comment around the first hit, or its beginning."""
    found = excerpt(comment.text, words)
    start = " ".join(comment.text[: LONGEST_START + 1].split())
    return found or marked(start[:LONGEST_START] + "…" * (len(start) > LONGEST_START), ())
