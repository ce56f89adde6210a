"""Chat channels: set up once, tried with an honest answer, changed, switched, removed, noted."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.extensions import db
from tests.chatting import ChatServer, chat_server, chatting
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

HERE = "/admin/channels"
SECRET = "t0k3n"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return chatting(settings, timeout_seconds=5)


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def added(adam: PageClient, chat: ChatServer, name: str = "Team chat", status: int = 200) -> Page:
    form = adam.get_page(f"{HERE}/new")
    return adam.post_form(form, HERE, status, name=name, secret_address=chat.address())


def where(page: Page) -> str:
    return next(f.action for f in page.document.forms if f.action.endswith("/test"))[:-5]


def stored(app: Flask) -> str:
    """Everything that the database knows of channels."""
    with app.app_context():
        rows = "SELECT string_agg(c::text, ' ') FROM portal.{} c"
        tables = ("chat_channels", "chat_channel_changes")
        found = [db.session.execute(text(rows.format(table))).scalar() for table in tables]
    return " ".join(filter(None, found))


def test_a_form_sent_twice_is_one_channel_and_shows_no_secret(
    adam: PageClient, chat: ChatServer, app: Flask
) -> None:
    form = adam.get_page(f"{HERE}/new")
    for _ in range(2):
        page = adam.post_form(form, HERE, name="Team", secret_address=chat.address())
        assert page.heading == "Team"
        assert "at 127.0.0.1" in page.text
    assert "Everyone who has not chosen otherwise" in page.text
    for shown in (page.text, adam.get_page(HERE).text, stored(app)):
        assert SECRET not in shown
    assert stored(app).count("added") == 1


def test_a_test_message_says_honestly_what_became_of_it(
    adam: PageClient, chat: ChatServer, app: Flask
) -> None:
    page = added(adam, chat)
    here = where(page)
    assert "The test message was sent" in adam.post_form(page, f"{here}/test").text
    ((path, body),) = chat.heard
    assert (path, body["title"]) == ("/people/adam", "Test message")
    chat.answer = 401
    said = adam.post_form(page, f"{here}/test").text
    assert "The test message was not sent. The chat service did not take it" in said
    assert "error=401" in said
    assert SECRET not in said + stored(app)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Address is missing"),
        ("syslog://{email}", "must begin with one of json://"),
        ("json://h.example/{email}?verify=no", "nothing behind a ? or a #"),
        ("json://h.example/{email}, json://h.example/x", "must be one address"),
        ("json://h.example/everybody", "must say where the person stands"),
        ("ntfy://h.example/all/{email}", "is not what this kind of service takes"),
        ("x" * 1000, "at most 500 characters"),
        ("json://h.example/\x00{email}", "Address"),
    ],
)
def test_what_is_no_address_is_refused_and_nothing_lost(
    adam: PageClient, app: Flask, address: str, words: str
) -> None:
    form = adam.get_page(f"{HERE}/new")
    page = adam.post_form(form, HERE, 422, name="Команда 🙂", secret_address=address)
    assert words in page.text
    assert page.form(HERE).values["name"] == "Команда 🙂"
    assert stored(app) == ""


def test_it_is_changed_switched_and_removed_and_all_is_noted(
    adam: PageClient, chat: ChatServer, app: Flask
) -> None:
    added(adam, chat, "Other")
    page = added(adam, chat)
    here = where(page)
    assert "another channel" in adam.post_form(page, f"{here}/change", 422, name="OTHER").text
    page = adam.post_form(page, f"{here}/change", name="Team talk")
    assert "Changed from Team chat (json, 127.0.0.1) to Team talk" in page.text
    assert "is off" in adam.post_form(page, f"{here}/switch", to="off").text
    page = adam.get_page(f"{here}/remove")
    page = adam.post_form(page, f"{here}/remove")
    assert "Team talk was removed." in page.text
    assert "Removed: Team talk" in page.text
    assert adam.get(here).status_code == 404
    with app.app_context(), pytest.raises(DBAPIError):
        db.session.execute(text("DELETE FROM portal.chat_channel_changes"))


def test_what_one_is_told_by_chat_is_chosen_as_soon_as_there_is_a_channel(
    adam: PageClient, chat: ChatServer
) -> None:
    wishes = "/profile/notifications"
    assert "chat_asked" not in adam.get_page(wishes).form(wishes).values
    added(adam, chat)
    page = adam.post_form(adam.get_page(wishes), wishes, chat_asked="not")
    values = page.form(wishes).values
    assert (values["chat_asked"], values["chat_commented"]) == ("not", "at_once")
    assert values["mail_asked"] == "at_once"


def test_another_secret_key_is_said_and_a_new_address_helps(
    adam: PageClient, chat: ChatServer, app: Flask
) -> None:
    page = added(adam, chat)
    with app.app_context():
        db.session.execute(text("UPDATE portal.chat_channels SET sealed = 'x'"))
        db.session.commit()
    said = adam.post_form(page, f"{where(page)}/test").text
    assert "cannot be read with the current SECRET_KEY" in said
    page = adam.get_page(where(page))
    page = adam.post_form(page, f"{where(page)}/change", secret_address=chat.address())
    assert "a new address at the same place" in page.text
    assert "The test message was sent" in adam.post_form(page, f"{where(page)}/test").text


def test_a_form_sent_again_with_something_else_is_no_success(
    adam: PageClient, chat: ChatServer
) -> None:
    form = adam.get_page(f"{HERE}/new")
    page = adam.post_form(form, HERE, name="One", secret_address=chat.address())
    for name, address in (("Two", chat.address()), ("One", chat.address("others/{mail_name}"))):
        again = adam.post_form(form, HERE, 422, name=name, secret_address=address)
        assert "this form was already used" in again.text
    adam.post_form(adam.get_page(f"{where(page)}/remove"), f"{where(page)}/remove")
    gone = adam.post_form(form, HERE, 422, name="One", secret_address=chat.address())
    assert "this form was already used" in gone.text


def test_who_comes_second_changes_nothing_unseen(adam: PageClient, chat: ChatServer) -> None:
    mine = added(adam, chat)
    here = where(mine)
    for _click in range(2):
        adam.post_form(mine, f"{here}/change", name="Renamed")
    late = adam.post_form(mine, f"{here}/change", 409, name="Old name")
    assert "Someone else changed this channel" in late.text
    assert adam.get_page(here).heading == "Renamed"


def test_an_address_inside_is_refused_and_so_is_half_a_switch(
    adam: PageClient, chat: ChatServer
) -> None:
    form = adam.get_page(f"{HERE}/new")
    for host in ("10.0.0.1", "localhost", "[::1]"):
        page = adam.post_form(form, HERE, 422, name="In", secret_address=f"json://{host}/{{email}}")
        assert "must not point inside the network" in page.text
    data = {"csrf_token": adam.csrf_token()}
    assert adam.post(f"{where(added(adam, chat))}/switch", data=data).status_code == 422
