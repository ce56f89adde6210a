"""What one person may send in a while: 429 with the time, and what was typed is kept."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from portal.config import LimitSettings, Settings
from portal.domain.request.state import Approval
from portal.pages import limits
from tests.asking import CODE, PDF
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People

HERE = f"/requests/{NUMBER}"
WHOLE = "/history.csv"
FEW = LimitSettings(messages=2, requests=2, uploads=2, changes=3, searches=3)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=FEW)


@pytest.fixture
def ana(app: Flask, client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ana)
    return client


def test_the_third_comment_waits_and_its_text_is_kept(ana: PageClient) -> None:
    page = ana.get_page(HERE)
    for text in ("One.", "Two."):
        page = ana.post_form(page, f"{HERE}/comments", comment=text)
    refused = ana.post_form(page, f"{HERE}/comments", 429, comment="The third thought.")
    assert "The third thought." in refused.text
    assert re.search(r"You can go on (today|tomorrow) at [0-9]{2}:[0-9]{2}", refused.text)
    assert 0 < int(refused.response.headers["Retry-After"]) <= 15 * 60
    assert "The third thought." not in ana.get_page(HERE).text


def test_another_person_is_not_held_up(ana: PageClient, app: Flask, people: People) -> None:
    for _ in range(3):
        ana.post(f"{HERE}/comments", data={"comment": "x", "csrf_token": ana.csrf_token()})
    ben = PageClient(app)
    sign_in(ben, people.ben)
    assert "Mine." in ben.post_form(ben.get_page(HERE), f"{HERE}/comments", comment="Mine.").text


def test_another_process_counts_the_same(
    ana: PageClient, people: People, settings: Settings, make_app: Callable[[Settings], Flask]
) -> None:
    other = PageClient(make_app(settings))
    sign_in(other, people.ana)
    for client in (ana, other):
        client.post_form(client.get_page(HERE), f"{HERE}/comments", comment="x")
    for client in (ana, other):
        client.post_form(client.get_page(HERE), f"{HERE}/comments", 429, comment="x")


def test_decisions_are_not_limited(app: Flask, people: People, asked: Approval, client) -> None:
    sign_in(client, people.ben)
    page = client.get_page(HERE)
    for _ in range(4):
        answer = client.post(
            page.form("/tasks/").action, data={**page.form("/tasks/").values, "decision": "approve"}
        )
        assert answer.status_code == 303


def test_uploads_and_requests_are_limited(ana: PageClient) -> None:
    form = f"/requests/new/{CODE}"
    statuses = []
    for _ in range(3):
        values = ana.get_page(form).form(form).values
        file = (io.BytesIO(PDF), "offer.pdf")
        data = {**values, "title": "Kept title", "next": "later", "offers": file}
        answer = ana.post(form, data=data, content_type="multipart/form-data")
        statuses.append(answer.status_code)
    assert statuses == [303, 303, 429]
    assert "Kept title" in answer.text
    sent = [
        ana.post(f"{form}/submit", data={"csrf_token": ana.csrf_token()}).status_code
        for _ in range(3)
    ]
    assert sent[2] == 429
    assert 429 not in sent[:2]


def test_searches_are_limited_over_all_processes(
    ana: PageClient, people: People, settings: Settings, make_app: Callable[[Settings], Flask]
) -> None:
    other = PageClient(make_app(settings))
    sign_in(other, people.ana)
    asked = [client.get("/search?q=chair").status_code for client in (ana, other, ana, other, ana)]
    assert asked == [200, 200, 200, 429, 429]
    assert other.get("/history").status_code == 200
    assert other.get("/history?status=PENDING").status_code == 429
    assert ana.get(WHOLE).status_code == 429


def test_looking_through_the_audit_log_counts(client: PageClient, people: People) -> None:
    sign_in(client, people.olga)
    asked = [client.get(f"/audit?text={word}").status_code for word in "abcd"]
    assert asked == [200, 200, 200, 429]
    assert client.get("/audit").status_code == 200
    assert client.get("/audit.csv").status_code == 429


def test_every_other_form_counts_too(ana: PageClient) -> None:
    statuses = []
    for language in ("en", "de", "en", "de"):
        page = ana.get_page("/profile")
        data = {**page.form("/profile/language").values, "language": language}
        statuses.append(ana.post("/profile/language", data=data).status_code)
    assert statuses == [303, 303, 303, 429]
    assert ana.post("/sign-out", data={"csrf_token": ana.csrf_token()}).status_code == 303


def test_what_another_site_sends_counts_against_nobody(ana: PageClient) -> None:
    for _ in range(4):
        ana.post(f"{HERE}/comments", data={"comment": "x"}, headers={"Origin": "https://evil.x"})
        ana.post(f"{HERE}/comments", data={"comment": "x", "csrf_token": "wrong"})
    ana.post_form(ana.get_page(HERE), f"{HERE}/comments", comment="Mine.")


def test_whatever_is_named_is_there(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    named = {*limits.MESSAGES, *limits.REQUESTS, *limits.SEARCHES, *limits.WHOLE, *limits.FREE}
    assert named <= endpoints
