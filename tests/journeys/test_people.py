"""People come in from a spreadsheet with a mistake in it, are invited, and one of them leaves."""

import email
import re
from collections.abc import Callable
from email.policy import default

from playwright.sync_api import Browser, expect

from tests.browsers import Visitor
from tests.journeys.installation import Installation
from tests.journeys.people import Person

LINES = "Number;Full name;Email;Manager;Department\n"
NEW = "seven horses paint walls"


def imported(ada: Person, text: str) -> Person:
    """Upload a file and go on to its preview."""
    ada.go("/admin/people/import")
    file = {"name": "staff.csv", "mimeType": "text/csv", "buffer": text.encode()}
    ada.page.set_input_files("#file", [file])  # type: ignore[list-item]
    ada.press("Upload").press("Check the lines")
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
    imported(ada, good + "J-2;Kim Journey;kim@gloria.example;J-1;4100\n").press("Import 2 people")
    expect(ada.page.locator("h1")).to_have_text("Imported people")
    ada.go("/admin/people?q=Jo Journey").press("Jo Journey").press("Send invitation")
    context = chromium.new_context(locale="en-GB")
    jo = Visitor(installation.url, context.new_page())
    jo.page.goto(link_mailed_to(installation, "jo@gloria.example"))
    jo.fill(password=NEW, password_again=NEW).send()
    expect(jo.page.locator("h1")).to_have_text("My requests")
    imported(ada, "Number;Leaving date\nJ-1;2020-01-31\n").press("Import 1 person")
    expect(ada.page.locator("h1")).to_have_text("Imported people")
    expect(jo.go("/requests").page.locator("h1")).to_have_text("Sign in")
    context.close()
