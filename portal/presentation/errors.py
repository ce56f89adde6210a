"""What went wrong, in the product's words: one row for each error page. No database is needed."""

from dataclasses import dataclass, replace

from portal.domain.marked import msgid
from portal.translation import _


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What `errors/error.html` shows: a title, a sentence, and what the reader can do now."""

    code: int
    title: str
    text: str
    next_steps: tuple[str, ...] = ()
    icon: str = "exclamation-triangle"


PAGES = {
    page.code: page
    for page in (
        ErrorPage(
            400,
            msgid("This page could not be read"),
            msgid(
                "Part of the form or address did not arrive as it was sent. This can happen when a"
                " page was open for a long time."
            ),
            (msgid("Go back, reload the page and try again."),),
        ),
        ErrorPage(
            403,
            msgid("You don't have access to this"),
            msgid("You are signed in, but you are not allowed to open this page or do this."),
            (
                msgid("If you were asked to decide, open the request from your inbox."),
                msgid("If you need access, ask the requester or an administrator."),
            ),
            "lock-closed",
        ),
        ErrorPage(
            404,
            msgid("Page not found"),
            msgid("The address may be mistyped, or you may not have access to this request."),
            (
                msgid("Check the number: it looks like PR-2052."),
                msgid("Search for it in your history."),
            ),
            "magnifying-glass",
        ),
        ErrorPage(
            409,
            msgid("This changed while you were reading"),
            msgid("Someone else changed it first. Nothing you did was saved."),
            (
                msgid("Open the request again and check what is new."),
                msgid("Then decide, if it still needs your decision."),
            ),
            "arrow-path",
        ),
        ErrorPage(
            410,
            msgid("This is no longer available"),
            msgid("It was here once and is no longer offered."),
            (msgid("You can still read the request and its activity log."),),
            "archive-box",
        ),
        ErrorPage(
            413,
            msgid("This is too large"),
            msgid("What you sent is larger than allowed. Nothing was changed."),
            (msgid("Attach a smaller file, or split it."),),
            "document-minus",
        ),
        ErrorPage(
            422,
            msgid("Please correct the form"),
            msgid("The form could not be accepted as it is. Nothing was changed."),
            (msgid("Go back and check the marked fields."),),
        ),
        ErrorPage(
            429,
            msgid("Too many attempts"),
            msgid("There were too many attempts in a short time."),
            (msgid("Wait a minute, then try again."),),
            "hand-raised",
        ),
        ErrorPage(
            500,
            msgid("Something went wrong"),
            msgid("This was our mistake, not yours. It was recorded for the administrators."),
            (
                msgid("Try again in a moment."),
                msgid("If you pressed a button, check first whether it already worked."),
                msgid("If it happens again, give an administrator the request id below."),
            ),
            "wrench",
        ),
        ErrorPage(
            503,
            msgid("Temporarily unavailable"),
            msgid("A part of the portal cannot be reached. Everything confirmed before is saved."),
            (
                msgid("Try again in a minute."),
                msgid("What you already submitted or decided is kept."),
            ),
            "cloud",
        ),
    )
}

CLOSED = ErrorPage(
    503,
    msgid("The portal is closed for changes"),
    msgid(
        "Nothing was sent and nothing was changed. Approvals continue in the old system for now."
    ),
    (
        msgid("Copy what you typed if you want to use it there."),
        msgid("You can still read everything here."),
        msgid("Ask an administrator when the portal reopens."),
    ),
    "lock-closed",
)
REMOVED = ErrorPage(
    410,
    msgid("This request was removed"),
    msgid("It was removed after its retention."),
    (msgid("Auditors can still prove that it was there."),),
    "archive-box",
)

GIVEN_BACK = ErrorPage(
    409,
    msgid("This request is back in the old system"),
    msgid("Nothing was sent and nothing was changed. This request is decided in the old system."),
    (
        msgid("Copy what you typed if you want to use it there."),
        msgid("You can still read everything up to then here."),
    ),
    "arrow-uturn-left",
)

LINK_OVER = ErrorPage(
    410,
    msgid("This link does not work any more"),
    msgid("It was used already, or its time is over. Nothing was changed."),
    (
        msgid("Sign in, if you chose your password with it."),
        msgid("If not, ask for another: by “Forgot your password?”, or from an administrator."),
    ),
    "key",
)


def error_page(code: int) -> ErrorPage:
    """The page of a status code; an unlisted one reads as 400 or 500 does, by its class."""
    page = PAGES.get(code) or PAGES[400 if code < 500 else 500]
    return translated(replace(page, code=code))


def translated(page: ErrorPage) -> ErrorPage:
    """The page in the reader's language."""
    steps = tuple(_(step) for step in page.next_steps)
    return replace(page, title=_(page.title), text=_(page.text), next_steps=steps)
