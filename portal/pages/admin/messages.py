"""For administrators: messages that were not taken, and sending them again."""

from uuid import UUID

import structlog
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.pages.admin import blueprint
from portal.queries import messages
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services.messages import send_again
from portal.translation import _, ngettext

log = structlog.get_logger("portal.web")


@blueprint.get("/admin/messages")
@requires(Permission.ADMINISTER)
def list_messages() -> ResponseReturnValue:
    """What was given up, what is still tried, each with its error, and what nobody has tried."""
    return render_template(
        "pages/messages/show.html",
        troubled=messages.troubled(),
        overdue=messages.overdue(),
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
        flash(
            ngettext(
                "%(n)s message is being sent again. If it fails, it comes back here.",
                "%(n)s messages are being sent again. Those that fail come back here.",
                count,
            ),
            "success",
        )
    else:
        flash(_("Nothing to send: the messages were sent or are no longer needed."), "info")
    return redirect(url_for("admin.list_messages"), 303)
