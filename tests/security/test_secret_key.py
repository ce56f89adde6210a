"""A changed SECRET_KEY: with the one before it, nobody who has a page open notices."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from portal import presentation
from portal.chat import sealing
from portal.config import ROOT, ConfigurationError, Settings
from portal.doctor import database
from portal.doctor.finding import Level
from portal.extensions import db
from portal.models import ChatChannel
from portal.models.columns import new_id
from portal.notifications.password_mail import PasswordMail
from tests.clients import PageClient, sign_in
from tests.mailing import mail_server, mailing
from tests.pages_read import Page
from tests.web import PASSWORD, People

NEW = "a newer one: 9876543210fedcba"
ZONE = "/profile/time-zone"
MakeApp = Callable[[Settings], Flask]


def changed(settings: Settings) -> Settings:
    return replace(settings, secret_key=NEW, secret_key_previous=settings.secret_key)


@pytest.fixture
def later(make_app: MakeApp, settings: Settings, people: People) -> Flask:
    """The portal after the key was changed."""
    return make_app(changed(settings))


def test_a_session_and_its_open_form_go_on(
    client: PageClient, people: People, later: Flask, make_app: MakeApp, settings: Settings
) -> None:
    sign_in(client, people.ana)
    old = client.get_page("/profile")
    client.application = later
    assert "Time zone saved" in client.post_form(old, ZONE, time_zone="Asia/Tokyo").text
    new = client.get_page("/profile")
    client.application = make_app(replace(settings, secret_key=NEW))
    assert client.get_page("/profile").heading
    client.post_form(old, ZONE, 400, time_zone="Asia/Tokyo")
    assert "Time zone saved" in client.post_form(new, ZONE, time_zone="Asia/Tokyo").text


def test_nobody_sends_the_open_form_of_somebody_else(
    client: PageClient, people: People, later: Flask
) -> None:
    sign_in(client, people.ana)
    old = client.get_page("/profile")
    client.application = later
    sign_in(client, people.ben)
    client.post_form(old, ZONE, 400, time_zone="Asia/Tokyo")


def test_the_sign_in_page_that_is_open_works(client: PageClient, later: Flask) -> None:
    page = client.get_page("/sign-in")
    client.application = later
    given = {"email": "ana@example.org", "password": PASSWORD}
    assert client.post_form(page, "/sign-in", **given).response.request.path != "/sign-in"


def test_what_was_typed_before_a_session_ended_is_kept(
    client: PageClient, people: People, later: Flask
) -> None:
    sign_in(client, people.ana)
    form = client.get_page("/profile").form(ZONE)
    client.delete_cookie("gloria-session")
    late = Page(client.post(ZONE, data={**form.values, "time_zone": "Asia/Tokyo"}))
    client.application = later
    given = {"email": "ana@example.org", "password": PASSWORD}
    assert "Asia/Tokyo" in client.post_form(late, "/sign-in", **given).text


def test_a_password_link_of_before_is_mailed_as_it_was_made(
    client: PageClient, app: Flask, later: Flask, settings: Settings
) -> None:
    client.post_form(
        client.get_page("/password/forgot"), "/password/forgot", email="ana@example.org"
    )
    words = presentation.letters(ROOT / "templates")
    with mail_server() as catcher, app.app_context():
        assert PasswordMail(db.engine, mailing(changed(settings), catcher.port), words).turn()
        body = catcher.mails[0].get_body(("plain",))
    assert body is not None
    path = next(word for word in body.get_content().split() if "/p/" in word)
    client.application = later
    assert client.get_page("/p/" + path.rpartition("/p/")[2]).heading == "Choose a new password"


def test_addresses_of_channels_are_sealed_anew(
    app: Flask, later: Flask, settings: Settings
) -> None:
    ids = [new_id(), new_id()]
    with app.app_context():
        for number, key in enumerate((settings.secret_key, "of nobody")):
            sealed = sealing.seal("ntfys://ntfy.sh/x", ids[number], key)
            values = {"name": key, "scheme": "ntfys", "host": "ntfy.sh", "sealed": sealed}
            db.session.add(ChatChannel(id=ids[number], **values))
        db.session.commit()

    def found(settings: Settings) -> set[str]:
        codes = {each.code for each in database.examine(settings) if each.level is not Level.OK}
        return {code for code in codes if code in ("database.sealed", "database.former-key")}

    assert found(changed(settings)) == {"database.sealed", "database.former-key"}
    said = later.test_cli_runner().invoke(args=["portal", "reseal"])
    assert (said.exit_code, "1 cannot be read" in said.output) == (1, True)
    with app.app_context():
        sealed = db.session.scalar(select(ChatChannel.sealed).where(ChatChannel.id == ids[0]))
        assert sealing.unseal(sealed or b"", ids[0], NEW) == "ntfys://ntfy.sh/x"
    assert found(changed(settings)) == {"database.sealed"}


def test_a_previous_key_is_one_that_could_be_used() -> None:
    env = {"ENVIRONMENT": "production", "SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": "short"}
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment(env)
    assert "SECRET_KEY_PREVIOUS is shorter than 32" in str(refused.value)
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment(env | {"SECRET_KEY_PREVIOUS": NEW})
    assert "SECRET_KEY_PREVIOUS is the same" in str(refused.value)
