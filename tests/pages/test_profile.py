"""What people see and change about themselves."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from portal.config import Settings
from portal.translation import PSEUDO
from portal.translation.pseudo import pseudo
from tests.clients import PageClient, sign_in
from tests.web import People


@pytest.fixture
def ana(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ana)
    return client


def test_it_says_who_one_is(ana: PageClient) -> None:
    page = ana.get_page("/profile")
    assert "Ana Example" in page.text
    assert "ana@example.org" in page.text
    assert "this browser" in page.text


def test_times_follow_the_zone(ana: PageClient) -> None:
    assert "Berlin time" in ana.get_page("/profile").text
    page = ana.post_form(ana.get_page("/profile"), "/profile/time-zone", time_zone="Asia/Tokyo")
    assert "Tokyo time" in page.text


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe/Berlin\x00"])
def test_an_unknown_zone_is_explained(ana: PageClient, zone: str) -> None:
    page = ana.post_form(ana.get_page("/profile"), "/profile/time-zone", 422, time_zone=zone)
    assert "There is a problem" in page.text


def test_the_language_is_ones_own_and_may_be_left_to_the_browser(
    make_app: Callable[[Settings], Flask], settings: Settings, people: People
) -> None:
    client = PageClient(make_app(replace(settings, languages=("en", PSEUDO))))
    sign_in(client, people.ana)
    page = client.post_form(client.get_page("/profile"), "/profile/language", language=PSEUDO)
    assert pseudo("Language saved.") in page.text
    page = client.post_form(page, "/profile/language", language="")
    assert "Language saved." in page.text
    page = client.post_form(page, "/profile/language", 422, language="xx")
    assert "There is a problem" in page.text


def test_one_language_leaves_no_choice(
    make_app: Callable[[Settings], Flask], settings: Settings, people: People
) -> None:
    client = PageClient(make_app(replace(settings, languages=("en",))))
    sign_in(client, people.ana)
    assert "Change language" not in client.get_page("/profile").text


@pytest.mark.parametrize(("wish", "shown"), [("dark", True), ("light", True), ("system", False)])
def test_the_theme_is_kept_in_a_cookie(ana: PageClient, wish: str, shown: bool) -> None:
    page = ana.post_form(ana.get_page("/profile"), "/theme", theme=wish)
    assert (f'data-theme="{wish}"' in page.response.text) is shown


def test_visitors_choose_a_theme_too(client: PageClient) -> None:
    data = {"csrf_token": client.csrf_token(), "theme": "dark", "next": "/sign-in"}
    assert client.post("/theme", data=data).location == "/sign-in"
    assert 'data-theme="dark"' in client.get("/sign-in").text


def test_shortcuts_can_be_turned_off(ana: PageClient) -> None:
    page = ana.post_form(ana.get_page("/profile"), "/profile/shortcuts", shortcuts="off")
    assert 'data-shortcuts="off"' in page.response.text
    page = ana.post_form(page, "/profile/shortcuts", shortcuts="on")
    assert 'data-shortcuts="off"' not in page.response.text


def test_all_other_browsers_can_be_signed_out(app: Flask, ana: PageClient, people) -> None:
    others = [PageClient(app), PageClient(app)]
    for other in others:
        sign_in(other, people.ana)
    page = ana.get_page("/profile")
    ana.post_form(page, "/profile/sessions/end-others")
    assert [other.get("/profile").status_code for other in others] == [302, 302]


def test_an_auditor_may_change_own_settings(client: PageClient, people: People) -> None:
    sign_in(client, people.olga)
    page = client.post_form(client.get_page("/profile"), "/profile/time-zone", time_zone="UTC")
    assert "Time zone saved" in page.text
