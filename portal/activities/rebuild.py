"""A request's state from its recorded events: what a lost workflow is started from."""

from sqlalchemy import Connection

from portal.activities.recorded import recorded_events
from portal.domain.request.apply import fold
from portal.domain.request.state import Approval


def rebuild(connection: Connection, request_id: str) -> Approval:
    """The state of a recorded request, folded from its events.

    Raises LookupError if nothing is recorded of it, and DomainError if events are missing or do
    not fit their classes.
    """
    events = recorded_events(connection, request_id)
    if not events:
        raise LookupError(f"Nothing is recorded of request {request_id}.")
    return fold(request_id, events)
