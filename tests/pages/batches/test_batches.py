"""Many at once: choosing in the inbox, the review page, and what became of each."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.policy.policy import Decision
from portal.domain.request.files import KeptFile
from portal.domain.request.state import Approval, Content
from portal.extensions import db
from portal.models import AuditEvent
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess, submit
from tests.pages.batches.choosing import choose, commands, review, task_of
from tests.pages.test_tasks import approve, change
from tests.pages_read import Page
from tests.web import People

TASK = re.compile(r'name="task" value="([0-9a-f-]{36})"')


def test_only_what_the_policy_allows_can_be_ticked(ben: PageClient, asked: list[Approval]) -> None:
    page = ben.get_page("/inbox")
    ticks = set(TASK.findall(page.response.text))
    assert ticks == {task_of(asked[0]), task_of(asked[1])}
    assert "over €500.00" in page.text


def test_without_leave_of_a_policy_there_is_nothing_to_tick(
    client: PageClient, process: InProcess, people: People, kind: dict[str, str]
) -> None:
    process.give(submit(kind, people))
    sign_in(client, people.ben)
    page = client.get_page("/inbox")
    assert not TASK.findall(page.response.text)
    assert "open to decide" not in page.text


def test_the_review_shows_each_amount_the_total_and_what_is_left_out(
    ben: PageClient, asked: list[Approval], app: Flask
) -> None:
    page = review(ben, asked)
    assert page.heading == "Review 2 requests"
    for words in ("€120.00", "€300.50", "€420.50", "1 left out", "CH-3 Seat CH-3"):
        assert words in page.text
    assert "too large to be decided with others" in page.text
    assert commands(app) == 0


def test_the_review_shows_what_each_request_says(
    ben: PageClient, process: InProcess, people: People, bulk_kind: dict[str, str]
) -> None:
    file = KeptFile(new_id(), "offer.pdf", "application/pdf", 84_000, "ab").as_value()
    fields = {"amount": 100, "reason": "For the new desk.", "offers": [file]}
    content = Content(title="A lamp", fields=fields, amount=100, currency="EUR")
    given = {"number": "CH-9", "content": content, "on_behalf_of": people.eve}
    state = process.give(submit(bulk_kind, people, **given))
    page = choose(ben, task_of(state))
    for words in ("For the new desk.", "offer.pdf", "84 kB", "On behalf of", "Eve Example"):
        assert words in page.text
    assert f"/attachments/{file['id']}" in page.links


def test_all_that_can_be_decided_together(ben: PageClient, asked: list[Approval]) -> None:
    page = choose(ben, all="1")
    assert page.heading == "Review 2 requests"
    assert "left out" not in page.text


def test_nothing_ticked_is_said(ben: PageClient) -> None:
    page = choose(ben)
    assert page.path == "/inbox"
    assert "Tick at least one request first." in page.text


@pytest.mark.parametrize("decision", list(Decision))
def test_one_decision_for_all(
    ben: PageClient, asked: list[Approval], process: InProcess, app: Flask, decision: Decision
) -> None:
    page = review(ben, asked)
    page = ben.post_form(page, "/batches/", decision=decision.value, comment="As agreed.")
    assert "Saved, being applied" in page.text
    assert process.take_up() == 2
    page = ben.get_page(page.path)
    words = {"approve": "approved", "reject": "rejected", "send_back": "returned"}
    assert page.heading == f"2 of 2 {words[decision.value]}"
    with app.app_context():
        said = select(AuditEvent.data["via"].astext).where(AuditEvent.kind == "TaskDecided")
        assert db.session.scalars(said).all() == ["bulk", "bulk"]


def test_pressing_twice_is_once(
    ben: PageClient, asked: list[Approval], process: InProcess, app: Flask
) -> None:
    page = review(ben, asked)
    ben.post_form(page, "/batches/", decision="approve")
    other = ben.post_form(page, "/batches/", 409, decision="reject", comment="No, wait.")
    assert "This form was sent before: what it said then holds." in other.text
    assert "No, wait." in other.text
    assert commands(app) == 2
    process.take_up()
    again = ben.post_form(page, "/batches/", decision="approve")
    assert again.heading == "2 of 2 approved"
    assert commands(app) == 2


def test_partial_success_is_told_honestly(
    ben: PageClient, asked: list[Approval], process: InProcess, people: People
) -> None:
    page = review(ben, asked)
    change(process, asked[1], people)
    page = ben.post_form(page, "/batches/", decision="approve", comment="Both fine.")
    assert process.take_up() == 1
    page = ben.get_page(page.path)
    assert page.heading == "1 of 2 approved"
    assert "1 request was not approved" in page.text
    assert "Both fine." in page.text


def test_a_decision_that_the_workflow_refuses_says_why(
    ben: PageClient, asked: list[Approval], process: InProcess, people: People
) -> None:
    page = ben.post_form(review(ben, asked), "/batches/", decision="approve")
    approve(process, asked[0], people.ben)
    process.take_up()
    page = ben.get_page(page.path)
    assert page.heading == "1 of 2 approved"
    assert "Someone else already decided this" in page.text


def test_what_is_recorded_already_is_left_out(ben: PageClient, asked: list[Approval]) -> None:
    first, second = review(ben, asked), review(ben, asked)
    sent = ben.post_form(first, "/batches/", decision="approve")
    assert sent.heading == "2 recorded, being applied"
    page = ben.get_page(second.path)
    assert page.heading == "Nothing to decide together"
    assert "already recorded and is being applied" in page.text


def test_a_comment_is_asked_for_before_anything_is_recorded(
    ben: PageClient, asked: list[Approval], app: Flask
) -> None:
    page = review(ben, asked)
    page = ben.post_form(page, "/batches/", 422, decision="reject", comment=" ")
    assert "Say why." in page.text
    assert commands(app) == 0
    page = ben.post_form(page, "/batches/", 422, decision="perhaps", comment="Keep me")
    assert page.form("/batches/").values["comment"].strip() == "Keep me"


def test_nobody_elses_tasks_are_shown_or_decided(
    ben: PageClient, client: PageClient, people: People, asked: list[Approval], app: Flask
) -> None:
    page = review(ben, asked)
    cleo = PageClient(app)
    sign_in(cleo, people.cleo)
    assert cleo.get(page.path).status_code == 404
    key = {"csrf_token": cleo.csrf_token(), "command_id": new_id(), "task": task_of(asked[0])}
    theirs = Page(cleo.post("/batches", data=key, follow_redirects=True))
    assert "Seat" not in theirs.text
    forced = key | {"decision": "approve", "seen": "1"}
    done = Page(cleo.post(f"{theirs.path}/decision", data=forced, follow_redirects=True))
    assert "Seat" not in done.text
    assert commands(app) == 0


def test_a_version_that_was_not_shown_is_not_decided(
    ben: PageClient, asked: list[Approval], app: Flask
) -> None:
    page = review(ben, asked)
    ben.post_form(page, "/batches/", decision="approve", seen="x.-.1")
    assert commands(app) == 0


def test_an_endless_version_counts_as_not_shown(ben: PageClient, asked: list[Approval]) -> None:
    page = review(ben, asked)
    ben.post_form(page, "/batches/", 422, decision="approve", seen="9" * 5_000)


def test_the_state_is_told_for_the_waiting_page(
    ben: PageClient, asked: list[Approval], process: InProcess
) -> None:
    page = ben.post_form(review(ben, asked), "/batches/", decision="approve")
    assert ben.get(f"{page.path}/state").json == {"done": False, "location": page.path}
    process.take_up()
    assert ben.get(f"{page.path}/state").json == {"done": True, "location": page.path}
