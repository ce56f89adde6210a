"""Giving a task to somebody: each way on a page of its own that asks whom and why."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.domain.request.state import TaskStatus
from portal.forms.handing import handing_form
from portal.pages.requests import blueprint
from portal.pages.requests.show import draw
from portal.presenters.answer import after, answered, command_key, new_key, reader
from portal.presenters.progress import some
from portal.queries import people
from portal.queries import request as requests
from portal.queries.request import RequestRecord, TaskRecord, given_of
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services.commands import Receipt
from portal.services.errors import Refused
from portal.services.snapshots import of_task
from portal.services.tasks import NewAssignee, Takers, delegate, reassign, take_back, takers
from portal.translation import _

# What is wrong with the person chosen is said beside the field; so is that the form was used.
ABOUT_PERSON = frozenset(
    {
        Refusal.NOBODY,
        Refusal.BARRED,
        Refusal.ALREADY_ASKED,
        Refusal.ADDED_ENOUGH,
        Refusal.NOT_A_RECEIVER,
        Refusal.REASON_NEEDED,
        Refusal.KEY_USED,
    }
)


@dataclass(frozen=True, slots=True)
class PersonPageWords:
    """The words of a page that asks for a person."""

    field: str
    label: str
    busy: str
    icon: str


@dataclass(frozen=True, slots=True)
class Giving(PersonPageWords):
    """One way of giving a task away: the words of its page, and its service."""

    done: str
    service: Callable[[NewAssignee], Receipt]


@dataclass(frozen=True, slots=True)
class ReassignPage:
    """What lies before the reader: the request, the task, and how they come to it."""

    record: RequestRecord
    task: TaskRecord
    as_admin: bool

    def form(self, act: PersonPageWords, typed: "MultiDict[str, str] | None" = None) -> BaseForm:
        """The act's form. It suggests nobody who could not be chosen."""
        found = takers(of_task(self.task.id, new_key()).request, self.task.id)
        names, note = suggestions(found, anybody=self.as_admin)
        return handing_form(
            _(act.field), people, names, typed, must_say_why=self.as_admin, note=note
        )


def suggestions(found: Takers, *, anybody: bool) -> tuple[tuple[str, ...], str]:
    """Labels of those who can be chosen, and a word on those for whom a reason is needed.

    `anybody`: it is asked for in any case, and then may go further than the rules.
    """
    if anybody:
        return people.suggested("", *found.barred, deciding=True), ""
    names = people.suggested("", deciding=True, among=found.named | found.with_reason)
    if not names:
        return (), _("The rules of this stage let nobody else take it. Ask an administrator.")
    further = people.suggested("", deciding=True, among=found.with_reason)
    if not further:
        return names, ""
    called = [label.partition(",")[0] for label in further]
    return names, _("With a reason also: %(names)s.", names=some(called))


Drawing = Callable[[ReassignPage, BaseForm, int], ResponseReturnValue]

REASSIGN = Giving(
    msgid("Who decides instead"), msgid("Reassign"), msgid("Reassigning…"), "arrows-right-left",
    msgid("%(person)s decides %(number)s now."),
    lambda gift: reassign(gift, me().id, click(), is_admin=me().may(Permission.REASSIGN)),
)  # fmt: skip


DELEGATE = Giving(
    msgid("Who decides for you"), msgid("Delegate"), msgid("Delegating…"), "user-group",
    msgid("%(person)s decides %(number)s for you."),
    lambda gift: delegate(gift, me().id, click()),
)  # fmt: skip
FOR_GOOD = msgid(
    "It becomes theirs and leaves your inbox. Its due date stays. If you want to be able to take it"
    " back, delegate it instead."
)
IN_YOUR_PLACE = msgid(
    "They decide for you, and the decision stands with both names. You can take it back on the"
    " request's page until it is decided."
)


@blueprint.get("/tasks/<uuid:task_id>/reassign")
@requires(Permission.DECIDE_OWN_TASKS)
def reassign_form(task_id: UUID) -> ResponseReturnValue:
    """Ask to whom the task goes for good."""
    return _ask(REASSIGN, _movable(task_id), _reassign_page)


@blueprint.post("/tasks/<uuid:task_id>/reassign")
@requires(Permission.DECIDE_OWN_TASKS)
def reassign_task(task_id: UUID) -> ResponseReturnValue:
    """Hand the task over."""
    return _give(REASSIGN, _movable(task_id), _reassign_page)


@blueprint.get("/tasks/<uuid:task_id>/delegate")
@requires(Permission.DECIDE_OWN_TASKS)
def delegate_form(task_id: UUID) -> ResponseReturnValue:
    """Ask who decides this one task in the reader's place."""
    return _ask(DELEGATE, _mine(task_id), _delegate_page)


