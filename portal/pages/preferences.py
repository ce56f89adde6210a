"""What one wants to be mailed of, and quiet hours."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.notices import TOPICS
from portal.domain.permissions import Permission
from portal.domain.telling import Wishes
from portal.forms.preferences import PreferencesForm
from portal.queries.preferences import wishes_of
from portal.security.guards import requires
from portal.security.identity import me
from portal.services import preferences

blueprint = Blueprint("preferences", __name__)

ALL = frozenset(topic.code for topic in TOPICS)


@blueprint.get("/profile/notifications")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """The form as it was left."""
    wishes = wishes_of(me().id)
    form = PreferencesForm(
        formdata=None,
        wanted=sorted(ALL - wishes.muted),
        quiet_from=wishes.quiet_from,
        quiet_until=wishes.quiet_until,
    )
    return _page(form)


@blueprint.post("/profile/notifications")
@requires(Permission.READ_INVOLVED, own_settings=True)
def change() -> ResponseReturnValue:
    """Keep what was chosen."""
    form = PreferencesForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    wishes = Wishes(
        muted=ALL - frozenset(form.wanted.data),
        quiet_from=form.quiet_from.data,
        quiet_until=form.quiet_until.data,
    )
    preferences.keep(me().id, wishes)
    flash("Your choice is kept. It holds for messages from now on.", "success")
    return redirect(url_for("preferences.show"), 303)


def _page(form: PreferencesForm, status: int = 200) -> Response:
    body = render_template("pages/preferences/show.html", form=form, zone=me().time_zone)
    return make_response(body, status)
