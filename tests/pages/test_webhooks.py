"""Webhooks' pages: an endpoint added, its secret shown once, tried, changed, replayed, removed."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from portal.config import Settings
from portal.extensions import db
from portal.models.columns import new_id
from portal.webhooks.outbox import HookOutbox
from portal.webhooks.sending import HookSending
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess, submit
from tests.pages_read import Page
from tests.receiving import receiver, receiving
from tests.web import People

HERE = "/admin/webhooks"
URL = "https://erp.example.org/hooks"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return receiving(settings, timeout_seconds=2)


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


@pytest.fixture
def asking(process: InProcess, people: People, kind: dict[str, str]) -> Callable[[], object]:
    return lambda: process.give(submit(kind, people))


def added(adam: PageClient, url: str = URL, status: int = 200, **more: object) -> Page:
    form = adam.get_page(f"{HERE}/new")
    wanted = {"name": "ERP", "url": url, "types": ["request.started"], **more}
    return adam.post_form(form, f"{HERE}/new", status, **wanted)


def there(page: Page) -> str:
    found = re.search(rf"{HERE}/[0-9a-f-]{{36}}", page.response.text)
    assert found
    return found[0]


def acts(app: Flask) -> list[str]:
    with app.app_context():
        rows = "SELECT data::text FROM portal.audit_acts WHERE kind = 'webhook_changed' ORDER BY id"
        return list(db.session.scalars(text(rows)))


def test_its_secret_is_shown_once_and_every_change_is_an_act(adam: PageClient, app: Flask) -> None:
    page = added(adam)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.response.text)
    assert secret
    here = there(page)
    shown = adam.get_page(here)
    assert secret[0] not in shown.response.text
    assert "Needs a test event" in shown.text
    changes = {"name": "ERP", "url": f"{URL}/2", "types": ["request.approved", "ping"]}
    assert "not a valid choice" in adam.post_form(shown, f"{here}/change", 422, **changes).text
    changes["types"] = ["request.approved"]
    adam.post_form(shown, f"{here}/change", **changes)
    adam.post_form(shown, f"{here}/change", **changes)  # a double click
    changes["name"] = "Other"
    assert "Someone else changed" in adam.post_form(shown, f"{here}/change", 409, **changes).text
    again = adam.post_form(adam.get_page(f"{here}/rotate"), f"{here}/rotate")
    assert secret[0] not in again.response.text
    assert "whsec_" in again.response.text
    assert "Change history" in adam.get_page(here).text
    assert "Old secret" in adam.get_page(here).text
    adam.post_form(adam.get_page(f"{here}/remove"), f"{here}/remove")
    assert "No webhooks" in adam.get_page(HERE).text
    assert adam.get(here).status_code == 404
    made, changed, rotated, removed = acts(app)
    assert f'"url": "{URL}"' in made
    assert '"before"' in changed
    assert '"after"' in changed
    assert "whsec_" not in made + changed + rotated + removed


def test_an_address_that_leads_inside_is_refused_and_nothing_typed_is_lost(
    adam: PageClient,
) -> None:
    for url in (
        "https://169.254.169.254/latest",
        "http://example.org/",
        "x" * 600,
        "https://[::1/",
    ):
        page = added(adam, url, 422, modules="PURCHASE", name="")
        assert "PURCHASE" in page.response.text
    page = added(adam, "https://169.254.169.254/latest", 422)
    assert "must not be inside the network" in page.text


def test_a_message_is_shown_with_its_tries_and_can_be_delivered_again(
    adam: PageClient, app: Flask, settings: Settings, asking: Callable[[], object]
) -> None:  # fmt: skip
    with receiver() as ear:
        here = there(added(adam, ear.url))
        asking()
        adam.post_form(adam.get_page(here), f"{here}/test")
        deliver(app, settings)
        assert ear.types() == ["ping", "request.started"]
        assert "On" in adam.get_page(here).text
        ear.answer, ear.text = 500, b"<b>broken</b>"
        anew = {"day": "2020-01-01", "clock": "08:15"}
        page = adam.post_form(adam.get_page(here), f"{here}/deliver-again", **anew)
        assert "1 message is being delivered again" in page.text
        deliver(app, settings)
        found = adam.get_page(f"{HERE}/deliveries?status=WAITING&type=request.started")
        address = re.search(rf"{HERE}/deliveries/[0-9a-f-]{{36}}", found.response.text)
        assert address
        page = adam.get_page(address[0])
        assert "It answered 500." in page.text
        assert "&lt;b&gt;broken" in page.response.text
        ear.answer = 204
        adam.post_form(page, f"{address[0]}/deliver-again")
        deliver(app, settings)
        assert "Delivered" in adam.get_page(address[0]).text
    assert "Failing" not in adam.get_page(HERE).text
    for odd in ("after=x", "after=2026-01-01_" + new_id(), "webhook=x", "status=x", "number=%00"):
        assert adam.get(f"{HERE}/deliveries?{odd}").status_code in (200, 400)


def deliver(app: Flask, settings: Settings) -> None:
    """What the worker does."""
    with app.app_context():
        outbox, sending = HookOutbox(db.engine), HookSending(db.engine, settings)
        while (batch := outbox.next_batch()) is not None:
            sending.send(batch, lambda: None)
