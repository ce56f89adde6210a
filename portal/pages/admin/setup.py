"""The setup of a new installation as a list: it blocks nothing, can be hidden, and comes back."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.pages.admin import blueprint
from portal.pages.layout_context import viewpoint
from portal.presentation.navigation import AdminPlace
from portal.presenters import setup as setup_words
from portal.queries import setup
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import organisation_settings as service
from portal.services import password_links
from portal.services.people import PeopleRefused
from portal.translation import _


@blueprint.get("/admin/setup")
@requires(Permission.ADMINISTER)
def show_setup() -> ResponseReturnValue:
    """What is done and what comes next, from what is there now."""
    settings, found = current_settings(), setup.found()
    running = setup_words.HowItRuns.of(
        mail=bool(settings.mail.host),
        https=settings.public_url.startswith("https://"),
        folder=settings.backups_dir,
    )
    sections = setup_words.sections(found, running, viewpoint())
    return render_template(
        "pages/setup/show.html",
        found=found,
        sections=sections,
        done=sum(each.done for each in sections),
        total=sum(len(each.tasks) for each in sections),
        known=frozenset(current_app.view_functions),
    )


@blueprint.post("/admin/setup/hide")
@requires(Permission.ADMINISTER)
def hide_setup() -> ResponseReturnValue:
    """Take it out of the menu, or put it back."""
    hidden = request.form.get("hide") == "1"
    service.hide_setup(me().id, hidden=hidden)
    if not hidden:
        return redirect(url_for("admin.show_setup"), 303)
    flash(_("Setup is hidden. Open it again below."), "success")
    return redirect(url_for("admin.list_attention"), 303)


@blueprint.get("/admin/setup/mail")
@requires(Permission.ADMINISTER)
def show_test_mail() -> ResponseReturnValue:
    """Where a test email is sent, and what became of the last one."""
    return render_template(
        "pages/setup/mail.html", test=setup.test_mail(), mail=current_settings().mail
    )


@blueprint.post("/admin/setup/mail")
@requires(Permission.ADMINISTER)
def send_test_mail() -> ResponseReturnValue:
    """Send one to whoever asks for it."""
    try:
        address = password_links.send_test(me().id, current_settings().secret_key)
        flash(_("A test email goes to %(address)s. Open its link.", address=address), "success")
    except PeopleRefused as refused:
        flash(str(refused), "error")
    return redirect(url_for("admin.show_test_mail"), 303)


def place() -> AdminPlace | None:
    """Its line in the menu, until somebody hides it."""
    if setup.is_hidden():
        return None
    return AdminPlace(_("Setup"), "admin/setup", "rocket-launch", is_first=True)
