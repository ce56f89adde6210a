"""For development: the mails that were caught instead of sent. Nothing is here in production."""

from pathlib import Path

from flask import Blueprint, Response, abort, make_response, render_template
from flask.typing import ResponseReturnValue

from portal.queries import mail as mails
from portal.queries.mail import CaughtMail
from portal.security.guards import POLICY, public
from portal.security.sessions import current_settings

blueprint = Blueprint("mail", __name__)

# A mail brings its own looks, no script, and a page of ours may frame it; its links lead out of it.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


@blueprint.get("/dev/mail")
@public
def show() -> ResponseReturnValue:
    """The list, newest first."""
    return render_template("pages/mail/list.html", mails=mails.caught(_folder()), most=mails.SHOWN)


@blueprint.get("/dev/mail/<name>")
@public
def one(name: str) -> ResponseReturnValue:
    """One mail: its headers, its text, and how it looks."""
    response = make_response(render_template("pages/mail/show.html", mail=_mail(name)))
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return response


@blueprint.get("/dev/mail/<name>/html")
@public
def looks(name: str) -> ResponseReturnValue:
    """The mail alone, as a mail program shows it."""
    response = Response(_mail(name).html.replace("<head>", '<head><base target="_top">', 1))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _mail(name: str) -> CaughtMail:
    return mails.find(_folder(), name) or abort(404)


def _folder() -> Path:
    settings = current_settings()
    folder = settings.mail.catcher_dir
    if folder is None or settings.is_production:
        abort(404)
    return folder
