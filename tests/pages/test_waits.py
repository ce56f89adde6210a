"""How often a page waits for PostgreSQL. Each wait is a switch between two processes, and what a
page costs most; a number that grows here needs a reason."""

from typing import Any

import pytest
from flask import Flask

from portal.domain.people.tokens import Scope, TokenWish
from portal.domain.request.state import Approval
from portal.extensions import HurriedConnection
from portal.services import api_tokens
from tests.api.programs import Program
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER
from tests.web import People

HERE = f"/requests/{NUMBER}"
DECISION = 15
# Round trips of a page, BEGIN, COMMIT and ROLLBACK included; the session and the frame are one.
PAGES = {
    "/inbox": 6,  # the types that its filter offers
    "/requests": 4,
    HERE: 12,
    "/history": 5,  # the types of which groups of the reader see all requests
    f"/history/{NUMBER}": 8,
    "/search?q=chair": 6,  # by who was asked to decide; the types, and as in the history
    "/notifications": 2,
    "/profile": 2,
    "/requests/new": 2,
}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that a connection of the web waited for the server: "statement", or
    the command that begins or ends a transaction."""
    seen: list[str] = []
    wait, command = HurriedConnection.wait, HurriedConnection._exec_command

    def waiting(self: HurriedConnection, gen: Any, *args: Any, **more: Any) -> Any:
        if gen.__name__ == "_execute_gen":
            seen.append("statement")
        return wait(self, gen, *args, **more)

    def commanding(self: HurriedConnection, words: Any, *args: Any, **more: Any) -> Any:
        seen.append(bytes(words).decode().split()[0])
        return command(self, words, *args, **more)

    monkeypatch.setattr(HurriedConnection, "wait", waiting)
    monkeypatch.setattr(HurriedConnection, "_exec_command", commanding)
    return seen


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    client.get("/profile")  # connected, and the session was seen a moment ago
    return client


@pytest.mark.parametrize(("path", "most"), PAGES.items())
def test_a_page_waits_no_more_than_it_has_to(
    ben: PageClient, waits: list[str], path: str, most: int
) -> None:
    ben.get_page(path)
    waits.clear()
    ben.get_page(path)
    assert len(waits) <= most, waits


def test_a_page_that_reads_opens_no_transaction(ben: PageClient, waits: list[str]) -> None:
    ben.get_page("/inbox")
    waits.clear()
    ben.get_page("/inbox")
    assert set(waits) == {"statement"}


def test_a_decision_waits_no_more_than_it_has_to(ben: PageClient, waits: list[str]) -> None:
    """From the press on the button to the answer, with what the workflow records meanwhile."""
    page = ben.get_page(HERE)
    form = page.form("/tasks/")
    waits.clear()
    answer = ben.post(form.action, data=form.values | {"decision": "approve", "comment": "Yes."})
    assert answer.status_code == 303
    assert len(waits) <= DECISION, waits


def test_a_program_waits_twice_for_where_a_request_stands(
    app: Flask, people: People, asked: Approval, waits: list[str]
) -> None:
    """Once for who asks and how often, once for the answer, on one connection."""
    wish = TokenWish(name="ERP", scopes=frozenset({Scope.APPROVALS_READ}))
    with app.app_context():
        program = Program(app, api_tokens.make_personal(wish, people.ben, None)[1])
    [found] = program.get("/approvals").get_json()["items"]
    waits.clear()
    answer = program.get(f"/approvals/{found['workflowId']}/status")
    assert answer.get_json()["status"] == "STARTED"
    assert waits == ["statement", "statement"]
