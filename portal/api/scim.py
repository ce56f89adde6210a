"""SCIM 2.0: people and groups kept by an identity provider (RFC 7643 and 7644).

Every address is one view; `scim_protocol` reads it, and is loaded with the first one, for it takes
as long to load as all the rest.
"""

from importlib import import_module

from flask import Response, request

from portal.api import blueprint
from portal.domain.people.tokens import Scope
from portal.presentation.problems import SCIM_PREFIX
from portal.security import guards

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@blueprint.route(SCIM_PREFIX, methods=METHODS, defaults={"path": ""}, strict_slashes=False)
@blueprint.route(f"{SCIM_PREFIX}/<path:path>", methods=METHODS)
@guards.token(Scope.PEOPLE_PROVISION)
def provision(path: str) -> Response:
    """What an identity provider asks for, whatever it is."""
    protocol = import_module("portal.api.scim_protocol")
    answer: Response = protocol.answer(request, path)
    return answer
