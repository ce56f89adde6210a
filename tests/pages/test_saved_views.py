"""Saved views: a filter gets a name, is found again, and is forgotten."""

import pytest
from flask import Flask

from portal.services import saved_views
from tests.clients import PageClient, sign_in
from tests.web import People


@pytest.fixture
def ana(client: PageClient, people: People, kind: dict[str, str]) -> PageClient:
    sign_in(client, people.ana)
    return client


@pytest.mark.parametrize(
    "address", ["/inbox?view=overdue&q=oak", "/history?text=oak&type=chairs&from=2026-01-31"]
)
def test_a_filter_is_saved_found_again_and_deleted(ana: PageClient, address: str) -> None:
    place = address.partition("?")[0]
    page = ana.post_form(ana.get_page(address), "/views", name="Oak things")
    assert "saved." in page.text
    assert page.path == place
    page = ana.get_page(place)
    assert address in page.links
    assert "Save this view" not in ana.get_page(address).text
    page = ana.post_form(ana.get_page("/views"), "/views/")
    assert "View deleted." in page.text
    assert address not in ana.get_page(place).links


def test_without_a_filter_there_is_nothing_to_save(ana: PageClient) -> None:
    for place in ("/inbox", "/history"):
        assert "Save this view" not in ana.get_page(place).text


def test_a_view_needs_a_name_and_keeps_its_filter(ana: PageClient) -> None:
    page = ana.post_form(ana.get_page("/inbox?q=oak"), "/views", 422, name=" ")
    assert "enter a name" in page.text.lower()
    page = ana.post_form(page, "/views", name="Oak")
    assert "/inbox?q=oak" in page.links


def test_the_same_name_is_one_view(ana: PageClient) -> None:
    for words in ("oak", "beech"):
        ana.post_form(ana.get_page(f"/inbox?q={words}"), "/views", name="Wood")
    links = ana.get_page("/inbox").links
    assert "/inbox?q=beech" in links
    assert "/inbox?q=oak" not in links


def test_views_are_ones_own(ana: PageClient, app: Flask, people: People) -> None:
    ana.post_form(ana.get_page("/inbox?q=oak"), "/views", name="Oak")
    action = ana.get_page("/views").form("/views/").action
    ben = PageClient(app)
    sign_in(ben, people.ben)
    assert "Oak" not in ben.get_page("/views").text
    assert ben.post(str(action), data={"csrf_token": ben.csrf_token()}).status_code == 404
    assert "Oak" in ana.get_page("/views").text


def test_there_is_an_end_to_them(app: Flask, people: People) -> None:
    with app.app_context():
        for number in range(saved_views.MOST):
            saved_views.save(people.ana, "inbox", f"View {number}", {"q": "oak"})
        with pytest.raises(saved_views.TooManyViews):
            saved_views.save(people.ana, "inbox", "One more", {"q": "oak"})


def test_a_form_that_names_no_list_is_refused(ana: PageClient) -> None:
    data = {"csrf_token": ana.csrf_token(), "place": "nowhere", "name": "x"}
    assert ana.post("/views", data=data).status_code == 422
