"""Files with comments and decisions: kept when the form fails, recorded, and fetched by readers."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.request.files import ACCEPT
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Attachment, AuditEvent
from tests.asking import PDF, upload
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.pages_read import Page
from tests.web import People

HERE = f"/requests/{NUMBER}"
DECIDE, COMMENT = "/tasks/", f"{HERE}/comments"


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def send(
    client: PageClient, page: Page, action: str, *files: tuple[bytes, str], **fields: str
) -> Page:
    form = page.form(action)
    data = {**form.values, **fields, "files": [upload(*file) for file in files]}
    return Page(client.post(form.action, data=data, follow_redirects=True))


def in_audit(app: Flask, kind: str) -> list[dict[str, str]]:
    with app.app_context():
        data = select(AuditEvent.data["files"]).where(AuditEvent.kind == kind)
        return list(db.session.scalars(data).one())


@pytest.mark.parametrize(
    ("action", "event", "fields", "words"),
    [
        (DECIDE, "TaskDecided", {"decision": "approve"}, "with an approval"),
        (COMMENT, "CommentAdded", {"comment": "See the offer."}, "with a comment"),
    ],
)
def test_a_file_goes_with_it_and_its_hash_into_the_audit(
    ben: PageClient, app: Flask, people: People, action: str, event: str, fields: dict[str, str],
    words: str,
) -> None:  # fmt: skip
    page = send(ben, ben.get_page(HERE), action, (PDF, "offer.pdf"), **fields)
    assert "1 file with comments" in page.text
    assert words in page.text
    with app.app_context():
        row = db.session.execute(select(Attachment)).scalar_one()
    (recorded,) = in_audit(app, event)
    assert (recorded["id"], recorded["sha256"]) == (row.id, row.sha256)
    for name, status in (("ana", 200), ("olga", 200), ("eve", 404)):
        other = PageClient(app)
        sign_in(other, getattr(people, name))
        assert other.get(f"/attachments/{row.id}").status_code == status


@pytest.mark.parametrize(
    ("action", "wrong", "right"),
    [
        (DECIDE, {"decision": "reject", "comment": " "}, {"decision": "reject", "comment": "No."}),
        (COMMENT, {"comment": " "}, {"comment": "Look."}),
    ],
)
def test_a_form_that_fails_keeps_the_file(
    ben: PageClient, action: str, wrong: dict[str, str], right: dict[str, str]
) -> None:
    page = send(ben, ben.get_page(HERE), action, (PDF, "offer.pdf"), **wrong)
    assert page.response.status_code == 422
    assert "We kept offer.pdf" in page.text
    page = ben.post_form(page, action, **right)
    assert "1 file with comments" in page.text
    assert "offer.pdf" in page.text


def test_a_browser_offers_every_kind_that_is_taken(ben: PageClient) -> None:
    fields = ben.get(HERE).text.split('type="file"')[1:]
    assert fields
    assert all(f'accept="{ACCEPT}"' in each.split(">")[0] for each in fields)


def test_an_unfit_file_is_said_and_nothing_is_decided(ben: PageClient) -> None:
    files = ((b"MZ\x00", "setup.pdf"), (PDF, "good.pdf"))
    page = send(ben, ben.get_page(HERE), DECIDE, *files, decision="approve", comment="Fine.")
    assert page.response.status_code == 422
    assert "“setup.pdf” is not a real PDF file" in page.text
    assert "We kept good.pdf" in page.text
    form = page.form(DECIDE)
    assert form.values["comment"].strip() == "Fine."
    page = ben.post_form(page, DECIDE, decision="approve")
    assert "good.pdf" in page.text
    assert "You approved" in page.text


def test_pressing_twice_stores_once(ben: PageClient, app: Flask) -> None:
    page = ben.get_page(HERE)
    for _ in range(2):
        send(ben, page, COMMENT, (PDF, "offer.pdf"), comment="See the offer.")
    with app.app_context():
        assert len(db.session.execute(select(Attachment)).all()) == 1
    assert len(in_audit(app, "CommentAdded")) == 1


def test_a_request_holds_so_many(ben: PageClient, app: Flask) -> None:
    many = [(PDF, f"{number}.pdf") for number in range(20)]
    page = send(ben, ben.get_page(HERE), COMMENT, *many, comment="All of them.")
    page = send(ben, page, COMMENT, (PDF, "more.pdf"), comment="One more.")
    assert page.response.status_code == 422
    assert "“more.pdf” is one file too many. Attach at most 20 files." in page.text


def test_while_the_store_is_away_nothing_is_lost(
    ben: PageClient, app: Flask, tmp_path: Path
) -> None:
    page = ben.get_page(HERE)
    (tmp_path / "nowhere").write_text("no folder")
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, attachments_dir=tmp_path / "nowhere")
    page = send(ben, page, DECIDE, (PDF, "offer.pdf"), decision="approve", comment="My words.")
    assert page.response.status_code == 422
    assert "could not be stored. Attach it again in a moment." in page.text
    assert page.form(DECIDE).values["comment"].strip() == "My words."


def test_files_of_a_decision_that_came_too_late_are_kept(
    ben: PageClient, asked: Approval, process: InProcess, people: People
) -> None:
    from tests.pages.test_tasks import approve

    page = ben.get_page(HERE)
    approve(process, asked, people.ben)
    page = send(ben, page, DECIDE, (PDF, "offer.pdf"), decision="approve")
    assert page.response.status_code == 409
    assert "with comments" not in page.text
