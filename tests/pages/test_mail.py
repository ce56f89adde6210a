"""Caught mail: shown where a development installation catches it, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from portal.config import Settings
from portal.notifications.letter import Letter, as_mail
from tests.clients import PageClient
from tests.mailing import mailing

NAME = "0" * 32


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A catcher's folder with one mail."""
    letter = Letter(
        message_id="1", thread="2", name="Ben", address="ben@example.org", subject="Chairs <b>",
        text="Look: https://portal.example/a?b=c&d <script>", html="<html><head></head><p>Hi</p>",
    )  # fmt: skip
    mail = as_mail(letter, mailing(settings, 25)).as_bytes()
    (tmp_path / f"{NAME}.eml").write_bytes(b"X-Envelope-To: ben@example.org\r\n" + mail)
    return tmp_path


@pytest.fixture
def there(make_app, settings: Settings, folder: Path) -> PageClient:
    app = make_app(mailing(settings, 25, catcher_dir=folder))
    return PageClient(app)


def test_the_list_and_one_mail(there: PageClient) -> None:
    assert "Chairs <b>" in there.get_page("/dev/mail").text
    page = there.get_page(f"/dev/mail/{NAME}")
    assert "https://portal.example/a?b=c&d" in page.links
    assert "ben@example.org" in page.text
    assert "frame-src 'self'" in page.response.headers["Content-Security-Policy"]


def test_the_mail_alone_runs_nothing(there: PageClient) -> None:
    answer = there.open(f"/dev/mail/{NAME}/html", method="HEAD")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in [word for part in policy.split(";") for word in part.split()[:1]]
    assert "script" not in policy


@pytest.mark.parametrize("name", ["1" * 32, "..", "x", "%2e%2e%2fsecret", NAME + ".eml"])
def test_no_other_file_is_shown(there: PageClient, name: str) -> None:
    assert there.get(f"/dev/mail/{name}").status_code == 404


def test_nothing_caught_yet(make_app, settings: Settings, tmp_path: Path) -> None:
    app = make_app(mailing(settings, 25, catcher_dir=tmp_path / "none"))
    assert "No mail yet" in PageClient(app).get_page("/dev/mail").text


def test_in_production_there_is_no_such_page(make_app, settings: Settings, folder: Path) -> None:
    strict = mailing(replace(settings, environment="production"), 25, catcher_dir=folder)
    client = PageClient(make_app(strict))
    for path in ("/dev/mail", f"/dev/mail/{NAME}", f"/dev/mail/{NAME}/html"):
        assert client.get(path).status_code == 404
