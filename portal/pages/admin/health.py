"""For administrators: what has to be so, as standing checks, each with what puts it right."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.pages.admin import blueprint
from portal.presenters.answer import command_key, new_key
from portal.presenters.health import is_living, standing_checks
from portal.queries import attention
from portal.security.guards import requires
from portal.security.sessions import click, current_settings, me
from portal.services.health import installation
from portal.services.repairs import SCHEDULES, NotRepaired, RepairKind, repair
from portal.translation import _, ngettext


@blueprint.get("/admin/health")
@requires(Permission.ADMINISTER)
def show_health() -> ResponseReturnValue:
    """Every check, with its age and its repair."""
    now = me().now
    checks = standing_checks(now, installation(current_settings()))
    return render_template(
        "pages/attention/health.html",
        checks=checks,
        wrong=[each for each in checks if each.tone == "bad"],
        doubtful=[each for each in checks if each.tone == "warn"],
        workers=[(each, is_living(each, now)) for each in attention.workers()],
        says_parts=not current_settings().is_production,
        key=new_key,
    )


@blueprint.post("/admin/health/<kind>")
@requires(Permission.ADMINISTER)
def repair_health(kind: str) -> ResponseReturnValue:
    """Put something right, as far as the portal can."""
    if kind not in set(RepairKind):
        abort(404)
    try:
        count = repair(RepairKind(kind), command_key(), me().id, click())
    except NotRepaired:
        flash(_("Temporal does not answer, so nothing was started. Try again later."), "error")
    else:
        flash(_done(RepairKind(kind), count), "success")
    return redirect(url_for("admin.show_health"), 303)


def _done(kind: RepairKind, count: int) -> str:
    if kind in (*SCHEDULES, RepairKind.CANARY):
        return _("It was started, and recorded. What it finds stands here in a few minutes.")
    if not count:
        return _("There was nothing left to do.")
    return ngettext(
        "It was done for %(n)s, and recorded.", "It was done for %(n)s, and recorded.", count
    )
