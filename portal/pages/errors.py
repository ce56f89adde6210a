"""Every refusal and failure as a page in the product's words."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import (
    BadRequestKeyError,
    HTTPException,
    InternalServerError,
    SecurityError,
)

from portal.domain.proof.acts import ActKind
from portal.presentation import problems
from portal.presentation.errors import (
    CLOSED,
    GIVEN_BACK,
    REMOVED,
    ErrorPage,
    error_page,
    translated,
)
from portal.presentation.problems import ProblemRaised
from portal.presentation.times import rounded, zone_named
from portal.presenters import kept_forms
from portal.presenters.check_page import CheckedAnswer
from portal.security import callers, guards
from portal.security.callers import TokenRefused
from portal.security.sessions import SAFE_METHODS, current_settings, signed_in
from portal.services import acts
from portal.services.commands import UnusableText
from portal.services.errors import Busy, Closed, GivenBack, Refused, TooMany
from portal.translation import _, lazy

RETRY_SECONDS = {429: 60, 503: 5}
CLOSED_SECONDS = 600
REFUSALS = {403: ActKind.REFUSED, 429: ActKind.LIMITED}
UNREADABLE = lazy("The text contains a character or number that cannot be stored.")

log = structlog.get_logger("portal.web")


def answer(code: int, detail: str = "", comment: str = "", retry_after: int = 0) -> Response:
    """The error page of a status, with everything that was typed into the form that it answers;
    `comment` is shown where there is no form to read any more."""
    return _page(error_page(code), detail, comment, retry_after or RETRY_SECONDS.get(code, 0))


def unsent(page: ErrorPage, retry_after: int = 0) -> Response:
    """The page for a form that nobody takes now."""
    return _page(translated(page), "", "", retry_after)


def removed(words: str) -> Response:
    """The page in place of a request that was removed."""
    return _page(translated(REMOVED), words, "", 0)


def _page(page: ErrorPage, detail: str, comment: str, retry_after: int) -> Response:
    typed = _typed(page.code)
    body = render_template(
        "errors/error.html",
        page=page,
        detail=detail or None,
        kept_comment=None if typed else comment or None,
        kept_fields=typed,
    )
    response = make_response(body, page.code)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def register(app: Flask) -> None:
    """Answer every kind of failure of the app with its page."""
    handlers: dict[type[Exception], Callable[..., ResponseReturnValue]] = {
        HTTPException: on_http,
        InternalServerError: lambda _: answer(500),  # Flask has logged it with its traceback
        Refused: lambda refused: answer(refused.status, refused.sentence, refused.comment),
        TooMany: on_too_many,
        Closed: lambda _: unsent(CLOSED, CLOSED_SECONDS),
        GivenBack: lambda _: unsent(GIVEN_BACK),
        Busy: lambda _: answer(503),
        NoFreeConnection: on_database,
        DBAPIError: on_database,
        UnicodeEncodeError: on_unreadable,
        UnusableText: on_unreadable,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, partial(_answered, handler))
    app.register_error_handler(TokenRefused, _problem)
    app.register_error_handler(ProblemRaised, _problem)


def _answered(handler: Callable[..., ResponseReturnValue], error: Exception) -> ResponseReturnValue:
    """A page for people; for programs the same as a problem (RFC 9457)."""
    return _problem(error) if problems.is_for_programs() else handler(error)


def _problem(error: Exception) -> Response:
    found = _problem_of(error)
    seconds = RETRY_SECONDS.get(found.status or _status_of(found.name), 0)
    headers = {"Retry-After": str(seconds)} if seconds else {}
    found.headers = {**headers, **found.headers}
    return problems.answer(found, guards.request_id())


def _status_of(name: str) -> int:
    kind = problems.known(name)
    return kind.status if kind else 500


def _problem_of(error: Exception) -> ProblemRaised:
    """What a program is told of a failure."""
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            return told(error)
    return ProblemRaised(problems.by_status(_page_status(on_database(error))))


def _page_status(response: ResponseReturnValue) -> int:
    return response.status_code if isinstance(response, Response) else 500


def _token_problem(refused: TokenRefused) -> ProblemRaised:
    headers = {}
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
        if refused.reason == "token-invalid":
            headers["WWW-Authenticate"] += ', error="invalid_token"'
    elif refused.scope:
        said = f'Bearer error="insufficient_scope", scope="{refused.scope}"'
        headers["WWW-Authenticate"] = said
    if refused.retry_after:
        headers["Retry-After"] = str(refused.retry_after)
    detail = _("The scope %(scope)s is needed.", scope=refused.scope) if refused.scope else ""
    return ProblemRaised(refused.reason, detail, status=refused.status, headers=headers)


def _http_problem(error: HTTPException) -> ProblemRaised:
    code = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return ProblemRaised(problems.by_status(code), _own_words(error), status=code, headers=kept)


def record_refusal(response: Response) -> None:
    """Record that somebody was refused, whatever refused them: once for each page in a while."""
    kind = REFUSALS.get(response.status_code)
    if kind is not None:
        page, program = request.endpoint or "unknown", callers.known()
        said = {"method": request.method} | ({"token": program.token_id} if program else {})
        acts.keep(kind, page, **said, fold=" ".join((page, *said.values())))


def on_http(error: HTTPException) -> ResponseReturnValue:
    """An `abort`, an unknown address, a wrong method or host, a body that is too large."""
    code = error.code or 500
    if code < 400:
        return error.get_response()
    response = answer(code, _own_words(error))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _own_words(error: HTTPException) -> str:
    """What one of our own `abort` calls says; the framework's words are not for people."""
    words = error.description
    if isinstance(error, SecurityError | BadRequestKeyError) or not isinstance(words, str):
        return ""
    return "" if words == type(error).description else words


