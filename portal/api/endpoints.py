"""One place where an address of the API is said: its route, guard and part of the document.

@endpoint("POST", "/approvals", Scope.APPROVALS_WRITE, body=NewApproval, answers={201: Started},
          summary="Ask for an approval")
def ask(body: NewApproval) -> Answer: ...
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar
from uuid import UUID

from flask import Response, request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from portal.api import blueprint
from portal.domain.people.tokens import Scope
from portal.presentation.problems import PREFIX, InputError, ProblemRaised
from portal.security import guards
from portal.translation import _, to_a_program

View = Callable[..., "Answer"]
Model = TypeVar("Model", bound="Input")
MOST_ERRORS = 50
OCTETS = "application/octet-stream"
PART = 64 * 1024


class Input(BaseModel):
    """What a program sends: JSON in camelCase, strictly, with nothing beside it."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, frozen=True, validate_by_name=False,
        allow_inf_nan=False,
    )  # fmt: skip


class Output(BaseModel):
    """What a program is told, in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, validate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a view answers. `body` None: nothing but the status, or the bytes of a `file`."""

    body: Output | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Response | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One method of one address. `keyed`: it needs an Idempotency-Key, the id of its command.
    `answers`: the class of each status; None: no body, or bytes where it `is_file`. `refuses`:
    statuses of its problems. `takes_file`: its body is the bytes of one, for the view's `file`."""

    method: str
    path: str
    scope: Scope | None
    name: str
    summary: str
    description: str
    query: type[Input] | None
    body: type[Input] | None
    answers: Mapping[int, type[Output] | None]
    refuses: tuple[int, ...]
    keyed: bool
    is_file: bool = False
    takes_file: bool = False


ENDPOINTS: list[Endpoint] = []


def in_order() -> list[Endpoint]:
    """All of them by their addresses, whichever module was read first."""
    return sorted(ENDPOINTS, key=lambda each: (each.path, each.method))


def endpoint(
    method: str,
    path: str,
    scope: Scope | None,
    *,
    summary: str,
    answers: Mapping[int, type[Output] | None],
    query: type[Input] | None = None,
    body: type[Input] | None = None,
    refuses: tuple[int, ...] = (),
    keyed: bool = False,
    is_file: bool = False,
    takes_file: bool = False,
) -> Callable[[View], View]:
    """Serve a view at that address, to tokens with that scope, and describe it."""

    def decorate(view: View) -> View:
        described = Endpoint(
            method=method, path=path, scope=scope, name=view.__name__, summary=summary,
            description=" ".join((view.__doc__ or "").split()), query=query, body=body,
            answers=answers, refuses=refuses, keyed=keyed, is_file=is_file,
            takes_file=takes_file,
        )  # fmt: skip
        ENDPOINTS.append(described)

        @wraps(view)
        def run(**names: str) -> Response:
            with to_a_program():
                return _response(view(**names, **_given(described)))

        rule = PREFIX + re.sub(r"{(\w+)}", lambda name: f"<{_snake(name[1])}>", path)
        guarded = guards.token(scope, uploads=takes_file)(run)
        blueprint.add_url_rule(rule, view.__name__, guarded, methods=[method])
        return view

    return decorate


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda letter: f"_{letter[1].lower()}", name)


def _given(described: Endpoint) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if described.keyed:
        given["command_id"] = _key()
    if described.query is not None:
        given["query"] = _query(described.query)
    if described.body is not None:
        given["body"] = _body(described.body)
    if described.takes_file:
        given["file"] = _file()
    return given


def _key() -> str:
    try:
        return str(UUID(request.headers.get("Idempotency-Key", "")))
    except ValueError:
        raise ProblemRaised("idempotency-key-missing") from None


def _query(model: type[Model]) -> Model:
    values = request.args.to_dict()
    try:
        return model.model_validate_strings(values, strict=False)
    except ValidationError as error:
        raise _invalid(error, "?") from None


def _body(model: type[Model]) -> Model:
    if request.mimetype != "application/json":
        raise ProblemRaised("unsupported-media-type")
    try:
        found = model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise _invalid(error, "/") from None
    wrong = tuple(unreadable(found.model_dump(by_alias=True), ""))[:MOST_ERRORS]
    if wrong:
        raise ProblemRaised("invalid", errors=wrong)
    return found


def _file() -> IO[bytes]:
    """What is sent, as it comes in; beyond a megabyte it lies on disk."""
    if request.mimetype != OCTETS:
        raise ProblemRaised("file-expected")
    file = SpooledTemporaryFile(max_size=guards.MEGABYTE)  # noqa: SIM115 - whoever keeps it closes it
    try:
        while part := request.stream.read(PART):
            file.write(part)
    except BaseException:
        file.close()
        raise
    return file


def _invalid(error: ValidationError, start: str) -> ProblemRaised:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in found):
        return ProblemRaised("bad-request", found[0]["msg"])
    wrong = tuple(
        InputError("".join(_step(part, start) for part in each["loc"]), each["msg"])
        for each in found[:MOST_ERRORS]
    )
    return ProblemRaised("invalid", errors=wrong)


def _step(part: str | int, start: str = "/") -> str:
    return start + str(part).replace("~", "~0").replace("/", "~1")


def unreadable(value: Any, pointer: str) -> list[InputError]:
    """Where in it stands a text or number that cannot be kept."""
    if isinstance(value, str):
        bad = guards.unreadable(value)
        return [InputError(pointer, _("This text cannot be stored."))] if bad else []
    if isinstance(value, float) and not math.isfinite(value):
        return [InputError(pointer, _("This number cannot be stored."))]
    found: list[InputError] = []
    if isinstance(value, dict):
        for name, item in value.items():
            found += unreadable(str(name), pointer) + unreadable(item, pointer + _step(str(name)))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            found += unreadable(item, pointer + _step(place))
    return found


def _response(answer: Answer) -> Response:
    if answer.file is not None:
        return answer.file
    text = "" if answer.body is None else answer.body.model_dump_json(by_alias=True)
    response = Response(text, answer.status, mimetype="application/json")
    response.headers.update(answer.headers)
    return response
