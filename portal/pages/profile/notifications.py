"""How and when one wants to be told: by topic and channel, digests, and quiet hours."""

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.notices.kinds import Channel
from portal.domain.people.permissions import Permission
from portal.forms.preferences import PreferencesForm, form_for
from portal.pages.profile import blueprint
from portal.queries import channels, insights
from portal.queries.preferences import monthly_trouble, wishes_of
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import preferences
from portal.translation import _

CHANNELS = (Channel.PORTAL, Channel.MAIL)


@blueprint.get("/profile/notifications")
@requires(Permission.READ_INVOLVED)
def notification_settings() -> ResponseReturnValue:
    """The form as it was left."""
    return _page(form_for(_channels(), wishes_of(me().id)))


@blueprint.post("/profile/notifications")
@requires(Permission.READ_INVOLVED, own_settings=True)
def change_notification_settings() -> ResponseReturnValue:
    """Keep what was chosen."""
    form = form_for(_channels())
    if not form.validate_on_submit():
        return _page(form, 422)
    preferences.keep(me().id, form.wishes(wishes_of(me().id), me().now))
    flash(_("Settings saved."), "success")
    return redirect(url_for("profile.notification_settings"), 303)


def _channels() -> tuple[Channel, ...]:
    """Chat only where an administrator has set up a way."""
    return (*CHANNELS, Channel.CHAT) if channels.any_on() else CHANNELS


def _page(form: PreferencesForm, status: int = 200) -> Response:
    body = render_template(
        "pages/preferences/show.html",
        form=form,
        zone=me().time_zone,
        has_figures=me().may(Permission.READ_ALL) or bool(insights.reports_of(me().id)),
        monthly_trouble=monthly_trouble(me().id),
    )
    return make_response(body, status)