def on_too_many(many: TooMany) -> ResponseReturnValue:
    """429 with the time when it goes again, on the clock of whoever is signed in."""
    person, detail = signed_in(), ""
    if person is not None:
        minutes = -(-many.retry_after // 60)
        at = rounded(
            person.now + timedelta(minutes=minutes), person.now, zone_named(person.time_zone)
        )
        detail = _("That was too much in a short time. You can go on %(time)s.", time=at)
    return answer(429, detail, retry_after=many.retry_after)


def on_database(error: Exception) -> ResponseReturnValue:
    """503 while the database is away or overloaded, 4xx for values it cannot hold, else 500."""
    if isinstance(error, DataError):
        return on_unreadable(error)
    away = isinstance(error, OperationalError | NoFreeConnection)
    if away or getattr(error, "connection_invalidated", False):
        log.error("database away", error=str(error).splitlines()[0])
        return answer(503)
    log.error("database error", exc_info=error)
    return answer(500)


def _typed(code: int) -> tuple[CheckedAnswer, ...]:
    """What was typed into the form. Of one that another site sent nothing is shown: it would put
    words into our page. Nothing is asked of a database that may be what failed."""
    if request.method in SAFE_METHODS or guards.is_cross_site(current_settings()):
        return ()
    return kept_forms.posted(ask=code < 500)


def on_unreadable(error: Exception) -> ResponseReturnValue:
    """A value that PostgreSQL cannot hold and that no form stopped."""
    log.warning("unreadable value", error=type(getattr(error, "orig", error)).__name__)
    return answer(400 if request.method in ("GET", "HEAD") else 422, UNREADABLE)


_TOLD: dict[type[Exception], Callable[[Any], ProblemRaised]] = {
    ProblemRaised: lambda problem: problem,
    TokenRefused: _token_problem,
    Refused: lambda refused: ProblemRaised(
        problems.name_of(refused.reason), refused.sentence, status=refused.status
    ),
    TooMany: lambda many: ProblemRaised(
        "too-many-requests", headers={"Retry-After": str(many.retry_after)}
    ),
    Closed: lambda _: ProblemRaised("closed", headers={"Retry-After": str(CLOSED_SECONDS)}),
    GivenBack: lambda _: ProblemRaised("given-back"),
    Busy: lambda _: ProblemRaised("unavailable"),
    NoFreeConnection: lambda _: ProblemRaised("unavailable"),
    UnicodeEncodeError: lambda _: ProblemRaised("invalid", str(UNREADABLE)),
    UnusableText: lambda _: ProblemRaised("invalid", str(UNREADABLE)),
    HTTPException: _http_problem,
}
