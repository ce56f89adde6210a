"""The history: all requests that the reader may see, and one request's events."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.proof.acts import ActKind
from portal.domain.proof.documents import event_document
from portal.forms.history import HistoryForm
from portal.forms.moment import MomentForm, in_address
from portal.pages import past
from portal.pages.layout_context import viewpoint
from portal.pages.requests.show import visible
from portal.presentation.times import zone_named
from portal.presenters import audit_log, exports
from portal.presenters.answer import reader, requests_url
from portal.presenters.history_filters import (
    chips_of,
    cursor_of,
    filters_of,
    form_of,
    text_of_cursor,
)
from portal.presenters.insights import timeline
from portal.presenters.rows import history_rows
from portal.presenters.saved_views import SavedList, views_of
from portal.queries import audit, history, links
from portal.queries.history import HistoryCursor
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import acts, evidence
from portal.translation import _

blueprint = Blueprint("history", __name__)


@blueprint.get("/history")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """Requests, newest first, filtered by what the address says."""
    _note_look()
    types = history.type_names()
    form = form_of(types, request.args)
    filters = filters_of(form, zone_named(me().time_zone))
    found = history.page(
        reader(),
        filters,
        before=cursor_of(request.args.get("before", "")),
        after=cursor_of(request.args.get("after", "")),
    )
    page = render_template(
        "pages/history/show.html",
        form=form,
        filtered=filters.any(),
        views=views_of(SavedList.HISTORY, me().id, form.values()),
        chips=chips_of(form, types, _address),
        rows=list(history_rows(found.rows, requests_url(), viewpoint())),
        older_url=_address(form, before=found.older) if found.older else None,
        newer_url=_address(form, after=found.newer) if found.newer else None,
        export_url=_address(form, path=url_for("history.as_csv")),
        export_limit=history.EXPORT_LIMIT,
    )
    return make_response(page, 422 if form.errors else 200)


def _note_look() -> None:
    """Record what an auditor looked for, once in a while for the same filters."""
    if me().may(Permission.READ_AUDIT):
        asked = acts.filters(request.args)
        acts.keep(ActKind.AUDIT_VIEWED, "history", filters=asked, fold=repr(sorted(asked.items())))


@blueprint.get("/history.csv")
@requires(Permission.READ_INVOLVED)
def as_csv() -> ResponseReturnValue:
    """The same list as a file, up to the export's limit."""
    acts.keep(ActKind.EXPORTED, "history.csv", filters=acts.filters(request.args))
    form = form_of(history.type_names(), request.args)
    zone = zone_named(me().time_zone)
    rows = history.export(reader(), filters_of(form, zone))
    return _file(exports.as_csv(rows, zone), "text/csv", "history.csv")


@blueprint.get("/history/<number>")
@requires(Permission.READ_INVOLVED)
def events(number: str) -> ResponseReturnValue:
    """One request's events in order, up to a moment, and whether its chain is whole; for auditors
    also who followed another person's link to it."""
    record, proves = visible(number), me().may(Permission.READ_AUDIT)
    at = MomentForm(zone_named(me().time_zone), request.args.get("at", ""))
    if at.errors:
        abort(400, "; ".join(at["at"].errors))
    if proves:
        acts.keep(ActKind.AUDIT_VIEWED, record.number, fold=record.number)
    found = audit_log.read(record, _after(request.args.get("after", "")), at.moment)
    return render_template(
        "pages/history/events.html",
        record=record,
        trail=found,
        at=at.moment,
        picker=past.picker(),
        keeps={} if at.moment is None else {"at": in_address(at.moment)},
        proves=proves,
        refusals=links.refusals_of(record.id) if proves else (),
    )


@blueprint.get("/history/<number>/time")
@requires(Permission.READ_INVOLVED)
def time_spent(number: str) -> ResponseReturnValue:
    """What one request's time went into, drawn and as a table."""
    record = visible(number)
    spent = timeline(audit.all_of(record.id, record.submitted_at), record.id, me().now)
    return render_template("pages/history/time.html", record=record, spent=spent)


@blueprint.get("/history/<number>.ndjson")
@requires(Permission.READ_INVOLVED)
def as_ndjson(number: str) -> ResponseReturnValue:
    """The same events as they are hashed, one JSON document a line."""
    record = visible(number)
    acts.keep(ActKind.EXPORTED, f"{record.number}.ndjson")
    events = audit.all_of(record.id, record.submitted_at)
    lines = (json.dumps(line, ensure_ascii=False) for line in map(event_document, events))
    return _file("\n".join(lines) + "\n", "application/x-ndjson", f"{record.number}.ndjson")


@blueprint.get("/history/<number>/evidence.zip")
@requires(Permission.READ_AUDIT)
def evidence_pack(number: str) -> ResponseReturnValue:
    """Everything by which somebody else can check what happened to one request."""
    record = visible(number)
    try:
        body = evidence.of_request(record.id, record.number, current_settings().audit_log_dir)
    except evidence.NoEvidence as error:
        abort(409, _(str(error)))
    return _file(body, "application/zip", f"{record.number}-evidence.zip")


def filters_in(given: Mapping[str, str]) -> dict[str, str]:
    """The filters that a form names, as they stand in an address."""
    return form_of(history.type_names(), given).values()


def _address(
    form: HistoryForm,
    without: str = "",
    before: HistoryCursor | None = None,
    after: HistoryCursor | None = None,
    path: str = "",
) -> str | None:
    """The list's address with these filters; None for a page that is not there."""
    values = form.values()
    values.pop(without, None)
    for name, cursor in (("before", before), ("after", after)):
        if cursor is not None:
            values[name] = text_of_cursor(cursor)
    path = path or url_for("history.show")
    return f"{path}?{urlencode(values)}" if values else path


def _after(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _file(body: str | bytes, kind: str, name: str) -> Response:
    response = Response(body, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
