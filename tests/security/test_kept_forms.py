"""A form that is sent after its session ended keeps its text for the person who typed it."""

import pytest
from flask import Flask, url_for
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, UUIDConverter

from portal.extensions import db
from portal.models import User
from portal.models.columns import new_id
from portal.presenters.kept_forms import answers
from portal.queries.history import type_names
from tests.asking import ANSWERS, CODE
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import PASSWORD, People

PATH = "/profile/time-zone"


@pytest.fixture
def late(client: PageClient, people: People) -> Page:
    """The answer to Ana's form that arrives when her session is over."""
    sign_in(client, people.ana)
    form = client.get_page("/profile").form(PATH)
    client.delete_cookie("gloria-session")
    return client._page(client.post(PATH, data={**form.values, "time_zone": "Asia/Tokyo"}), 401)


def enter(client: PageClient, page: Page, name: str, password: str = PASSWORD) -> Page:
    form = page.form("/sign-in")
    data = {**form.values, "email": f"{name}@example.org", "password": password}
    return Page(client.post(form.action, data=data, follow_redirects=True))


def zone(app: Flask, user_id: str) -> str:
    with app.app_context():
        return db.session.execute(select(User.time_zone).where(User.id == user_id)).scalar_one()


def test_the_same_person_sees_it_and_sends_it(app: Flask, client, people, late: Page) -> None:
    assert "what you typed is kept" in late.text
    back = enter(client, late, "ana")
    assert back.heading == "Send what you typed"
    assert "Asia/Tokyo" in back.text
    assert zone(app, people.ana) == "Europe/Berlin"
    assert "Time zone saved" in client.post_form(back, PATH).text
    assert zone(app, people.ana) == "Asia/Tokyo"


def test_a_mistyped_password_does_not_lose_it(client: PageClient, people, late: Page) -> None:
    again = enter(client, late, "ana", "wrong")
    assert again.response.status_code == 422
    assert "Asia/Tokyo" in enter(client, again, "ana").text


def test_nobody_else_sees_or_sends_it(app: Flask, client, people: People, late: Page) -> None:
    other = enter(client, late, "eve")
    assert "Asia/Tokyo" not in other.response.text
    assert client.get("/sign-in/continue").status_code == 302
    assert zone(app, people.eve) == zone(app, people.ana) == "Europe/Berlin"


def test_an_envelope_that_is_not_ours_is_ignored(client: PageClient, people: People) -> None:
    form = client.get_page("/sign-in").form("/sign-in")
    data = {**form.values, "email": "ana@example.org", "password": PASSWORD, "kept": "eyJ9.x.y"}
    assert client.post("/sign-in", data=data).location == "/"


def test_a_form_that_no_page_of_ours_drew_is_not_kept(client: PageClient, people: People) -> None:
    response = client.post(PATH, data={"time_zone": "UTC", "csrf_token": "made.up.one"})
    page = client._page(response, 401)
    assert "UTC" in page.text
    assert not page.document.forms
    nothing = client.post(PATH, data={"csrf_token": "made.up.one"})
    assert (nothing.status_code, nothing.location) == (303, "/sign-in")


def test_a_form_of_an_earlier_session_asks_once_more(app, client, people: People) -> None:
    sign_in(client, people.ana)
    form = client.get_page("/profile").form(PATH)
    sign_in(client, people.ana)
    response = client.post(PATH, data={**form.values, "time_zone": "Asia/Tokyo"})
    assert zone(app, people.ana) == "Europe/Berlin"
    client.post_form(client._page(response, 400), PATH)
    assert zone(app, people.ana) == "Asia/Tokyo"


