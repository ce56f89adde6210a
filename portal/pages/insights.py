"""Where time goes, for managers (their people) and for those who read everything."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import WORKING_DAY, duration, minutes_of
from portal.pages.layout_context import viewpoint
from portal.presentation import times
from portal.presenters import exports
from portal.presenters import insights as presenter
from portal.queries import insights
from portal.queries.insights import FigureScope, scope_of_month
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services.organisation_settings import MOVED
from portal.services.types import TargetsMoved
from portal.services.types import set_targets as keep_targets
from portal.translation import _

LONGEST = 400 * WORKING_DAY

blueprint = Blueprint("insights", __name__)


@blueprint.get("/insights")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """The figures for the period, type and department that the address says."""
    insights.catch_up()
    people, types = _people(), insights.types()
    departments = insights.departments(people)
    scope, month = _scope(people, types, departments), _month()
    late = url_for("history.show", status="PENDING") if people is None else url_for("team.show")
    return render_template(
        "pages/insights/show.html",
        shown=presenter.shown(scope, viewpoint().zone, late),
        scope=scope,
        weeks=None if month else _weeks(),
        month=month and (f"{month:%Y-%m}", times.month(month)),
        periods=presenter.WEEKS,
        types=types,
        departments=departments,
        leads=people is None or bool(people),
        csv_url=_csv_url,
        may_target=me().may(Permission.PUBLISH_TYPES),
    )


@blueprint.get("/insights/<name>.csv")
@requires(Permission.READ_INVOLVED)
def as_csv(name: str) -> ResponseReturnValue:
    """The table beside a chart, as a file."""
    if name not in presenter.NAMES:
        abort(404)
    insights.catch_up()
    people = _people()
    scope = _scope(people, insights.types(), insights.departments(people))
    table = presenter.chart(name, scope, viewpoint().zone).table
    answer = Response(exports.table_as_csv(table.columns, table.rows), 200)
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="insights-{name}.csv"'
    return answer


@blueprint.get("/insights/targets")
@requires(Permission.PUBLISH_TYPES)
def list_targets() -> ResponseReturnValue:
    """Within how much working time the requests of each type should be decided."""
    given = {
        code: "" if minutes is None else duration(minutes, elapsed=False)
        for code, minutes in insights.targets().items()
    }
    return _targets(given, {})


@blueprint.post("/insights/targets")
@requires(Permission.PUBLISH_TYPES)
def set_targets() -> ResponseReturnValue:
    """Keep what was typed; a length that cannot be read keeps all as it was."""
    known = insights.targets()
    asked = [code for code in known if f"target-{code}" in request.form]
    given = {code: request.form[f"target-{code}"].strip() for code in asked}
    minutes = {code: minutes_of(text, elapsed=False) for code, text in given.items() if text}
    wrong = {code for code, found in minutes.items() if not found or found > LONGEST}
    if wrong:
        words = _("Write a length of working time, such as 3d or 1d 4h.")
        return _targets(given, dict.fromkeys(wrong, words)), 422
    seen = {code: _whole(request.form.get(f"seen-{code}"), known[code]) for code in asked}
    try:
        keep_targets({code: minutes.get(code) for code in asked}, seen, me().id)
    except TargetsMoved:
        return _targets(given, {}, moved=True), 409
    flash(_("The targets are saved."), "success")
    return redirect(url_for("insights.show"), 303)


def _targets(given: Mapping[str, str], errors: Mapping[str, str], *, moved: bool = False) -> str:
    known = insights.targets()
    seen = {code: "" if known[code] is None else str(known[code]) for code in known}
    if errors:
        seen |= {code: request.form.get(f"seen-{code}", seen[code]) for code in known}
    return render_template(
        "pages/insights/targets.html",
        types=insights.types(),
        given=dict.fromkeys(known, "") | dict(given),
        errors=errors,
        seen=seen,
        trouble=[_(MOVED)] if moved else [],
    )


def _whole(text: str | None, usual: int | None) -> int | None:
    if text is None:
        return usual
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _people() -> tuple[str, ...] | None:
    """Whose requests the reader's figures are about; None: everybody's."""
    return None if me().may(Permission.READ_ALL) else insights.reports_of(me().id)


def _weeks() -> int:
    text = request.args.get("weeks", "")
    return int(text) if text in map(str, presenter.WEEKS) else presenter.USUAL


def _month() -> date | None:
    view = viewpoint()
    text = "" if request.args.get("weeks") else request.args.get("month", "")
    return presenter.month_named(text, view.now, view.zone)


def _scope(
    people: tuple[str, ...] | None, types: Mapping[str, str], departments: Mapping[str, str]
) -> FigureScope:
    """What the address names that there is; anything else is as if it were not said."""
    type_code, department = (request.args.get(name) for name in ("type", "department"))
    view, month = viewpoint(), _month()
    scope = (
        scope_of_month(month, view.zone, people)
        if month
        else presenter.scope_of(_weeks(), view.zone, view.now, people)
    )
    return replace(
        scope,
        type_code=type_code if type_code in types else None,
        department_id=department if department in departments else None,
    )


def _csv_url(name: str) -> str:
    address = url_for("insights.as_csv", name=name)
    return f"{address}?{urlencode(list(request.args.items()))}" if request.args else address
