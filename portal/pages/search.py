"""Search over everything that the reader may see."""

from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.fields import examine, uuid_of
from portal.pages.layout_context import viewpoint
from portal.presentation.highlight import words_of
from portal.presentation.parts import Tab
from portal.presenters.answer import reader, requests_url
from portal.presenters.history_filters import cursor_of, text_of_cursor
from portal.presenters.rows import found_rows
from portal.presenters.search_results import comment_excerpt
from portal.queries import search
from portal.security.guards import requires
from portal.translation import _

blueprint = Blueprint("search", __name__)

LONGEST = 100


@blueprint.get("/search")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """Requests, or comments, that hold the words; where there are none, what comes close."""
    text = examine(request.args.get("q", "")).text[:LONGEST]
    in_comments = request.args.get("in") == "comments"
    tabs = [
        Tab(_("Requests"), _url(text), current=not in_comments),
        Tab(_("Comments"), _url(text, within="comments"), current=in_comments),
    ]
    if not words_of(text):
        return render_template("pages/search/ask.html", text=text)
    values = _comments(text) if in_comments else _requests(text)
    return render_template("pages/search/show.html", text=text, tabs=tabs, **values)


def _requests(text: str) -> dict[str, object]:
    before = cursor_of(request.args.get("before", ""))
    after = cursor_of(request.args.get("after", ""))
    found = search.requests(reader(), text, before, after)
    rows, near = found.rows, False
    if not rows and before is None and after is None:
        rows = search.near_requests(reader(), text)
        near = bool(rows)
    texts = search.texts_of([row.id for row in rows])
    return {
        "rows": list(found_rows(rows, texts, words_of(text), requests_url(), viewpoint())),
        "near": near,
        "older_url": _url(text, before=text_of_cursor(found.older)) if found.older else None,
        "newer_url": _url(text, after=text_of_cursor(found.newer)) if found.newer else None,
    }


def _comments(text: str) -> dict[str, object]:
    before = uuid_of(request.args.get("before"))
    found = search.comments(reader(), text, before)
    shown, near = found.comments, False
    if not shown and before is None and not found.too_many:
        shown = search.near_comments(reader(), text)
        near = bool(shown)
    following = found.following
    return {
        "comments": [(each, comment_excerpt(each, words_of(text))) for each in shown],
        "near": near,
        "too_many": found.too_many,
        "older_url": _url(text, within="comments", before=following) if following else None,
        "newer_url": None,
    }


def _url(text: str, within: str = "", before: str = "", after: str = "") -> str:
    values = {"q": text, "in": within, "before": before, "after": after}
    given = {name: value for name, value in values.items() if value}
    return f"{url_for('search.show')}?{urlencode(given)}"
