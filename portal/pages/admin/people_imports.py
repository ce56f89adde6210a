"""People from a file: upload, columns, check, done. Nothing is saved before the last step."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from flask import (
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.people.importing import Column, LineVerdict
from portal.domain.people.permissions import Permission
from portal.domain.proof.acts import ActKind
from portal.pages.admin import blueprint
from portal.presenters import people_imports as import_words
from portal.presenters.answer import command_key, new_key
from portal.queries import people_imports as imports
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import acts
from portal.services import people_imports as service
from portal.services.people import PeopleRefused
from portal.services.people_imports import (
    Choices,
    ImportGone,
    ImportMoved,
    ImportOrder,
    choices_of,
)
from portal.services.people_sheet import (
    ENCODINGS,
    LIKELIEST,
    MOST_BYTES,
    SEPARATORS,
    EncodingUnknown,
    Sheet,
    SheetRefused,
)
from portal.translation import _, current

SAMPLE = 5
SHOWN = 20
MOST_SHOWN = 500
MISSING = "missing"
DEACTIVATE = "deactivate"


@blueprint.get("/admin/people/import")
@requires(Permission.MANAGE_PEOPLE)
def new_import() -> ResponseReturnValue:
    """Which file?"""
    return _new()


@blueprint.post("/admin/people/import")
@requires(Permission.MANAGE_PEOPLE, uploads=True)
def upload_people() -> ResponseReturnValue:
    """Keep the file. The form's key becomes the import's id, so that sending twice keeps one."""
    key, file = command_key(), request.files.get("file")
    if file is None or not file.filename:
        return _new(_("Choose a file."))
    with closing(file):
        content = file.stream.read(MOST_BYTES + 1)
    try:
        service.keep(key, me().id, file.filename, content)
    except SheetRefused as refused:
        return _new(str(refused))
    return redirect(url_for("admin.show_import_columns", import_id=key), 303)


@blueprint.get("/admin/people/import/<uuid:import_id>/columns")
@requires(Permission.MANAGE_PEOPLE)
def show_import_columns(import_id: UUID) -> ResponseReturnValue:
    """How the file is read, with its first lines."""
    row = _row(import_id)
    return _columns(import_id, choices_of(row.choices))


@blueprint.post("/admin/people/import/<uuid:import_id>/columns")
@requires(Permission.MANAGE_PEOPLE)
def choose_import_columns(import_id: UUID) -> ResponseReturnValue:
    """Keep what was chosen, and go on where it is enough."""
    chosen = _chosen(len(_row(import_id).headers))
    if chosen.encoding == "" and _asks_encoding(import_id):
        return _columns(import_id, chosen, _("Choose how the file was saved."))
    try:
        service.choose(str(import_id), chosen)
    except ImportGone:
        return redirect(url_for("admin.show_import", import_id=import_id), 303)
    except (SheetRefused, EncodingUnknown) as refused:
        return _columns(import_id, chosen, str(refused) or _("This is not the file's encoding."))
    if request.form.get("look"):
        return redirect(url_for("admin.show_import_columns", import_id=import_id), 303)
    if trouble := import_words.trouble_with(chosen.columns):
        return _columns(import_id, chosen, trouble)
    return redirect(url_for("admin.show_import", import_id=import_id), 303)


@blueprint.get("/admin/people/import/<uuid:import_id>")
@requires(Permission.MANAGE_PEOPLE)
def show_import(import_id: UUID) -> ResponseReturnValue:
    """What would change, line by line; while it is done, how far; then what came of it."""
    row = _row(import_id)
    if row.applied_at is not None:
        return render_template("pages/people_imports/done.html", row=row)
    if service.is_under_way(row):
        return render_template("pages/people_imports/running.html", row=row)
    if trouble := import_words.trouble_with(choices_of(row.choices).columns):
        return _columns(import_id, choices_of(row.choices), trouble)
    stopped = import_words.stopped(row)
    return _check(import_id, 422 if stopped else 200, stopped)


@blueprint.get("/admin/people/import/<uuid:import_id>/state")
@requires(Permission.MANAGE_PEOPLE)
def tell_import(import_id: UUID) -> ResponseReturnValue:
    """How far it is, as JSON, for the page that becomes the result by itself."""
    row = _row(import_id)
    return jsonify(
        done=not service.is_under_way(row),
        location=url_for("admin.show_import", import_id=import_id),
        share=row.progress.get("share", 0),
    )


@blueprint.get("/admin/people/import/<uuid:import_id>/refused.csv")
@requires(Permission.MANAGE_PEOPLE)
def download_refused(import_id: UUID) -> ResponseReturnValue:
    """The refused lines with why, to be mended and sent again."""
    row = _row(import_id)
    lines = imports.refused_lines(row.id)
    if row.applied_at is None:
        try:
            lines = service.refused_now(row.id, me().id, current_settings().languages)
        except (ImportGone, SheetRefused, EncodingUnknown, PeopleRefused):
            return redirect(url_for("admin.show_import_columns", import_id=import_id))
    acts.keep(ActKind.EXPORTED, "refused.csv", file=row.file_name)
    text = import_words.as_csv(row.headers, lines, choices_of(row.choices).separator)
    answer = Response(text, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="refused.csv")
    return answer


@blueprint.post("/admin/people/import/<uuid:import_id>")
@requires(Permission.MANAGE_PEOPLE)
def apply_import(import_id: UUID) -> ResponseReturnValue:
    """Import what was shown, all of it or nothing; a large file beside the pages."""
    row, whole = _row(import_id), _is_whole(request.form)
    order = ImportOrder(
        import_id=row.id,
        actor_id=me().id,
        seen=request.form.get("seen", ""),
        languages=current_settings().languages,
        whole=whole,
    )
    try:
        if service.is_large(row):
            service.begin(order, current().code)
        else:
            service.apply(order)
            flash(_("The people were imported. No message was sent."), "success")
    except ImportMoved:
        moved = _("People changed since this page was drawn. Check again, then import.")
        return _check(import_id, 409, moved, whole=whole)
    except ImportGone:
        flash(_("This file was imported already."), "info")
    except (PeopleRefused, SheetRefused, EncodingUnknown) as refused:
        return _check(import_id, 422, str(refused), whole=whole)
    return redirect(url_for("admin.show_import", import_id=import_id), 303)


def _is_whole(given: Mapping[str, str]) -> bool:
    """Whether the file is said to be the whole list."""
    return given.get("missing") == DEACTIVATE


def _row(import_id: UUID) -> Any:
    found = imports.find(str(import_id))
    if found is None:
        abort(404)
    return found


def _new(trouble: str = "") -> ResponseReturnValue:
    page = render_template(
        "pages/people_imports/new.html",
        key=request.form.get("command_id") or new_key(),
        form=BaseForm({}),
        trouble=[trouble] if trouble else [],
        recent=imports.recent(),
    )
    return make_response(page, 422 if trouble else 200)


def _chosen(count: int) -> Choices:
    known = {column.value: column for column in Column}
    columns = tuple(known.get(request.form.get(f"column_{n}", "")) for n in range(count))
    encoding, separator = request.form.get("encoding", ""), request.form.get("separator", "")
    return Choices(encoding, separator, columns)


def _asks_encoding(import_id: UUID) -> bool:
    try:
        service.sheet_of(str(import_id), Choices())
    except EncodingUnknown:
        return True
    except (SheetRefused, ImportGone):
        return False
    return False


def _read(import_id: UUID, chosen: Choices) -> tuple[Sheet, bool]:
    """The rows as chosen; where the encoding is not known, as the likeliest makes them."""
    try:
        return service.sheet_of(str(import_id), chosen)[1], False
    except EncodingUnknown:
        likeliest = Choices(LIKELIEST, chosen.separator, chosen.columns)
        return service.sheet_of(str(import_id), likeliest)[1], True


def _columns(import_id: UUID, chosen: Choices, trouble: str = "") -> ResponseReturnValue:
    try:
        sheet, unsure = _read(import_id, chosen)
    except ImportGone:
        return redirect(url_for("admin.show_import", import_id=import_id))
    except SheetRefused as refused:
        flash(str(refused), "error")
        return redirect(url_for("admin.new_import"))
    told = [row for row in sheet.rows if not "".join(row.cells).isascii()] if unsure else sheet.rows
    page = render_template(
        "pages/people_imports/columns.html",
        row=_row(import_id),
        sheet=sheet,
        sample=told[:SAMPLE],
        unsure=unsure,
        chosen=chosen,
        columns=import_words.COLUMNS,
        encodings=ENCODINGS,
        separators=SEPARATORS,
        form=BaseForm({}),
        trouble=[trouble] if trouble else [],
    )
    return make_response(page, 422 if trouble else 200)


def _check(
    import_id: UUID, status: int = 200, trouble: str = "", *, whole: bool | None = None
) -> ResponseReturnValue:
    whole = _is_whole(request.args) if whole is None else whole
    languages = current_settings().languages
    try:
        found = service.preview(str(import_id), me().id, languages, whole=whole)
    except ImportGone:
        return redirect(url_for("admin.show_import", import_id=import_id))
    except (SheetRefused, EncodingUnknown, PeopleRefused):
        return redirect(url_for("admin.show_import_columns", import_id=import_id))
    every = request.args.get("all", "")
    page = render_template(
        "pages/people_imports/check.html",
        row=_row(import_id),
        preview=found,
        groups=import_words.groups(found, lambda verdict: _shown(every, verdict)),
        writing=sum(len(found.plan.of(each)) for each in import_words.WRITING) + len(found.going),
        missing=import_words.missing(found, MOST_SHOWN if every == MISSING else SHOWN),
        stop=_(found.plan.stop) if whole and found.plan.stop else "",
        form=BaseForm({}),
        trouble=[trouble] if trouble else [],
        again=imports.same_before(str(import_id)),
        shown=SHOWN,
    )
    return make_response(page, status)


def _shown(every: str, verdict: LineVerdict) -> int:
    return MOST_SHOWN if every == verdict.value else SHOWN
