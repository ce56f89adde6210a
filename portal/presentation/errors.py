"""What went wrong, in the product's words: one row for each error page. No database is needed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What `errors/error.html` shows: a title, a sentence, and what the reader can do now."""

    code: int
    title: str
    text: str
    next_steps: tuple[str, ...] = ()
    icon: str = "exclamation-triangle"


_KEPT = "Nothing was changed, and nothing was lost."
PAGES = {
    page.code: page
    for page in (
        ErrorPage(400, "We could not read that", "Something in the form or address did not arrive "
                  "as it was sent. This also happens when a page was open for a long time.",
                  ("Go back, reload the page and try again.",)),
        ErrorPage(403, "This is not yours to open", "You are signed in, but this page or action "
                  "belongs to somebody else.",
                  ("If you were asked to decide, open the request from your inbox.",
                   "If you need to see it, ask the requester or an administrator."),
                  "lock-closed"),
        ErrorPage(404, "Nothing is here", "The address may be mistyped, or the request may not be "
                  "one you can see.",
                  ("Check the number: it looks like PR-2052.", "Search for it in the history."),
                  "magnifying-glass"),
        ErrorPage(409, "This changed while you were reading", "Somebody was faster than you. "
                  + _KEPT,
                  ("Open the request again and look at what is new.",
                   "Then decide, if it still waits for you."), "arrow-path"),
        ErrorPage(410, "This is over", "It was here once and is not offered any more.",
                  ("The request and its history stay readable.",), "archive-box"),
        ErrorPage(413, "That is too large", "What you sent is larger than this portal takes. "
                  + _KEPT,
                  ("Attach a smaller file, or split it.",), "document-minus"),
        ErrorPage(422, "Something has to be corrected", "We understood the form, but cannot "
                  "accept it as it is. " + _KEPT,
                  ("Go back and look at the marked fields.",)),
        ErrorPage(429, "Too many tries", "There were more tries than allowed in a short time.",
                  ("Wait a minute, then try again.",), "hand-raised"),
        ErrorPage(500, "Something broke on our side", "This was our mistake, not yours. "
                  "It has been written down for the people who look after the portal.",
                  ("Try again in a moment.",
                   "If you pressed a button, look first whether it already worked.",
                   "If it stays broken, tell an administrator the number below."), "wrench"),
        ErrorPage(503, "We are away for a moment", "The portal cannot reach a part it needs. "
                  "Whatever was confirmed before is safe.",
                  ("Try again in a minute.", "What you already submitted or decided is kept."),
                  "cloud"),
    )
}  # fmt: skip

CLOSED = ErrorPage(
    503, "The portal is closed for changes", "Nothing was sent and nothing was changed: approvals "
    "go on in the old system for now.",
    ("Copy what you typed, if you want to use it there.",
     "You can still read everything here.", "Ask an administrator when the portal opens again."),
    "lock-closed",
)  # fmt: skip
GIVEN_BACK = ErrorPage(
    409, "This request is in the old system again", "Nothing was sent and nothing was changed: "
    "this request was given back, and is decided there.",
    ("Copy what you typed, if you want to use it there.",
     "Everything about it up to then stays readable here."), "arrow-uturn-left",
)  # fmt: skip


def error_page(code: int) -> ErrorPage:
    """The page of a status code; an unlisted one reads as 400 or 500 does, by its class."""
    page = PAGES.get(code) or PAGES[400 if code < 500 else 500]
    return page if page.code == code else ErrorPage(code, page.title, page.text, page.next_steps)
