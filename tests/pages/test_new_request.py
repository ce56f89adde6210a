"""Asking for approval, from the choice of a type to the receipt."""

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.extensions import db
from portal.models import Attachment, Command, Draft, PolicyVersion, RequestType
from portal.models.columns import new_id
from tests.asking import ANSWERS, CODE, PDF, draft_of, upload
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

FORM = f"/requests/new/{CODE}"
SUBMIT = f"{FORM}/submit"


@pytest.fixture
def ana(client: PageClient, people: People, kind: dict[str, str]) -> PageClient:
    """Ana, signed in, with a type to ask for."""
    sign_in(client, people.ana)
    return client


def fill_in(ana: PageClient, status: int = 200, **answers: str) -> Page:
    page = ana.get_page(FORM)
    return ana.post_form(page, FORM, status, **(ANSWERS | answers))


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_types_are_offered(ana: PageClient) -> None:
    page = ana.get_page("/requests/new")
    assert FORM in page.links
    assert "Not enough past requests to estimate how long it takes" in page.text


def test_the_check_page_shows_answers_and_the_route_with_names(ana: PageClient) -> None:
    page = fill_in(ana, amount="999,99")
    assert page.path == f"{FORM}/check"
    for words in ("A chair", "€999.99", "Line manager", "Ben Example", "Finance", "from €1,000.00"):
        assert words in page.text
    assert any(link.endswith("#amount") for link in page.links)


def test_a_larger_sum_asks_finance_too(ana: PageClient) -> None:
    page = fill_in(ana, amount="1,000")
    assert "Carl Example and Cleo Example" in page.text


def test_a_wrong_form_keeps_what_was_typed(ana: PageClient, app: Flask) -> None:
    page = fill_in(ana, 422, amount="12,x", title="")
    assert page.document.words("title")[0].startswith("Error: ")
    assert page.form(FORM).values["amount"] == "12,x"
    assert "Amount must be a number" in page.text
    assert "Title is missing" in page.text
    assert count(app, Draft) == 1


@pytest.mark.parametrize("nasty", ["a\x00b", "a\u202eb", " \u200b ", "x" * 151, "{{7*7}}\x1b[31m"])
def test_nasty_titles_are_refused_not_broken(ana: PageClient, nasty: str) -> None:
    page = fill_in(ana, 422, title=nasty)
    assert "Title" in page.text


def test_markup_in_answers_is_text(ana: PageClient) -> None:
    page = fill_in(ana, title="<script>alert(1)</script> {{7*7}} ${x}")
    assert "<script>alert(1)</script> {{7*7}} ${x}" in page.text


def test_a_draft_can_wait(ana: PageClient, app: Flask) -> None:
    page = ana.get_page(FORM)
    listed = ana.post_form(page, FORM, next="later", title="Half a thought")
    assert listed.path == "/requests"
    assert "Half a thought" in listed.text
    again = ana.get_page(next(link for link in listed.links if "draft=" in link))
    assert again.form(FORM).values["title"] == "Half a thought"
    assert again.form(FORM).values["draft_id"] == page.form(FORM).values["draft_id"]
    assert count(app, Command) == 0


def test_submitting_gives_a_number_at_once_and_says_what_is_true(ana: PageClient) -> None:
    receipt = ana.post_form(fill_in(ana), SUBMIT)
    assert receipt.path.startswith("/requests/receipt/")
    assert receipt.heading == "CH-1001 submitted"
    assert "Starting" in receipt.text
    mine = ana.get_page("/requests")
    assert "CH-1001" in mine.text
    assert "Starting" in mine.text


def test_pressing_again_shows_the_first_result(ana: PageClient, app: Flask) -> None:
    check = fill_in(ana)
    first = ana.post_form(check, SUBMIT)
    assert ana.post_form(check, SUBMIT).path == first.path
    assert ana.get_page(f"{FORM}/check?draft={draft_of(check)}").path == first.path
    assert ana.get_page(f"{FORM}?draft={draft_of(check)}").path == first.path
    form = {**ANSWERS, "draft_id": draft_of(check), "csrf_token": ana.csrf_token()}
    assert ana.post(FORM, data=form).location == first.path
    assert (count(app, Command), count(app, Draft)) == (1, 0)


def test_back_from_the_check_finds_everything_and_makes_no_second_draft(
    ana: PageClient, app: Flask
) -> None:
    page = ana.get_page(FORM)
    here = page.response.request.full_path
    assert ana.get_page(here).form(FORM).values["draft_id"] == page.form(FORM).values["draft_id"]
    for _ in range(2):  # the second from the browser's own copy of the page, with its file
        data = {**page.form(FORM).values, **ANSWERS, "offers": [upload(PDF, "offer.pdf")]}
        check = Page(ana.post(FORM, data=data, follow_redirects=True))
        assert check.text.count("offer.pdf") == 1
        back = ana.get_page(here)
        assert back.form(FORM).values["amount"] == ANSWERS["amount"]
        assert "We kept offer.pdf" in back.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 1
        assert db.session.scalar(select(func.count()).select_from(Attachment)) == 1
    ana.post_form(check, SUBMIT)
    assert ana.get_page(here).path == f"/requests/receipt/{draft_of(check)}"


