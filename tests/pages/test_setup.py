"""A new installation: the first account by a link, and what is left to do, from what is there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.config import Settings
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import PeopleChange, User
from portal.services import backups, password_links
from tests.clients import PageClient, sign_in
from tests.web import People

NEW = "seven horses paint walls"
ADA = {"name": "Ada Admin", "email": "ada@example.org", "password": NEW, "password_again": NEW}


def first_link(app: Flask) -> str | None:
    runner = app.test_cli_runner()
    done = runner.invoke(args=["portal", "first-link"])
    return done.stdout.strip() if done.exit_code == 0 else None


def path_of(link: str | None) -> str:
    assert link is not None
    return link[link.index("/p/") :]


def test_the_first_account_is_made_by_a_link_once(client: PageClient, app: Flask) -> None:
    path = path_of(first_link(app))
    page = client.get_page(path)
    assert page.heading == "Create the first account"
    weak = client.post_form(page, "/password/new", 422, **{**ADA, "email": "ada"})
    assert "This email address cannot be used" in weak.text
    assert weak.form("/password/new").values["name"] == "Ada Admin"
    page = client.post_form(page, "/password/new", **ADA)
    assert page.heading == "Setup"
    assert "Only you can administer." in page.text
    assert PageClient(app).get(path).status_code == 410
    assert first_link(app) is None
    with app.app_context():
        assert db.session.scalars(select(User.roles)).all() == [["admin"]]
        assert db.session.scalars(select(PeopleChange.kind)).all() == ["added"]


def test_a_newer_link_ends_the_older_one(client: PageClient, app: Flask) -> None:
    old, new = path_of(first_link(app)), path_of(first_link(app))
    assert client.get(old).status_code == 410
    page = client.get_page(new)
    with app.app_context():
        password_links.accounts.create_admin("root@example.org", "Rita Root", NEW)
    client.post_form(page, "/password/new", 410, **ADA)


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


def test_what_is_left_follows_from_what_is_there(
    adam: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    page = adam.get_page("/admin/setup")
    assert "2 people have neither: Adam Example and Eve Example." in page.text
    assert "1 can be asked for." in page.text
    assert "Submit one and let it be approved" in page.text
    with app.app_context():
        on_top = User.id.in_([people.eve, people.adam, people.olga])
        db.session.execute(update(User).where(on_top).values(manager_id=people.dan))
        db.session.execute(update(User).where(User.id == people.ben).values(roles=["admin"]))
        db.session.commit()
    page = adam.get_page("/admin/setup")
    assert "Requests can go to everybody's manager." in page.text
    assert "2 administrators." in page.text


def test_setup_is_hidden_and_comes_back(adam: PageClient) -> None:
    page = adam.get_page("/admin/setup")
    page = adam.post_form(page, "/admin/setup/hide")
    assert "Setup is hidden." in page.text
    assert "/admin/setup" not in adam.get_page("/admin/people").links
    page = adam.get_page("/admin/setup")
    adam.post_form(page, "/admin/setup/hide")
    assert "/admin/setup" in adam.get_page("/admin/people").links


def test_setup_says_when_the_last_backup_was_taken(
    make_app: Callable[[Settings], Flask], settings: Settings, people: People, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    client = PageClient(make_app(replace(settings, backups_dir=folder)))
    sign_in(client, people.adam)
    assert "The portal sees no folder of backups." in client.get_page("/admin/setup").text
    folder.mkdir()
    assert "None was taken yet. Let scripts/backup run" in client.get_page("/admin/setup").text
    (folder / "gloria-20261101T023000Z").mkdir()
    (folder / "gloria-mine").mkdir()
    page = client.get_page("/admin/setup")
    assert "1 Nov 2026" in page.text
    assert "See why scripts/backup did not run since." in page.text
    now = datetime.now(UTC)
    (folder / (backups.folder_of(now) + ".part")).mkdir()
    assert "See why scripts/backup did not run since." in client.get_page("/admin/setup").text
    (folder / backups.folder_of(now - timedelta(hours=1))).mkdir()
    page = client.get_page("/admin/setup")
    assert "Last backup: " in page.text
    assert "See why" not in page.text
