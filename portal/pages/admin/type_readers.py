"""Who sees all requests of a type, beside those who have to do with a request."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.people.permissions import Permission
from portal.forms.type_readers import readers_form
from portal.pages.admin import blueprint
from portal.presenters.answer import command_key, new_key
from portal.queries import request_types, staff, type_readers
from portal.queries.request_types import AdminType
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import type_readers as service
from portal.services.organisation_settings import MOVED, mark_of
from portal.services.types import DraftAct, TypeRefused
from portal.translation import _


@blueprint.get("/admin/types/<code>/readers")
@requires(Permission.PUBLISH_TYPES)
def show_type_readers(code: str) -> ResponseReturnValue:
    """Which groups do now."""
    kind = request_types.of_administrators(code) or abort(404)
    now = tuple(type_readers.groups_of(code))
    return _page(kind, readers_form(staff.groups(), now, None), new_key())


@blueprint.post("/admin/types/<code>/readers")
@requires(Permission.PUBLISH_TYPES)
def change_type_readers(code: str) -> ResponseReturnValue:
    """Let these do, and no others."""
    kind, key = request_types.of_administrators(code) or abort(404), command_key()
    form = readers_form(staff.groups(), (), request.form)
    try:
        seen, act = request.form.get("seen"), DraftAct(key=key, actor_id=me().id)
        made = service.change(code, form["groups"].data or (), seen, act)
    except service.ReadersMoved:
        return _page(kind, form, key, 409)
    except TypeRefused as refused:
        form["groups"].errors = [str(refused)]
        return _page(kind, form, key, 422)
    flash(_("Changes saved.") if made else _("Nothing was changed."), "success")
    return redirect(url_for("admin.show_type", code=code), 303)


def _page(kind: AdminType, form: BaseForm, key: str, status: int = 200) -> ResponseReturnValue:
    mark = mark_of(type_readers.groups_of(kind.code))
    seen = request.form.get("seen", mark) if status == 422 else mark
    trouble = [_(MOVED)] if status == 409 else []
    page = render_template(
        "pages/types/readers.html", kind=kind, form=form, key=key, seen=seen, trouble=trouble
    )
    return make_response(page, status)
