"""Signing in and out, and the way back to a form that was being sent when a session ended."""

from typing import Any

import structlog
from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.domain.marked import msgid
from portal.domain.people.permissions import Permission
from portal.domain.proof.acts import ActKind
from portal.forms.sign_in import SignInForm
from portal.pages import errors
from portal.pages import layout_context as frame
from portal.presentation.errors import ErrorPage
from portal.presenters import kept_forms as typed
from portal.queries.inbox import has_been_asked
from portal.security import kept_forms, sessions
from portal.security.guards import (
    SignInNeeded,
    is_own_form,
    public,
    refuse_large_form,
    requires,
)
from portal.security.kept_forms import KeptForm
from portal.security.next_page import safe_next
from portal.security.sessions import (
    CHALLENGE,
    LINK,
    SAFE_METHODS,
    click,
    current_settings,
    me,
    portal_session,
    signed_in,
)
from portal.services import acts, proofs, second_factors
from portal.services import sign_in as service
from portal.services.errors import TooMany
from portal.translation import _, lazy, ngettext

blueprint = Blueprint("sign_in", __name__)
log = structlog.get_logger("portal.web")

WRONG = lazy("The email address or password is wrong.")
ENDED = lazy("Your session has ended. Sign in to continue; what you typed is kept.")
ENDED_EMPTY = lazy("Your session has ended. Sign in to continue.")
ENDED_WITH_FILES = lazy(
    "Your session has ended. Sign in to continue; what you typed is kept. Choose files again."
)
ENDED_OPEN = lazy(
    "Your session ended while this page was open. What you typed is kept and was not sent yet."
)
FROM_BEFORE = lazy("This page was open too long. What you typed is kept and was not sent yet.")
SIGN_IN_AGAIN = ErrorPage(
    401,
    msgid("Sign in to continue"),
    msgid("Your session has ended, and what you typed was not sent."),
    (msgid("Copy what you typed, then sign in and send it again."),),
    "lock-closed",
)
OLD_PAGE = lazy("This page was open too long. Sign in again.")
NOT_YOURS = lazy("Someone else left a form open here. It was not sent, and you cannot see it.")


@blueprint.get("/")
@requires(Permission.READ_INVOLVED)
def start() -> ResponseReturnValue:
    """The first page of whoever is here: auditors and staff who decide nothing have no inbox."""
    person = me()
    if person.is_auditor:
        return redirect(url_for("history.show"))
    decides = has_been_asked(person.id)
    return redirect(url_for("inbox.show" if decides else "requests.list_mine"))


@blueprint.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """The sign-in form."""
    person = signed_in()
    if person:
        return redirect(safe_next(request.args.get("next", "")))
    return _form(SignInForm(formdata=None))


@blueprint.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check the password and start a session, always under a new id."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _form(form, status=422)
    device = sessions.read(request, current_settings())
    known = service.Device(*device) if device else None
    try:
        email, password = form.email.data or "", form.password.data or ""
        person = service.check(email, password, click(), known)
    except service.WrongPassword:
        log.info("sign-in refused")
        acts.keep(ActKind.SIGN_IN_FAILED, account=acts.account_mark(email))
        return _form(form, 422, WRONG)
    except TooMany as many:
        log.warning("sign-in limited", wait=many.retry_after)
        return _too_many(form, many)
    return welcome(person.user_id, form.kept.data or "", service.BY_PASSWORD)


@blueprint.post("/sign-out")
@requires(Permission.READ_INVOLVED, own_settings=True)
def leave() -> ResponseReturnValue:
    """End the session, here and in the database."""
    service.end(me().session_id, me().id)
    portal_session().sign_out()
    flash(_("You are signed out."), "success")
    return redirect(url_for("sign_in.show"), 303)


@blueprint.get("/sign-in/continue")
@requires(Permission.READ_INVOLVED)
def resume() -> ResponseReturnValue:
    """What was typed before the session ended, ready to be sent."""
    form = kept_forms.in_session(portal_session())
    return _resume(form) if form else redirect(url_for("sign_in.start"))


