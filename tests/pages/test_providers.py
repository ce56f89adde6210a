"""Signing in by an account at an OpenID provider, with a real one that can be made to lie."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from portal.config import ConfigurationError, Settings
from portal.domain.people.providers import SignInProvider
from portal.domain.policy.policy import Policy, StepUp
from portal.extensions import db
from portal.models import Challenge, ProviderAccount, User, UserSession
from portal.models.columns import new_id
from tests.asking import MANAGER, insert_type
from tests.clients import PageClient, sign_in
from tests.pages.test_signing import decide, decided
from tests.pages_read import Page
from tests.provider import CLIENT, SECRET, TestProvider, providing
from tests.test_cli import run
from tests.web import People

BEGIN = "/sign-in/provider/staff"


@pytest.fixture(scope="module")
def running() -> Iterator[TestProvider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def provider(running: TestProvider) -> TestProvider:
    running.lies, running.signs = {}, "RS256"
    running.person = {"sub": "ana-at-provider", "email": "ana@example.org"}
    return running


@pytest.fixture
def app(make_app, settings: Settings, provider: TestProvider) -> Flask:
    known = SignInProvider(
        id="staff", name="Example account", issuer=provider.issuer, client_id=CLIENT,
        client_secret=SECRET, join_claim="groups", join_values=frozenset({"staff"}),
    )  # fmt: skip
    return make_app(replace(settings, sign_in_providers=(known,)))


@pytest.fixture
def linked(app: Flask, people: People, provider: TestProvider) -> None:
    with app.app_context():
        row = {"issuer": provider.issuer, "subject": "ana-at-provider", "user_id": people.ana}
        db.session.execute(insert(ProviderAccount).values(id=new_id(), **row))
        db.session.commit()


def leave(client: PageClient, page: Page | None = None, begin: str = BEGIN) -> str:
    """Where the portal sends the browser."""
    page = page or client.get_page("/sign-in?next=/profile")
    left = client.post_form(page, begin)
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', left.response.text)
    assert found
    return unescape(found[1])


def come_back(client: PageClient, url: str) -> Page:
    """Back here with what the provider gave, and on."""
    path = url[url.index("/sign-in/") :]
    return client.post_form(client.get_page(path), f"{BEGIN}/finish")


def enter(client: PageClient, provider: TestProvider) -> Page:
    return come_back(client, provider.back(leave(client)))


def test_a_linked_account_signs_in_and_goes_where_one_wanted(
    client: PageClient, linked: None, provider: TestProvider
) -> None:
    page = enter(client, provider)
    assert page.heading == "Your profile"
    assert "account of your organisation" in client.get_page("/profile/sign-ins").text


def test_the_address_alone_lets_nobody_in(
    client: PageClient, people: People, provider: TestProvider
) -> None:
    provider.person["email_verified"] = True
    page = enter(client, provider)
    assert page.heading == "Sign in"
    assert "Nobody here has this account." in page.text
    assert "its answer holds no groups" in page.text
    provider.person["groups"] = ["guests"]
    page = enter(client, provider)
    assert "Nobody here has this account." in page.text
    assert "its answer holds no" not in page.text
    provider.person["groups"] = ["staff"]
    assert "has this email address already" in enter(client, provider).text


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"iat": 4_000_000_000},
        {"sub": ""},
        {"sub": None},
        {"sub": ["ana-at-provider"]},
    ],
)
def test_a_token_for_something_else_lets_nobody_in(
    client: PageClient, linked: None, provider: TestProvider, lies: dict[str, object]
) -> None:
    provider.lies = lies
    page = enter(client, provider)
    assert page.heading == "Sign in"
    assert "did not work" in page.text
    assert client.get("/profile").location == "/sign-in?next=/profile"


@pytest.mark.parametrize("signs", ["none", "HS256", "another key"])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    client: PageClient, linked: None, provider: TestProvider, signs: str
) -> None:
    provider.signs = signs
    assert enter(client, provider).heading == "Sign in"


def begun(app: Flask) -> int:
    """How many left for a provider and may still come back."""
    with app.app_context():
        return db.session.execute(select(func.count()).select_from(Challenge)).scalar_one()


def test_state_and_code_serve_once_and_in_one_browser(
    client: PageClient, linked: None, provider: TestProvider, app: Flask
) -> None:
    back = provider.back(leave(client))
    other = PageClient(app)
    other.get_page("/sign-in")
    assert "another browser" in come_back(other, back).text
    wrong = re.sub(r"state=[^&]*", "state=another", back)
    assert "did not work" in come_back(client, wrong).text
    back = provider.back(leave(client))
    waiting = begun(app)
    assert come_back(client, back).heading == "Your profile"
    assert begun(app) == waiting - 1
    client.delete_cookie("gloria-session")
    assert "Try again" in come_back(client, back).text


def test_coming_back_changes_nothing_by_itself(
    client: PageClient, linked: None, provider: TestProvider
) -> None:
    back = provider.back(leave(client))
    path = back[back.index("/sign-in/") :]
    assert client.get_page(path).heading == client.get_page(path).heading == "Signing in"
    assert come_back(client, back).heading == "Your profile"


@pytest.mark.parametrize("query", ["", "?error=no&error_description=%3Cb%3Ehack", "?x=1"])
def test_a_refusal_there_is_a_sign_in_page_here_without_their_words(
    client: PageClient, people: People, query: str
) -> None:
    page = client.get_page(f"{BEGIN}/callback{query}")
    assert page.heading == "Sign in"
    assert "hack" not in page.response.text


def test_whoever_may_join_gets_an_account_once(
    client: PageClient, people: People, provider: TestProvider, app: Flask
) -> None:
    provider.person = {
        "sub": "nia", "name": "Nia New", "email": "nia@example.org", "email_verified": True,
    }  # fmt: skip
    assert enter(client, provider).heading == "Sign in"
    provider.person["groups"] = ["guests", "staff"]
    for _ in range(2):
        assert enter(client, provider).heading == "Your profile"
        client.delete_cookie("gloria-session")
    with app.app_context():
        found = select(User.name, User.roles).where(User.email == "nia@example.org")
        assert [tuple(row) for row in db.session.execute(found)] == [("Nia New", [])]


def test_an_inactive_person_stays_out(
    client: PageClient, people: People, provider: TestProvider, app: Flask, linked: None
) -> None:
    with app.app_context():
        db.session.execute(User.__table__.update().values(is_active=False))
        db.session.commit()
    assert "not active here" in enter(client, provider).text


def test_an_account_is_linked_by_whoever_is_signed_in_and_belongs_to_one(
    client: PageClient, people: People, provider: TestProvider
) -> None:
    sign_in(client, people.ana)
    page = client.get_page("/profile/security")
    url = leave(client, page, "/profile/security/providers/staff")
    assert "Example account linked." in come_back(client, provider.back(url)).text
    sign_in(client, people.ben)
    page = client.get_page("/profile/security")
    url = leave(client, page, "/profile/security/providers/staff")
    assert "belongs to somebody else" in come_back(client, provider.back(url)).text
    sign_in(client, people.ana)
    page = client.get_page("/profile/security")
    assert "no longer linked" in client.post_form(page, "/profile/security/accounts/").text


def test_a_provider_that_did_not_ask_again_proves_nothing(
    client: PageClient, linked: None, people: People, provider: TestProvider
) -> None:
    sign_in(client, people.ana)
    with client.application.app_context():
        db.session.execute(update(UserSession).values(confirmed_at=func.now() - timedelta(hours=1)))
        db.session.commit()
    page = client.post_form(client.get_page("/profile/security"), "/profile/security/app")
    assert page.heading == "Confirm it is you"
    again = "/confirm/provider/staff"
    for lies in ({"auth_time": 1_000_000_000}, {"auth_time": None}, {"sub": "nia"}):
        provider.lies = lies
        come_back(client, provider.back(leave(client, page, again)))
        page = client.post_form(client.get_page("/profile/security"), "/profile/security/app")
        assert page.heading == "Confirm it is you"
    provider.lies = {}
    come_back(client, provider.back(leave(client, page, again)))
    page = client.post_form(client.get_page("/profile/security"), "/profile/security/app")
    assert page.heading == "Set up an authenticator app"


@pytest.fixture
def kind(app: Flask, people: People) -> dict[str, str]:
    stage = replace(MANAGER, step_up=StepUp.SIGNATURE)
    with app.app_context():
        ids = insert_type(policy=Policy(stages=(stage,), undo_seconds=0))
        row = {"issuer": "", "subject": "ana-at-provider", "user_id": people.ben}
        row["issuer"] = app.config["SETTINGS"].sign_in_providers[0].issuer
        db.session.execute(insert(ProviderAccount).values(id=new_id(), **row))
        db.session.commit()
    return ids


def test_a_provider_asked_again_signs_and_is_recorded_as_weaker(
    client: PageClient, people: People, provider: TestProvider, asked: object, app: Flask
) -> None:
    sign_in(client, people.ben)
    page, again = decide(client), "/confirm/provider/staff"
    for lies in ({"auth_time": 1_000_000_000}, {"sub": "nia"}):
        provider.lies = lies
        come_back(client, provider.back(leave(client, page, again)))
        assert decided(app) == []
    provider.lies = {}
    odd = client.post(f"{again}?signs=x", data={"csrf_token": client.csrf_token()})
    assert odd.status_code == 200
    back = provider.back(leave(client, page, again))
    come_back(client, back)
    (event,) = decided(app)
    assert event["proof"]["ways"] == ["provider"]
    assert "0 signatures by passkey, 1 weaker proofs" in run(app, "audit", "signatures")
    come_back(client, back)
    assert "Nothing waits" in come_back(client, provider.back(leave(client, page, again))).text
    assert len(decided(app)) == 1


def log_out(app: Flask, token: str) -> int:
    return PageClient(app).post(f"{BEGIN}/logout", data={"logout_token": token}).status_code


def test_who_signs_out_there_is_signed_out_here(
    client: PageClient, linked: None, provider: TestProvider, app: Flask, people: People
) -> None:
    provider.person["sid"] = "first"
    assert enter(client, provider).heading == "Your profile"
    by_password = PageClient(app)
    sign_in(by_password, people.ana)
    token = provider.logout_token(sid="another")
    assert (log_out(app, token), log_out(app, token)) == (200, 400)  # each counts once
    for wrong in (
        {"iss": "https://evil.example"}, {"aud": "another"}, {"nonce": "x"}, {"events": {}},
        {"events": None}, {"jti": None}, {"sub": None}, {"iat": 1_000_000_000}, {"exp": 1},
        {"sub": ["ana-at-provider"]},
    ):  # fmt: skip
        assert log_out(app, provider.logout_token(**wrong)) == 400
    for token in ("", "x", "x" * 20_000, provider.logout_token()[:-4]):
        assert log_out(app, token) == 400
    assert client.get("/profile").status_code == 200
    assert log_out(app, provider.logout_token(sub="somebody else")) == 200
    assert client.get("/profile").status_code == 200
    assert log_out(app, provider.logout_token(sid="first", sub=None)) == 200
    assert client.get("/profile").status_code == 302
    assert enter(client, provider).heading == "Your profile"
    assert log_out(app, provider.logout_token()) == 200
    assert client.get("/profile").status_code == 302
    assert by_password.get("/profile").status_code == 200


def test_a_provider_that_is_away_is_said(make_app, settings: Settings, people: People) -> None:
    gone = SignInProvider(id="staff", name="Gone", issuer="http://127.0.0.1:9", client_id="x")
    client = PageClient(make_app(replace(settings, sign_in_providers=(gone,))))
    page = client.post_form(client.get_page("/sign-in"), BEGIN)
    assert "did not work" in page.text


GOOD = """
[[provider]]
id = "staff"
name = "Example account"
issuer = "https://id.example.org"
client_id = "gloria"
client_secret_file = "secret"
second_factor = true
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no providers"),
        ("[[provider]", "no providers"),
        ("provider = 3", "no providers"),
        (GOOD.replace("https", "http"), "https://"),
        (GOOD.replace('id = "staff"', ""), "lacks id"),
        (GOOD.replace('secret"', 'gone"'), "no providers"),
        (GOOD + "colour = 1", "colour"),
        (GOOD + GOOD, "twice"),
        (GOOD + 'scopes = ["email"]', "openid"),
    ],
)
def test_a_file_that_makes_no_sense_stops_the_start(tmp_path, text: str, problem: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    (tmp_path / "secret").write_text("hush\n")
    env = {"DATABASE_URL": "postgresql://a@b/c", "SECRET_KEY": "x" * 40, "ENVIRONMENT": "test"}
    with pytest.raises(ConfigurationError) as told:
        Settings.from_environment({**env, "SIGN_IN_PROVIDERS": str(file)})
    assert "SIGN_IN_PROVIDERS" in str(told.value)
    assert problem in str(told.value)


def test_a_file_is_read_with_its_secrets(tmp_path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(GOOD)
    (tmp_path / "secret").write_text("hush\n")
    env = {"DATABASE_URL": "postgresql://a@b/c", "SECRET_KEY": "x" * 40, "ENVIRONMENT": "test"}
    settings = Settings.from_environment({**env, "SIGN_IN_PROVIDERS": str(file)})
    (found,) = settings.sign_in_providers
    assert (found.client_secret, found.is_strong) == ("hush", True)
    assert "hush" not in repr(settings)
