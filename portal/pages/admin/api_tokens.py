"""Tokens of the JSON API, for administrators: made for programs, rotated and revoked."""

from dataclasses import replace
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.people.tokens import TokenKind, offered
from portal.forms.api_token import NewTokenForm
from portal.pages.admin import blueprint
from portal.presenters.answer import new_key
from portal.queries import api_tokens as tokens
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import api_tokens as service
from portal.services.api_tokens import TokenGone, TokenRejected
from portal.translation import _


@blueprint.get("/admin/tokens")
@requires(Permission.ADMINISTER)
def list_tokens() -> ResponseReturnValue:
    """All tokens, of services and of people, with when each was last used."""
    return render_template("pages/tokens/list.html", rows=tokens.listed(), room="admin")


@blueprint.get("/admin/tokens/new")
@requires(Permission.ADMINISTER)
def new_token() -> ResponseReturnValue:
    """The form for a service's token."""
    return _new(_form(token_id=new_key()))


@blueprint.post("/admin/tokens/new")
@requires(Permission.ADMINISTER)
def make_token() -> ResponseReturnValue:
    """Make it, and show its secret this once."""
    form = _form(request.form)
    if not form.validate():
        return _new(form, 422)
    wish = replace(form.wish(), prefix=current_settings().api_token_prefix)
    try:
        key = str(UUID(form.token_id.data))
        token_id, secret = service.make_service(wish, me().id, key)
    except TokenRejected as rejected:
        form.name.errors = [str(rejected)]
        return _new(form, 422)
    return _secret(token_id, secret)


@blueprint.get("/admin/tokens/<uuid:token_id>/<any(rotate, revoke):act>")
@requires(Permission.ADMINISTER)
def ask_about_token(token_id: UUID, act: str) -> ResponseReturnValue:
    """Whether it is to get another secret, or to end."""
    token = tokens.find(str(token_id))
    if token is None or not token.is_in_use:
        abort(404)
    return render_template("pages/tokens/confirm.html", token=token, act=act, room="admin")


@blueprint.post("/admin/tokens/<uuid:token_id>/rotate")
@requires(Permission.ADMINISTER)
def rotate_token(token_id: UUID) -> ResponseReturnValue:
    """Give it another secret, and show that this once."""
    try:
        secret = service.rotate(
            str(token_id), me().id, seen=request.form.get("seen"),
            prefix=current_settings().api_token_prefix,
        )  # fmt: skip
    except TokenGone:
        abort(404)
    except TokenRejected as rejected:
        flash(str(rejected), "error")
        return redirect(url_for(".list_tokens"), 303)
    return _secret(str(token_id), secret)


@blueprint.post("/admin/tokens/<uuid:token_id>/revoke")
@requires(Permission.ADMINISTER)
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """End it at once."""
    try:
        service.revoke(str(token_id), me().id)
        flash(_("The token is revoked. Whoever uses it is refused from now on."), "success")
    except TokenGone:
        flash(_("This token was already revoked, or it expired."), "info")
    return redirect(url_for(".list_tokens"), 303)


def _form(*given: object, **shown: object) -> NewTokenForm:
    return NewTokenForm(*given, **shown).offer(offered(TokenKind.SERVICE))


def _new(form: NewTokenForm, status: int = 200) -> ResponseReturnValue:
    page = render_template("pages/tokens/new.html", form=form, room="admin", lacks_proof=False)
    return make_response(page, status)


def _secret(token_id: str, secret: str) -> ResponseReturnValue:
    token = tokens.find(token_id)
    if token is None:
        abort(404)
    return render_template("pages/tokens/secret.html", token=token, secret=secret, room="admin")
