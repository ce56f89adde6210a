"""What a request type's draft would bring about: for an invented request, and for past ones."""

from flask import abort, flash, jsonify, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.type_try import read_try, try_form
from portal.pages.admin import blueprint
from portal.pages.admin.types import acting, drafted, page
from portal.pages.requests.attachments import store
from portal.pages.requests.request_form_io import surroundings
from portal.presenters import back_tests as words
from portal.presenters import check_page as checking
from portal.presenters import type_tasks
from portal.queries import back_tests, request_types
from portal.queries.back_tests import BackTestRecord
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import back_tests as service
from portal.services import type_tries as tries
from portal.services.types import TypeRefused
from portal.translation import _

USUAL_DAYS = 182


@blueprint.get("/admin/types/<code>/draft/try")
@requires(Permission.EDIT_TYPES)
def ask_to_try_type(code: str) -> ResponseReturnValue:
    """The draft's form, to be filled in for nothing."""
    kind, draft = drafted(code)
    return page(
        "try", kind, form=try_form(draft.content.form, surroundings(suggest=True)), steps=None
    )


@blueprint.post("/admin/types/<code>/draft/try")
@requires(Permission.EDIT_TYPES)
def try_type(code: str) -> ResponseReturnValue:
    """The route and the answers of what was typed. Nothing is kept, and nobody is told."""
    kind, draft = drafted(code)
    form = try_form(draft.content.form, surroundings(suggest=True), request.form)
    if not form.validate():
        return page("try", kind, 422, form=form, steps=None, store=store())
    invented = read_try(form, draft.content.form, me().id)
    entries = tries.route(draft.content, kind.code, invented, me().now)
    steps, attention = checking.route(entries)
    return page(
        "try", kind, form=form, steps=steps, attention=attention, store=store(),
        answers=checking.typed_answers(form, me().now.date()),
        allowed=request_types.may_ask(draft.content.policy.askers, invented.asker_id),
    )  # fmt: skip


@blueprint.get("/admin/types/<code>/draft/past")
@requires(Permission.EDIT_TYPES)
def show_back_test(code: str) -> ResponseReturnValue:
    """Past requests by the draft beside the version in force."""
    kind, draft = drafted(code)
    record = back_tests.newest(kind.id)
    fate = request.args.get("fate", "")
    listed = [each for each in record.result.differences if fate in ("", each.fate)] if (
        record and record.result) else []  # fmt: skip
    start = min(_number("from"), max(len(listed) - 1, 0))
    live = kind.live.number if kind.live else None
    is_old = record is not None and type_tasks.is_outdated(record, draft, live)
    return page(
        "past", kind, record=record, is_old=is_old, fate=fate, words=words, start=start,
        listed=listed[start : start + words.PAGE], count=len(listed),
        loads=words.loads(record, 500 if "all" in request.args else words.LOADS_SHOWN)
        if record else [],
        periods=service.PERIODS, days=record.days if record else USUAL_DAYS,
    )  # fmt: skip


@blueprint.post("/admin/types/<code>/draft/past")
@requires(Permission.EDIT_TYPES)
def run_back_test(code: str) -> ResponseReturnValue:
    """Ask for one of a chosen time; what takes long is done by a worker."""
    kind, _draft = drafted(code)
    days = request.form.get("days", "")
    if days not in map(str, service.PERIODS):
        flash(_("Choose a period."), "error")
        return redirect(url_for(".show_back_test", code=code), 303)
    try:
        service.begin(kind, int(days), acting())
    except TypeRefused as refused:
        flash(str(refused), "error")
    return redirect(url_for(".show_back_test", code=code), 303)


@blueprint.get("/admin/types/<code>/draft/past/state")
@requires(Permission.EDIT_TYPES)
def back_test_state(code: str) -> ResponseReturnValue:
    """Whether it is done, for the page that waits."""
    record = _record(code)
    return jsonify(
        done=record.result is not None or record.trouble is not None,
        location=url_for(".show_back_test", code=code),
    )


@blueprint.get("/admin/types/<code>/draft/past.csv")
@requires(Permission.EDIT_TYPES)
def export_back_test(code: str) -> ResponseReturnValue:
    """The differences as a file."""
    record = _record(code)
    if record.result is None:
        abort(404)
    answer = make_response(words.as_csv(record.result.differences))
    answer.mimetype = "text/csv"
    name = f"back-test-{code}-{record.revision}.csv"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def _record(code: str) -> BackTestRecord:
    kind, _draft = drafted(code)
    return back_tests.newest(kind.id) or abort(404)


def _number(name: str) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
