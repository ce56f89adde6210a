"""An administrator decides in place of those who are asked: with a reason, and their password."""

from dataclasses import dataclass

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.errors import REFUSAL_SENTENCES, Refusal
from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.domain.policy.policy import Decision, StepUp
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
from portal.services.errors import Refused, TooMany
from portal.services.requests import OverrideInput, override, step_up_over
from portal.services.sign_in import WrongPassword
from portal.services.snapshots import of_request
from portal.translation import _

NOT_THAT = msgid("Wrong password. Nothing was decided.")
TOO_MANY = msgid("Too many wrong passwords. Nothing was decided; try again in %(n)s minutes.")


@dataclass(frozen=True, slots=True)
class OverrideStage:
    """The stage under way and who is asked in it."""

    key: str
    name: str
    people: tuple[str, ...]


@blueprint.get("/requests/<number>/override")
@requires(Permission.OVERRIDE)
def ask_to_override(number: str) -> ResponseReturnValue:
    """Ask what is decided, why, and for the password."""
    record = _others(number)
    if not record.status.is_open:
        abort(409, REFUSAL_SENTENCES[Refusal.CLOSED])
    stage = _stage(record)
    signed = _signed(record, stage.key if stage else None)
    return _page(record, stage, override_form(stage.name if stage else None, None, signed))


@blueprint.post("/requests/<number>/override")
@requires(Permission.OVERRIDE)
def override_request(number: str) -> ResponseReturnValue:
    """Decide. A form that was sent before gives the first result."""
    record = _others(number)
    stage, key = _stage(record), command_key()
    signed = _signed(record, request.form.get("stage_key"))
    drawn = override_form(_named_stage(stage), request.form, signed)
    if not drawn.validate():
        return _page(record, stage, drawn, 422)
    ruling = _ruling(record, drawn, key)
    try:
        if drawn["decision"].data in signed:
            return sign_first(signing.begin_override(ruling, me().id))
        receipt = override(ruling, drawn["password"].data, me().id, click())
        answered(receipt, ruling.reason)
    except WrongPassword:
        return _again(record, stage, drawn, _(NOT_THAT))
    except TooMany as many:
        return _again(record, stage, drawn, _(TOO_MANY, n=-(-many.retry_after // 60)), 429)
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


def _signed(record: RequestRecord, stage_key: str | None) -> frozenset[str]:
    """Which of the form's decisions have to be signed."""
    about = of_request(record.number, new_key())
    whole = step_up_over(about, None) is StepUp.SIGNATURE
    stage = stage_key and step_up_over(about, stage_key) is StepUp.SIGNATURE
    return frozenset((("approve", "reject") if whole else ()) + ((THE_STAGE,) if stage else ()))


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


def _again(
    record: RequestRecord,
    stage: OverrideStage | None,
    drawn: BaseForm,
    problem: str,
    status: int = 422,
) -> ResponseReturnValue:
    drawn["password"].errors = [problem]
    return _page(record, stage, drawn, status)


def _page(
    record: RequestRecord, stage: OverrideStage | None, drawn: BaseForm, status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "pages/override/form.html", record=record, stage=stage, form=drawn, key=new_key()
    )
    return make_response(page, status)
