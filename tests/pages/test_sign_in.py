"""Signing in and out, as people do it."""

import pytest
from flask import Flask

from portal.domain.request.state import Approval
from tests.clients import PageClient, sign_in
from tests.web import PASSWORD, People


def enter(
    client: PageClient, email: str, password: str = PASSWORD, status: int = 303, to: str = ""
):
    page = client.get_page(f"/sign-in{to}")
    form = page.form("/sign-in")
    response = client.post(form.action, data={**form.values, "email": email, "password": password})
    assert response.status_code == status, response.text
    return response


def test_a_visitor_is_asked_to_sign_in_and_brought_back(client: PageClient, people: People) -> None:
    response = client.get("/profile?a=1")
    assert response.location == "/sign-in?next=/profile?a%3D1"
    assert enter(client, "Ana@Example.org ", to=response.location[8:]).location == "/profile?a=1"
    assert client.get_page("/profile").heading == "Your profile"


@pytest.mark.parametrize(
    ("name", "home"), [("ana", "/requests"), ("ben", "/inbox"), ("olga", "/history")]
)
def test_everybody_has_a_first_page(
    client: PageClient, people: People, asked: Approval, name: str, home: str
) -> None:
    assert enter(client, f"{name}@example.org").location == "/"
    assert client.get("/").location == home


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org", "inga@example.org"])
def test_a_wrong_password_keeps_the_address_and_tells_nothing(
    client: PageClient, people: People, email: str
) -> None:
    response = enter(client, email, "a guess of mine", 422)
    assert "The email address or password is wrong." in response.text
    assert f'value="{email}"' in response.text
    assert "a guess of mine" not in response.text


def test_nobody_signs_in_while_inactive(client: PageClient, people: People) -> None:
    enter(client, "inga@example.org", PASSWORD, 422)


def test_signing_out_ends_the_session(client: PageClient, people: People, app: Flask) -> None:
    token = sign_in(client, people.ana)
    page = client.get_page("/profile")
    assert "signed out" in client.post_form(page, "/sign-out").text
    client.set_cookie("gloria-session", token)
    assert client.get("/profile").location == "/sign-in?next=/profile"
