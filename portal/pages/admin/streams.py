"""Streams of the log to security information systems, for administrators: set up, tried, switched,
moved to another leaf, given another secret and removed."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.domain.proof.acts import ActKind
from portal.domain.proof.streams import StreamProtocol, StreamShape
from portal.forms.stream import FIRST, NEXT, LeafForm, NewStreamForm, StreamForm
from portal.pages.admin import blueprint
from portal.pages.admin.webhooks import hook_rules
from portal.presenters import streams as words
from portal.presenters.answer import new_key
from portal.presenters.webhooks import done
from portal.queries import audit_entries, streams
from portal.queries import webhooks as hooks
from portal.queries.streams import StreamRecord
from portal.security.guards import requires
from portal.security.sessions import me
from portal.services import streams as service
from portal.services.streams import StreamGone, StreamMoved, StreamRejected, StreamWish
from portal.translation import _, lazy

MOVED = lazy("Someone else changed this stream meanwhile. Check the fields, then save again.")


@blueprint.get("/admin/streams")
@requires(Permission.ADMINISTER)
def list_streams() -> ResponseReturnValue:
    """All streams, and how each stands."""
    rows = [
        (each, words.stream_label(each, me().now), words.place_words(each))
        for each in streams.listed()
    ]
    return render_template("pages/streams/list.html", rows=rows)


@blueprint.get("/admin/streams/new")
@requires(Permission.ADMINISTER)
def new_stream() -> ResponseReturnValue:
    """The form for a new one."""
    return _new(NewStreamForm(stream_id=new_key(), begin=NEXT))


@blueprint.post("/admin/streams/new")
@requires(Permission.ADMINISTER)
def add_stream() -> ResponseReturnValue:
    """Make it, and show its secret this once where it signs."""
    form = NewStreamForm(request.form)
    if not form.validate():
        return _new(form, 422)
    stream_id, wish = str(UUID(form.stream_id.data)), _wish(form)
    first = form.begin.data == FIRST
    try:
        secret = service.add(hook_rules(), wish, stream_id, me().id, from_first=first)
    except StreamRejected as rejected:
        _say(form, rejected)
        return _new(form, 422)
    if secret is None or wish.protocol is not StreamProtocol.HTTPS:
        return redirect(url_for(".show_stream", stream_id=stream_id), 303)
    return _secret(stream_id, secret)


@blueprint.get("/admin/streams/<uuid:stream_id>")
@requires(Permission.ADMINISTER)
def show_stream(stream_id: UUID) -> ResponseReturnValue:
    """One stream, and everything that can be done."""
    stream = _stream(stream_id)
    return _page(stream, _form_of(stream))


@blueprint.post("/admin/streams/<uuid:stream_id>/change")
@requires(Permission.ADMINISTER)
def change_stream(stream_id: UUID) -> ResponseReturnValue:
    """Send entries elsewhere, or in another shape."""
    stream, form = _stream(stream_id), StreamForm(request.form)
    seen = request.form.get("seen", "")
    if not form.validate():
        return _page(stream, form, 422, seen)
    try:
        with _there():
            service.change(hook_rules(), _wish(form, seen), stream.id, me().id)
    except StreamMoved:
        form.name.errors = [MOVED]
        return _page(_stream(stream_id), form, 409)
    except StreamRejected as rejected:
        _say(form, rejected)
        return _page(stream, form, 422, seen)
    flash(_("Stream saved."), "success")
    return redirect(url_for(".show_stream", stream_id=stream.id), 303)


@blueprint.post("/admin/streams/<uuid:stream_id>/switch")
@requires(Permission.ADMINISTER)
def switch_stream(stream_id: UUID) -> ResponseReturnValue:
    """Let entries go out, or let them wait."""
    stream, wanted = _stream(stream_id), request.form.get("to")
    if wanted not in ("on", "off"):
        abort(422, _("The form is incomplete. Reload the page and try again."))
    try:
        with _there():
            service.switch(stream.id, me().id, on=wanted == "on")
    except StreamRejected as rejected:
        flash(str(rejected), "error")
    else:
        flash(
            _("The stream is on. What waited is being sent.")
            if wanted == "on"
            else _("The stream is paused. Entries wait until it is turned on."),
            "success",
        )
    return redirect(url_for(".show_stream", stream_id=stream_id), 303)


@blueprint.post("/admin/streams/<uuid:stream_id>/test")
@requires(Permission.ADMINISTER)
def test_stream(stream_id: UUID) -> ResponseReturnValue:
    """Have a worker send a test; the page says what came of it."""
    with _there():
        service.test(str(stream_id), me().id)
    flash(_("The test is on its way. Reload this page to see what came of it."), "success")
    return redirect(url_for(".show_stream", stream_id=stream_id), 303)


@blueprint.post("/admin/streams/<uuid:stream_id>/move")
@requires(Permission.ADMINISTER)
def move_stream(stream_id: UUID) -> ResponseReturnValue:
    """Go on with another leaf."""
    stream, form = _stream(stream_id), LeafForm(request.form)
    if not form.validate():
        return _page(stream, _form_of(stream), 422, leaf=form)
    try:
        with _there():
            service.move(stream.id, me().id, form.leaf.data)
    except StreamRejected as rejected:
        form.leaf.errors = [str(rejected)]
        return _page(stream, _form_of(stream), 422, leaf=form)
    flash(_("The stream goes on with the leaf you chose."), "success")
    return redirect(url_for(".show_stream", stream_id=stream_id), 303)


@blueprint.get("/admin/streams/<uuid:stream_id>/rotate")
@requires(Permission.ADMINISTER)
def ask_to_rotate_stream(stream_id: UUID) -> ResponseReturnValue:
    """Whether its secret is to be replaced, or the old one to end."""
    return render_template("pages/streams/rotate.html", stream=_stream(stream_id))


@blueprint.post("/admin/streams/<uuid:stream_id>/rotate")
@requires(Permission.ADMINISTER)
def rotate_stream(stream_id: UUID) -> ResponseReturnValue:
    """Give it another secret, and show that this once."""
    stream = _stream(stream_id)
    try:
        with _there():
            return _secret(stream.id, service.rotate(hook_rules(), stream.id, me().id))
    except StreamRejected as rejected:
        flash(str(rejected), "error")
    return redirect(url_for(".show_stream", stream_id=stream_id), 303)


@blueprint.post("/admin/streams/<uuid:stream_id>/end-old-secret")
@requires(Permission.ADMINISTER)
def end_old_stream_secret(stream_id: UUID) -> ResponseReturnValue:
    """Sign with the newest secret alone."""
    with _there():
        service.end_old(str(stream_id), me().id)
    flash(_("Entries are signed with the newest secret only."), "success")
    return redirect(url_for(".show_stream", stream_id=stream_id), 303)


@blueprint.get("/admin/streams/<uuid:stream_id>/remove")
@requires(Permission.ADMINISTER)
def ask_to_remove_stream(stream_id: UUID) -> ResponseReturnValue:
    """Whether it is to go."""
    return render_template("pages/streams/remove.html", stream=_stream(stream_id))


@blueprint.post("/admin/streams/<uuid:stream_id>/remove")
@requires(Permission.ADMINISTER)
def remove_stream(stream_id: UUID) -> ResponseReturnValue:
    """Forget it."""
    try:
        name = service.remove(str(stream_id), me().id)
        flash(_("%(name)s was removed. It is sent nothing more.", name=name), "success")
    except StreamGone:
        flash(_("This stream was already removed."), "info")
    return redirect(url_for(".list_streams"), 303)


@contextmanager
def _there() -> Iterator[None]:
    """Whoever is faster may have removed it."""
    try:
        yield
    except StreamGone:
        abort(404)


def _wish(form: StreamForm, seen: str | None = None) -> StreamWish:
    return StreamWish(
        name=form.name.data, protocol=StreamProtocol(form.protocol.data),
        address=form.address.data, shape=StreamShape(form.shape.data),
        certificate=form.certificate.data or "", seen=seen,
    )  # fmt: skip


def _form_of(stream: StreamRecord) -> StreamForm:
    return StreamForm(
        name=stream.name, protocol=stream.protocol, address=stream.address, shape=stream.shape,
        certificate=stream.certificate,
    )  # fmt: skip


def _say(form: StreamForm, rejected: StreamRejected) -> None:
    """The reason beside the field that it is about."""
    form[rejected.field or "name"].errors = [str(rejected)]


def _stream(stream_id: UUID) -> StreamRecord:
    found = streams.find(str(stream_id))
    if found is None:
        abort(404)
    return found


def _new(form: NewStreamForm, status: int = 200) -> ResponseReturnValue:
    has_log = audit_entries.indexed() > 0
    page = render_template("pages/streams/new.html", form=form, has_log=has_log)
    return make_response(page, status)


def _secret(stream_id: str, secret: str) -> ResponseReturnValue:
    stream = streams.find(stream_id)
    if stream is None:
        abort(404)
    return render_template("pages/streams/secret.html", stream=stream, secret=secret)


def _page(
    stream: StreamRecord,
    form: StreamForm,
    status: int = 200,
    seen: str | None = None,
    leaf: LeafForm | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "pages/streams/show.html",
        stream=stream,
        label=words.stream_label(stream, me().now),
        trouble=words.stream_trouble(stream),
        place=words.place_words(stream),
        trial=words.trial_label(stream),
        form=form,
        leaf=leaf or LeafForm(leaf=stream.next_leaf),
        seen=stream.mark if seen is None else seen,
        changes=[(each, done(each)) for each in hooks.changes(stream.id, ActKind.STREAM_CHANGED)],
    )
    return make_response(page, status)
