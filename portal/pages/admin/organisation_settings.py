"""The organisation itself: its name and looks, and what holds where nobody chose something."""

from typing import Any

from babel.numbers import list_currencies
from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.form import BaseForm

from portal.domain.people.organisation import SETTINGS, Part
from portal.domain.people.permissions import Permission
from portal.forms.organisation import SettingChoices, setting_form
from portal.pages.admin import blueprint
from portal.presentation.labels import language_name
from portal.presenters import organisation as words
from portal.queries import calendars, organisation
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import accounts
from portal.services import organisation_settings as service
from portal.services.organisation_settings import SettingsMoved
from portal.translation import _


@blueprint.get("/admin/organisation")
@requires(Permission.ADMINISTER)
def show_organisation() -> ResponseReturnValue:
    """Everything that is set, each with the page that changes it."""
    return render_template(
        "pages/organisation/show.html",
        set=organisation.settings(),
        words=words,
        settings=current_settings(),
        language_name=language_name,
        changes=[(each, words.done(each)) for each in _changes()],
    )


@blueprint.get("/admin/organisation/<part>")
@requires(Permission.ADMINISTER)
def edit_organisation(part: str) -> ResponseReturnValue:
    """One part of it, as it stands."""
    which = _part(part)
    return _page(which, _form(which), service.mark_of(service.current(which)))


@blueprint.post("/admin/organisation/<part>")
@requires(Permission.ADMINISTER)
def change_organisation(part: str) -> ResponseReturnValue:
    """Set it otherwise, unless somebody else did meanwhile: then that is shown first."""
    which, seen = _part(part), request.form.get("seen", "")
    form = _form(which, typed=True)
    if not form.validate():
        return _page(which, form, seen, 422)
    if "look" in request.form:
        return _page(which, form, seen)
    try:
        changed = service.change(which, _values(which, form), seen, me().id)
    except SettingsMoved:
        told = [words.moved_words(each) for each in _changes()[:1]]
        return _page(which, form, service.mark_of(service.current(which)), 409, told)
    flash(_("Changes saved.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("admin.show_organisation"), 303)


def _part(name: str) -> Part:
    try:
        return Part(name)
    except ValueError:
        abort(404)


def _form(part: Part, *, typed: bool = False) -> BaseForm:
    choices = SettingChoices(
        places=calendars.names(),
        zones=accounts.time_zones(),
        languages={code: language_name(code) for code in current_settings().languages},
        currencies=list_currencies(),
    )
    return setting_form(
        part, choices, request.form if typed else None, {} if typed else service.current(part)
    )


def _values(part: Part, form: BaseForm) -> dict[str, Any]:
    """What the form says, as the columns hold it."""
    values = {name: form[name].data for name in SETTINGS[part]}
    return values | (
        {"calendar_id": values["calendar_id"] or None} if "calendar_id" in values else {}
    )


def _changes() -> tuple[organisation.UnitChangeRecord, ...]:
    return organisation.changes(service.SUBJECT, service.ITSELF)


def _page(
    part: Part, form: BaseForm, seen: str, status: int = 200, trouble: list[str] | None = None
) -> ResponseReturnValue:
    page = render_template(
        "pages/organisation/part.html",
        part=part,
        form=form,
        seen=seen,
        trouble=trouble or [],
        words=words,
        settings=current_settings(),
        accent=form["accent"].data if part is Part.COLOUR else "",
    )
    return make_response(page, status)