SOME = {UUIDConverter: new_id(), IntegerConverter: 1}
WRONG_TOKEN = {"csrf_token": "made.up.one"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


def test_a_form_with_a_wrong_token_is_sent_by_pressing_once_more(app, client, people) -> None:
    sign_in(client, people.ana)
    data = {"time_zone": "Asia/Tokyo", **WRONG_TOKEN}
    response = client.post(PATH, data=data, headers=OWN_PAGE)
    page = client._page(response, 400)
    assert "Asia/Tokyo" in page.text
    assert zone(app, people.ana) == "Europe/Berlin"
    client.post_form(page, PATH)
    assert zone(app, people.ana) == "Asia/Tokyo"


def test_without_a_word_of_the_browser_the_text_is_only_shown(client, people) -> None:
    sign_in(client, people.ana)
    page = client._page(client.post(PATH, data={"time_zone": "Asia/Tokyo", **WRONG_TOKEN}), 400)
    assert "Asia/Tokyo" in page.text
    assert not [form for form in page.document.forms if form.action == PATH]


def test_words_of_another_site_are_not_shown(client: PageClient, people: People) -> None:
    sign_in(client, people.ana)
    data = {"time_zone": "Call 555-0100", **WRONG_TOKEN}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        page = client._page(client.post(PATH, data=data, headers=headers), 403)
        assert "555-0100" not in page.text


def test_no_form_loses_its_text_to_a_wrong_token(app: Flask, client, people: People) -> None:
    sign_in(client, people.adam)
    data = {"reason": "I thought about it", "comment": "My comment", **WRONG_TOKEN}
    lost = []
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint == "sign_in.enter":
            continue
        if rule.endpoint.startswith("api."):
            continue  # programs, which have no form, and no cookie that another page could use
        values = {name: SOME.get(type(kind), "X") for name, kind in rule._converters.items()}
        with app.test_request_context():
            path = url_for(rule.endpoint, **values)
        shown = client.post(path, data=data, headers=OWN_PAGE).text
        if "I thought about it" not in shown or "My comment" not in shown:
            lost.append(rule.endpoint)
    assert lost == []


def test_a_visitor_with_a_wrong_token_is_shown_the_text(client: PageClient) -> None:
    data = {"reason": "I thought about it", "password": "do not show", **WRONG_TOKEN}
    page = client._page(client.post(PATH, data=data), 401)
    assert "I thought about it" in page.text
    assert "do not show" not in page.text


def test_what_is_read_back_has_the_labels_of_its_form(client, people: People, kind) -> None:
    sign_in(client, people.ana)
    path = f"/requests/new/{CODE}"
    form = client.get_page(path).form(path)
    client.delete_cookie("gloria-session")
    typed = {**form.values, **ANSWERS, "priority": "HIGH", "due_at": "2030-12-31"}
    page = enter(client, client._page(client.post(path, data=typed), 401), "ana")
    for words in ("Decision needed by", "31 Dec 2030", "Priority", "High", ANSWERS["title"]):
        assert words in page.text
    for code in ("Due at", "due_at", "draft_id", "Draft id", form.values["draft_id"], "2030-12-31",
                 "HIGH"):  # fmt: skip
        assert code not in page.text


def test_decisions_people_and_types_are_read_back_by_name(app: Flask, people, kind) -> None:
    typed = [
        ("decision", "send_back"), ("content_version", "3"), ("person", people.ben),
        ("types", CODE), ("command_id", new_id()), ("comment", "Too dear"), ("act", "deactivate"),
    ]  # fmt: skip
    with app.test_request_context():
        found = {each.label: each.words for each in answers(typed, "/tasks/x/decision")}
        types = type_names()
    assert found == {
        "Decision": "Return", "Person": "Ben Example", "Only for these requests": types[CODE],
        "Comment": "Too dear", "Change": "Deactivate",
    }  # fmt: skip


def test_a_visitor_is_told_no_names(app: Flask, people: People) -> None:
    client = PageClient(app)
    form = {"person": people.ben, "comment": "Whose is it?", "csrf_token": client.csrf_token()}
    answer = client.post(f"/tasks/{new_id()}/reassign", data=form)
    assert "Whose is it?" in answer.text
    assert "Ben Example" not in answer.text
