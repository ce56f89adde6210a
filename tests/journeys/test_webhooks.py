"""A program asks by the API, somebody decides on a page, and the program hears it by webhook."""

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browsers import follow
from tests.journeys.installation import Installation
from tests.journeys.people import Person
from tests.receiving import Receiver, receiver

Arrive = Callable[..., Person]


def ask(installation: Installation, secret: str) -> dict[str, Any]:
    """What the old guide's controller would send; what it is answered once the workflow runs."""
    body = {
        "requestId": "PO-4711", "userId": "email:tom.becker@gloria.example", "module": "PURCHASE",
        "approverId": "email:marta.lindqvist@gloria.example", "entityType": "ORDER",
        "entityId": "4711", "priority": "HIGH", "title": "Asked by a program",
    }  # fmt: skip
    code, asked = called(installation, secret, "", json.dumps(body).encode())
    # Where Temporal takes longer than the answer may, it is promised, and has to be kept.
    assert (code, asked["status"], bool(asked["runId"])) in (
        (201, "STARTED", True), (202, "ACCEPTED", False),
    )  # fmt: skip
    there = f"/{asked['workflowId']}/status"
    installation.wait_for(lambda: called(installation, secret, there)[1]["status"] == "STARTED")
    _code, status = called(installation, secret, there)
    assert status["runId"]
    return status


def called(
    installation: Installation, secret: str, path: str, body: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and content of the answer of a call about approvals."""
    call = urllib.request.Request(
        f"{installation.url}/api/v1/approvals{path}",
        body,
        {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call, timeout=60) as answer:
        return answer.status, json.load(answer)


def add_endpoint(ada: Person, ear: Receiver) -> str:
    """On the pages, with a test event that turns it on; its secret, as the page shows it once."""
    ada.go("/admin/webhooks/new")
    ada.page.fill("main [name=name]", "ERP")
    ada.page.fill("main [name=url]", ear.url)
    for kind in ("request.started", "request.approved"):
        ada.page.check(f"main [name=types][value='{kind}']")
    follow(ada.page.get_by_role("button", name="Add endpoint"))
    expect(ada.page.locator("main")).to_contain_text("whsec_")
    shown = re.search(r"whsec_[\w+/=]+", ada.text())
    assert shown
    follow(ada.page.get_by_role("link", name="Continue"))
    expect(ada.page.locator("h1")).to_have_text("ERP")
    follow(ada.page.get_by_role("button", name="Send test event"))
    expect(ada.page).to_have_url(re.compile("/deliveries/"))
    ada.installation.wait_for(lambda: "Delivered" in ada.go("/admin/webhooks/deliveries").text())
    return shown[0]


def test_asked_by_a_program_decided_on_a_page_heard_by_webhook(
    somebody: Arrive, installation: Installation
) -> None:
    ada, marta = somebody("ada.admin"), somebody("marta.lindqvist")
    scopes = ("--scope", "approvals:write", "--scope", "approvals:read")
    secret = installation.flask("portal", "token", "create", "ERP", *scopes).split()[-1]
    with receiver() as ear:
        key = add_endpoint(ada, ear)
        asked = ask(installation, secret)
        marta.open_from_inbox(asked["number"]).decide("approve")
        mine = {"workflowId": asked["workflowId"], "requestId": "PO-4711"}
        installation.wait_for(lambda: "request.approved" in ear.types())
        for each in ear.heard:
            assert each.signatures == each.signed_with(key)
        for each in ear.heard[1:]:
            assert mine.items() <= each.said["data"].items()
        said = next(each.said for each in ear.heard if each.said["type"] == "request.approved")
        assert said["data"]["status"] == "APPROVED"
        follow(ada.go("/admin/webhooks").page.get_by_role("link", name="ERP"))
        follow(ada.page.get_by_role("link", name="Remove endpoint"))
        follow(ada.page.get_by_role("button", name="Remove ERP"))
        expect(ada.page.locator("main")).to_contain_text("No webhooks")
