"""For administrators: the move from the old engine, and what needs a person there."""

from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.request.values import Status
from portal.forms.cutover import Around, ChoiceForm
from portal.presentation import choices, labels
from portal.presentation.parts import Chip, Tab
from portal.presenters.answer import command_key
from portal.presenters.form_keys import new_key
from portal.queries import cutover, dry_run, people
from portal.queries.cutover import Move
from portal.security.guards import requires
from portal.security.identity import me
from portal.services.cutover import Incomplete, Settled, UnknownInstance, choose

blueprint = Blueprint("cutover", __name__)

TABS = {
    "needs_person": "Needs a person",
    "failed": "Failed",
    "on_hold": "On hold",
    "moved": "Moved",
    "history": "History",
}
LONGEST_KEY = 500
PART = 5_000


@blueprint.get("/admin/cutover")
@requires(Permission.ADMINISTER)
def show() -> ResponseReturnValue:
    """The last dry run, the move as it goes, and what is left for a person."""
    trouble = None
    try:
        dry = dry_run.last(current_app.config["SETTINGS"].legacy_dir)
    except ValueError as error:
        dry, trouble = None, str(error)
    run = cutover.last_run()
    standing = None if run is None else run.state(me().now)
    return render_template(
        "pages/cutover/show.html",
        poll_url=url_for(".state", seen=run.done) if run and standing == "running" else None,
        schema=cutover.old_engine(),
        made=cutover.last_cutover(),
        dry=dry,
        trouble=trouble,
        run=run,
        state=standing,
        counts=cutover.counts(),
        unanswered=cutover.unanswered(),
        many=cutover.MANY,
        now=me().now,
    )


@blueprint.get("/admin/cutover/state")
@requires(Permission.ADMINISTER)
def state() -> ResponseReturnValue:
    """Whether the run got further than what was `seen`, or does not run any more."""
    run = cutover.last_run()
    running = run is not None and run.state(me().now) == "running"
    same = run is not None and str(run.done) == request.args.get("seen")
    return jsonify(done=not (running and same), location=url_for(".show"))


@blueprint.get("/admin/cutover/instances")
@requires(Permission.ADMINISTER)
def instances() -> ResponseReturnValue:
    """The report: what became of each instance, under one result at a time."""
    result = request.args.get("result", "needs_person")
    if result not in TABS:
        abort(404)
    code, after = _short("code") or None, _short("after")
    found = cutover.moves(result, code, after)
    rows = found[: cutover.PAGE]
    more = len(found) > cutover.PAGE
    last = rows[-1].instance_id if more else None
    tabs = [Tab(words, _list(name), current=name == result) for name, words in TABS.items()]
    return render_template(
        "pages/cutover/instances.html",
        rows=rows,
        result=result,
        title=TABS[result],
        tabs=tabs,
        chips=[Chip("Workflow", code, _list(result))] if code else [],
        short=choices.in_short,
        clear_url=_list(result),
        next_url=_list(result, code, last) if last else None,
        first_url=_list(result, code) if after else None,
    )


@blueprint.get("/admin/cutover/findings")
@requires(Permission.ADMINISTER)
def findings() -> ResponseReturnValue:
    """What the last run listed besides the instances: people, mail addresses, delegations."""
    run = cutover.last_run()
    text = request.args.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    found = cutover.findings(run.id, after) if run is not None else ()
    rows = found[: cutover.PAGE]
    more = url_for(".findings", after=rows[-1][0]) if len(found) > cutover.PAGE else None
    first = url_for(".findings") if after else None
    return render_template("pages/cutover/findings.html", rows=rows, next_url=more, first_url=first)


@blueprint.get("/admin/cutover/left-behind.txt")
@requires(Permission.ADMINISTER)
def left_behind() -> ResponseReturnValue:
    """The keys of what stays in the old system, one a line: the cutover's --accept file."""
    keys = list(cutover.left_behind("", PART))
    while part := cutover.left_behind(keys[-1], PART) if keys else ():
        keys += part
    response = Response("".join(f"{key}\n" for key in keys), mimetype="text/plain")
    response.headers["Content-Disposition"] = 'attachment; filename="left-behind.txt"'
    return response


@blueprint.get("/admin/cutover/instances/<path:instance_id>")
@requires(Permission.ADMINISTER)
def instance(instance_id: str) -> ResponseReturnValue:
    """One instance: what became of it and why, and what can be chosen."""
    found = _found(instance_id)
    return _draw(found, _form(found))


@blueprint.post("/admin/cutover/instances/<path:instance_id>")
@requires(Permission.ADMINISTER)
def answer(instance_id: str) -> ResponseReturnValue:
    """Record what was chosen; the mover's next run follows it."""
    found = _found(instance_id)
    form = _form(found)
    form.process(request.form)
    if not form.validate():
        return _draw(found, form, 422)
    try:
        number = choose(instance_id, form.choice, command_key(), me().id, alike=_alike(form))
    except Incomplete as incomplete:
        form.complain(incomplete.questions)
        return _draw(found, form, 422)
    except UnknownInstance:
        abort(404)
    except Settled:
        return _draw(_found(instance_id), form, 409, settled=True)
    others = "1 other" if number == 2 else f"{number - 1:,} others"
    also = "" if number == 1 else f", for {others} with the same reasons too"
    flash(f"Recorded{also}. The next run of the mover follows it.", "success")
    return redirect(url_for(".instance", instance_id=instance_id), 303)


def _draw(
    found: Move, form: ChoiceForm, status: int = 200, *, settled: bool = False
) -> ResponseReturnValue:
    groups = cutover.groups()
    given = cutover.given_for(found.instance_id)

    def name(person: str) -> str:
        known = people.find(person)
        return "somebody unknown" if known is None else known.label

    def words(choice: dict[str, object]) -> str:
        return choices.in_words(choice, name, lambda group: groups.get(group, "a group"))

    page = render_template(
        "pages/cutover/instance.html", move=found, form=form, key=new_key(), words=words,
        given=given, others=cutover.alike(found), many=cutover.MANY, settled=settled,
        back_url=_list(found.result), code_url=_list(found.result, found.workflow_code),
        tab=TABS.get(found.result, ""),
    )  # fmt: skip
    return make_response(page, status)


def _form(found: Move) -> ChoiceForm:
    outcomes = {status: labels.status(status).words for status in Status}
    around = Around(people, people.suggested(""), cutover.groups(), outcomes)
    form = ChoiceForm(found.questions, cutover.alike(found), around)
    form.process()
    return form


def _alike(form: ChoiceForm) -> bool:
    return bool(form.value("alike"))


def _found(instance_id: str) -> Move:
    found = cutover.move(instance_id) if len(instance_id) <= LONGEST_KEY else None
    return found or abort(404)


def _short(name: str) -> str:
    return request.args.get(name, "")[:LONGEST_KEY]


def _list(result: str, code: str | None = None, after: str | None = None) -> str:
    given = {"result": result, "code": code, "after": after}
    return f"{url_for('.instances')}?{urlencode({k: v for k, v in given.items() if v})}"
