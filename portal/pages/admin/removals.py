"""Months of the record with all their requests: what would go, why others stay, that one goes."""

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.proof.removal import Month, MonthSeen
from portal.forms.retention import WhyForm
from portal.pages.admin import blueprint
from portal.presentation import times
from portal.presenters import removals as words
from portal.presenters.retention import unreachable
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import evidence
from portal.services import removals as service
from portal.services.removals import MonthStays
from portal.translation import _, ngettext


@blueprint.get("/admin/retention/months")
@requires(Permission.READ_AUDIT)
def show_months() -> ResponseReturnValue:
    """The oldest months of the record: what would go with each, and why it stays; and those that
    are gone."""
    return render_template(
        "pages/retention/months.html",
        months=service.oldest(),
        gone=service.gone(),
        words=words,
        month_of=times.month,
    )


@blueprint.get("/admin/retention/months/<month>")
@requires(Permission.READ_AUDIT)
def show_month(month: str) -> ResponseReturnValue:
    """One month, and what removing it means."""
    return _page(_month(month), WhyForm())


@blueprint.get("/admin/retention/months/<month>/evidence.zip")
@requires(Permission.READ_AUDIT)
def month_pack(month: str) -> ResponseReturnValue:
    """The evidence pack of the month, which is taken before it goes."""
    which = _month(month).kept.month
    try:
        body = evidence.of_period(which.begins, which.ends, current_settings().audit_log_dir)
    except evidence.NoEvidence as error:
        flash(str(error), "warning")
        return redirect(url_for("admin.show_month", month=which), 303)
    answer = Response(body, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{which}-evidence.zip"'
    return answer


@blueprint.post("/admin/retention/months/<month>")
@requires(Permission.ADMINISTER)
def remove_month(month: str) -> ResponseReturnValue:
    """Say that it is to go, by somebody who proved who they are."""
    seen, form = _month(month), WhyForm(request.form)
    if not form.validate() or not me().is_recent:
        return _page(seen, form, 422)
    try:
        count = 0 if seen.begun else service.begin(seen.kept.month, form.reason.data or "")
    except MonthStays:
        return _page(_month(month), form, 409)
    said = ngettext(
        "Recorded. The month goes with %(n)s request, once an anchor has the act.",
        "Recorded. The month goes with %(n)s requests, once an anchor has the act.",
        count,
    )
    flash(said if count else _("That it is to go was said already."), "info")
    return redirect(url_for("admin.show_months"), 303)


def _month(name: str) -> MonthSeen:
    try:
        found = service.examine(Month.named(name))
    except ValueError:
        found = None
    if found is None:
        abort(404)
    return found


def _page(seen: MonthSeen, form: WhyForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "pages/retention/month.html",
        seen=seen,
        form=form,
        words=words,
        unreachable=unreachable(),
        lacks_proof=not me().is_recent,
    )
    return make_response(page, status)
