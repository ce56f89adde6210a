"""By which calendar each request type goes, for administrators."""

from uuid import UUID

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
from portal.pages.admin import blueprint
from portal.pages.admin.calendars import STAYS
from portal.presenters.calendars import EVERY_HOUR
from portal.queries import calendars
from portal.queries.calendars import TypeCalendar
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import calendars as service
from portal.services.calendars import CalendarMoved, CalendarRefused
from portal.translation import _, lazy

MOVED = lazy("Someone else changed this while you had it open. It now uses {}.")


@blueprint.get("/admin/calendars/types/<code>")
@requires(Permission.ADMINISTER)
def show_calendar_of_type(code: str) -> ResponseReturnValue:
    """By which calendar does this request type go?"""
    return _page(_type(code))


@blueprint.post("/admin/calendars/types/<code>")
@requires(Permission.ADMINISTER)
def change_calendar_of_type(code: str) -> ResponseReturnValue:
    """Let it go by another one, unless somebody else changed it meanwhile."""
    kind, wanted = _type(code), _optional("calendar")
    try:
        service.choose_for_type(kind.id, wanted, _optional("seen"), me().id)
    except CalendarMoved:
        now = _type(code)
        return _page(now, 409, MOVED.format(now.calendar or EVERY_HOUR), wanted)
    except CalendarRefused as refused:
        return _page(kind, 422, str(refused))
    flash(
        _(
            "%(name)s now uses: %(calendar)s. %(stays)s",
            name=kind.name,
            calendar=calendars.names().get(wanted or "", EVERY_HOUR),
            stays=STAYS,
        ),
        "success",
    )
    return redirect(url_for("admin.list_calendars"), 303)


def _type(code: str) -> TypeCalendar:
    return next((each for each in calendars.types() if each.code == code), None) or abort(404)


def _optional(name: str) -> str | None:
    try:
        return str(UUID(request.form[name])) if request.form.get(name) else None
    except ValueError:
        abort(422, _("That calendar does not exist. Reload the page and try again."))


def _page(
    kind: TypeCalendar, status: int = 200, trouble: str = "", wanted: str | None = None
) -> ResponseReturnValue:
    page = render_template(
        "pages/calendar_types/show.html",
        kind=kind,
        names=calendars.names(),
        chosen=wanted if trouble else kind.calendar_id,
        trouble=trouble,
        every_hour=EVERY_HOUR,
    )
    return make_response(page, status)