@blueprint.post("/tasks/<uuid:task_id>/delegate")
@requires(Permission.DECIDE_OWN_TASKS)
def delegate_task(task_id: UUID) -> ResponseReturnValue:
    """Delegate the task."""
    return _give(DELEGATE, _mine(task_id), _delegate_page)


@blueprint.post("/tasks/<uuid:task_id>/take-back")
@requires(Permission.DECIDE_OWN_TASKS)
def take_back_task(task_id: UUID) -> ResponseReturnValue:
    """End the delegation: the owner has the task again."""
    desk = _desk(task_id)
    try:
        receipt = answered(take_back(desk.task.id, command_key(), me().id, click()))
    except Refused as refused:
        return draw(desk.record, refused.status, trouble=refused)
    number, owner = desk.record.number, desk.task.owner_name
    if desk.task.owner_id == me().id:
        return after(receipt, _("%(number)s is yours to decide again.", number=number))
    return after(receipt, _("%(name)s decides %(number)s again.", name=owner, number=number))


def _reassign_page(desk: ReassignPage, form: BaseForm, status: int = 200) -> ResponseReturnValue:
    if not desk.as_admin:
        heading = _("Reassign %(number)s", number=desk.record.number)
        return _page(REASSIGN, desk, form, status, heading=heading, text=_(FOR_GOOD))
    owner = desk.task.owner_name
    heading = _("Reassign the task of %(name)s", name=owner)
    text = _("It leaves the inbox of %(name)s. Both are notified, with your reason.", name=owner)
    return _page(REASSIGN, desk, form, status, heading=heading, text=text)


def _delegate_page(desk: ReassignPage, form: BaseForm, status: int = 200) -> ResponseReturnValue:
    heading = _("Delegate %(number)s", number=desk.record.number)
    return _page(DELEGATE, desk, form, status, heading=heading, text=_(IN_YOUR_PLACE))


def _page(
    act: PersonPageWords,
    desk: ReassignPage,
    form: BaseForm,
    status: int,
    *,
    heading: str,
    text: str,
) -> ResponseReturnValue:
    page = render_template(
        "pages/task/hand.html", act=act, record=desk.record, form=form, key=new_key(),
        heading=heading, text=text,
    )  # fmt: skip
    return make_response(page, status)


def _ask(act: PersonPageWords, desk: ReassignPage, page: Drawing) -> ResponseReturnValue:
    """The empty form, as long as there is something to give."""
    if desk.task.status != TaskStatus.OPEN or desk.record.settles_at is not None:
        return draw(desk.record, 409, trouble=Refused(Refusal.LATE))
    return page(desk, desk.form(act), 200)


def _give(act: Giving, desk: ReassignPage, page: Drawing) -> ResponseReturnValue:
    """Read the form, do it, and answer; whatever was typed is kept where it was refused."""
    form = desk.form(act, request.form)
    if not form.validate():
        return page(desk, form, 422)
    to_id, reason = form["person"].data, form["reason"].data
    gift = NewAssignee(command_id=command_key(), task_id=desk.task.id, to_id=to_id, reason=reason)
    try:
        receipt = answered(act.service(gift), reason)
    except Refused as refused:
        if refused.reason not in ABOUT_PERSON:
            return draw(desk.record, refused.status, trouble=refused)
        form["person"].errors = [refused.sentence]
        return page(desk, form, refused.status)
    person = people.find(to_id)
    name = person.name if person else _("Somebody else")
    return after(receipt, _(act.done, person=name, number=desk.record.number))


def _mine(task_id: UUID) -> ReassignPage:
    """The task, for its owner."""
    desk = _desk(task_id)
    if desk.task.owner_id != me().id and not _was_given_by_me(desk.task):
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_YOURS])
    return desk


def _movable(task_id: UUID) -> ReassignPage:
    """The task, for its owner and for admins who did not ask for it themselves. Who handed it over
    is let through as well: for a form that was sent before, the service gives the first result."""
    desk = _desk(task_id)
    if desk.task.owner_id == me().id or _was_given_by_me(desk.task):
        return desk
    if not me().may(Permission.REASSIGN):
        abort(403, REFUSAL_SENTENCES[Refusal.NOT_YOURS])
    if desk.record.is_by(me().id):
        abort(403, REFUSAL_SENTENCES[Refusal.OWN_REQUEST])
    return desk


def _was_given_by_me(task: TaskRecord) -> bool:
    return bool(given_of(task).get("by") == me().id)


def _desk(task_id: UUID) -> ReassignPage:
    record = requests.find_by_task(str(task_id), reader())
    tasks = requests.tasks_of(record.id) if record else ()
    task = next((each for each in tasks if each.id == str(task_id)), None)
    if record is None or task is None:
        abort(404)
    as_admin = task.owner_id != me().id and me().may(Permission.REASSIGN)
    return ReassignPage(record, task, as_admin=as_admin)
