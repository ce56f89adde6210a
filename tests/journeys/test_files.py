"""Files with a request, a comment and a decision: kept, downloaded, never shown in place."""

from collections.abc import Callable

from playwright.sync_api import FilePayload, expect

from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE

Arrive = Callable[..., Person]


def paper(name: str) -> FilePayload:
    text = f"%PDF-1.4\n% {name}\n%%EOF\n"
    return {"name": name, "mimeType": "application/pdf", "buffer": text.encode()}


def add(who: Person, name: str) -> None:
    """Open the form for a comment and its place for files, and choose one."""
    who.page.locator("summary", has_text="Add a comment").click()
    who.page.locator("details.enclose > summary").first.click()
    who.page.locator("details.enclose input[type=file]").first.set_input_files([paper(name)])


def test_files_on_request_comment_and_decision(somebody: Arrive) -> None:
    tom, marta = somebody("tom.becker"), somebody("marta.lindqvist", script=False)
    tom.go("/requests/new/expenses")
    tom.page.set_input_files("main [name=receipts]", [paper("receipt.pdf")])
    for name in ("title", "spent_on", "purpose", "amount"):
        tom.page.fill(f"main [name={name}]", EXPENSE[name] if name != "amount" else "12,x")
    for name in ("category", "cost_centre"):
        tom.page.select_option(f"main [name={name}]", EXPENSE[name])
    tom.send()
    expect(tom.page.locator("main")).to_contain_text("We kept receipt.pdf")
    tom.page.fill("main [name=amount]", "12.10")
    tom.send().send("form[action$='/submit']")
    number = tom.page.locator("main .number").first.inner_text()
    tom.go(f"/requests/{number}")
    add(tom, "offer.pdf")
    tom.page.fill("form[action$='/comments'] textarea", "The offer, too.")
    tom.send("form[action$='/comments']")
    tom.sees(number, "offer.pdf")
    marta.open_from_inbox(number)
    with marta.page.expect_download() as download:
        marta.page.get_by_role("link", name="receipt.pdf").first.click()
    assert download.value.suggested_filename == "receipt.pdf"
    marta.page.set_input_files("main form[action$='/decision'] [name=files]", [paper("note.pdf")])
    marta.decide("reject")
    expect(marta.page.locator("main")).to_contain_text("We kept note.pdf")
    marta.decide("reject", "See my note.")
    tom.sees(number, "note.pdf", "with a rejection")
