"""Passkeys and codes: the second step of signing in, signing in by a passkey alone, and proving
anew who one is before something grave."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as to
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.people.providers import SignInProvider
from portal.domain.people.signing_in import Way
from portal.forms.factors import ProofForm
from portal.pages import sign_in
from portal.security.guards import FactorNeeded, public, requires
from portal.security.next_page import safe_next
from portal.security.sessions import (
    CHALLENGE,
    address,
    click,
    current_settings,
    me,
    portal_session,
)
from portal.services import attempts, challenges, passkeys, proofs, providers, second_factors
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.errors import TooMany
from portal.services.passkeys import PasskeyRefused, Site
from portal.services.proofs import NotProven, ProofInput, Prover
from portal.services.sign_in import Entrance
from portal.translation import _, lazy

blueprint = Blueprint("second_step", __name__)

SIGNING = "signing"  # in the session: the decision that waits to be signed
OVER = lazy("This took too long. Sign in again.")
WRONG = lazy("That was not right. Use a new code, or your passkey.")
NOT_TAKEN = lazy("This passkey was not accepted. Is it one of this portal, and still in use?")


@blueprint.app_errorhandler(FactorNeeded)
def set_up_first(_error: FactorNeeded) -> ResponseReturnValue:
    """Somebody whose role requires a second factor has none in this session."""
    flash(_("Your role needs a second factor. Set up a passkey or an app to continue."), "warning")
    return redirect(to("profile.show_security"), 303)


@blueprint.post("/sign-in/passkey")
@public
def begin_passkey() -> ResponseReturnValue:
    """Ask for a passkey, of whomever it is."""
    try:
        attempts.begin(attempts.ceremony_keys(address()))
    except TooMany as many:
        return _too_many(many, to("sign_in.show"))
    portal_session()[CHALLENGE] = passkeys.begin_sign_in()
    return redirect(to("second_step.ask_passkey", next=request.args.get("next") or None), 303)


@blueprint.get("/sign-in/passkey")
@public
def ask_passkey() -> ResponseReturnValue:
    """The page on which the browser asks for it."""
    challenge = _waiting(ChallengeKind.SIGN_IN)
    return _over() if challenge is None else _passkey_page(challenge)


@blueprint.post("/sign-in/passkey/answer")
@public
def enter_by_passkey() -> ResponseReturnValue:
    """Let in whoever the passkey belongs to."""
    challenge = _waiting(ChallengeKind.SIGN_IN)
    if challenge is None:
        return _over()
    answer = ProofForm().secret_answer.data or ""
    try:
        held = passkeys.check(challenge, answer, site())
    except PasskeyRefused:
        return _passkey_page(challenge, 422, str(NOT_TAKEN))
    return sign_in.welcome(held.user_id, "", Entrance(Way.PASSKEY, is_strong=True))


@blueprint.get("/sign-in/second")
@public
def ask_second() -> ResponseReturnValue:
    """Ask for a code or a passkey after the password was right."""
    challenge = _waiting(ChallengeKind.SECOND)
    return _over() if challenge is None else _second_page(challenge, ProofForm(formdata=None))


@blueprint.post("/sign-in/second")
@public
def enter_by_second() -> ResponseReturnValue:
    """Let somebody in whose second factor is right, too."""
    challenge, form = _waiting(ChallengeKind.SECOND), ProofForm()
    if challenge is None or challenge.user_id is None:
        return _over()
    if not form.validate():
        return _second_page(challenge, form, 422)
    try:
        proven = proofs.second(challenge, proof_input(form), prover(challenge.user_id))
    except NotProven:
        return _second_page(challenge, form, 422, str(WRONG))
    except TooMany as many:
        return _too_many(many, to("second_step.ask_second"))
    how, there = Way(challenge.data["how"]), challenge.data.get("there", "")
    entrance = Entrance(how, second=proven.ways[0], is_strong=True, there=there)
    return sign_in.welcome(challenge.user_id, challenge.data.get("kept", ""), entrance)


@blueprint.get("/confirm")
@requires(Permission.READ_INVOLVED, before_factor=True)
def ask_to_confirm() -> ResponseReturnValue:
    """Ask somebody who is signed in who they are."""
    return _confirm_page(ProofForm(formdata=None))


@blueprint.post("/confirm")
@requires(Permission.READ_INVOLVED, own_settings=True, before_factor=True)
def confirm() -> ResponseReturnValue:
    """Let them go on for ten minutes."""
    person, form = me(), ProofForm()
    challenge = _waiting(ChallengeKind.CONFIRM, person.id)
    if not form.validate():
        return _confirm_page(form, 422)
    given = proof_input(form)
    try:
        proofs.confirm_session(challenge, given, prover(person.id), person.session_id)
    except NotProven:
        return _confirm_page(form, 422, _("That was not right. Try again."))
    except TooMany as many:
        return _too_many(many, to("second_step.ask_to_confirm"))
    portal_session().pop(CHALLENGE, None)
    return redirect(safe_next(request.args.get("next", "")), 303)


@blueprint.post("/confirm/begin")
@requires(Permission.READ_INVOLVED, own_settings=True)
def begin_to_confirm() -> ResponseReturnValue:
    """Prove who one is, then on to the page that asked for it."""
    return confirm_first(safe_next(request.args.get("next", "")))


def confirm_first(next_url: str) -> ResponseReturnValue:
    """Send somebody who has to prove themselves anew to where they can, and then there."""
    portal_session()[CHALLENGE] = proofs.begin_confirming(me().id)
    return redirect(to("second_step.ask_to_confirm", next=next_url), 303)


def site() -> Site:
    """Whom passkeys are for."""
    return passkeys.site_of(current_settings().public_url)


def prover(user_id: str) -> Prover:
    """Somebody who is to prove who they are by this request."""
    return Prover(user_id, site(), current_settings().secret_keys, click())


def proof_input(form: ProofForm) -> ProofInput:
    """What a form says."""
    return ProofInput(
        form.secret_answer.data or "", form.secret_code.data or "", form.password.data or ""
    )


def _waiting(kind: ChallengeKind, user_id: str | None = None) -> OpenChallenge | None:
    challenge_id = portal_session().get(CHALLENGE)
    if kind is ChallengeKind.SECOND:
        # Whose it is stands in the row alone: the browser is nobody's yet.
        return challenges.find_anybodys(challenge_id, kind)
    return challenges.find(challenge_id, kind, user_id)


def _passkey_page(challenge: OpenChallenge, status: int = 200, error: str = "") -> Response:
    page = render_template(
        "pages/sign_in/passkey.html",
        form=ProofForm(formdata=None),
        options=passkeys.options_known(challenge, site()),
        action=to("second_step.enter_by_passkey", next=request.args.get("next") or None),
        error=error,
    )
    return make_response(page, status)


def _second_page(
    challenge: OpenChallenge, form: ProofForm, status: int = 200, error: str = ""
) -> Response:
    held = second_factors.held_by(challenge.user_id or "")
    page = render_template(
        "pages/sign_in/second.html",
        form=form,
        held=held,
        options=passkeys.options_known(challenge, site()) if held.passkeys else None,
        action=to("second_step.enter_by_second", next=request.args.get("next") or None),
        error=error,
    )
    return make_response(page, status)


def _confirm_page(form: ProofForm, status: int = 200, error: str = "") -> Response:
    person = me()
    held = second_factors.held_by(person.id)
    challenge = _waiting(ChallengeKind.CONFIRM, person.id)
    page = render_template(
        "pages/profile/confirm.html",
        form=form,
        held=held,
        options=passkeys.options_known(challenge, site()) if held.passkeys and challenge else None,
        action=to("second_step.confirm", next=request.args.get("next") or None),
        back=safe_next(request.args.get("next", "")),
        providers=providers_of(person.id),
        next_url=request.args.get("next") or None,
        error=error,
    )
    return make_response(page, status)


def providers_of(user_id: str) -> list[SignInProvider]:
    """Those that can ask the person again."""
    known = {each.issuer: each for each in current_settings().sign_in_providers}
    mine = providers.linked(user_id) if known else []
    return [known[each.issuer] for each in mine if each.issuer in known]


def _over() -> ResponseReturnValue:
    flash(str(OVER), "info")
    return redirect(to("sign_in.show"), 303)


def _too_many(many: TooMany, back: str) -> ResponseReturnValue:
    minutes = -(-many.retry_after // 60)
    page = render_template("pages/sign_in/too_many.html", minutes=minutes, back=back)
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(many.retry_after)
    return response


def sign_first(waits: str) -> ResponseReturnValue:
    """Ask whoever gave a decision to sign it: `waits` is what `services.signing` kept it as."""
    portal_session()[SIGNING] = waits
    return redirect(to("tasks.ask_to_sign"), 303)
