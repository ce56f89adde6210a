"""For administrators: the move from the old engine, and what needs a person there."""

import time
from collections.abc import Callable, Mapping
from typing import Any
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
from portal.domain.request.state import Status
from portal.legacy import queries
from portal.legacy.forms import Around, ChoiceForm
from portal.legacy.queries import Move, last_dry_run
from portal.legacy.services import Incomplete, Settled, UnknownInstance, choose
from portal.presentation import labels
from portal.presentation.navigation import AdminPlace
from portal.presentation.parts import Chip, Tab
from portal.presenters.answer import command_key, new_key
from portal.queries import people
from portal.security.guards import requires
from portal.security.sessions import me

blueprint = Blueprint("cutover", __name__, template_folder="templates")

TABS = {
    "needs_person": "Needs a person",
    "failed": "Failed",
    "on_hold": "On hold",
    "moved": "Moved",
    "history": "History",
}
LONGEST_KEY = 500
PART = 5_000


PLACE = AdminPlace("Old engine", "admin/cutover", "archive-box-arrow-down")
LOOK_AGAIN = 60.0
"""Seconds for which one look at the database is enough to draw the menu."""


def place() -> AdminPlace | None:
    """The line in the administrators' menu; None where there never was an old engine."""
    seen = current_app.extensions.get("old_engine")
    if seen is None or time.monotonic() - seen[1] > LOOK_AGAIN:
        seen = (queries.is_known(), time.monotonic())
        current_app.extensions["old_engine"] = seen
    return PLACE if seen[0] else None


@blueprint.get("/admin/cutover")
@requires(Permission.ADMINISTER)
def show() -> ResponseReturnValue:
    """The last dry run, the move as it goes, and what is left for a person."""
    trouble = None
    try:
        dry = last_dry_run(current_app.config["SETTINGS"].legacy_dir)
    except ValueError as error:
        dry, trouble = None, str(error)
    run = queries.last_run()
    standing = None if run is None else run.state(me().now)
    return render_template(
        "cutover/show.html",
        poll_url=url_for(".state", seen=run.done) if run and standing == "running" else None,
        schema=queries.old_engine(),
        made=queries.last_cutover(),
        dry=dry,
        trouble=trouble,
        run=run,
        state=standing,
        counts=queries.counts(),
        unanswered=queries.unanswered(),
        many=queries.MANY,
        now=me().now,
    )


@blueprint.get("/admin/cutover/state")
@requires(Permission.ADMINISTER)
def state() -> ResponseReturnValue:
    """Whether the run got further than what was `seen`, or does not run any more."""
    run = queries.last_run()
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
    found = queries.moves(result, code, after)
    rows = found[: queries.PAGE]
    more = len(found) > queries.PAGE
    last = rows[-1].instance_id if more else None
    tabs = [Tab(words, _list(name), current=name == result) for name, words in TABS.items()]
    return render_template(
        "cutover/instances.html",
        rows=rows,
        result=result,
        title=TABS[result],
        tabs=tabs,
        chips=[Chip("Workflow", code, _list(result))] if code else [],
        short=choice_in_short,
        clear_url=_list(result),
        next_url=_list(result, code, last) if last else None,
        first_url=_list(result, code) if after else None,
    )


@blueprint.get("/admin/cutover/findings")
@requires(Permission.ADMINISTER)
def findings() -> ResponseReturnValue:
    """What the last run listed besides the instances: people, mail addresses, delegations."""
    run = queries.last_run()
    text = request.args.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    found = queries.findings(run.id, after) if run is not None else ()
    rows = found[: queries.PAGE]
    more = url_for(".findings", after=rows[-1][0]) if len(found) > queries.PAGE else None
    first = url_for(".findings") if after else None
    return render_template("cutover/findings.html", rows=rows, next_url=more, first_url=first)


@blueprint.get("/admin/cutover/left-behind.txt")
@requires(Permission.ADMINISTER)
def left_behind() -> ResponseReturnValue:
    """The keys of what stays in the old system, one a line: the cutover's --accept file."""
    keys = list(queries.left_behind("", PART))
    while part := queries.left_behind(keys[-1], PART) if keys else ():
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
    groups = queries.groups()
    given = queries.given_for(found.instance_id)

    def name(person: str) -> str:
        known = people.find(person)
        return "somebody unknown" if known is None else known.label

    def words(choice: dict[str, object]) -> str:
        return choice_in_words(choice, name, lambda group: groups.get(group, "a group"))

    page = render_template(
        "cutover/instance.html", move=found, form=form, key=new_key(), words=words,
        given=given, others=queries.alike(found), many=queries.MANY, settled=settled,
        back_url=_list(found.result), code_url=_list(found.result, found.workflow_code),
        tab=TABS.get(found.result, ""),
    )  # fmt: skip
    return make_response(page, status)


def _form(found: Move) -> ChoiceForm:
    outcomes = {status: labels.status(status).words for status in Status}
    around = Around(people, people.suggested(""), queries.groups(), outcomes)
    form = ChoiceForm(found.questions, queries.alike(found), around)
    form.process()
    return form


def _alike(form: ChoiceForm) -> bool:
    return bool(form.value("alike"))


def _found(instance_id: str) -> Move:
    found = queries.move(instance_id) if len(instance_id) <= LONGEST_KEY else None
    return found or abort(404)


def _short(name: str) -> str:
    return request.args.get(name, "")[:LONGEST_KEY]


def _list(result: str, code: str | None = None, after: str | None = None) -> str:
    given = {"result": result, "code": code, "after": after}
    return f"{url_for('.instances')}?{urlencode({k: v for k, v in given.items() if v})}"


_COUNTING = {"one": "one approval is enough", "all": "everybody asked has to approve"}
_CONDITION = {True: "the condition holds", False: "the condition does not hold"}
_RESULT = {
    True: "the unclear decision was an approval",
    False: "the unclear decision was a rejection",
}


def choice_in_short(choice: Mapping[str, Any]) -> str:
    """What becomes of it, in a few words."""
    kind = choice.get("kind")
    if kind == "close":
        return f"History: {labels.status(str(choice.get('outcome'))).words}"
    return "Left behind" if kind == "leave" else "Moves with the next run"


def choice_in_words(
    choice: Mapping[str, Any], name: Callable[[str], str], group: Callable[[str], str]
) -> str:
    """The whole answer as a sentence; `name` and `group` give names to ids."""
    kind = choice.get("kind")
    if kind == "close":
        outcome = labels.status(str(choice.get("outcome"))).words.lower()
        return f"Import it as history, as {outcome}."
    if kind == "leave":
        return "Leave it behind in the old system."
    said = [f"{name(each)} decides" for each in choice.get("people") or ()]
    if choice.get("group"):
        said.append(f"anybody of {group(choice['group'])} decides")
    said += [
        words[choice[key]]
        for key, words in (
            ("counting", _COUNTING),
            ("condition", _CONDITION),
            ("result", _RESULT),
        )
        if choice.get(key) in words
    ]
    if choice.get("skip"):
        said.append("the steps named are left out")
    if choice.get("in_order"):
        said.append("every branch is asked, one after the other")
    return f"Move it: {'; '.join(said) or 'nothing else'}."
