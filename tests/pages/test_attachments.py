"""Files from the form to the request, and who may fetch them."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Attachment, Command
from tests.asking import ANSWERS, CODE, PDF, draft_of, upload
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess
from tests.pages_read import Page
from tests.web import People

FORM = f"/requests/new/{CODE}"


@pytest.fixture
def ana(client: PageClient, people: People, kind: dict[str, str]) -> PageClient:
    sign_in(client, people.ana)
    return client


def attach(ana: PageClient, *files: tuple[bytes, str], status: int = 200, **answers: str) -> Page:
    page = ana.get_page(FORM)
    data = {**page.form(FORM).values, **ANSWERS, **answers}
    data["offers"] = [upload(*file) for file in files]  # type: ignore[assignment]
    return Page(ana.post(FORM, data=data, follow_redirects=True))


def stored(app: Flask) -> list[Path]:
    folder = app.config["SETTINGS"].attachments_dir
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_goes_with_the_request(ana: PageClient, app: Flask) -> None:
    check = attach(ana, (PDF, "../../Offer ü.pdf"))
    assert "Offer ü.pdf" in check.text
    ana.post_form(check, f"{FORM}/submit")
    with app.app_context():
        row = db.session.execute(select(Attachment)).scalar_one()
        command = db.session.execute(select(Command)).scalar_one()
    (named,) = command.payload["content"]["fields"]["offers"]
    assert (named["id"], named["sha256"], named["size"]) == (row.id, row.sha256, len(PDF))
    assert row.request_id == command.request_id
    assert [path.name for path in stored(app)] == [row.id]


def test_a_wrong_form_keeps_the_file_and_says_so(ana: PageClient, app: Flask) -> None:
    page = attach(ana, (PDF, "offer.pdf"), amount="12,x")
    assert page.response.status_code == 422
    assert "We kept offer.pdf" in page.text
    check = ana.post_form(page, FORM, amount="12", reason="It broke.")
    assert "offer.pdf" in check.text


def test_a_kept_file_can_be_taken_out(ana: PageClient, app: Flask) -> None:
    page = attach(ana, (PDF, "offer.pdf"), amount="12,x")
    file = next(link for link in page.links if link.startswith("/attachments/"))
    again = ana.post_form(page, FORM, 422, remove=file.rpartition("/")[2])
    assert "offer.pdf" not in again.text
    assert stored(app) == []
    assert ana.get(file).status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"MZ\x00", "setup.pdf", "is not a real PDF file"),
        (b"<svg onload=alert(1)>", "a.svg", "this file type is not allowed"),
        (b"<html>", "a.txt", "is not a real TXT file"),
        (b"", "empty.pdf", "is empty"),
    ],
)
def test_an_unfit_file_is_refused_in_words(
    ana: PageClient, app: Flask, data: bytes, name: str, words: str
) -> None:
    page = attach(ana, (data, name), (PDF, "good.pdf"))
    assert page.response.status_code == 422
    assert words in page.text
    assert "We kept good.pdf" in page.text
    assert len(stored(app)) == 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"C:\Users\ana\Offer 1.pdf", "Offer 1.pdf"),
        (r"plan\2026.pdf", "2026.pdf"),
        (r"the %22best%22\b%22est%22.pdf", 'b"est".pdf'),
        (r"a\"b.pdf", 'a"b.pdf'),
    ],
)
def test_a_name_keeps_what_follows_a_backslash(
    ana: PageClient, app: Flask, written: str, shown: str
) -> None:
    values = {**ana.get_page(FORM).form(FORM).values, **ANSWERS}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    ]
    disposition = f'Content-Disposition: form-data; name="offers"; filename="{written}"'
    parts.append(f"--x\r\n{disposition}\r\nContent-Type: application/pdf\r\n\r\n")
    body = "".join(parts).encode() + PDF + b"\r\n--x--\r\n"
    ana.post(FORM, data=body, content_type="multipart/form-data; boundary=x")
    with app.app_context():
        assert db.session.scalars(select(Attachment.name)).all() == [shown]


def test_one_too_many_is_refused(ana: PageClient, app: Flask) -> None:
    page = attach(ana, *[(PDF, f"{n}.pdf") for n in range(21)])
    assert page.response.status_code == 422
    assert "“20.pdf” is one file too many. Attach at most 20 files." in page.text
    assert len(stored(app)) == 20
    # What waits in that form takes no room in another one.
    assert "21.pdf" in attach(ana, (PDF, "21.pdf")).text
    assert len(stored(app)) == 21


def test_a_download_is_saved_and_never_shown(ana: PageClient) -> None:
    page = attach(ana, (PDF, "ü'<script>.pdf"), amount="x")
    file = next(link for link in page.links if link.startswith("/attachments/"))
    answer = ana.get(file)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.fixture
def sent(ana: PageClient) -> str:
    """The address of a file of a request that Ana has sent."""
    check = attach(ana, (PDF, "offer.pdf"))
    draft = ana.get_page(f"{FORM}?draft={draft_of(check)}")
    ana.post_form(check, f"{FORM}/submit")
    return next(link for link in draft.links if link.startswith("/attachments/"))


@pytest.mark.parametrize(("name", "status"), [("ana", 200), ("eve", 404), ("ben", 404)])
def test_only_who_may_see_the_request_gets_its_files(
    app: Flask, people: People, sent: str, name: str, status: int
) -> None:
    # The request is not recorded yet: nobody has been asked.
    client = PageClient(app)
    sign_in(client, getattr(people, name))
    assert client.get(sent).status_code == status


def test_whoever_is_concerned_gets_them_once_it_is_recorded(
    app: Flask, people: People, process: InProcess, sent: str
) -> None:
    for name, status in (("ben", 200), ("olga", 200), ("eve", 404), ("carl", 404)):
        client = PageClient(app)
        sign_in(client, getattr(people, name))
        with client.get(sent) as answer:
            assert (name, answer.status_code) == (name, status)


def test_a_file_that_was_changed_is_not_given_out(ana: PageClient, app: Flask) -> None:
    page = attach(ana, (PDF, "offer.pdf"), amount="x")
    file = next(link for link in page.links if link.startswith("/attachments/"))
    (path,) = stored(app)
    path.write_bytes(PDF + b" and more")
    answer = ana.get(file)
    assert answer.status_code == 409
    assert PDF not in answer.data
    assert "changed after it was attached" in answer.text
    problems = app.test_cli_runner().invoke(args=["portal", "files", "verify"])
    assert "is changed." in problems.output
    path.unlink()
    gone = ana.get(file)
    assert (gone.status_code, "This file is missing here" in gone.text) == (410, True)
    problems = app.test_cli_runner().invoke(args=["portal", "files", "verify"])
    assert (problems.exit_code, "1 missing" in problems.output) == (1, True)


def test_while_the_store_is_away_the_form_keeps_what_was_typed(
    ana: PageClient, app: Flask, tmp_path: Path
) -> None:
    kept = attach(ana, (PDF, "offer.pdf"), amount="x")
    file = next(link for link in kept.links if link.startswith("/attachments/"))
    settings = app.config["SETTINGS"]
    (tmp_path / "nowhere").write_text("no folder")
    app.config["SETTINGS"] = replace(settings, attachments_dir=tmp_path / "nowhere")
    page = attach(ana, (PDF, "second.pdf"), reason="My own words.")
    assert page.response.status_code == 422
    assert "“second.pdf” could not be stored. Attach it again in a moment." in page.text
    assert page.form(FORM).values["reason"].strip() == "My own words."
    assert ana.get(file).status_code in (404, 503)
