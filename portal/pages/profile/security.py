"""Passkeys, an app that shows codes, recovery codes; and the history of signing in."""

from urllib.parse import quote
from uuid import UUID

import segno
from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.factors import AppCodeForm, PasskeyForm
from portal.forms.fields import uuid_of
from portal.pages.profile import blueprint
from portal.pages.second_step import confirm_first, site
from portal.presenters import sign_ins as words
from portal.queries import sign_ins, staff
from portal.security.guards import requires
from portal.security.sessions import CHALLENGE, current_settings, me, portal_session
from portal.services import challenges, passkeys, providers, second_factors
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.errors import TooMany
from portal.services.passkeys import PasskeyRefused
from portal.services.second_factors import WrongCode
from portal.translation import _

OWN = Permission.READ_INVOLVED


@blueprint.get("/profile/security")
@requires(OWN, before_factor=True)
def show_security() -> ResponseReturnValue:
    """How one signs in."""
    person = me()
    page = render_template(
        "pages/profile/security.html",
        held=second_factors.held_by(person.id),
        passkeys=passkeys.of(person.id),
        accounts=providers.linked(person.id),
        providers={each.issuer: each for each in current_settings().sign_in_providers},
        lacks=person.lacks_factor(current_settings().second_factor_roles),
    )
    return make_response(page)


@blueprint.post("/profile/security/passkeys")
@requires(OWN, own_settings=True, before_factor=True)
def begin_passkey() -> ResponseReturnValue:
    """Begin to add a passkey."""
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    try:
        portal_session()[CHALLENGE] = passkeys.begin_new(me().id)
    except PasskeyRefused as refused:
        flash(str(refused), "error")
        return _back()
    return redirect(url_for("profile.ask_new_passkey"), 303)


@blueprint.get("/profile/security/passkeys/new")
@requires(OWN, before_factor=True)
def ask_new_passkey() -> ResponseReturnValue:
    """The page on which the browser makes one."""
    challenge = _asked()
    return _back() if challenge is None else _passkey_page(challenge, PasskeyForm(formdata=None))


@blueprint.post("/profile/security/passkeys/new")
@requires(OWN, own_settings=True, before_factor=True)
def add_passkey() -> ResponseReturnValue:
    """Keep what the browser made."""
    challenge, form, person = _asked(), PasskeyForm(), me()
    if challenge is None:
        flash(_("This took too long. Begin again."), "info")
        return _back()
    if not form.validate():
        return _passkey_page(challenge, form, 422)
    answer, name = form.secret_answer.data or "", form.name.data or ""
    try:
        passkeys.finish_new(challenge, answer, name, site(), person.session_id)
    except PasskeyRefused as refused:
        return _passkey_page(challenge, form, 422, str(refused))
    portal_session().pop(CHALLENGE, None)
    flash(_("Passkey added."), "success")
    return _back()


@blueprint.post("/profile/security/passkeys/<uuid:passkey_id>/name")
@requires(OWN, own_settings=True)
def rename_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Call it otherwise."""
    passkeys.rename(me().id, str(passkey_id), request.form.get("name", ""))
    flash(_("Name saved."), "success")
    return _back()


@blueprint.post("/profile/security/passkeys/<uuid:passkey_id>/remove")
@requires(OWN, own_settings=True)
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Take it no more."""
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    passkeys.remove(me().id, str(passkey_id))
    flash(_("Passkey removed."), "success")
    return _back()


@blueprint.post("/profile/security/app")
@requires(OWN, own_settings=True, before_factor=True)
def begin_app() -> ResponseReturnValue:
    """Begin to set up an app."""
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    second_factors.begin_app(me().id, current_settings().secret_keys[-1])
    return redirect(url_for("profile.ask_app"), 303)


@blueprint.get("/profile/security/app")
@requires(OWN, before_factor=True)
def ask_app() -> ResponseReturnValue:
    """What the app has to be told, and the field for its first code."""
    return _app_page(AppCodeForm(formdata=None))


