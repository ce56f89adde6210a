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

from portal.queries.health import HealthPart, schema, worker, workflows
from portal.security.guards import public
from portal.security.sessions import current_settings
from portal.services.health import temporal_answers

blueprint = Blueprint("health", __name__)

AWAY = HealthPart(False, "The database does not answer.")
UNKNOWN = HealthPart(False, "Cannot be said without the database and its tables.")


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked. For supervisors: restart what does not."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """200 when the database, Temporal and a worker are all well, else 503; each part by name, but
    not in production: there anybody may ask, and /admin/health says more to whom it concerns."""
    parts = {**_database_and_worker(), "temporal": _temporal()}
    return _answer(parts)


@blueprint.get("/readyz/pages")
@public
def ready_for_pages() -> ResponseReturnValue:
    """200 when this process can serve pages: for load balancers. With Temporal or every worker away
    people can still read, submit and decide, so that nobody must be sent away then."""
    parts = _database_and_worker()
    return _answer({name: parts[name] for name in ("database", "schema")})


def _answer(parts: dict[str, HealthPart]) -> Response:
    """Ready, unless something is known not to be well."""
    well = all(part.ok is not False for part in parts.values())
    told = {} if current_settings().is_production else parts
    body = {name: asdict(part) for name, part in told.items()}
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


def _database_and_worker() -> dict[str, HealthPart]:
    queue = current_settings().temporal_task_queue
    try:
        tables = schema()
        # Of tables that are not there nothing else can be asked.
        seen = (worker(queue), workflows()) if tables.ok else (UNKNOWN, UNKNOWN)
    except SQLAlchemyError:
        return {"database": AWAY, "schema": UNKNOWN, "worker": UNKNOWN, "workflows": UNKNOWN}
    found = {"database": HealthPart(True, "The database answers."), "schema": tables}
    return {**found, "worker": seen[0], "workflows": seen[1]}


def _temporal() -> HealthPart:
    if temporal_answers():
        return HealthPart(True, "Temporal answers.")
    return HealthPart(False, "Temporal does not answer; what is submitted or decided waits safely.")


@blueprint.get("/seen")
@public
def seen() -> ResponseReturnValue:
    """What the portal believes of whoever asks, behind its proxies: for `flask portal doctor`."""
    return jsonify(address=request.remote_addr, scheme=request.scheme, host=request.host)
