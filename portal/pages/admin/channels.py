"""Chat channels, for administrators: set up, tried, switched and removed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import (
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from portal.domain.notices.chat import SERVICES, AddressRefused, Service
from portal.domain.people.permissions import Permission
from portal.forms.channel import ChannelForm, NewChannelForm
from portal.pages.admin import blueprint
from portal.presenters import channels as channel_words
from portal.presenters.answer import new_key
from portal.queries import channels
from portal.queries.channels import ChannelRecord
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import channels as service
from portal.services.channels import ChannelGone, ChannelMoved, NameRefused, Setup, Wish
from portal.translation import _, lazy, tell

MOVED = lazy(
    "Someone else changed this channel. Check the change history, then save again to replace it."
    " Enter the address again if you changed it."
)


@blueprint.get("/admin/channels")
@requires(Permission.ADMINISTER)
def list_channels() -> ResponseReturnValue:
    """All channels, and what was done to them of late, also to those that are gone."""
    rows = channels.listed()
    return render_template(
        "pages/channels/list.html",
        rows=[(each, channel_words.service(each.scheme)) for each in rows],
        changes=[(each, channel_words.done(each)) for each in channels.changes()],
    )


@blueprint.get("/admin/channels/new")
@requires(Permission.ADMINISTER)
def new_channel() -> ResponseReturnValue:
    """The form for a new one."""
    return _new(NewChannelForm(channel_id=new_key()))


@blueprint.post("/admin/channels")
@requires(Permission.ADMINISTER)
def add_channel() -> ResponseReturnValue:
    """Set it up."""
    form = NewChannelForm(request.form)
    if not form.validate() or not _kept(form, str(UUID(form.channel_id.data)), service.add):
        return _new(form, 422)
    flash(_("Channel added. Send a test message to check that it works."), "success")
    return redirect(url_for(".show_channel", channel_id=form.channel_id.data), 303)


@blueprint.get("/admin/channels/<uuid:channel_id>")
@requires(Permission.ADMINISTER)
def show_channel(channel_id: UUID) -> ResponseReturnValue:
    """One channel: what of it may be seen, and everything that can be done."""
    channel = _channel(channel_id)
    return _page(channel, ChannelForm(name=channel.name))


@blueprint.post("/admin/channels/<uuid:channel_id>/change")
@requires(Permission.ADMINISTER)
def change_channel(channel_id: UUID) -> ResponseReturnValue:
    """Give it another name or address."""
    channel, form = _channel(channel_id), ChannelForm(request.form)
    try:
        if not form.validate() or not _kept(form, channel.id, service.change):
            return _page(channel, form, 422, request.form.get("seen", ""))
    except ChannelMoved:
        form.name.errors = [MOVED]
        return _page(_channel(channel_id), form, 409)
    flash(_("Channel saved."), "success")
    return redirect(url_for(".show_channel", channel_id=channel.id), 303)


@blueprint.post("/admin/channels/<uuid:channel_id>/switch")
@requires(Permission.ADMINISTER)
def switch_channel(channel_id: UUID) -> ResponseReturnValue:
    """Let messages go out by it, or not."""
    channel, wanted = _channel(channel_id), request.form.get("to")
    if wanted not in ("on", "off"):
        abort(422, _("The form is incomplete. Reload the page and try again."))
    on = wanted == "on"
    with _there():
        service.switch(channel.id, me().id, on=on)
    flash(
        _("%(name)s is on.", name=channel.name) if on else _("%(name)s is off.", name=channel.name),
        "success",
    )
    return redirect(url_for(".show_channel", channel_id=channel.id), 303)


@blueprint.post("/admin/channels/<uuid:channel_id>/test")
@requires(Permission.ADMINISTER)
def test_channel(channel_id: UUID) -> ResponseReturnValue:
    """Write to the administrator by it, and say what came of it."""
    channel = _channel(channel_id)
    words = channel_words.test_message(me().name, current_settings().public_url)
    with _there():
        trouble = service.send_test(_setup(), channel.id, me().id, words)
    if trouble is None:
        flash(_("%(sent)s Check whether it reached you.", sent=_(service.SENT)), "success")
    else:
        flash(_("The test message was not sent. %(trouble)s", trouble=_(trouble)), "error")
    return redirect(url_for(".show_channel", channel_id=channel.id), 303)


@blueprint.get("/admin/channels/<uuid:channel_id>/remove")
@requires(Permission.ADMINISTER)
def ask_to_remove_channel(channel_id: UUID) -> ResponseReturnValue:
    """Whether it is to go."""
    return render_template("pages/channels/remove.html", channel=_channel(channel_id))


@blueprint.post("/admin/channels/<uuid:channel_id>/remove")
@requires(Permission.ADMINISTER)
def remove_channel(channel_id: UUID) -> ResponseReturnValue:
    """Forget it."""
    try:
        name = service.remove(str(channel_id), me().id)
        flash(_("%(name)s was removed. It sends no more notifications.", name=name), "success")
    except ChannelGone:
        flash(_("This channel was already removed."), "info")
    return redirect(url_for(".list_channels"), 303)


def _kept(form: ChannelForm, channel_id: str, keep: Callable[[Setup, Wish], None]) -> bool:
    """Whether the service took what the form says; if not, the form says why."""
    wish = Wish(
        channel_id=channel_id,
        actor_id=me().id,
        name=form.name.data,
        address=form.secret_address.data,
        seen=request.form.get("seen", ""),
    )
    try:
        with _there():
            keep(_setup(), wish)
    except AddressRefused as refused:
        form.secret_address.errors = [f"{form.secret_address.label.text} {tell(refused.sentence)}"]
        return False
    except NameRefused as refused:
        form.name.errors = [f"{form.name.label.text} {refused}"]
        return False
    return True


@contextmanager
def _there() -> Iterator[None]:
    """Whoever is faster may have removed it."""
    try:
        yield
    except ChannelGone:
        abort(404)


def _setup() -> Setup:
    settings = current_settings()
    return Setup(rules=settings.chat, secret_keys=settings.secret_keys)


def _channel(channel_id: UUID) -> ChannelRecord:
    found = channels.find(str(channel_id))
    if found is None:
        abort(404)
    return found


def _new(form: NewChannelForm, status: int = 200) -> ResponseReturnValue:
    page = render_template("pages/channels/new.html", form=form, services=_services())
    return make_response(page, status)


def _page(
    channel: ChannelRecord, form: ChannelForm, status: int = 200, seen: str | None = None
) -> ResponseReturnValue:
    page = render_template(
        "pages/channels/show.html",
        channel=channel,
        seen=channel.mark if seen is None else seen,
        service=channel_words.service(channel.scheme),
        allowed=channel.scheme in current_settings().chat.schemes,
        form=form,
        services=_services(),
        changes=[(each, channel_words.done(each)) for each in channels.changes(channel.id)],
    )
    return make_response(page, status)


def _services() -> list[Service]:
    return [SERVICES[scheme] for scheme in current_settings().chat.schemes]
