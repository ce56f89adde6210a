"""For administrators: whatever does not go on by itself."""

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.pages.admin import blueprint
from portal.presenters.answer import after, answered, command_key, new_key
from portal.presenters.health import machine_checks
from portal.queries import attention, commands, gaps
from portal.security.guards import requires
from portal.security.sessions import click, current_settings, me
from portal.services.health import installation
from portal.services.requests import review_people
from portal.translation import _

LONG = timedelta(minutes=1)
GRACE = timedelta(minutes=5)


@blueprint.get("/admin/attention")
@requires(Permission.ADMINISTER)
def list_attention() -> ResponseReturnValue:
    """Requests without an approver, timers that are over, commands that wait, workflows that
    differ; whether the installation itself is well stands on `show_health`."""
    compared, now = attention.comparison(), me().now
    checks = machine_checks(now, installation(current_settings()))
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
        wrong=[each for each in checks if each.tone == "bad"],
        compared=compared,
        is_fresh=compared.is_fresh(now),
        most=attention.SHOWN,
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
