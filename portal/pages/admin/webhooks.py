"""Webhooks, for administrators: endpoints set up, tried, switched, given other secrets and removed;
their messages, each with its tries, and delivering them again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.domain.people.permissions import Permission
from portal.forms.webhook import AgainForm, NewWebhookForm, WebhookForm
from portal.pages.admin import blueprint
from portal.presentation.times import zone_named
from portal.presenters import webhooks as words
from portal.presenters.answer import new_key
from portal.queries import history
from portal.queries import webhooks as hooks
from portal.queries.webhooks import EndpointRecord
from portal.security.guards import requires
from portal.security.sessions import current_settings, me
from portal.services import webhooks as service
from portal.services.webhooks import (
    HookActor,
    HookGone,
    HookMoved,
    HookRejected,
    HookRules,
    HookWish,
)
from portal.translation import _, lazy, ngettext

MOVED = lazy("Someone else changed this endpoint meanwhile. Check the fields, then save again.")


@blueprint.get("/admin/webhooks")
@requires(Permission.ADMINISTER)
def list_webhooks() -> ResponseReturnValue:
    """All endpoints, and how each stands."""
    rows = [(each, words.endpoint_label(each)) for each in hooks.listed()]
    return render_template("pages/webhooks/list.html", rows=rows)


@blueprint.get("/admin/webhooks/new")
@requires(Permission.ADMINISTER)
def new_webhook() -> ResponseReturnValue:
    """The form for a new one."""
    return _new(_offer(NewWebhookForm(endpoint_id=new_key())))


@blueprint.post("/admin/webhooks/new")
@requires(Permission.ADMINISTER)
def add_webhook() -> ResponseReturnValue:
    """Make it, and show its secret this once."""
    form = NewWebhookForm(request.form)
    if not _offer(form).validate():
        return _new(form, 422)
    endpoint_id = str(UUID(form.endpoint_id.data))
    try:
        secret = service.add(hook_rules(), _wish(form), endpoint_id, _actor())
    except HookRejected as rejected:
        _say(form, rejected)
        return _new(form, 422)
    if secret is None:
        return redirect(url_for(".show_webhook", endpoint_id=endpoint_id), 303)
    return _secret(endpoint_id, secret)


@blueprint.get("/admin/webhooks/<uuid:endpoint_id>")
@requires(Permission.ADMINISTER)
def show_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """One endpoint, and everything that can be done."""
    endpoint = _endpoint(endpoint_id)
    return _page(endpoint, _form_of(endpoint))


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/change")
@requires(Permission.ADMINISTER)
def change_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Send it other messages, or send them elsewhere."""
    endpoint, form = _endpoint(endpoint_id), WebhookForm(request.form)
    seen = request.form.get("seen", "")
    if not _offer(form).validate():
        return _page(endpoint, form, 422, seen)
    try:
        with _there():
            service.change(hook_rules(), _wish(form, seen), endpoint.id, _actor())
    except HookMoved:
        form.name.errors = [MOVED]
        return _page(_endpoint(endpoint_id), form, 409)
    except HookRejected as rejected:
        _say(form, rejected)
        return _page(endpoint, form, 422, seen)
    flash(_("Endpoint saved."), "success")
    return redirect(url_for(".show_webhook", endpoint_id=endpoint.id), 303)


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/switch")
@requires(Permission.ADMINISTER)
def switch_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Let messages go out, or let them gather."""
    endpoint, wanted = _endpoint(endpoint_id), request.form.get("to")
    if wanted not in ("on", "off"):
        abort(422, _("The form is incomplete. Reload the page and try again."))
    with _there(endpoint):
        service.switch(endpoint.id, _actor(), on=wanted == "on")
        flash(
            _("The endpoint is on. What gathered is being sent.")
            if wanted == "on"
            else _("The endpoint is paused. Messages gather until it is turned on."),
            "success",
        )
    return redirect(url_for(".show_webhook", endpoint_id=endpoint.id), 303)


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/test")
@requires(Permission.ADMINISTER)
def test_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Send a test event; its page says what came of it."""
    with _there():
        delivery_id = service.test(str(endpoint_id), _actor())
    flash(_("The test event is on its way. Reload this page to see the answer."), "success")
    return redirect(url_for(".show_delivery", delivery_id=delivery_id), 303)


