"""Signing in by an account elsewhere (OpenID Connect), linking one, and being asked again by one.

The provider sends the browser back by a GET, which changes nothing here: the page that it gets
sends what came with it on by a POST, at once where scripts run.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.people.providers import SignInProvider
from portal.domain.people.signing_in import Way
from portal.domain.policy.types import is_id
from portal.pages import sign_in
from portal.pages.second_step import confirm_first, prover
from portal.pages.tasks.signing import sign_by_provider
from portal.security.guards import public, requires, signed
from portal.security.next_page import safe_next
from portal.security.sessions import (
    CHALLENGE,
    address,
    current_settings,
    me,
    portal_session,
    signed_in,
)
from portal.services import attempts, challenges
from portal.services import providers as service
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.errors import TooMany
from portal.services.providers import ProviderFailed, Purpose
from portal.services.sign_in import Entrance
from portal.translation import _

blueprint = Blueprint("providers", __name__)
LONGEST = 4000


@blueprint.post("/sign-in/provider/<provider_id>")
@public
def begin(provider_id: str) -> ResponseReturnValue:
    """Send a visitor to the provider."""
    provider = _provider(provider_id)
    try:
        attempts.begin(attempts.ceremony_keys(address()))
    except TooMany:
        abort(429)
    return _leave(provider, Purpose.SIGN_IN, request.args.get("next", ""))


@blueprint.post("/profile/security/providers/<provider_id>")
@requires(Permission.READ_INVOLVED, own_settings=True, before_factor=True)
def begin_link(provider_id: str) -> ResponseReturnValue:
    """Send somebody to the provider whose account they want to link."""
    provider = _provider(provider_id)
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    return _leave(provider, Purpose.LINK, url_for("profile.show_security"))


@blueprint.post("/confirm/provider/<provider_id>")
@requires(Permission.READ_INVOLVED, own_settings=True, before_factor=True)
def begin_confirming(provider_id: str) -> ResponseReturnValue:
    """Let the provider ask again who somebody is, to go on, or for a decision (`signs`)."""
    signs = request.args.get("signs", "")
    if is_id(signs):
        return _leave(_provider(provider_id), Purpose.SIGN, signs)
    return _leave(_provider(provider_id), Purpose.CONFIRM, request.args.get("next", ""))


@blueprint.post("/profile/security/accounts/<uuid:account_id>/remove")
@requires(Permission.READ_INVOLVED, own_settings=True)
def unlink(account_id: object) -> ResponseReturnValue:
    """Let an account be a stranger's again."""
    if not me().is_recent:
        return confirm_first(url_for("profile.show_security"))
    service.unlink(str(account_id), me().id)
    flash(_("Account no longer linked."), "success")
    return redirect(url_for("profile.show_security"), 303)


@blueprint.get("/sign-in/provider/<provider_id>/callback")
@public
def come_back(provider_id: str) -> ResponseReturnValue:
    """Where the provider sends the browser. Changes nothing."""
    provider = _provider(provider_id)
    code, state = request.args.get("code", ""), request.args.get("state", "")
    if not code or not state or max(len(code), len(state)) > LONGEST:
        return _told(_("You were not signed in by %(name)s.", name=provider.name))
    return render_template("pages/providers/back.html", provider=provider, code=code, state=state)


@blueprint.post("/sign-in/provider/<provider_id>/finish")
@public
def finish(provider_id: str) -> ResponseReturnValue:
    """Let in whoever came back, or link their account."""
    provider = _provider(provider_id)
    person = signed_in()
    asked = portal_session().pop(CHALLENGE, None)
    waits = challenges.find(asked, ChallengeKind.PROVIDER, person.id if person else None)
    if waits is None:
        return _told(_("This took too long, or began in another browser. Try again."))
    code, state = request.form.get("code", ""), request.form.get("state", "")
    try:
        claims = service.claims_of(provider, waits, state, code, _back(provider))
        return _finished(provider, waits, claims)
    except ProviderFailed as failed:
        return _told(str(failed))


@blueprint.post("/sign-in/provider/<provider_id>/logout")
@signed
def log_out(provider_id: str) -> ResponseReturnValue:
    """The provider itself says that somebody signed out there (OpenID Connect Back-Channel Logout):
    their sessions that began there end. Whatever is wrong with its token is logged only."""
    provider = _provider(provider_id)
    try:
        attempt = attempts.begin(attempts.ceremony_keys(address()))
    except TooMany:
        abort(429)
    try:
        service.log_out(provider, request.form.get("logout_token", ""))
    except ProviderFailed:
        return {"error": "invalid_request"}, 400
    attempt.forget()
    return "", 200


def _finished(
    provider: SignInProvider, waits: OpenChallenge, claims: dict[str, object]
) -> ResponseReturnValue:
    target = safe_next(waits.data.get("next", ""))
    if waits.data["purpose"] == Purpose.LINK:
        service.link(provider, claims, me().id)
        flash(_("%(name)s linked.", name=provider.name), "success")
        return redirect(target, 303)
    if waits.data["purpose"] == Purpose.SIGN:
        again = service.asked_again(provider, claims, prover(me().id))
        return sign_by_provider(waits.data["next"], again)
    if waits.data["purpose"] == Purpose.CONFIRM:
        service.confirm(provider, claims, prover(me().id), me().session_id)
        return redirect(target, 303)
    user_id = service.person_of(provider, claims, prover(""))
    there = service.session_there(provider, claims)
    entrance = Entrance(Way.PROVIDER, is_strong=provider.is_strong, there=there)
    return sign_in.welcome(user_id, "", entrance, target)


def _provider(provider_id: str) -> SignInProvider:
    known = {each.id: each for each in current_settings().sign_in_providers}
    return known.get(provider_id) or abort(404)


def _back(provider: SignInProvider) -> str:
    path = url_for("providers.come_back", provider_id=provider.id)
    return f"{current_settings().public_url}{path}"


def _leave(provider: SignInProvider, purpose: Purpose, next_url: str) -> ResponseReturnValue:
    """A page that leads on: browsers let no form of ours end at another site."""
    person = signed_in()
    try:
        url, challenge_id = service.begin(
            provider, _back(provider), purpose, person.id if person else None, next_url
        )
    except ProviderFailed as failed:
        return _told(str(failed))
    portal_session()[CHALLENGE] = challenge_id
    return render_template("pages/providers/leave.html", provider=provider, url=url)


def _told(words: str) -> ResponseReturnValue:
    flash(words, "error")
    here = "profile.show_security" if signed_in() else "sign_in.show"
    return redirect(url_for(here), 303)
