"""People come in from a spreadsheet with a mistake in it, are invited, and one of them leaves."""

import email
import re
from collections.abc import Callable
from email.policy import default

from playwright.sync_api import Browser, expect

from tests.journeys.installation import Installation
from tests.journeys.people import Person

LINES = "Number;Full name;Email;Manager;Department\n"
NEW = "seven horses paint walls"


def imported(ada: Person, text: str) -> Person:
    """Upload a file and go on to its preview."""
    ada.go("/admin/people/import")
    file = {"name": "staff.csv", "mimeType": "text/csv", "buffer": text.encode()}
    ada.page.set_input_files("#file", [file])  # type: ignore[list-item]
    ada.page.click("main button:has-text('Upload')")
    ada.page.click("main button:has-text('Check the lines')")
    expect(ada.page.locator("h1")).to_have_text("Check the import")
    return ada


def link_mailed_to(installation: Installation, address: str) -> str:
    """The link of the newest mail to that address."""
    found: list[str] = []

    def arrived() -> bool:
        for path in sorted(installation.mail.glob("*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=default)
            body = mail.get_body(("plain",))
            if address in str(mail["To"]) and body is not None:
                found.extend(re.findall(r"http://\S+/p/[\w-]{43}", body.get_content()))
        return bool(found)

    installation.wait_for(arrived)
    return found[-1]


def test_people_come_from_a_file_and_leave_by_one(
    somebody: Callable[..., Person], chromium: Browser, installation: Installation
) -> None:
    ada = somebody("ada.admin", script=False)
    good = LINES + "J-1;Jo Journey;jo@gloria.example;marta.lindqvist@gloria.example;4100\n"
    page = imported(ada, good + "J-2;Kim Journey;kim@gloria;J-1;4100\n").page
    expect(page.locator("#group-refused-title")).to_be_visible()
    page = imported(ada, good + "J-2;Kim Journey;kim@gloria.example;J-1;4100\n").page
    page.click("main button:has-text('Import 2 people')")
    expect(page.locator("h1")).to_have_text("Imported people")
    ada.go("/admin/people?q=Jo Journey")
    page.click("main a:has-text('Jo Journey')")
    page.click("main button:has-text('Send invitation')")
    context = chromium.new_context(locale="en-GB")
    jo = context.new_page()
    jo.goto(link_mailed_to(installation, "jo@gloria.example"))
    jo.fill("input[name=password]", NEW)
    jo.fill("input[name=password_again]", NEW)
    jo.click("main button[type=submit]")
    expect(jo.locator("h1")).to_have_text("My requests")
    page = imported(ada, "Number;Leaving date\nJ-1;2020-01-31\n").page
    page.click("main button:has-text('Import 1 person')")
    jo.goto(f"{installation.url}/requests")
    expect(jo.locator("h1")).to_have_text("Sign in")
    context.close()