def test_a_form_needs_no_draft_of_its_own_before(ana: PageClient) -> None:
    form = {**ANSWERS, "draft_id": new_id(), "csrf_token": ana.csrf_token()}
    where = ana.post(FORM, data=form).location
    assert where == f"{FORM}/check?draft={form['draft_id']}"
    sent = ana.post(SUBMIT, data={"command_id": form["draft_id"], "csrf_token": form["csrf_token"]})
    assert sent.location == f"/requests/receipt/{form['draft_id']}"


def test_the_command_says_everything(ana: PageClient, app: Flask, people: People) -> None:
    check = fill_in(ana, on_behalf_of="Eve Example", priority="URGENT", due_at="2199-12-31")
    ana.post_form(check, SUBMIT)
    with app.app_context():
        row = db.session.execute(select(Command)).scalar_one()
    assert (row.number, row.kind, row.on_behalf_of) == ("CH-1001", "Submit", people.eve)
    payload = row.payload
    assert payload["content"]["amount"] == 12000
    assert payload["content"]["fields"]["reason"] == "The old one broke."
    assert (payload["priority"], payload["due_at"][:16]) == ("URGENT", "2199-12-31T22:59")
    assert row.id == draft_of(check)


def test_unknown_fields_change_nothing(ana: PageClient, app: Flask, people: People) -> None:
    check = fill_in(ana, requester_id=people.eve, number="XX-1", id=new_id(), workflow="simple")
    ana.post_form(check, SUBMIT, actor_id=people.eve, number="XX-1")
    with app.app_context():
        row = db.session.execute(select(Command)).scalar_one()
    assert (row.actor_id, row.number) == (people.ana, "CH-1001")


def test_a_changed_draft_is_shown_again_first(ana: PageClient, app: Flask) -> None:
    check = fill_in(ana)
    form = {**ANSWERS, "title": "A throne", "draft_id": draft_of(check)}
    ana.post(FORM, data={**form, "csrf_token": ana.csrf_token()})
    again = ana.post_form(check, SUBMIT, 409)
    assert "A throne" in again.text
    assert count(app, Command) == 0
    assert ana.post_form(again, SUBMIT).heading == "CH-1001 submitted"


def test_a_changed_policy_is_shown_again_first(
    ana: PageClient, app: Flask, kind: dict[str, str]
) -> None:
    check = fill_in(ana)
    with app.app_context():
        version = db.session.execute(select(PolicyVersion)).scalar_one()
        newer = PolicyVersion(
            id=new_id(),
            request_type_id=kind["type"],
            version=2,
            form=version.form,
            definition=version.definition,
        )
        db.session.add(newer)
        db.session.flush()
        db.session.execute(update(RequestType).values(policy_version_id=newer.id))
        db.session.commit()
    assert "changed in another window" in ana.post_form(check, SUBMIT, 409).text


def test_a_draft_is_its_owners_alone(ana: PageClient, app: Flask, people: People) -> None:
    check = fill_in(ana)
    draft_id, eve = draft_of(check), PageClient(app)
    sign_in(eve, people.eve)
    for path in (f"{FORM}?draft={draft_id}", f"{FORM}/check?draft={draft_id}"):
        assert eve.get(path).status_code == 404
    token = {"csrf_token": eve.csrf_token()}
    assert eve.post(SUBMIT, data={"command_id": draft_id, **token}).status_code == 404
    taken = eve.post(FORM, data={**ANSWERS, "draft_id": draft_id, **token})
    assert taken.status_code == 404
    ana.post_form(check, SUBMIT)
    assert eve.get(f"/requests/receipt/{draft_id}").status_code == 404
    assert eve.post(FORM, data={**ANSWERS, "draft_id": draft_id, **token}).status_code == 404


@pytest.mark.parametrize("draft", ["", "x", "'", "00000000-0000-0000-0000-000000000000"])
def test_a_draft_that_is_none_is_not_found(ana: PageClient, draft: str) -> None:
    assert ana.get(f"{FORM}/check?draft={draft}").status_code == 404
    token = ana.csrf_token()
    sent = ana.post(SUBMIT, data={"command_id": draft, "csrf_token": token})
    assert sent.status_code == 404


def test_what_cannot_be_asked_for_is_not_found(ana: PageClient, app: Flask) -> None:
    assert ana.get("/requests/new/rockets").status_code == 404
    with app.app_context():
        db.session.execute(update(RequestType).values(is_active=False))
        db.session.commit()
    assert ana.get(FORM).status_code == 404
    assert "No request types yet" in ana.get_page("/requests/new").text


def test_an_auditor_asks_for_nothing(app: Flask, people: People, kind: dict[str, str]) -> None:
    olga = PageClient(app)
    sign_in(olga, people.olga)
    assert olga.get("/requests/new").status_code == 403
    assert olga.get(FORM).status_code == 403
