"""The audit log: every event and act in the one order of the log, one of them, and files."""

import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.domain.proof.acts import ActKind
from portal.forms.audit import AuditForm
from portal.pages.requests.show import visible
from portal.presentation.labels import figure
from portal.presentation.times import zone_named
from portal.presenters import audit_exports, audit_log
from portal.presenters.audit_entries import (
    LARGEST,
    chips_of,
    filters_of,
    form_of,
    place_of,
    recorded,
    rows_of,
)
from portal.presenters.audit_exports import ExportFormat, Going
from portal.presenters.export_formats import FORMATS
from portal.queries import attention, audit_details, audit_entries, history
from portal.queries.audit_entries import AuditPlace
from portal.queries.log_exports import of_person as found_exports
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import acts, evidence, log_exports
from portal.translation import _

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@requires(Permission.READ_AUDIT)
def show() -> ResponseReturnValue:
    """Entries, newest first, filtered by what the address says."""
    asked = acts.filters(request.args)
    acts.keep(ActKind.AUDIT_VIEWED, "audit", filters=asked, fold=repr(sorted(asked.items())))
    types = history.type_names()
    form = form_of(types, request.args)
    filters = filters_of(form, zone_named(me().time_zone))
    before, after = (place_of(request.args.get(name, "")) for name in ("before", "after"))
    found = audit_entries.page(filters, before, after)
    page = render_template(
        "pages/audit/show.html",
        form=form,
        filtered=filters.any(),
        paged=bool(before or after),
        chips=chips_of(form, types, _address),
        rows=rows_of(found.entries),
        total=audit_entries.count(filters),
        most=audit_entries.COUNTED,
        most_words=figure(audit_entries.COUNTED),
        proof=attention.proof(),
        older_url=_address(form, before=found.older) if found.older else None,
        newer_url=_address(form, after=found.newer) if found.newer else None,
        exports=_exports(form) if audit_entries.indexed() else (),
    )
    return make_response(page, 422 if form.errors else 200)


@blueprint.get("/audit/<int:number>")
@requires(Permission.READ_AUDIT)
def leaf(number: int) -> ResponseReturnValue:
    """The entry that is sealed as this leaf."""
    found = audit_details.leaf(number) if number < LARGEST else None
    if found is None:
        abort(404)
    subject_id, seq = found
    return redirect(url_for("audit.entry", subject_id=subject_id, seq=seq), 303)


@blueprint.get("/audit/<uuid:subject_id>/<int:seq>")
@requires(Permission.READ_AUDIT)
def entry(subject_id: UUID, seq: int) -> ResponseReturnValue:
    """One event, or act (0), with what was recorded, the proof, the command and the session."""
    one = audit_details.one(str(subject_id), seq) if seq < 2**31 else None
    if one is None:
        abort(404)
    of = f"{subject_id}/{seq}"
    acts.keep(ActKind.AUDIT_VIEWED, "entry", of=of, fold=of)
    found, row, proof = recorded(one), rows_of([one])[0], None
    if one.is_sealed:
        digest = found.hash if found else audit_details.sealed_hash(one.number)
        proof = evidence.proof_of(one, digest, current_settings().audit_log_dir)
    if found is not None and found.request is not None:
        changed = audit_log.changes_of(visible(found.request.number), seq)
        row = replace(row, changes=changed or row.changes)
    return render_template("pages/audit/entry.html", row=row, seq=seq, found=found, proof=proof)


@blueprint.get("/audit/evidence.zip")
@requires(Permission.READ_AUDIT)
def evidence_pack() -> ResponseReturnValue:
    """Every entry of some days with its proof, for somebody who checks it elsewhere."""
    form = form_of(history.type_names(), request.args)
    filters = filters_of(form, zone_named(me().time_zone))
    back = _address(form) or url_for("audit.show")
    if filters.since is None or filters.until is None:
        flash(
            _("Filter by the first and the last day of the evidence pack, then try again."),
            "warning",
        )
        return redirect(back, 303)
    try:
        log_dir = current_settings().audit_log_dir
        body = evidence.of_period(filters.since, filters.until, log_dir)
    except evidence.NoEvidence as error:
        flash(str(error), "warning")
        return redirect(back, 303)
    answer = Response(body, mimetype="application/zip")
    name = f"{form.values()['from']}-{form.values()['to']}-evidence.zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.get("/audit.<kind>")
