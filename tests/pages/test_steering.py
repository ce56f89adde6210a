"""Holding, resuming and cancelling, by an administrator."""

import pytest

from portal.domain.request.state import Approval
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.web import People

HERE = f"/requests/{NUMBER}"


@pytest.fixture
def adam(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.adam)
    return client


def test_hold_and_resume(adam: PageClient) -> None:
    page = adam.post_form(adam.get_page(f"{HERE}/hold"), f"{HERE}/hold", reason="Audit week.")
    assert "CH-1001 is on hold." in page.text
    assert "Audit week." in page.text
    page = adam.post_form(adam.get_page(f"{HERE}/resume"), f"{HERE}/resume")
    assert "CH-1001 is resumed." in page.text


def test_cancelling_closes_the_request(adam: PageClient) -> None:
    page = adam.post_form(adam.get_page(f"{HERE}/cancel"), f"{HERE}/cancel", reason="Bought.")
    assert "CH-1001 is cancelled." in page.text
    assert "Cancelled You" in page.text


@pytest.mark.parametrize("act", ["hold", "cancel"])
def test_a_reason_is_needed(adam: PageClient, act: str) -> None:
    page = adam.post_form(adam.get_page(f"{HERE}/{act}"), f"{HERE}/{act}", 422, reason=" ")
    assert "Reason is missing" in page.text


def test_the_same_form_twice_is_one_cancellation(adam: PageClient) -> None:
    form = adam.get_page(f"{HERE}/cancel")
    adam.post_form(form, f"{HERE}/cancel", reason="Bought.")
    adam.post_form(form, f"{HERE}/cancel", reason="Bought.")


def test_resuming_what_runs_is_refused_with_the_text(adam: PageClient) -> None:
    page = adam.get_page(f"{HERE}/resume")
    page = adam.post_form(page, f"{HERE}/resume", 409, reason="Go on!")
    assert "The request is not on hold" in page.text
    assert "Go on!" in page.text


def test_nobody_decides_on_hold(
    adam: PageClient, people: People, process: InProcess, asked: Approval
) -> None:
    sign_in(adam, people.ben)
    page = adam.get_page(HERE)
    sign_in(adam, people.adam)
    adam.post_form(adam.get_page(f"{HERE}/hold"), f"{HERE}/hold", reason="Wait.")
    sign_in(adam, people.ben)
    data = page.form("/tasks/").values | {"csrf_token": adam.csrf_token(), "comment": "Kept."}
    answer = adam.post(str(page.form("/tasks/").action), data={**data, "decision": "approve"})
    assert answer.status_code == 409
    assert "Kept." in answer.text
