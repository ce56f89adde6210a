"""What the reader was told."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.queries import notifications
from portal.queries.notifications import NotificationCursor
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services.notifications import mark_one_read, mark_read
from portal.translation import _

blueprint = Blueprint("notifications", __name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@blueprint.get("/notifications")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """The messages, newest first."""
    before = _cursor(request.args.get("before", ""))
    messages, following = notifications.page_of(me().id, before)
    return render_template(
        "pages/notifications/show.html",
        messages=messages,
        any_unread=any(message.read_at is None for message in messages),
        next_url=url_for("notifications.show", before=_text(following)) if following else None,
        first_url=url_for("notifications.show") if before else None,
    )


@blueprint.post("/notifications/read")
@requires(Permission.READ_INVOLVED, own_settings=True)
def read() -> ResponseReturnValue:
    """Mark all of them as read."""
    mark_read(me().id, me().now)
    flash(_("All notifications marked as read."), "success")
    return redirect(url_for("notifications.show"), 303)


@blueprint.post("/notifications/<uuid:notification_id>/read")
@requires(Permission.READ_INVOLVED, own_settings=True)
def read_one(notification_id: UUID) -> ResponseReturnValue:
    """Mark one of them as read, and go back to the part of the list where it stood."""
    mark_one_read(me().id, str(notification_id), me().now)
    before = request.form.get("before") or None
    return redirect(url_for("notifications.show", before=before), 303)


def _text(cursor: NotificationCursor) -> str:
    return f"{(cursor.created_at - _EPOCH) // timedelta(microseconds=1)}.{cursor.id}"


def _cursor(text: str) -> NotificationCursor | None:
    at, _, key = text.partition(".")
    try:
        return NotificationCursor(_EPOCH + timedelta(microseconds=int(at)), str(UUID(key)))
    except (ValueError, OverflowError):
        return None
