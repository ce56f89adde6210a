"""What a program is told when something is wrong: problem details (RFC 9457), each with a page."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import Response, request

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.translation import _

PREFIX = "/api/v1"
TYPE = "application/problem+json"
SCIM_PREFIX = "/scim/v2"
SCIM_TYPE = "application/scim+json"
SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem: its name in addresses, the status, what it is, and what helps."""

    name: str
    status: int
    title: str
    advice: str


KINDS = {
    each.name: each
    for each in (
        ProblemKind("token-missing", 401, msgid("A token is needed"),
                    msgid("Send the header “Authorization: Bearer” with a token.")),
        ProblemKind("token-invalid", 401, msgid("This token is not valid"),
                    msgid("It is mistyped, expired or revoked. Use another one.")),
        ProblemKind("insufficient-scope", 403, msgid("The token may not do this"),
                    msgid("Use a token that has the scope which the answer names.")),
        ProblemKind("module-not-covered", 403, msgid("The token is not for this module"),
                    msgid("Use a token of this module, or one of all modules.")),
        ProblemKind("forbidden", 403, msgid("This is not allowed"),
                    msgid("Ask an administrator whether the owner of the token should be allowed"
                          " to do this.")),
        ProblemKind("deciding-by-token", 403, msgid("Decide this request in the portal"),
                    msgid("Its type does not let programs decide. Open the task's address.")),
        ProblemKind("bad-request", 400, msgid("The request could not be read"),
                    msgid("Check that the body is JSON in UTF-8 and that the address is whole.")),
        ProblemKind("not-found", 404, msgid("There is nothing here"),
                    msgid("Check the address. What the token may not see is not found, too.")),
        ProblemKind("method-not-allowed", 405, msgid("This address does not take that method"),
                    msgid("Use one of the methods in the header Allow.")),
        ProblemKind("conflict", 409, msgid("This does not fit what is there"),
                    msgid("Read the present state, then decide whether to send it again.")),
        ProblemKind("request-id-used", 409, msgid("This requestId stands for something else"),
                    msgid("The same requestId was sent with other values. Use a new one, or send"
                          " the same values.")),
        ProblemKind("removed", 410, msgid("This request was removed"),
                    msgid("It was removed after its retention, and does not come back.")),
        ProblemKind("too-large", 413, msgid("The request is too large"),
                    msgid("Send less.")),
        ProblemKind("unsupported-media-type", 415, msgid("The body has to be JSON"),
                    msgid("Send the header “Content-Type: application/json”.")),
        ProblemKind("file-expected", 415, msgid("The body has to be the file itself"),
                    msgid("Send its bytes as they are, with the header “Content-Type:"
                          " application/octet-stream”.")),
        ProblemKind("request-exists", 409, msgid("This request exists already"),
                    msgid("Its files do not change any more. Upload them before you ask.")),
        ProblemKind("invalid", 422, msgid("Some values are not right"),
                    msgid("Each entry of “errors” points to a value and says what is wrong.")),
        ProblemKind("idempotency-key-missing", 422, msgid("An Idempotency-Key is needed"),
                    msgid("Send a new UUID in the header Idempotency-Key, and the same one when you"
                          " repeat the call.")),
        ProblemKind("idempotency-key-used", 422, msgid("This Idempotency-Key was used before"),
                    msgid("It stands for other values. Use a new key for another call.")),
        ProblemKind("too-many-requests", 429, msgid("Too many requests"),
                    msgid("Wait as many seconds as Retry-After says.")),
        ProblemKind("internal", 500, msgid("Something went wrong here"),
                    msgid("It was logged. Tell an administrator the request id.")),
        ProblemKind("unavailable", 503, msgid("The portal cannot answer now"),
                    msgid("Nothing was recorded. Send it again after as many seconds as Retry-After"
                          " says.")),
        ProblemKind("closed", 503, msgid("The portal takes no requests now"),
                    msgid("Nothing was recorded. Administrators closed it for a while.")),
        ProblemKind("given-back", 503, msgid("This request is decided in the old system"),
                    msgid("Nothing was recorded. Use the old system for it.")),
    )
}  # fmt: skip

_BY_STATUS = {
    400: "bad-request", 401: "token-missing", 403: "forbidden", 404: "not-found",
    405: "method-not-allowed", 409: "conflict", 413: "too-large", 415: "unsupported-media-type",
    422: "invalid", 429: "too-many-requests", 500: "internal", 503: "unavailable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InputError:
    """What is wrong with one value. `pointer`: a JSON pointer, "" for the whole body."""

    pointer: str
    detail: str


@dataclass
class ProblemRaised(Exception):
    """A request that is answered with a problem. `extra`: members beside the usual ones."""

    name: str
    detail: str = ""
    errors: tuple[InputError, ...] = ()
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def is_for_programs() -> bool:
    """Whether the present request is a program's, which is answered in JSON."""
    return _is_under(PREFIX) or _is_under(SCIM_PREFIX)


def _is_under(prefix: str) -> bool:
    return request.path == prefix or request.path.startswith(f"{prefix}/")


def name_of(refusal: Refusal) -> str:
    """The name of a refusal's problem page."""
    return refusal.value.replace("_", "-")


def known(name: str) -> ProblemKind | None:
    """The kind of that name; a refusal's status depends on what was asked, 409 mostly."""
    for refusal in Refusal:
        if name == name_of(refusal):
            advice = msgid("The command had no effect. Read the present state first.")
            return ProblemKind(name, 409, REFUSAL_SENTENCES[refusal], advice)
    return KINDS.get(name)


def all_kinds() -> Iterable[ProblemKind]:
    """Every kind that has a page."""
    yield from KINDS.values()
    for refusal in Refusal:
        kind = known(name_of(refusal))
        assert kind is not None
        yield kind


def by_status(status: int) -> str:
    """The name of the problem that a bare status means."""
    return _BY_STATUS.get(status) or ("internal" if status >= 500 else "bad-request")


def answer(problem: ProblemRaised, request_id: str) -> Response:
    """The problem as a response."""
    kind = known(problem.name) or KINDS["internal"]
    status = problem.status or kind.status
    if _is_under(SCIM_PREFIX):
        return _scim_error(status, problem.detail or _(kind.title), problem.headers)
    body = {
        "type": f"/api/problems/{kind.name}",
        "title": _(kind.title),
        "status": status,
        "detail": problem.detail or _(kind.advice),
        "instance": request.path,
        "requestId": request_id,
    }
    if problem.errors:
        errors = [{"pointer": each.pointer, "detail": each.detail} for each in problem.errors]
        body["errors"] = errors
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=TYPE)
    response.headers.update(problem.headers)
    return response


def _scim_error(status: int, detail: str, headers: Mapping[str, str]) -> Response:
    """The same to an identity provider (RFC 7644, section 3.12)."""
    body = {"schemas": [SCIM_ERROR], "status": str(status), "detail": detail}
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=SCIM_TYPE)
    response.headers.update(headers)
    return response
