"""How SCIM 2.0 is spoken here: which attributes there are, and the dialects of Entra and Okta."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import structlog
from flask import Request, Response
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Patch,
    PatchOp,
    Reference,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)
from scim2_models import InvalidValueException as InvalidValue
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from scim2_server.utils import load_default_resource_types, load_default_schemas

from portal.api.endpoints import unreadable
from portal.api.scim_storage import ENTERPRISE, GROUP, USER, PortalStorage
from portal.presentation.problems import SCIM_PREFIX, SCIM_TYPE
from portal.security import callers
from portal.security.sessions import current_settings
from portal.services.provisioning import Source

MOST_RESULTS = 200
# What the portal knows of the standard's attributes. What is sent beside them is not kept.
ATTRIBUTES: dict[str, frozenset[str]] = {
    USER: frozenset(
        {"userName", "name", "displayName", "title", "preferredLanguage", "locale", "timezone",
         "active", "emails", "groups"}
    ),
    ENTERPRISE: frozenset({"employeeNumber", "department", "manager"}),
    GROUP: frozenset({"displayName", "members"}),
}  # fmt: skip
PARTS: dict[str, frozenset[str]] = {
    "name": frozenset({"formatted", "familyName", "givenName"}),
    "manager": frozenset({"value", "$ref"}),
    "members": frozenset({"value", "$ref"}),
}
# Entra writes an address where none is yet, removes by value, and sends more than is asked for.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)

log = structlog.get_logger("portal.web")


def answer(request: Request, path: str) -> Response:
    """Serve one request of a provider, whose token was let in."""
    caller = callers.caller()
    source = Source(caller.token_id, caller.name, current_settings().languages)
    given = ScimRequest(
        method=request.method,
        base_url=current_settings().public_url.rstrip("/") + SCIM_PREFIX,
        path=f"/{path}".removesuffix(".scim"),
        query=request.args.to_dict(),
        headers=list(request.headers.items()),
        body=request.get_data(),
    )
    handler = ScimConversation(
        service(), PortalStorage(source, service().get_model, writes=_writes(given))
    )
    try:
        return _response(handler.handle(given))
    except SCIMException as error:
        log.info("scim refused", status=error.status, error=type(error).__name__)
        return _response(service().error_response(error))


def _writes(request: ScimRequest) -> bool:
    is_search = request.path.rstrip("/").endswith("/.search")
    return request.method not in ("GET", "HEAD", "OPTIONS") and not is_search


def _response(told: ScimResponse) -> Response:
    text = "" if told.body is None else json.dumps(told.body, ensure_ascii=False)
    response = Response(text, told.status.value, mimetype=SCIM_TYPE)
    response.headers.update(told.headers)
    return response


@cache
def service() -> "ScimDialect":
    """The protocol with what is served here."""
    schemas = load_default_schemas()
    for urn, kept in ATTRIBUTES.items():
        schema = schemas[urn]
        schema.attributes = [each for each in schema.attributes or () if each.name in kept]
        for each in schema.attributes:
            if each.name in PARTS:
                wanted = PARTS[each.name]
                each.sub_attributes = [
                    part for part in each.sub_attributes or () if part.name in wanted
                ]
            for part in each.sub_attributes or ():
                if each.name == "members" and part.name == "$ref":
                    part.reference_types = ["User"]
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Access token",
                description="A service's token with the scope people:provision.",
                spec_uri=Reference("https://www.rfc-editor.org/rfc/rfc6750"),
                primary=True,
            )
        ],
    )
    described = ScimProvider.from_discovery(
        schemas.values(), load_default_resource_types().values(), config=config, policy=TOLERANT
    )
    return ScimDialect(described)


class ScimDialect(ScimService):
    """The protocol, with what providers send in other shapes put right before it is read."""

    def read_body(self, model: Any, body: bytes, content_type: str | None, scim_ctx: Any) -> Any:
        """Read a body. Text that cannot be kept is refused here."""
        found = self.decode_body(body, content_type)
        if wrong := unreadable(found, ""):
            raise InvalidValue(detail=f"{wrong[0].pointer}: {wrong[0].detail}")
        plain = json.dumps(_normal(found)).encode()
        return super().read_body(model, plain, content_type, scim_ctx)

    def patch_response(
        self,
        base_url: str,
        resource: Resource[Any],
        response_parameters: ResponseParameters[Any],
    ) -> ScimResponse:
        """The whole person: Okta reads it. Of a group nothing, for it may be large."""
        if self.get_resource_type_of(resource).name == "Group":
            return super().patch_response(base_url, resource, response_parameters)
        return self.replacement_response(base_url, resource, response_parameters)


class ScimConversation(ScimHandler):
    """Tells the storage of a whole resource from a change."""

    storage: PortalStorage

    def replace_resource(
        self,
        resource_type: ResourceType,
        current: Resource[Any],
        replacement: Resource[Any],
        conditions: Conditions,
    ) -> Resource[Any]:
        """Put a resource in the place of another."""
        self.storage.whole = True
        return super().replace_resource(resource_type, current, replacement, conditions)

    def patch_resource(
        self,
        resource_type: ResourceType,
        resource_id: str,
        patch_op: "PatchOp[Any]",
        conditions: Conditions,
    ) -> Resource[Any]:
        """Change a part of a resource."""
        self.storage.whole = False
        return super().patch_resource(resource_type, resource_id, patch_op, conditions)


def _normal(value: Any, name: str = "") -> Any:
    """A body as the standard has it: Entra names a manager by the bare id."""
    if isinstance(value, list):
        return [_normal(each, name) for each in value]
    if not isinstance(value, Mapping):
        if name == "manager" and isinstance(value, str):
            return {"value": value} if value else None
        return value
    found = {key: _normal(each, _last(key)) for key, each in value.items()}
    path = next((each for key, each in value.items() if key.lower() == "path"), "")
    if isinstance(path, str) and _last(path) == "manager":
        found = {
            key: _normal(each, "manager") if key.lower() == "value" else each
            for key, each in found.items()
        }
    return found


def _last(path: str) -> str:
    """The attribute at the end of a path or behind the name of a schema, in small letters."""
    return path.rpartition(":")[2].lower()
