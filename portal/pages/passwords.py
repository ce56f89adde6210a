"""Setting a password without knowing the old one: by a link that was mailed or handed over.

Opening a link changes nothing, so that programs which look into mails do not use it up.
"""

import structlog
from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal.domain.people.signing_in import Way
from portal.forms.sign_in import FirstAccountForm, ForgotForm, NewPasswordForm
from portal.pages import errors
from portal.presentation.errors import LINK_OVER
from portal.security.guards import public
from portal.security.sessions import address, click, current_settings, portal_session, signed_in
from portal.services import password_links as service
from portal.services import second_factors, sign_in
from portal.services.accounts import AccountRefused
from portal.services.errors import TooMany
from portal.services.password_links import FIRST, TEST, LinkOver, OpenLink
from portal.translation import _, ngettext

blueprint = Blueprint("passwords", __name__)
log = structlog.get_logger("portal.web")

LINK = "password_link"  # in a visitor's signed cookie


@blueprint.get("/password/forgot")
@public
def forgot() -> ResponseReturnValue:
    """Which address a link is to go to."""
    return _forgot(ForgotForm(formdata=None))


@blueprint.post("/password/forgot")
@public
def send_link() -> ResponseReturnValue:
    """Mail a link, if anybody has the address; the answer is the same for all addresses."""
    form = ForgotForm()
    if not form.validate_on_submit():
        return _forgot(form, 422)
    try:
        service.ask(form.email.data or "", address(), current_settings().secret_key)
    except TooMany as many:
        log.warning("password link limited", wait=many.retry_after)
        return _too_many(form, many)
    return redirect(url_for("passwords.sent"), 303)


@blueprint.get("/password/sent")
@public
def sent() -> ResponseReturnValue:
    """What happens now, whoever asked."""
    mail = bool(current_settings().mail.host)
    return render_template("pages/passwords/sent.html", mail=mail)


@blueprint.get("/p/<token>")
@public
def follow(token: str) -> ResponseReturnValue:
    """Where a link leads. Changes nothing, however often it is opened."""
    link = service.follow(token)
    if link is None:
        return errors.unsent(LINK_OVER)
    # Kept in the visitor's signed cookie, so that the token leaves the address bar.
    session[LINK] = link.id
    return redirect(url_for("passwords.new"), 303)


@blueprint.get("/password/new")
@public
def new() -> ResponseReturnValue:
    """The form of whoever came by a link."""
    link = _link()
    if link is not None and link.kind == TEST:
        return make_response(render_template("pages/passwords/arrived.html", link=link))
    return errors.unsent(LINK_OVER) if link is None else _new(link, _form_for(link, fresh=True))


@blueprint.post("/password/arrived")
@public
def confirm_mail() -> ResponseReturnValue:
    """Note that a test email arrived."""
    link = _link()
    try:
        if link is None:
            raise LinkOver
        service.confirm(link.id)
    except LinkOver:
        return errors.unsent(LINK_OVER)
    flash(_("Thank you. Email from this portal arrives."), "success")
    return redirect(url_for("admin.show_setup"), 303)


@blueprint.post("/password/new")
@public
def set_new() -> ResponseReturnValue:
    """Set the password, use up the link, and sign the person in."""
    link = _link()
    if link is None or link.kind == TEST:
        return errors.unsent(LINK_OVER)
    form = _form_for(link)
    if not form.validate_on_submit():
        return _new(link, form, 422)
    try:
        user_id = _use(link, form)
    except LinkOver:
        return errors.unsent(LINK_OVER)
    except AccountRefused as refused:
        return _new(link, form, 422, str(refused))
    log.info("password set", user=user_id, by=link.kind)
    return _welcome(user_id, link)


def _link() -> OpenLink | None:
    link_id = session.get(LINK)
    return service.find(link_id) if isinstance(link_id, str) else None


def _form_for(link: OpenLink, *, fresh: bool = False) -> NewPasswordForm:
    form = FirstAccountForm if link.kind == FIRST else NewPasswordForm
    return form(formdata=None) if fresh else form()


def _use(link: OpenLink, form: NewPasswordForm) -> str:
    password = form.password.data or ""
    if isinstance(form, FirstAccountForm):
        return service.use_first(link.id, form.email.data or "", form.name.data or "", password)
    return service.use(link.id, password)


def _welcome(user_id: str, link: OpenLink) -> ResponseReturnValue:
    old = signed_in()
    ends = old.session_id if old else ""
    if second_factors.held_by(user_id).any:
        # Whoever reads somebody's mail has no second factor of theirs.
        portal_session().sign_out()
        flash(_("Your password is set. Sign in with it."), "success")
        return redirect(url_for("sign_in.show"), 303)
    entrance = sign_in.Entrance(Way.LINK)
    portal_session().sign_in(sign_in.begin(user_id, click(), {}, ends, entrance))
    flash(_("Your password is set and you are signed in."), "success")
    start = "admin.show_setup" if link.kind == FIRST else "sign_in.start"
    return redirect(url_for(start), 303)


def _forgot(form: ForgotForm, status: int = 200, error: str = "") -> Response:
    page = render_template("pages/passwords/forgot.html", form=form, error=error)
    return make_response(page, status)


def _new(
    link: OpenLink, form: NewPasswordForm, status: int = 200, error: str = ""
) -> ResponseReturnValue:
    page = render_template("pages/passwords/new.html", link=link, form=form, error=error)
    return make_response(page, status)


def _too_many(form: ForgotForm, many: TooMany) -> Response:
    minutes = -(-many.retry_after // 60)
    wait = ngettext("%(n)s minute", "%(n)s minutes", minutes)
    words = _("Too many links were asked for. Wait %(wait)s, then try again.", wait=wait)
    response = _forgot(form, 429, words)
    response.headers["Retry-After"] = str(many.retry_after)
    return response