@blueprint.get("/admin/webhooks/<uuid:endpoint_id>/rotate")
@requires(Permission.ADMINISTER)
def ask_to_rotate_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Whether it is to sign with another secret; while it has two, with the newest alone."""
    return render_template("pages/webhooks/rotate.html", endpoint=_endpoint(endpoint_id))


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/rotate")
@requires(Permission.ADMINISTER)
def rotate_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Give it another secret, and show that this once."""
    endpoint, secret = _endpoint(endpoint_id), ""
    with _there(endpoint):
        secret = service.rotate(hook_rules(), endpoint.id, _actor())
    if secret:
        return _secret(endpoint.id, secret)
    return redirect(url_for(".show_webhook", endpoint_id=endpoint.id), 303)


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/end-old-secret")
@requires(Permission.ADMINISTER)
def end_old_secret(endpoint_id: UUID) -> ResponseReturnValue:
    """Sign with the newest secret alone."""
    with _there():
        service.end_old(str(endpoint_id), _actor())
    flash(_("Messages are signed with the newest secret only."), "success")
    return redirect(url_for(".show_webhook", endpoint_id=endpoint_id), 303)


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/deliver-again")
@requires(Permission.ADMINISTER)
def deliver_all_again(endpoint_id: UUID) -> ResponseReturnValue:
    """Deliver again whatever happened since a moment."""
    endpoint, again = _endpoint(endpoint_id), AgainForm(request.form)
    if not again.validate():
        return _page(endpoint, _form_of(endpoint), 422, again=again)
    since, only_failed = again.since(zone_named(me().time_zone)), again.only_failed.data
    with _there():
        count = service.deliver_all_again(endpoint.id, since, _actor(), only_failed=only_failed)
    _say_again(count)
    return redirect(url_for(".list_deliveries", webhook=endpoint.id), 303)


