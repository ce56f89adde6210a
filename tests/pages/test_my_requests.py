"""My requests: what stands where, in views and pages that the address names."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.extensions import db
from tests.asking import CODE, insert_request
from tests.clients import PageClient, sign_in
from tests.web import People

NOON = datetime(2026, 10, 8, 12, tzinfo=UTC)
FORM = f"/requests/new/{CODE}"


@pytest.fixture
def ana(client: PageClient, people: People, kind: dict[str, str]) -> PageClient:
    sign_in(client, people.ana)
    return client


@pytest.fixture
def some(app: Flask, people: People, kind: dict[str, str]) -> None:
    """One request of each sort; the one sent back is the oldest."""
    ben = [{"id": people.ben, "name": "Ben Example"}]
    soon = {"next_at": NOON, "next_what": "Reminder", "stage_name": "Line manager"}
    mine = [{"id": people.ana, "name": "Ana Example"}]
    with app.app_context():
        insert_request(kind, people.ana, "CH-1", status="RETURNED", waiting_for=mine,
                       submitted_at=NOON - timedelta(days=9))  # fmt: skip
        insert_request(kind, people.ana, "CH-2", waiting_for=ben, **soon)
        insert_request(kind, people.ana, "CH-3", status="APPROVED", closed_at=NOON)
        insert_request(kind, people.ana, "CH-4", status="ON_HOLD", hold_reason="Budget")
        insert_request(kind, people.ana, "CH-5", attention="Nobody is Finance.")
        insert_request(kind, people.eve, "CH-6", on_behalf_of=people.ana, waiting_for=ben)
        insert_request(kind, people.eve, "CH-7", title="A stranger's")
        db.session.commit()


def test_nothing_yet_says_what_would_be_here(ana: PageClient) -> None:
    page = ana.get_page("/requests")
    assert "You have no open requests" in page.text
    assert "/requests/new" in page.links
    assert "No drafts" in ana.get_page("/requests?view=drafts").text
    assert "Nothing is closed yet" in ana.get_page("/requests?view=closed").text


@pytest.mark.usefixtures("some")
def test_returned_requests_come_first_and_names_stand_for_steps(ana: PageClient) -> None:
    page = ana.get_page("/requests")
    assert page.text.index("CH-1") < page.text.index("CH-2")
    for words in ("Ben Example", "You", "edit and submit again", "requested by Ana Example",
                  "resumes it", "finds an approver"):  # fmt: skip
        assert words in page.text
    assert "CH-3" not in page.text
    assert "A stranger's" not in page.text


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("view", "seen", "unseen"),
    [("closed", "CH-3", "CH-2"), ("all", "CH-3", "CH-7"), ("nonsense", "CH-2", "CH-3")],
)
def test_a_view_is_in_the_address(ana: PageClient, view: str, seen: str, unseen: str) -> None:
    page = ana.get_page(f"/requests?view={view}")
    assert seen in page.text
    assert unseen not in page.text


def test_pages_neither_skip_nor_repeat(
    ana: PageClient, app: Flask, people: People, kind: dict[str, str]
) -> None:
    with app.app_context():
        for n in range(120):
            at = NOON - timedelta(minutes=n // 3)  # three at the same moment
            insert_request(kind, people.ana, f"CH-{n:03}", submitted_at=at)
        db.session.commit()
    seen, url = [], "/requests?view=all"
    while url:
        page = ana.get_page(url)
        seen += [link[10:] for link in page.links if link.startswith("/requests/CH-")]
        url = next((link for link in page.links if "before=" in link), "")
    assert sorted(seen) == [f"CH-{n:03}" for n in range(120)]


@pytest.mark.parametrize("before", ["x", "00000000-0000-0000-0000-000000000000", "%27"])
def test_a_page_behind_nothing_is_no_error(ana: PageClient, before: str) -> None:
    assert ana.get(f"/requests?before={before}").status_code == 200


def test_a_draft_is_deleted_after_a_question(ana: PageClient) -> None:
    ana.post_form(ana.get_page(FORM), FORM, next="later", title="Half a thought")
    listed = ana.get_page("/requests?view=drafts")
    question = ana.get_page(next(link for link in listed.links if link.endswith("/delete")))
    assert "Half a thought" in question.heading
    after = ana.post_form(question, question.path)
    assert "is deleted" in after.text
    assert "No drafts" in after.text
    assert ana.get(question.path).status_code == 404


def test_another_ones_draft_is_not_deleted(ana: PageClient, app: Flask, people: People) -> None:
    ana.post_form(ana.get_page(FORM), FORM, next="later", title="Half a thought")
    listed = ana.get_page("/requests?view=drafts")
    path = next(link for link in listed.links if link.endswith("/delete"))
    eve = PageClient(app)
    sign_in(eve, people.eve)
    assert eve.get(path).status_code == 404
    assert eve.post(path, data={"csrf_token": eve.csrf_token()}).status_code == 404
    assert "Half a thought" in ana.get_page("/requests?view=drafts").text
