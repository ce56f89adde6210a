"""For administrators: whatever does not go on by itself."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.domain.permissions import Permission
from portal.queries import attention, commands, messages
from portal.queries.health import WORKER_SECONDS
from portal.security.guards import requires
from portal.security.identity import me

blueprint = Blueprint("attention", __name__)

LONG = timedelta(minutes=1)
GRACE = timedelta(minutes=5)


@blueprint.get("/admin/attention")
@requires(Permission.ADMINISTER)
def show() -> ResponseReturnValue:
    """Requests without an approver, timers that are over, commands that wait, and the workers."""
    workers = attention.workers()
    alive = timedelta(seconds=WORKER_SECONDS)
    return render_template(
        "pages/attention/show.html",
        without_approver=attention.without_approver(),
        behind=attention.behind_the_clock(GRACE),
        waiting=commands.waiting(LONG),
        parked=commands.parked(),
        unsent=messages.any_troubled(),
        workers=workers,
        living=[worker for worker in workers if me().now - worker.seen_at < alive],
        most=attention.SHOWN,
    )
