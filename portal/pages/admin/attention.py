"""For administrators: whatever does not go on by itself."""

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.domain.alarms import WORKER_SECONDS
from portal.domain.people.permissions import Permission
from portal.pages.admin import blueprint
from portal.presenters.answer import after, answered, command_key, new_key
from portal.presenters.webhooks import endpoint_label
from portal.queries import attention, commands, gaps, messages, webhooks
from portal.security.guards import requires
from portal.security.sessions import click, current_settings, me
from portal.services.requests import review_people
from portal.translation import _

LONG = timedelta(minutes=1)
GRACE = timedelta(minutes=5)


@blueprint.get("/admin/attention")
@requires(Permission.ADMINISTER)
def list_attention() -> ResponseReturnValue:
    """Requests without an approver, timers that are over, commands that wait, and the workers."""
    workers, compared = attention.workers(), attention.comparison()
    alive = timedelta(seconds=WORKER_SECONDS)
    return render_template(
        "pages/attention/show.html",
        closing=attention.closing(),
        without_approver=attention.without_approver(),
        unfit=attention.asking_nobody_active(),
        key=new_key,
        behind=attention.behind_the_clock(GRACE),
        waiting=commands.waiting(LONG),
        parked=commands.parked(),
        vacant_heads=gaps.vacant_heads(),
        without_manager=gaps.without_manager(),
        hooks=[(each, endpoint_label(each)) for each in webhooks.troubled()],
        unsent=messages.any_troubled() or messages.overdue().number,
        workers=workers,
        compared=compared,
        proof=attention.proof(me().now),
        is_fresh=compared.is_fresh(me().now),
        living=[worker for worker in workers if me().now - worker.seen_at < alive],
        most=attention.SHOWN,
        says_parts=not current_settings().is_production,
    )


@blueprint.post("/admin/attention/<number>/review")
@requires(Permission.ADMINISTER)
def review_again(number: str) -> ResponseReturnValue:
    """Route the open stage of a request anew, now."""
    receipt = answered(review_people(number, command_key(), me().id, click()))
    return after(
        receipt,
        _(
            "Approvers of %(number)s were checked again. The request shows who is asked now.",
            number=number,
        ),
    )
