"""One's own tokens, by which a program acts in one's name: made, rotated and revoked."""

from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.people.tokens import TokenKind, offered
from portal.forms.api_token import NewTokenForm
from portal.pages.profile import blueprint
from portal.pages.second_step import confirm_first
from portal.presenters.answer import new_key
from portal.queries import api_tokens as tokens
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import api_tokens as service
from portal.services.api_tokens import TokenGone, TokenRejected
from portal.translation import _

OWN = Permission.READ_INVOLVED
ROOM = "profile"


@blueprint.get("/profile/tokens")
@requires(OWN)
def list_tokens() -> ResponseReturnValue:
    """One's own tokens, with when each was last used."""
    return render_template("pages/tokens/list.html", rows=tokens.listed(me().id), room=ROOM)


@blueprint.get("/profile/tokens/new")
@requires(OWN)
def new_token() -> ResponseReturnValue:
    """The form, for whoever proved a moment ago who they are."""
    return _new(_form(token_id=new_key()))


@blueprint.post("/profile/tokens/confirm")
@requires(OWN, own_settings=True)
def confirm_for_token() -> ResponseReturnValue:
    """Prove who one is, then on to the form."""
    return confirm_first(url_for(".new_token"))


@blueprint.post("/profile/tokens/new")
@requires(OWN, own_settings=True)
def make_token() -> ResponseReturnValue:
    """Make it, and show its secret this once."""
    form = _form(request.form)
    if not form.validate() or not me().is_recent:
        return _new(form, 422)
    key = str(UUID(form.token_id.data))
    try:
        token_id, secret = service.make_personal(form.wish(), me().id, me().id, key)
    except TokenRejected as rejected:
        form.name.errors = [str(rejected)]
        return _new(form, 422)
    return _secret(token_id, secret)


@blueprint.get("/profile/tokens/<uuid:token_id>/<any(rotate, revoke):act>")
@requires(OWN)
def ask_about_token(token_id: UUID, act: str) -> ResponseReturnValue:
    """Whether one's own token is to get another secret, or to end."""
    token = tokens.find(str(token_id), me().id)
    if token is None or not token.is_in_use:
        abort(404)
    return render_template("pages/tokens/confirm.html", token=token, act=act, room=ROOM)


@blueprint.post("/profile/tokens/<uuid:token_id>/rotate")
@requires(OWN, own_settings=True)
def rotate_token(token_id: UUID) -> ResponseReturnValue:
    """Give it another secret, and show that this once."""
    if not me().is_recent:
        return confirm_first(url_for(".list_tokens"))
    try:
        secret = service.rotate(str(token_id), me().id, me().id, request.form.get("seen"))
    except TokenGone:
        abort(404)
    except TokenRejected as rejected:
        flash(str(rejected), "error")
        return redirect(url_for(".list_tokens"), 303)
    return _secret(str(token_id), secret)


@blueprint.post("/profile/tokens/<uuid:token_id>/revoke")
@requires(OWN, own_settings=True)
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """End it at once."""
    try:
        service.revoke(str(token_id), me().id, me().id)
        flash(_("The token is revoked. Whoever uses it is refused from now on."), "success")
    except TokenGone:
        flash(_("This token was already revoked, or it expired."), "info")
    return redirect(url_for(".list_tokens"), 303)


def _form(*given: object, **shown: object) -> NewTokenForm:
    return NewTokenForm(*given, **shown).offer(offered(TokenKind.PERSONAL, me().permissions))


def _new(form: NewTokenForm, status: int = 200) -> ResponseReturnValue:
    lacks = not me().is_recent
    page = render_template("pages/tokens/new.html", form=form, room=ROOM, lacks_proof=lacks)
    return make_response(page, status)


def _secret(token_id: str, secret: str) -> ResponseReturnValue:
    token = tokens.find(token_id, me().id)
    if token is None:
        abort(404)
    return render_template("pages/tokens/secret.html", token=token, secret=secret, room=ROOM)