@blueprint.app_errorhandler(SignInNeeded)
def ask(_: SignInNeeded) -> ResponseReturnValue:
    """A page for signed-in people was opened, or a form sent, by somebody who is not."""
    if request.method in SAFE_METHODS:
        here = None if request.path == "/" else request.full_path.rstrip("?")
        return redirect(url_for("sign_in.show", next=here))
    try:
        refuse_large_form()
    except HTTPException as too_large:
        return errors.on_http(too_large)
    kept = kept_forms.keep(request, current_settings())
    if kept is None:
        return errors.unsent(SIGN_IN_AGAIN) if typed.posted() else _to_sign_in()
    form = SignInForm(formdata=None, kept=kept_forms.seal(kept, current_settings()))
    return _form(form, 401, notice=ENDED_WITH_FILES if request.files else ENDED)


@blueprint.app_errorhandler(CSRFError)
def outdated(_: CSRFError) -> ResponseReturnValue:
    """The form belongs to another session, or to none: what was typed is kept. The same person
    sends it by pressing once more; so does whoever's browser says that it is our own page's."""
    if request.endpoint == "sign_in.enter":
        return _form(SignInForm(), 400, OLD_PAGE)
    person, settings = signed_in(), current_settings()
    if person is None:
        return errors.answer(400)
    owner = person.id if is_own_form(settings) else ""
    kept = kept_forms.keep(request, settings, owner)
    if kept and kept.owner_id == person.id:
        return _resume(kept, 400)
    return errors.answer(400)


def _to_sign_in() -> ResponseReturnValue:
    flash(str(ENDED_EMPTY), "info")
    return redirect(url_for("sign_in.show"), 303)


def welcome(
    user_id: str, sealed: str, entrance: service.Entrance, target: str | None = None
) -> Response:
    """Let somebody in; first ask for the second factor, where they have one and it was not among
    what they proved. `sealed`: a form that was being sent when a session ended. `target`: where
    they go then, instead of where the address says."""
    target = request.args.get("next", "") if target is None else target
    if not entrance.is_strong and second_factors.held_by(user_id).any:
        kept_for_then = {
            "kept": sealed, "how": entrance.how.value, "there": entrance.there,
        }  # fmt: skip
        portal_session()[CHALLENGE] = proofs.begin_second(user_id, kept_for_then)
        second = url_for("second_step.ask_second", next=target or None)
        return redirect(second, 303)  # type: ignore[return-value]  # as below
    return _begin(user_id, kept_forms.unseal(sealed, current_settings()), entrance, target)


def _begin(
    user_id: str, kept: KeptForm | None, entrance: service.Entrance, target: str
) -> Response:
    own = kept if kept and kept.owner_id == user_id else None
    session, old = portal_session(), signed_in()
    data: dict[str, Any] = {kept_forms.SESSION_KEY: own.as_data()} if own else {}
    if LINK in session:
        data[LINK] = session[LINK]
    ends = old.session_id if old else ""
    session.sign_in(service.begin(user_id, click(), data, ends, entrance))
    log.info("signed in", user=user_id, how=entrance.how.value)
    if kept and not own:
        flash(str(NOT_YOURS), "warning")
    response = redirect(url_for("sign_in.resume") if own else safe_next(target), 303)
    sessions.remember(request, response, current_settings(), user_id)
    return response  # type: ignore[return-value]  # Flask's own class of werkzeug's response


def _form(form: SignInForm, status: int = 200, error: str = "", notice: str = "") -> Response:
    action = url_for("sign_in.enter", next=request.args.get("next") or None)
    body = render_template(
        "pages/sign_in/show.html", form=form, action=action, error=error, notice=notice,
        forgot_url=url_for("passwords.forgot"), closed=frame.closed(),
        providers=current_settings().sign_in_providers, next_url=request.args.get("next") or None,
        passkey_url=url_for("second_step.begin_passkey", next=request.args.get("next") or None),
    )  # fmt: skip
    return make_response(body, status)


def _too_many(form: SignInForm, many: TooMany) -> Response:
    minutes = -(-many.retry_after // 60)
    wait = ngettext("%(n)s minute", "%(n)s minutes", minutes)
    response = _form(
        form, 429, _("Too many failed attempts. Wait %(wait)s, then try again.", wait=wait)
    )
    response.headers["Retry-After"] = str(many.retry_after)
    return response


def _resume(form: KeptForm, status: int = 200) -> Response:
    page = render_template(
        "pages/sign_in/resume.html",
        kept=form,
        answers=typed.answers(form.fields, form.path),
        intro=ENDED_OPEN if status == 200 else FROM_BEFORE,
    )
    return make_response(page, status)
