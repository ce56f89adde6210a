"""Views: filters of the inbox and of the history that the reader gave a name."""

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.saved_view import SavedViewForm
from portal.pages.history import filters_in
from portal.pages.inbox import blueprint
from portal.pages.inbox.show import filter_of
from portal.presenters.saved_views import SavedList, link_of
from portal.queries import saved_views
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import saved_views as service
from portal.translation import _


@blueprint.get("/views")
@requires(Permission.READ_INVOLVED)
def list_views() -> ResponseReturnValue:
    """All views of the reader's, with a way to delete each."""
    views = saved_views.listed(me().id)
    return render_template(
        "pages/saved_views/show.html", views=[(each, link_of(each)) for each in views]
    )


@blueprint.post("/views")
@requires(Permission.READ_INVOLVED, own_settings=True)
def save_view() -> ResponseReturnValue:
    """Give the filter of a list a name."""
    try:
        place = SavedList(request.form.get("place", ""))
    except ValueError:
        abort(422, _("The form is incomplete. Open the list again."))
    filters = _filters(place)
    form = SavedViewForm(request.form)
    if not form.validate():
        page = render_template(
            "pages/saved_views/name.html", form=form, place=place.value, filters=filters
        )
        return page, 422
    try:
        service.save(me().id, place.value, form.name.data, filters)
        flash(_("View “%(data)s” saved.", data=form.name.data), "success")
    except service.TooManyViews:
        flash(
            _("You have %(most)s views of this list. Delete some first.", most=service.MOST),
            "warning",
        )
    return redirect(place.url(filters), 303)


@blueprint.post("/views/<uuid:view_id>/delete")
@requires(Permission.READ_INVOLVED, own_settings=True)
def delete_view(view_id: UUID) -> ResponseReturnValue:
    """Forget a view; the requests in it stay as they are."""
    if not service.delete_view(str(view_id), me().id):
        abort(404)
    flash(_("View deleted."), "success")
    return redirect(url_for(".list_views"), 303)


def _filters(place: SavedList) -> dict[str, str]:
    """What the form says of the list, in the list's own words; anything else is left out."""
    if place is SavedList.INBOX:
        return filter_of(request.form).values
    return filters_in(request.form)
