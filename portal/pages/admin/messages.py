"""For administrators: messages that were not taken, and sending them again."""

from uuid import UUID

import structlog
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.pages.admin import blueprint
from portal.queries import messages
from portal.security.guards import requires
from portal.security.identity import current_settings, me
from portal.services.messages import send_again

log = structlog.get_logger("portal.web")


@blueprint.get("/admin/messages")
@requires(Permission.ADMINISTER)
def list_messages() -> ResponseReturnValue:
    """What was given up, and what is still tried, each with its error."""
    return render_template(
        "pages/messages/show.html",
        troubled=messages.troubled(),
        most=messages.SHOWN,
        mail=current_settings().mail,
    )


@blueprint.post("/admin/messages/send-again")
@requires(Permission.ADMINISTER)
def send_all_again() -> ResponseReturnValue:
    """Send all of them again."""
    return _again(send_again())


@blueprint.post("/admin/messages/<uuid:message_id>/send-again")
@requires(Permission.ADMINISTER)
def send_one_again(message_id: UUID) -> ResponseReturnValue:
    """Send one again."""
    return _again(send_again(str(message_id)))


def _again(count: int) -> ResponseReturnValue:
    log.info("messages.sent_again", count=count, by=me().id)
    if count:
        words = "1 message is" if count == 1 else f"{count} messages are"
        flash(f"{words} on the way again. What is not taken comes back here.", "success")
    else:
        flash("Nothing was left to send: it was sent, or is not true any more.", "info")
    return redirect(url_for("admin.list_messages"), 303)
