"""One request: everything about it, and what people do with it as a whole."""

from dataclasses import dataclass, replace

from flask import (
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.errors import Refusal
from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.forms.decision import CommentForm, RemarkForm
from portal.pages import errors
from portal.pages.requests import blueprint
from portal.pages.requests.attachments import Enclosed, enclose, hand_over
from portal.pages.requests.then import draw_then
from portal.presenters.answer import after, answered, command_key, new_key, reader
from portal.presenters.comments import questions
from portal.presenters.leave import LeaveBeside, beside
from portal.presenters.removals import removal_words
from portal.presenters.request_page import RequestPage, compose
from portal.queries import commands, removals, retention
from portal.queries import request as requests
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.security.sessions import click, current_settings, me
from portal.services.attachments import MEGABYTE, FileLimits
from portal.services.errors import Refused
from portal.services.judge import ended_now
from portal.services.requests import comment, remind
from portal.services.tasks import note_opened
from portal.translation import _


@blueprint.get("/requests/<number>")
@requires(Permission.READ_INVOLVED)
def show(number: str) -> ResponseReturnValue:
    """The request's page, or as it stood `at` a moment; an honest one while its submission is not
    applied yet."""
    record = requests.find(number.upper(), reader())
    if record is not None and "at" in request.args:
        return draw_then(record)
    if record is not None:
        if not record.was_seen and any(each["id"] == me().id for each in record.waiting_for):
            note_opened(me().id, requests=[record.id])
        return draw(record)
    command = commands.submit_of(number.upper(), reader())
    if command is None:
        gone = removals.numbered(number.upper(), reader())
        if gone is not None:
            return errors.removed(removal_words(gone))
        abort(404)
    return render_template("pages/request/starting.html", command=command)


@blueprint.post("/requests/<number>/comments")
@requires(Permission.READ_INVOLVED, uploads=True)
def add_comment(number: str) -> ResponseReturnValue:
    """Say something about the request."""
    record, key = visible(number), command_key()
    form = RemarkForm(request.form)
    enclosed = enclose(key, record.id)
    if not form.validate() or enclosed.problems:
        return draw(record, 422, remark=form, remark_files=enclosed)
    text = form.comment.data
    try:
        sent = comment(record.number, text, key, me().id, click(), enclosed.kept)
        receipt = answered(sent, text)
    except Refused as refused:
        return draw(record, refused.status, remark=form, trouble=refused, remark_files=enclosed)
    return after(receipt, _("Your comment was added."))


@blueprint.post("/requests/<number>/remind")
@requires(Permission.SUBMIT)
def send_reminder(number: str) -> ResponseReturnValue:
    """Remind everybody who is asked now."""
    record = visible(number)
    try:
        receipt = answered(remind(record.number, command_key(), me().id, click()))
    except Refused as refused:
        if refused.reason is not Refusal.TOO_SOON:
            raise
        flash(_("Not sent. %(reason)s", reason=refused.sentence), "warning")
        return redirect(url_for("requests.show", number=record.number), 303)
    return after(receipt, _("A reminder was sent to everybody who is asked now."))


def visible(number: str) -> RequestRecord:
    """The request, or 404 for whoever may not see it: the same answer as for an unknown one."""
    record = requests.find(number.upper(), reader())
    if record is None:
        abort(404)
    return record


def draw(
    record: RequestRecord,
    status: int = 200,
    *,
    form: CommentForm | None = None,
    remark: RemarkForm | None = None,
    answer: BaseForm | None = None,
    trouble: Refused | None = None,
    since: int | None = None,
    files: Enclosed | None = None,
    remark_files: Enclosed | None = None,
) -> ResponseReturnValue:
    """The page, with whatever a form held and why it was refused; `since`: the version it was
    drawn from, if that is not the present one."""
    page, ended = _as_of_now(record, since)
    keys = {name: new_key() for name in ("decide", "undo", "comment", "remind", "take_back")}
    form = form or CommentForm()
    if trouble is not None and not form.comment.data:
        form.comment.data = trouble.comment
    drawn = render_template(
        "pages/request/show.html",
        page=page,
        erasures=retention.erasures(record.id) if record.is_erased else (),
        leave=beside(record, team=page.todo is not None) if record.asks_for_days else LeaveBeside(),
        back=_back(page),
        news=_news(page, keys["undo"], None if trouble else ended),
        record=record,
        form=form,
        remark=remark or RemarkForm(),
        answer=answer,
        questions=questions(record.questions, answer),
        trouble=trouble,
        tried=request.form.get("decision", ""),
        chosen=request.args.get("decision", "") if request.method == "GET" else "",
        keys=keys,
        limits=_file_limits(),
        enclosed=hand_over(files, keys["decide"]) if files else Enclosed(),
        remark_enclosed=hand_over(remark_files, keys["comment"]) if remark_files else Enclosed(),
    )
    return make_response(drawn, status)


def _file_limits() -> FileLimits:
    """What a comment may have enclosed. The page needs nothing else of where files are kept."""
    settings = current_settings()
    largest = settings.attachments_largest_mb * MEGABYTE
    return FileLimits(most=settings.attachments_most, largest=largest)


def _as_of_now(record: RequestRecord, since: int | None) -> tuple[RequestPage, Refused | None]:
    """The page, without the form for a task that is no longer the reader's, and why it is not."""
    person = me()
    page = compose(record, person, since)
    if page.todo is None:
        return page, None
    ended = ended_now(requests.state_of(record.id), page.todo.task.id, person.id)
    if ended is None:
        return page, None
    others = [each for each in record.waiting_for if each.get("id") != person.id]
    return replace(page, todo=None, record=replace(page.record, waiting_for=others)), ended


@dataclass(frozen=True)
class BackLink:
    """Where the reader most likely came from."""

    url: str
    label: str


def _back(page: RequestPage) -> BackLink:
    if page.todo or page.done:
        return BackLink(url_for("inbox.show"), _("Inbox"))
    if page.is_mine:
        return BackLink(url_for("requests.list_mine"), _("My requests"))
    return BackLink(url_for("history.show"), _("History"))


DECIDED = {
    Decision.APPROVE: lambda number: _("You approved %(number)s.", number=number),
    Decision.REJECT: lambda number: _("You rejected %(number)s.", number=number),
    Decision.SEND_BACK: lambda number: _("You returned %(number)s.", number=number),
}


def _news(page: RequestPage, key: str, ended: Refused | None) -> list[tuple[str, dict[str, str]]]:
    """What the reader decided a moment ago, with Undo while there is time; or that what they had to
    decide is not theirs any more."""
    if ended is not None:
        return [("warning", {"text": ended.sentence})]
    done = page.done
    if done is None or done.task.decision is None:
        return []
    message = {"text": DECIDED[Decision(done.task.decision)](page.record.number)}
    if done.undo_until is not None:
        message["undo_url"] = url_for("tasks.undo_decision", task_id=done.task.id)
        message["command_id"] = key
    if page.following is not None:
        message["link_url"] = url_for("requests.show", number=page.following.number)
        message["link_label"] = _("Next in your inbox: %(title)s", title=page.following.title)
    return [("success", message)]
