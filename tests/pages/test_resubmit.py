"""Changing what was sent back, and taking a request back."""

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.domain.request.files import KeptFile
from portal.extensions import db
from portal.models import Command, Comment, Participant, Request
from portal.models.columns import new_id
from tests.asking import PDF, insert_request, move_requests, upload
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

RESUBMIT, WITHDRAW = "/requests/CH-1/resubmit", "/requests/CH-1/withdraw"
OLD = KeptFile(new_id(), "old.pdf", "application/pdf", 3, "00").as_value()


@pytest.fixture
def returned(app: Flask, people: People, kind: dict[str, str]) -> str:
    """A request of Ana's that Ben sent back, with a remark and a file; its id."""
    fields = {"amount": 12000, "reason": "It broke.", "offers": [OLD]}
    with app.app_context():
        request_id = insert_request(
            kind, people.ana, "CH-1", status="RETURNED", returned_by="Ben Example",
            content_version=3, fields=fields,
        )  # fmt: skip
        said = {"seq": 4, "author_id": people.ben, "about": "send_back", "text": "Which model?"}
        db.session.execute(insert(Comment).values(id=new_id(), request_id=request_id, **said))
        asked = {
            "user_id": people.ben,
            "submitted_at": select(Request.submitted_at).scalar_subquery(),
        }
        db.session.execute(insert(Participant).values(request_id=request_id, **asked))
        db.session.commit()
    return request_id


@pytest.fixture
def ana(client: PageClient, people: People, returned: str) -> PageClient:
    sign_in(client, people.ana)
    return client


def command(app: Flask) -> Command:
    with app.app_context():
        return db.session.execute(select(Command)).scalar_one()


def test_the_form_shows_the_remark_and_what_the_request_holds(ana: PageClient) -> None:
    page = ana.get_page(RESUBMIT)
    assert "Returned by Ben Example" in page.text
    assert "Which model?" in page.text
    values = page.form(RESUBMIT).values
    assert (values["title"], values["amount"]) == ("Chair CH-1", "120.00")
    assert values["content_version"] == "3"
    assert "We kept old.pdf" in page.text


def test_it_is_sent_with_the_version_it_builds_on(
    ana: PageClient, app: Flask, returned: str
) -> None:
    page = ana.get_page(RESUBMIT)
    after = ana.post_form(page, RESUBMIT, amount="130,00", comment="The blue one.")
    assert "ecorded" in after.text
    sent = command(app)
    assert (sent.kind, sent.request_id) == ("Resubmit", returned)
    assert (sent.payload["content_version"], sent.payload["comment"]) == (3, "The blue one.")
    content = sent.payload["content"]
    assert (content["amount"], content["fields"]["offers"]) == (13000, [OLD])
    assert ana.post_form(page, RESUBMIT, amount="130").path == after.path
    other = ana.post_form(page, RESUBMIT, 409, amount="140", comment="Or the red one.")
    assert "This form was sent before, with other words." in other.text
    kept = other.form(RESUBMIT).values
    assert (kept["amount"], kept["comment"].strip()) == ("140", "Or the red one.")
    assert command(app).id == sent.id


def test_a_wrong_form_marks_what_changed_and_keeps_files(ana: PageClient, app: Flask) -> None:
    page = ana.get_page(RESUBMIT)
    data = {**page.form(RESUBMIT).values, "title": "", "remove": OLD["id"]}
    data["offers"] = upload(PDF, "new.pdf")
    wrong = Page(ana.post(RESUBMIT, data=data))
    assert wrong.response.status_code == 422
    assert wrong.response.text.count('class="was-changed"') == 2
    assert "We kept new.pdf" in wrong.text
    assert "old.pdf" not in wrong.text
    ana.post_form(wrong, RESUBMIT, title="The blue one")
    (file,) = command(app).payload["content"]["fields"]["offers"]
    assert file["name"] == "new.pdf"


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ({"content_version": 4}, "changed after you opened it"),
        ({"status": "PENDING"}, "was not returned"),
        ({"status": "WITHDRAWN"}, "is closed"),
    ],
)
def test_if_it_moved_on_the_text_is_kept(
    ana: PageClient, app: Flask, moved: dict[str, object], words: str
) -> None:
    page = ana.get_page(RESUBMIT)
    with app.app_context():
        move_requests(**moved)
        db.session.commit()
    data = {**page.form(RESUBMIT).values, "title": "Typed long", "offers": upload(PDF, "new.pdf")}
    late = Page(ana.post(RESUBMIT, data=data))
    assert late.response.status_code == 409
    assert words in late.text
    assert late.form(RESUBMIT).values["title"] == "Typed long"
    assert "We kept new.pdf" in late.text
    with app.app_context():
        assert db.session.execute(select(Command)).first() is None


def test_files_outlive_a_late_form(ana: PageClient, app: Flask) -> None:
    page = ana.get_page(RESUBMIT)
    data = {**page.form(RESUBMIT).values, "content_version": "2", "offers": upload(PDF, "new.pdf")}
    late = Page(ana.post(RESUBMIT, data=data))
    ana.post_form(late, RESUBMIT)
    names = [file["name"] for file in command(app).payload["content"]["fields"]["offers"]]
    assert names == ["old.pdf", "new.pdf"]


@pytest.mark.parametrize("path", [RESUBMIT, WITHDRAW])
@pytest.mark.parametrize(
    ("name", "status"), [("ana", 200), ("ben", 403), ("eve", 404), ("olga", 403), ("adam", 403)]
)
def test_only_the_requester_may(
    app: Flask, people: People, returned: str, path: str, name: str, status: int
) -> None:
    client = PageClient(app)
    sign_in(client, getattr(people, name))
    assert client.get(path).status_code == status
    form = {"csrf_token": client.csrf_token(), "command_id": new_id(), "title": "x"}
    refused = client.post(path, data=form).status_code
    assert refused == status or (name == "ana" and refused in (303, 422))


def test_withdrawing_asks_first(ana: PageClient, app: Flask, returned: str) -> None:
    page = ana.get_page(WITHDRAW)
    assert page.heading == "Withdraw CH-1?"
    assert "Chair CH-1" in page.text
    after = ana.post_form(page, WITHDRAW, comment="No money.")
    assert "ecorded" in after.text
    sent = command(app)
    assert (sent.kind, sent.payload["comment"]) == ("Withdraw", "No money.")
    assert ana.post_form(page, WITHDRAW).path == after.path


def test_a_closed_request_is_not_withdrawn(ana: PageClient, app: Flask) -> None:
    page = ana.get_page(WITHDRAW)
    with app.app_context():
        move_requests(status="APPROVED")
        db.session.commit()
    late = ana.post_form(page, WITHDRAW, 409, comment="My reasons.")
    assert "is closed" in late.text
    assert "My reasons." in late.response.text
    assert ana.get(WITHDRAW).status_code == 409
    assert ana.get(RESUBMIT).status_code == 409