@blueprint.post("/profile/security/app/confirm")
@requires(OWN, own_settings=True, before_factor=True)
def confirm_app() -> ResponseReturnValue:
    """Take codes of the app from now on, and show recovery codes."""
    form, person = AppCodeForm(), me()
    if not form.validate():
        return _app_page(form, 422)
    code = form.secret_code.data or ""
    keys = current_settings().secret_keys
    try:
        codes = second_factors.confirm_app(person.id, code, keys, person.session_id)
    except WrongCode:
        form.secret_code.errors = [_("This code is not right. Is the clock of the phone right?")]
        return _app_page(form, 422)
    except TooMany:
        form.secret_code.errors = [_("Too many wrong codes. Try again later.")]
        return _app_page(form, 429)
    return _codes_page(codes)


@blueprint.post("/profile/security/app/remove")
@requires(OWN, own_settings=True)
def remove_app() -> ResponseReturnValue:
    """Take its codes no more."""
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    second_factors.remove_app(me().id)
    flash(_("Authenticator app removed."), "success")
    return _back()


@blueprint.post("/profile/security/codes")
@requires(OWN, own_settings=True)
def make_codes() -> ResponseReturnValue:
    """Show new recovery codes, once; older ones count no more."""
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    if not second_factors.held_by(me().id).any:
        return _back()
    return _codes_page(second_factors.new_codes(me().id))


@blueprint.get("/profile/sign-ins")
@requires(OWN)
def show_sign_ins() -> ResponseReturnValue:
    """When and how one signed in."""
    return _sign_ins(me().id, _("Your sign-ins"), url_for("profile.show_sign_ins"))


@blueprint.get("/people/<uuid:person_id>/sign-ins")
@requires(Permission.READ_AUDIT)
def show_sign_ins_of(person_id: UUID) -> ResponseReturnValue:
    """When and how somebody signed in, for auditors."""
    found = staff.profile(str(person_id))
    if found is None:
        abort(404)
    here = url_for("profile.show_sign_ins_of", person_id=person_id)
    return _sign_ins(found.id, _("Sign-ins of %(name)s", name=found.name), here)


def _sign_ins(person_id: str, title: str, here: str) -> Response:
    records, more = sign_ins.of(person_id, uuid_of(request.args.get("before")))
    older = f"{here}?before={records[-1].id}" if more else None
    rows = [(each, words.outcome(each), words.ways(each)) for each in records]
    page = render_template(
        "pages/profile/sign_ins.html",
        title=title,
        rows=rows,
        older_url=older,
        own=person_id == me().id,
    )
    return make_response(page)


def _asked() -> OpenChallenge | None:
    asked = portal_session().get(CHALLENGE)
    return challenges.find(asked, ChallengeKind.PASSKEY_NEW, me().id)


def _back() -> ResponseReturnValue:
    return redirect(url_for("profile.show_security"), 303)


def _passkey_page(
    challenge: OpenChallenge, form: PasskeyForm, status: int = 200, error: str = ""
) -> Response:
    options = passkeys.options_new(challenge, site())
    page = render_template("pages/profile/passkey.html", form=form, options=options, error=error)
    return make_response(page, status)


def _app_page(form: AppCodeForm, status: int = 200) -> ResponseReturnValue:
    secret = second_factors.unconfirmed_secret(me().id, current_settings().secret_keys)
    if secret is None:
        return _back()
    label = quote(f"{passkeys.PRODUCT}:{me().email}")
    address = f"otpauth://totp/{label}?secret={secret}&issuer={quote(passkeys.PRODUCT)}"
    page = render_template(
        "pages/profile/app.html", form=form, secret=secret, address=address, code=_drawn(address)
    )
    return make_response(page, status)


def _drawn(text: str) -> list[list[bool]]:
    """The QR code's squares, row by row."""
    return [[bool(square) for square in row] for row in segno.make(text, error="m").matrix]


def _codes_page(codes: list[str]) -> Response:
    return make_response(render_template("pages/profile/codes.html", codes=codes))