@blueprint.get("/admin/webhooks/<uuid:endpoint_id>/remove")
@requires(Permission.ADMINISTER)
def ask_to_remove_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Whether it is to go."""
    return render_template("pages/webhooks/remove.html", endpoint=_endpoint(endpoint_id))


@blueprint.post("/admin/webhooks/<uuid:endpoint_id>/remove")
@requires(Permission.ADMINISTER)
def remove_webhook(endpoint_id: UUID) -> ResponseReturnValue:
    """Forget it."""
    try:
        name = service.remove(str(endpoint_id), _actor())
        flash(_("%(name)s was removed. It is sent nothing more.", name=name), "success")
    except HookGone:
        flash(_("This endpoint was already removed."), "info")
    return redirect(url_for(".list_webhooks"), 303)


@blueprint.get("/admin/webhooks/deliveries")
@requires(Permission.ADMINISTER)
def list_deliveries() -> ResponseReturnValue:
    """Messages to all endpoints, filtered, the newest first."""
    names = {each.id: each.name for each in hooks.listed()}
    form, sought = words.sought_of(request.args, names)
    after = words.cursor_of(request.args.get("after", ""))
    rows, more = hooks.deliveries(sought, after=after)
    given: dict[str, Any] = {name: form.given(name) for name in words.FILTERS if form.given(name)}
    place = words.text_of_cursor(more) if more else None
    return render_template(
        "pages/webhooks/deliveries.html",
        form=form,
        rows=[(each, words.delivery_label(each)) for each in rows],
        is_filtered=bool(given),
        next_url=url_for(".list_deliveries", **given, after=place) if place else None,
        first_url=url_for(".list_deliveries", **given) if after else None,
    )


@blueprint.get("/admin/webhooks/deliveries/<uuid:delivery_id>")
@requires(Permission.ADMINISTER)
def show_delivery(delivery_id: UUID) -> ResponseReturnValue:
    """One message, and its tries."""
    delivery = hooks.delivery(str(delivery_id))
    if delivery is None:
        abort(404)
    return render_template(
        "pages/webhooks/delivery.html",
        delivery=delivery,
        label=words.delivery_label(delivery),
        attempts=hooks.attempts(delivery.id),
        data=words.data_text(hooks.data_of(delivery.id)),
    )


@blueprint.post("/admin/webhooks/deliveries/<uuid:delivery_id>/deliver-again")
@requires(Permission.ADMINISTER)
def deliver_again(delivery_id: UUID) -> ResponseReturnValue:
    """Deliver one message again."""
    with _there():
        service.deliver_again(str(delivery_id), _actor())
    _say_again(1)
    return redirect(url_for(".show_delivery", delivery_id=delivery_id), 303)


def _say_again(count: int) -> None:
    if count:
        told = ngettext(
            "%(n)s message is being delivered again, with the same id.",
            "%(n)s messages are being delivered again, with the same ids.",
            count,
        )
        flash(told, "success")
    else:
        flash(_("There is nothing to deliver again since then."), "info")


def hook_rules() -> HookRules:
    """What holds for every receiver here."""
    settings = current_settings()
    return HookRules(settings=settings.webhooks, secret_keys=settings.secret_keys)


def _actor() -> HookActor:
    return HookActor(person_id=me().id)


@contextmanager
def _there(endpoint: EndpointRecord | None = None) -> Iterator[None]:
    """Whoever is faster may have removed it; what cannot be done is said on the next page."""
    try:
        yield
    except HookGone:
        abort(404)
    except HookRejected as rejected:
        if endpoint is None:
            raise
        flash(str(rejected), "error")


def _offer(form: WebhookForm) -> WebhookForm:
    return form.offer(history.type_names())


def _form_of(endpoint: EndpointRecord) -> WebhookForm:
    return _offer(
        WebhookForm(
            name=endpoint.name, url=endpoint.url, types=endpoint.types,
            request_types=endpoint.request_types, modules=", ".join(endpoint.modules),
            is_full=endpoint.is_full,
        )
    )  # fmt: skip


def _wish(form: WebhookForm, seen: str | None = None) -> HookWish:
    return HookWish(
        name=form.name.data, url=form.url.data, types=tuple(form.types.data),
        modules=form.named_modules, request_types=tuple(form.request_types.data or ()),
        is_full=form.is_full.data, seen=seen,
    )  # fmt: skip


def _say(form: WebhookForm, rejected: HookRejected) -> None:
    """The reason beside the field that it is about."""
    form[rejected.field or "name"].errors = [str(rejected)]


def _endpoint(endpoint_id: UUID) -> EndpointRecord:
    found = hooks.find(str(endpoint_id))
    if found is None:
        abort(404)
    return found


def _new(form: WebhookForm, status: int = 200) -> ResponseReturnValue:
    return make_response(render_template("pages/webhooks/new.html", form=form), status)


def _secret(endpoint_id: str, secret: str) -> ResponseReturnValue:
    endpoint = hooks.find(endpoint_id)
    if endpoint is None:
        abort(404)
    return render_template("pages/webhooks/secret.html", endpoint=endpoint, secret=secret)


def _page(
    endpoint: EndpointRecord,
    form: WebhookForm,
    status: int = 200,
    seen: str | None = None,
    again: AgainForm | None = None,
) -> ResponseReturnValue:
    test = hooks.last_test(endpoint.id)
    page = render_template(
        "pages/webhooks/show.html",
        endpoint=endpoint,
        label=words.endpoint_label(endpoint),
        trouble=words.endpoint_trouble(endpoint),
        test=test,
        test_label=words.delivery_label(test) if test else None,
        form=form,
        again=again or AgainForm(),
        seen=endpoint.mark if seen is None else seen,
        changes=[(each, words.done(each)) for each in hooks.changes(endpoint.id)],
    )
    return make_response(page, status)
