"""Figures for Prometheus, for whoever has the token of METRICS_TOKEN; without it there are none."""

import hmac

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from portal.queries.figures import figures
from portal.queries.health import schema
from portal.security.guards import public
from portal.security.sessions import current_settings
from portal.services.health import free_bytes, temporal_answers

blueprint = Blueprint("metrics", __name__)

KIND = "text/plain; version=0.0.4; charset=utf-8"
HELP = {
    "database_up": "Whether the database answers.",
    "schema_current": "Whether the tables are those of this version.",
    "temporal_up": "Whether Temporal serves our namespace.",
    "worker_seen_seconds": "Seconds since a worker last said that it lives.",
    "workers": "Workers that were seen in the last minute.",
    "commands_waiting": "Commands that are recorded and not applied yet.",
    "commands_oldest_seconds": "The age of the oldest of them.",
    "commands_parked": "Commands that were given up.",
    "messages_due": "Messages that should have been sent by now.",
    "messages_oldest_seconds": "For how long the oldest of them has been due.",
    "messages_failed": "Messages that were given up.",
    "webhooks_failed": "Webhooks that were given up.",
    "webhooks_stopped": "Endpoints that are off, or have taken no webhook for half an hour.",
    "streams_behind": "Audit streams that sent nothing for 15 minutes, though entries wait.",
    "mail_texts_unusable": "Mail texts that could not be filled; the product's words were sent.",
    "requests_pending": "Requests that wait for approval.",
    "requests_late": "Of them, those whose next moment is over for ten minutes.",
    "requests_attention": "Requests for which nobody could be asked.",
    "log_oldest_seconds": "For how long the oldest entry of the record has waited for its seal.",
    "record_problems": "What the newest verification found wrong with the record.",
    "attachments_free_bytes": "Free room for attached files.",
}


@blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """The figures in Prometheus' text format."""
    scheme, _sign, given = request.headers.get("Authorization", "").partition(" ")
    token = current_settings().metrics_token
    if not token or scheme != "Bearer" or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    lines: list[str] = []
    for name, value in _all().items():
        if value is not None:
            lines += [f"# HELP gloria_{name} {HELP[name]}", f"# TYPE gloria_{name} gauge"]
            lines.append(f"gloria_{name} {value:.15g}")
    return Response("\n".join(lines) + "\n", content_type=KIND)


def _all() -> dict[str, float | None]:
    settings = current_settings()
    found: dict[str, float | None] = {"database_up": 0, "temporal_up": float(temporal_answers())}
    try:
        found["schema_current"] = float(schema().ok is True)
        found["database_up"] = 1
        found |= figures(settings.temporal_task_queue)
    except SQLAlchemyError:
        pass  # that is what is told
    return found | {"attachments_free_bytes": free_bytes(settings)}
