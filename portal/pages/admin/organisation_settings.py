"""The organisation itself: its name and looks, and what holds where nobody chose something."""

from contextlib import closing
from typing import Any

from babel.numbers import list_currencies
from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage
from wtforms.form import BaseForm

from portal.domain.people.organisation import SETTINGS, OrganisationPart
from portal.domain.people.permissions import Permission
from portal.forms.organisation import SettingChoices, setting_form, translated
from portal.pages.admin import blueprint
from portal.presenters import organisation as words
from portal.queries import calendars, organisation
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import accounts, logos
from portal.services import organisation_settings as service
from portal.services.logos import LogoRefused, SafeLogo
from portal.services.organisation_settings import SettingsMoved
from portal.translation import _, in_order, language_name
from portal.translation.pseudo import TRIALS


@blueprint.get("/admin/organisation")
@requires(Permission.ADMINISTER)
def show_organisation() -> ResponseReturnValue:
    """Everything that is set, each with the page that changes it."""
    return render_template(
        "pages/organisation/show.html",
        set=organisation.settings(),
        texts=organisation.mail_texts(),
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
    gone = _gone(which, form)
    is_sure = not any(gone.values()) or request.form.get("sure") == _sure(which, form)
    if "look" in request.form or not is_sure:
        return _page(which, form, seen, gone=gone)
    try:
        changed = service.change(which, _values(which, form), seen, me().id)
    except SettingsMoved:
        told = [words.moved_words(each) for each in _changes()[:1]]
        return _page(which, form, service.mark_of(service.current(which)), 409, told)
    flash(_("Changes saved.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("admin.show_organisation"), 303)


@blueprint.get("/admin/organisation/logo")
@requires(Permission.ADMINISTER)
def edit_logo() -> ResponseReturnValue:
    """The logo as it is seen on light and on dark."""
    return _logo()


@blueprint.post("/admin/organisation/logo")
@requires(Permission.ADMINISTER, uploads=True)
def change_logo() -> ResponseReturnValue:
    """Show another one, or none."""
    seen, file = request.form.get("seen", ""), request.files.get("file")
    made = None
    try:
        if "remove" not in request.form:
            made = _sent(file)
        changed = logos.change(made, seen, me().id)
    except LogoRefused as refused:
        return _logo(str(refused), 422)
    except SettingsMoved:
        return _logo(" ".join(words.moved_words(each) for each in _changes()[:1]), 409)
    flash(_("Changes saved.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("admin.edit_logo"), 303)


def _sent(file: FileStorage | None) -> SafeLogo:
    if file is None or not file.filename:
        raise LogoRefused(_("Choose a file."))
    with closing(file):
        return logos.made_safe(file.stream.read(logos.MOST_BYTES + 1))


def _logo(trouble: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template("pages/organisation/logo.html", trouble=trouble)
    return make_response(page, status)


def _part(name: str) -> OrganisationPart:
    try:
        return OrganisationPart(name)
    except ValueError:
        abort(404)


def _form(part: OrganisationPart, *, typed: bool = False) -> BaseForm:
    choices = SettingChoices(
        places=calendars.names(),
        zones=accounts.time_zones(),
        languages={code: language_name(code) for code in _offered()},
        currencies=list_currencies(),
        spoken=service.current(OrganisationPart.MAIL) if part is OrganisationPart.LANGUAGES else {},
        usual=_usual() if part is OrganisationPart.LANGUAGES else "",
    )
    return setting_form(part, choices, request.form if typed else None,
                        {} if typed else _typed(part, choices))  # fmt: skip


def _offered() -> tuple[str, ...]:
    return tuple(each for each in current_settings().languages if each not in TRIALS)


def _usual() -> str:
    """The language that the organisation's own texts are written in."""
    locale = service.current(OrganisationPart.DEFAULTS)["locale"]
    return in_order(locale, current_settings().languages)[0]


def _typed(part: OrganisationPart, choices: SettingChoices) -> dict[str, Any]:
    """What stands in the fields of a part as it is."""
    now = service.current(part)
    if part is not OrganisationPart.LANGUAGES:
        return now
    return {
        f"{name}_{code}": now["translations"].get(text, {}).get(code, "")
        for name, text in choices.spoken.items()
        for code in choices.languages
    }


def _gone(part: OrganisationPart, form: BaseForm) -> dict[str, int]:
    """What would be deleted tonight by what the form says."""
    if part is not OrganisationPart.RETENTION:
        return {}
    return organisation.over_now({name: form[name].data for name in SETTINGS[part]})


def _sure(part: OrganisationPart, form: BaseForm) -> str:
    """What says that these very values were agreed to."""
    return service.mark_of(_values(part, form))


def _values(part: OrganisationPart, form: BaseForm) -> dict[str, Any]:
    """What the form says, as the columns hold it."""
    if part is OrganisationPart.LANGUAGES:
        spoken = service.current(OrganisationPart.MAIL)
        return {"translations": translated(form, spoken, _offered())}
    values = {name: form[name].data for name in SETTINGS[part]}
    return values | (
        {"calendar_id": values["calendar_id"] or None} if "calendar_id" in values else {}
    )


def _changes() -> tuple[organisation.UnitChangeRecord, ...]:
    return organisation.changes(service.SUBJECT, service.ITSELF)


def _page(
    part: OrganisationPart,
    form: BaseForm,
    seen: str,
    status: int = 200,
    trouble: list[str] | None = None,
    gone: dict[str, int] | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "pages/organisation/part.html",
        part=part,
        form=form,
        seen=seen,
        trouble=trouble or [],
        gone=words.gone_words(gone or {}),
        sure=_sure(part, form) if gone else "",
        cleaned_at=organisation.cleaned_at() if part is OrganisationPart.RETENTION else None,
        words=words,
        settings=current_settings(),
        accent=form["accent"].data if part is OrganisationPart.COLOUR else "",
    )
    return make_response(page, status)
