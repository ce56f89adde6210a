"""The document of the API (OpenAPI 3.1), from the same declarations that serve it."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from portal.api.endpoints import ENDPOINTS, OCTETS, Endpoint, in_order
from portal.api.webhooks import WebhookMessage
from portal.domain.people.tokens import SENTENCES, Scope
from portal.domain.webhooks import PING, HookType
from portal.domain.webhooks import SENTENCES as OF_HOOKS
from portal.presentation.problems import PREFIX, TYPE

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{model}"
ALWAYS = (401, 403, 429, 500, 503)
OF_BODY = (400, 413, 415, 422)
WORDS = {
    200: "Done.", 201: "Made, and recorded.", 204: "Done.", 304: "Nothing changed.",
    202: "Recorded. It takes effect as soon as Temporal answers.",
    400: "The request could not be read.", 401: "No valid token.", 403: "Not allowed.",
    404: "Not there, or not to be seen.", 409: "It does not fit what is there.",
    410: "It was removed after its retention.", 413: "Too large.", 415: "No JSON.",
    422: "Some values are not right.",
    429: "Too many requests.", 500: "Something went wrong here.", 503: "No answer is possible now.",
}  # fmt: skip
BYTES = {"type": "string", "format": "binary"}
KEY = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": "A new UUID, which becomes the command's id. Repeat a call with the same one.",
    "schema": {"type": "string", "format": "uuid"},
}  # fmt: skip
SENTENCES_OF_HOOKS = {kind.value: words for kind, words in OF_HOOKS.items()}
SIGNATURE = (
    "“v1,” and the HMAC-SHA256, in Base64, of id, timestamp and body with dots between, by the"
    " secret behind “whsec_”. After a rotation there are two, with a space between: one has to be"
    " right."
)
SIGNED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("webhook-id", "The message's id, the same each time that it is sent.", {"type": "string"}),
    ("webhook-timestamp", "When it was sent, in seconds since 1970. Refuse what is old.",
     {"type": "integer"}),
    ("webhook-signature", SIGNATURE, {"type": "string"}),
)  # fmt: skip
PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "requestId"],
    "properties": {
        "type": {"type": "string", "description": "The address of a page about this problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "requestId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
DESCRIPTION = (
    "Ask for approvals and hear where they stand. Send a token in the header"
    " “Authorization: Bearer”. A request that is answered with 2xx is recorded and never lost; a"
    " repeated one is the same. Lists are pages: send “next” back as “cursor”. New members may be"
    " added to answers, so ignore those that you do not know."
)


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    schemas = _schemas()
    paths: dict[str, Any] = {}
    for each in in_order():
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gloria Approvals", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": {kind: {"post": _message(kind)} for kind in (*map(str, HookType), PING)},
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer", "description": _scopes(),
                }
            },
            "schemas": dict(sorted({**schemas, "Problem": PROBLEM}.items())),
        },
    }  # fmt: skip


def _message(kind: str) -> dict[str, Any]:
    """What an endpoint is sent."""
    said = SENTENCES_OF_HOOKS.get(kind, "A test event, which somebody sends to try the endpoint.")
    return {
        "operationId": re.sub(r"[._](\w)", lambda letter: letter[1].upper(), f"on.{kind}"),
        "summary": said,
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": words, "schema": schema}
            for name, words, schema in SIGNED
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _reference(WebhookMessage)}},
        },
        "responses": {
            "2XX": {"description": "Taken. Anything else is tried again, for about a day."},
            "410": {"description": "Nothing is wanted any more: the endpoint is switched off."},
        },
    }


def _scopes() -> str:
    return " ".join(f"{scope.value}: {SENTENCES[scope]}" for scope in Scope)


def _schemas() -> dict[str, Any]:
    inputs = {each.body for each in ENDPOINTS if each.body is not None}
    outputs: set[type[BaseModel]] = {
        model for each in ENDPOINTS for model in each.answers.values() if model is not None
    }
    named: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in inputs]
    named += [(model, "serialization") for model in outputs | {WebhookMessage}]
    named.sort(key=lambda pair: pair[0].__name__)
    _, found = models_json_schema(named, by_alias=True, ref_template=REFERENCE)
    definitions: dict[str, Any] = found.get("$defs", {})
    return {name: _plain(schema) for name, schema in definitions.items()}


def _plain(schema: Any) -> Any:
    """Without the titles that pydantic makes of names."""
    if isinstance(schema, dict):
        return {
            name: _plain(value)
            for name, value in schema.items()
            if not (name == "title" and isinstance(value, str))
        }
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


def _operation(each: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"_(\w)", lambda letter: letter[1].upper(), each.name),
        "summary": each.summary,
        "description": each.description,
        "tags": [each.path.split("/")[1]],
        "parameters": list(_parameters(each)),
        "responses": {str(status): _response(each, status) for status in _statuses(each)},
    }
    if each.scope is not None:
        operation["description"] += f" Scope: {each.scope.value}."
        operation["x-scope"] = each.scope.value
    if each.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(each.body)}},
        }
    if each.takes_file:
        operation["requestBody"] = {"required": True, "content": {OCTETS: {"schema": BYTES}}}
    return operation


def _statuses(each: Endpoint) -> list[int]:
    own = {*each.answers, *each.refuses, *ALWAYS}
    if each.body is not None or each.takes_file:
        own |= {*OF_BODY}
    if each.query is not None or "{" in each.path:
        own |= {400, 422} if each.query is not None else {400}
    if each.keyed:
        own |= {422}
    return sorted(own)


def _parameters(each: Endpoint) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", each.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if each.keyed:
        yield KEY
    if each.query is None:
        return
    schema = each.query.model_json_schema(by_alias=True, ref_template=REFERENCE)
    needed = schema.get("required", ())
    for name, value in schema["properties"].items():
        shown = _plain(value)
        words = shown.pop("description", None)
        parameter = {
            "name": name, "in": "query", "required": name in needed, "schema": _given(shown)
        }  # fmt: skip
        yield {**parameter, "description": words} if words else parameter


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is given or left out; it is never null."""
    kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {**kinds[0]}


def _response(each: Endpoint, status: int) -> dict[str, Any]:
    is_upload = status == 415 and each.takes_file
    words: dict[str, Any] = {"description": f"No {OCTETS}." if is_upload else WORDS[status]}
    if status in each.answers:
        model = each.answers[status]
        if model is not None:
            words["content"] = {"application/json": {"schema": _reference(model)}}
        elif each.is_file and status == 200:
            words["content"] = {OCTETS: {"schema": BYTES}}
    else:
        words["content"] = {TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    return words


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=model.__name__)}
