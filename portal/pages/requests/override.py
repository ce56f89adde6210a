"""An administrator decides in place of those who are asked: with a reason, and a fresh proof of who
they are, which the page of signing asks for."""

from dataclasses import dataclass

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision
from portal.domain.request.state import Status, TaskStatus
from portal.forms.override import THE_STAGE, override_form
from portal.pages.requests import blueprint
from portal.pages.requests.edit_request import seen_version
from portal.pages.requests.show import draw, visible
from portal.pages.second_step import sign_first
from portal.presenters.answer import after, answered, command_key, new_key
from portal.queries import request as requests
from portal.queries.request import RequestRecord
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services import signing
from portal.services.errors import Refused
from portal.services.requests import OverrideInput
from portal.translation import _


@dataclass(frozen=True, slots=True)
class OverrideStage:
    """The stage under way and who is asked in it."""

    key: str
    name: str
    people: tuple[str, ...]


@blueprint.get("/requests/<number>/override")
@requires(Permission.OVERRIDE)
def ask_to_override(number: str) -> ResponseReturnValue:
    """Ask what is decided, and why."""
    record = _others(number)
    if not record.status.is_open:
        abort(409, REFUSAL_SENTENCES[Refusal.CLOSED])
    stage = _stage(record)
    return _page(record, stage, override_form(stage.name if stage else None))


@blueprint.post("/requests/<number>/override")
@requires(Permission.OVERRIDE)
def override_request(number: str) -> ResponseReturnValue:
    """Have it confirmed or signed. A form that was sent before gives the first result."""
    record = _others(number)
    stage, key = _stage(record), command_key()
    drawn = override_form(_named_stage(stage), request.form)
    if not drawn.validate():
        return _page(record, stage, drawn, 422)
    ruling = _ruling(record, drawn, key)
    try:
        found = signing.begin_override(ruling, me().id, click())
        if isinstance(found, str):
            return sign_first(found)
        receipt = answered(found, ruling.reason)
    except Refused as refused:
        since = ruling.content_version if refused.reason is Refusal.STALE else None
        return draw(_others(number), refused.status, trouble=refused, since=since)
    return after(
        receipt, _("You decided %(number)s in place of the approvers.", number=record.number)
    )


def _others(number: str) -> RequestRecord:
    """The request, if it is not one's own."""
    record = visible(number)
    if record.is_by(me().id):
        abort(403, REFUSAL_SENTENCES[Refusal.EXCLUDED])
    return record


def _stage(record: RequestRecord) -> OverrideStage | None:
    """The stage that can be decided by itself now."""
    if record.status is not Status.PENDING or record.settles_at is not None:
        return None
    tasks = [task for task in requests.tasks_of(record.id) if task.status == TaskStatus.OPEN]
    if not tasks:
        return None
    names = tuple(task.assignee_name for task in tasks)
    return OverrideStage(tasks[0].stage_key, tasks[0].stage_name, names)


def _named_stage(stage: OverrideStage | None) -> str | None:
    """The stage to offer: what the form was drawn for may be over, which the service tells."""
    if stage is not None:
        return stage.name
    return _("as it was") if request.form.get("stage_key") else None


def _ruling(record: RequestRecord, drawn: BaseForm, key: str) -> OverrideInput:
    said = drawn["decision"].data
    only_stage = said == THE_STAGE
    return OverrideInput(
        command_id=key,
        number=record.number,
        decision=Decision.REJECT if said == "reject" else Decision.APPROVE,
        stage_key=request.form.get("stage_key", "") if only_stage else None,
        reason=drawn["reason"].data,
        content_version=seen_version(),
    )


def _page(
    record: RequestRecord, stage: OverrideStage | None, drawn: BaseForm, status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "pages/override/form.html", record=record, stage=stage, form=drawn, key=new_key()
    )
    return make_response(page, status)
