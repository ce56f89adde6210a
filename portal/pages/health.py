"""Is the process alive, and can it work? For supervisors and load balancers; JSON only."""

from dataclasses import asdict

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    request,
    send_from_directory,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from portal.queries.health import Part, schema, worker
from portal.security.guards import public
from portal.security.sessions import current_settings
from portal.services.health import temporal_answers

blueprint = Blueprint("health", __name__)

AWAY = Part(False, "The database does not answer.")
UNKNOWN = Part(False, "Cannot be said without the database.")


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when the database, Temporal and a worker are all well, else 503; each part by name."""
    parts = {**_database_and_worker(), "temporal": _temporal()}
    well = all(part.ok for part in parts.values())
    body = {name: asdict(part) for name, part in parts.items()}
    response: Response = make_response(jsonify(status="ready" if well else "not ready", **body))
    if not well:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return response


@blueprint.get("/favicon.ico")
@public
def favicon() -> ResponseReturnValue:
    """For what asks by habit; pages name the icon themselves."""
    return send_from_directory(f"{current_app.static_folder}/img", "favicon.svg")


def _database_and_worker() -> dict[str, Part]:
    queue = current_settings().temporal_task_queue
    try:
        tables, seen = schema(), worker(queue)
    except SQLAlchemyError:
        return {"database": AWAY, "schema": UNKNOWN, "worker": UNKNOWN}
    return {"database": Part(True, "The database answers."), "schema": tables, "worker": seen}


def _temporal() -> Part:
    if temporal_answers():
        return Part(True, "Temporal answers.")
    return Part(False, "Temporal does not answer; what is submitted or decided waits safely.")


@blueprint.get("/seen")
@public
def seen() -> ResponseReturnValue:
    """What the portal believes of whoever asks, behind its proxies: for `flask portal doctor`."""
    return jsonify(address=request.remote_addr, scheme=request.scheme, host=request.host)