@requires(Permission.READ_AUDIT)
def export(kind: str) -> ResponseReturnValue:
    """Every entry that matches, in the order of the log, from the leaf `start` on."""
    made = FORMATS.get(kind)
    if made is None:
        abort(404)
    form = form_of(history.type_names(), request.args)
    if form.errors:
        return redirect(_address(form) or url_for("audit.show"), 303)
    end = audit_entries.indexed()
    if not end:
        abort(409, _(evidence.NO_LOG))
    going = _going(form, end)
    if made.most is not None and going.is_more_than(made.most):
        flash(_(TOO_MANY, n=figure(made.most)), "warning")
        return redirect(_address(form) or url_for("audit.show"), 303)
    acts.keep(ActKind.EXPORTED, f"audit.{kind}", filters=form.values(), start=going.start, end=end)
    export_id = log_exports.begin(kind, form.values(), me().id, going.start, end)
    body = stream_with_context(_noted(made, going, export_id))
    answer = Response(body, mimetype=made.mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="audit.{kind}"'
    answer.headers["X-Audit-Start"], answer.headers["X-Audit-End"] = str(going.start), str(end)
    return answer


TOO_MANY = msgid(
    "More than %(n)s entries match, and a PDF takes at most that many. Choose fewer days or "
    "another filter, or take CSV, which has no limit."
)


def _going(form: AuditForm, end: int) -> Going:
    """The export that the address asks for, up to a leaf."""
    place = place_of(request.args.get("start", ""))
    zone = zone_named(me().time_zone)
    return Going(
        filters_of(form, zone),
        start=place.number if place is not None else 0,
        end=end,
        zone=zone,
        said=tuple((x.label, x.value) for x in chips_of(form, history.type_names(), _address)),
    )


@blueprint.get("/audit/exports")
@requires(Permission.READ_AUDIT)
def exports() -> ResponseReturnValue:
    """The reader's own files, how far each has come, and going on with one that broke off."""
    types, rows = history.type_names(), []
    for each in found_exports(me().id):
        form = form_of(types, each.filters)
        said = ", ".join(f"{x.label}: {x.value}" for x in chips_of(form, types, _address))
        again = None
        if not each.is_whole and not each.is_under_way(me().now):
            path = url_for("audit.export", kind=each.kind)
            again = f"{path}?{urlencode(form.values() | {'start': each.next_leaf})}"
        rows.append((each, audit_exports.export_label(each, me().now), said, again))
    return render_template("pages/audit/exports.html", rows=rows)


def _noted(made: ExportFormat, going: Going, export_id: str | None) -> Iterator[bytes]:
    """The file's pieces; how far it is is noted every second, and once it ends, or breaks off, how
    far it came is recorded."""
    noted = time.monotonic()
    try:
        for each in made.pieces(going):
            yield each if isinstance(each, bytes) else each.encode()
            if time.monotonic() - noted > 1:
                log_exports.keep(export_id, going.next, going.entries)
                noted = time.monotonic()
    finally:
        log_exports.keep(export_id, going.next, going.entries, ended=True)
        said = {"entries": going.entries, "next": going.next, "whole": going.next >= going.end}
        acts.keep(ActKind.EXPORTED, f"audit.{made.kind}", **said)


def _exports(form: AuditForm) -> tuple[audit_exports.ExportChoice, ...]:
    """What the list can be taken as, with these filters."""
    files = [
        audit_exports.ExportChoice(
            title=made.title,
            text=made.text,
            url=_address(form, path=url_for("audit.export", kind=kind)) or "",
            icon=made.icon,
        )
        for kind, made in FORMATS.items()
    ]
    proven = audit_exports.ExportChoice(
        title=_("Evidence pack"),
        text=_("Every entry of the chosen days with its proof, to check elsewhere"),
        url=_address(form, path=url_for("audit.evidence_pack")) or "",
        icon="shield-check",
    )
    return (*files, proven)


def _address(
    form: AuditForm,
    without: str = "",
    before: AuditPlace | None = None,
    after: AuditPlace | None = None,
    path: str = "",
) -> str | None:
    """The list's address with these filters."""
    values = form.values()
    values.pop(without, None)
    for name, place in (("before", before), ("after", after)):
        if place is not None:
            values[name] = str(place)
    path = path or url_for("audit.show")
    return f"{path}?{urlencode(values)}" if values else path
