"""The API's own pages: its document, a page about it, and one for each kind of problem."""

import json
from functools import cache
from typing import Any

from flask import Response, abort, render_template
from flask.typing import ResponseReturnValue

from portal.api import blueprint
from portal.api.endpoints import in_order
from portal.api.openapi import SIGNED, document
from portal.domain.people.tokens import SENTENCES, Scope
from portal.presentation import problems
from portal.presentation.problems import PREFIX
from portal.security.guards import public


@blueprint.get("/api/openapi.json")
@public
def openapi() -> ResponseReturnValue:
    """The document, for programs."""
    return Response(as_text(), mimetype="application/json")


@cache
def as_text() -> str:
    """The document as it is committed (docs/openapi.json)."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


@blueprint.get("/api/docs")
@public
def docs() -> ResponseReturnValue:
    """The document, for people."""
    found = document()
    paths: dict[str, dict[str, Any]] = found["paths"]
    operations = [
        (each.method, PREFIX + each.path, paths[PREFIX + each.path][each.method.lower()])
        for each in in_order()
    ]
    return render_template(
        "pages/api/docs.html",
        info=found["info"],
        operations=operations,
        webhooks=found["webhooks"],
        signed=SIGNED,
        schemas=found["components"]["schemas"],
        scopes=[(scope.value, SENTENCES[scope]) for scope in Scope],
        kinds=tuple(problems.all_kinds()),
    )


@blueprint.get("/api/problems/<name>")
@public
def problem(name: str) -> ResponseReturnValue:
    """What a problem means, and what helps."""
    kind = problems.known(name)
    if kind is None:
        abort(404)
    return render_template("pages/api/problem.html", kind=kind)
