"""A manager's team: who is away, and what they asked for."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.queries import team
from portal.security.guards import requires
from portal.security.sessions import me

blueprint = Blueprint("team", __name__)


@blueprint.get("/team")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """Those who report to the reader directly, with their open requests."""
    return render_template(
        "pages/team/show.html", people=team.colleagues(me().id), rows=team.requests(me().id)
    )
