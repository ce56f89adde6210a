"""Streams' pages: one added, its secret shown once, tried, changed, switched, moved and removed."""

import re

from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from tests.clients import PageClient, sign_in
from tests.web import People

HERE = "/admin/streams"
WISH = {
    "name": "SIEM", "protocol": "https", "address": "https://siem.example.org/gloria",
    "shape": "ocsf", "begin": "next",
}  # fmt: skip


def test_its_way_through_the_pages(client: PageClient, people: People, app: Flask) -> None:
    sign_in(client, people.adam)
    assert "No audit streams" in client.get_page(HERE).text
    form = client.get_page(f"{HERE}/new")
    assert "audit begin" in form.text
    inside = WISH | {"address": "https://10.0.0.1/", "certificate": "nothing\x00"}
    refused = client.post_form(form, f"{HERE}/new", 422, **inside)
    assert "https://10.0.0.1/" in refused.response.text
    page = client.post_form(form, f"{HERE}/new", **WISH)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.response.text)
    assert secret
    found = re.search(rf"{HERE}/[0-9a-f-]{{36}}", page.response.text)
    assert found
    here = found[0]
    client.post_form(form, f"{HERE}/new", **WISH)  # the same form is the same stream
    shown = client.get_page(here)
    assert secret[0] not in shown.response.text
    assert "Needs a test" in shown.text
    rotate(client, here, secret[0])
    shown = client.get_page(here)
    client.post_form(shown, f"{here}/test")
    client.post_form(shown, f"{here}/test")
    assert "Waiting" in client.get_page(here).text
    assert (
        "The log has 0 leaves" in client.post_form(shown, f"{here}/move", 422, leaf="9" * 15).text
    )
    assert "at most 15 digits" in client.post_form(shown, f"{here}/move", 422, leaf="9" * 400).text
    change_and_remove(client, here)
    said_of_it(app, secret[0])


def rotate(client: PageClient, here: str, secret: str) -> None:
    again = client.post_form(client.get_page(f"{here}/rotate"), f"{here}/rotate")
    assert secret not in again.response.text
    client.post_form(client.get_page(f"{here}/rotate"), f"{here}/end-old-secret")


def change_and_remove(client: PageClient, here: str) -> None:
    shown = client.get_page(here)
    moved = WISH | {"protocol": "syslog", "address": "siem.example.org:6514"}
    client.post_form(shown, f"{here}/change", **moved)
    assert "Someone else changed" in client.post_form(shown, f"{here}/change", 409, **moved).text
    shown = client.get_page(here)
    assert "Rotate secret" not in shown.text  # syslog has none
    client.post_form(client.get_page(f"{here}/remove"), f"{here}/remove")
    assert client.get(here).status_code == 404


def said_of_it(app: Flask, secret: str) -> None:
    with app.app_context():
        said = "SELECT data::text FROM portal.audit_acts WHERE kind = 'stream_changed' ORDER BY id"
        added, rotated, ended, tested, changed, removed = db.session.scalars(text(said))
    assert "added" in added
    assert "rotated" in rotated
    assert "ended_old_secret" in ended
    assert "tested" in tested
    assert "syslog" in changed
    assert "removed" in removed
    assert secret not in added + rotated + tested + changed + removed
