"""What people may see and change about themselves."""

from datetime import timedelta

from flask import (
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.profile import LanguageForm, TimeZoneForm
from portal.forms.sign_in import OwnPasswordForm
from portal.pages.layout_context import SHORTCUTS_COOKIE, THEME_COOKIE, THEMES
from portal.pages.profile import blueprint
from portal.queries.sessions import OpenSession, open_sessions
from portal.security.guards import public, requires
from portal.security.next_page import is_safe
from portal.security.sessions import current_settings, me
from portal.services import accounts
from portal.services import sign_in as sessions
from portal.services.errors import TooMany
from portal.translation import _, chosen, language_name, speaking, tag

YEAR = 365 * 24 * 3600


@blueprint.get("/profile")
@requires(Permission.READ_INVOLVED)
def show() -> ResponseReturnValue:
    """Name, language, time zone, looks, and where one is signed in."""
    return _page(_language_form(me().locale), _zone_form(me().time_zone))


@blueprint.post("/profile/language")
@requires(Permission.READ_INVOLVED, own_settings=True)
def change_language() -> ResponseReturnValue:
    """Have pages, mails and messages written in another language."""
    form = _language_form()
    if not form.validate_on_submit():
        return _page(form, _zone_form(me().time_zone), 422)
    code = form.language.data
    accounts.change_language(me().id, code, current_settings().languages)
    # The answer is written in the language that was just chosen.
    with speaking(chosen(code, request.accept_languages.values(), current_settings().languages)):
        flash(_("Language saved."), "success")
    return redirect(url_for("profile.show"), 303)


@blueprint.post("/profile/time-zone")
@requires(Permission.READ_INVOLVED, own_settings=True)
def change_time_zone() -> ResponseReturnValue:
    """Show times in another zone."""
    form = _zone_form()
    if not form.validate_on_submit():
        return _page(_language_form(me().locale), form, 422)
    accounts.change_time_zone(me().id, form.time_zone.data)
    flash(_("Time zone saved."), "success")
    return redirect(url_for("profile.show"), 303)


@blueprint.get("/profile/password")
@requires(Permission.READ_INVOLVED)
def edit_password() -> ResponseReturnValue:
    """The form for a new password."""
    return _password_page(OwnPasswordForm(formdata=None))


@blueprint.post("/profile/password")
@requires(Permission.READ_INVOLVED, own_settings=True)
def change_password() -> ResponseReturnValue:
    """Change one's own password; every other browser is signed out."""
    form, person = OwnPasswordForm(), me()
    if not form.validate_on_submit():
        return _password_page(form, 422)
    current, password = form.current_password.data or "", form.password.data or ""
    try:
        accounts.change_own_password(person.id, person.session_id, current, password)
    except sessions.WrongPassword:
        form.current_password.errors = [_("The current password is wrong.")]
        return _password_page(form, 422)
    except TooMany as many:
        form.current_password.errors = [_("Too many wrong tries. Try again later.")]
        return _password_page(form, 429, many.retry_after)
    except accounts.AccountRefused as refused:
        form.password.errors = [str(refused)]
        return _password_page(form, 422)
    flash(_("Password changed. Other browsers are signed out."), "success")
    return redirect(url_for("profile.show"), 303)


@blueprint.post("/profile/sessions/<uuid:session_id>/end")
@requires(Permission.READ_INVOLVED, own_settings=True)
def end_session(session_id: object) -> ResponseReturnValue:
    """Sign out another browser of one's own."""
    sessions.end(str(session_id), me().id)
    flash(_("Browser signed out."), "success")
    return redirect(url_for("profile.show"), 303)


@blueprint.post("/profile/sessions/end-others")
@requires(Permission.READ_INVOLVED, own_settings=True)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere else."""
    sessions.end_others(me().session_id, me().id)
    flash(_("All other browsers are signed out."), "success")
    return redirect(url_for("profile.show"), 303)


@blueprint.post("/theme")
@public
def change_theme() -> ResponseReturnValue:
    """Light, dark, or as the system has it; kept in a cookie, so it holds before signing in too."""
    wish = request.form.get("theme", "")
    return _with_cookie(THEME_COOKIE, wish if wish in THEMES else "")


@blueprint.post("/profile/shortcuts")
@requires(Permission.READ_INVOLVED, own_settings=True)
def change_shortcuts() -> ResponseReturnValue:
    """Turn keyboard shortcuts on or off in this browser."""
    off = request.form.get("shortcuts") == "off"
    return _with_cookie(SHORTCUTS_COOKIE, "off" if off else "")


def _password_page(
    form: OwnPasswordForm, status: int = 200, retry_after: int = 0
) -> ResponseReturnValue:
    response = make_response(render_template("pages/profile/password.html", form=form), status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _with_cookie(name: str, value: str) -> Response:
    target = request.form.get("next", "")
    response = make_response(redirect(target if is_safe(target) else url_for("profile.show"), 303))
    age = YEAR if value else 0
    secure = request.is_secure
    response.set_cookie(name, value, max_age=age, secure=secure, httponly=True, samesite="Lax")
    return response


def _zone_form(current: str | None = None) -> TimeZoneForm:
    form = TimeZoneForm(formdata=None, time_zone=current) if current else TimeZoneForm()
    form.time_zone.choices = {zone: zone.replace("_", " ") for zone in accounts.time_zones()}
    return form


def _language_form(current: str | None = None) -> LanguageForm:
    form = LanguageForm(formdata=None, language=current) if current is not None else LanguageForm()
    own = [
        (code, language_name(code), {"lang": tag(code)}) for code in current_settings().languages
    ]
    form.language.choices = [("", _("Same as my browser")), *own]
    return form


def _page(languages: LanguageForm, zones: TimeZoneForm, status: int = 200) -> Response:
    body = render_template(
        "pages/profile/show.html",
        languages=languages,
        zones=zones,
        person=me(),
        sessions=_sessions(),
        themes=THEMES,
    )
    return make_response(body, status)


def _sessions() -> list[OpenSession]:
    settings = current_settings()
    idle = timedelta(minutes=settings.session_idle_minutes)
    return open_sessions(me().id, idle, timedelta(hours=settings.session_absolute_hours))
