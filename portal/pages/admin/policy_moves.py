"""Moving open requests to the newest version of their policy: choose, look, move."""

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

from portal.domain.people.permissions import Permission
from portal.forms.decision import ReasonForm
from portal.pages.admin import blueprint
from portal.pages.requests.show import visible
from portal.presenters.answer import command_key, new_key
from portal.presenters.policy_moves import preview
from portal.queries import policy_moves
from portal.security.guards import requires
from portal.security.sessions import click, me
from portal.services import requests as service
from portal.services.requests import MOST_MOVED, MovedRequests, PolicyMove
from portal.translation import _


@blueprint.get("/admin/policy-moves")
@requires(Permission.MOVE_POLICY)
def list_policy_moves() -> ResponseReturnValue:
    """The requests that follow an older version than new ones do."""
    rows = policy_moves.behind()
    return render_template(
        "pages/policy_moves/show.html", rows=rows, most=MOST_MOVED, shown=policy_moves.SHOWN
    )


@blueprint.get("/admin/policy-moves/preview")
@requires(Permission.MOVE_POLICY)
def preview_policy_move() -> ResponseReturnValue:
    """What a move of the chosen requests would mean."""
    numbers = request.args.getlist("number")
    if not numbers:
        flash(_("Choose at least one request."), "warning")
        return redirect(url_for("admin.list_policy_moves"), 303)
    return _page(numbers, ReasonForm())


@blueprint.post("/admin/policy-moves")
@requires(Permission.MOVE_POLICY)
def move_to_policy() -> ResponseReturnValue:
    """Move them. A form that was sent before changes nothing more."""
    numbers, form = request.form.getlist("number"), ReasonForm(request.form)
    if not numbers:
        abort(422, _("The form is incomplete. Choose the requests again."))
    if not form.validate():
        return _page(numbers, form, 422)
    wish = PolicyMove(
        command_id=command_key(), numbers=tuple(numbers[:MOST_MOVED]), reason=form.reason.data
    )
    moved = service.move_to_policy(wish, me().id, click())
    _tell(moved)
    if len(moved.numbers) == 1:
        return redirect(url_for("requests.show", number=moved.numbers[0]), 303)
    return redirect(url_for("admin.list_policy_moves"), 303)


def _tell(moved: MovedRequests) -> None:
    """What moves, and what does not and why."""
    if moved.numbers:
        what = ", ".join(moved.numbers)
        flash(_("Moved to the newest policy version: %(what)s.", what=what), "success")
    for number, why in moved.left:
        flash(_("%(number)s was not moved. %(why)s", number=number, why=why), "warning")


def _page(numbers: list[str], form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    rows = policy_moves.chosen(numbers[:MOST_MOVED])
    now = me().now
    page = render_template(
        "pages/policy_moves/preview.html",
        previews=[preview(row, visible(row.number), now) for row in rows],
        left=[number for number in numbers if number not in {row.number for row in rows}],
        form=form,
        key=new_key(),
    )
    return make_response(page, status)
