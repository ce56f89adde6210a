"""Asking the requester something before deciding, and answering."""

from uuid import UUID

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.permissions import Permission
from portal.domain.request.state import Status, TaskStatus
from portal.forms.inform import QuestionForm, answer_form
from portal.pages.requests import blueprint
from portal.pages.requests.show import draw
from portal.presenters.answer import after, answered, command_key, new_key, reader
from portal.queries import request as requests
from portal.queries.request import RequestRecord, TaskRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services.errors import Refused
from portal.services.tasks import QuestionInput, answer, ask
from portal.translation import _


@blueprint.get("/tasks/<uuid:task_id>/question")
@requires(Permission.DECIDE_OWN_TASKS)
def question_form(task_id: UUID) -> ResponseReturnValue:
    """What is the question?"""
    record, task = _mine(task_id)
    refusal = _not_now(record, task)
    if refusal is not None:
        return draw(record, 409, trouble=Refused(refusal))
    return _page(record, task, QuestionForm())


@blueprint.post("/tasks/<uuid:task_id>/question")
@requires(Permission.DECIDE_OWN_TASKS)
def ask_question(task_id: UUID) -> ResponseReturnValue:
    """Ask the requester; the task stays open."""
    record, task = _mine(task_id)
    form = QuestionForm(request.form)
    if not form.validate():
        return _page(record, task, form, 422)
    words = QuestionInput(command_id=command_key(), task_id=task.id, text=form.comment.data)
    try:
        receipt = answered(ask(words, me().id, click()), words.text)
    except Refused as refused:
        return draw(record, refused.status, trouble=refused)
    return after(receipt, _("Your question was sent to %(name)s.", name=record.requester_name))


@blueprint.post("/tasks/<uuid:task_id>/answer")
@requires(Permission.SUBMIT)
def answer_question(task_id: UUID) -> ResponseReturnValue:
    """Answer an approver's question."""
    record = _record(task_id)
    if not record.is_by(me().id):
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_ALLOWED])
    form = answer_form(str(task_id), request.form)
    if not form.validate():
        return draw(record, 422, answer=form)
    words = QuestionInput(command_id=command_key(), task_id=str(task_id), text=form["comment"].data)
    try:
        receipt = answered(answer(words, me().id, click()), words.text)
    except Refused as refused:
        return draw(record, refused.status, trouble=refused)
    return after(receipt, _("Your answer was sent."))


def _page(
    record: RequestRecord, task: TaskRecord, form: QuestionForm, status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "pages/task/ask.html", record=record, task=task, form=form, key=new_key()
    )
    return make_response(page, status)


def _record(task_id: UUID) -> RequestRecord:
    return requests.find_by_task(str(task_id), reader()) or abort(404)


def _mine(task_id: UUID) -> tuple[RequestRecord, TaskRecord]:
    """The task, for whoever has it."""
    record = _record(task_id)
    task = next(each for each in requests.tasks_of(record.id) if each.id == str(task_id))
    if task.assignee_id != me().id:
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_YOURS])
    return record, task


def _not_now(record: RequestRecord, task: TaskRecord) -> Refusal | None:
    if task.status != TaskStatus.OPEN or record.settles_at is not None:
        return Refusal.LATE
    if record.status is Status.ON_HOLD:
        return Refusal.ON_HOLD
    return Refusal.ASKED_BEFORE if task.asked_at is not None else None
