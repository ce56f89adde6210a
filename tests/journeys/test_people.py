"""People come in from a spreadsheet with a mistake in it, are invited, and one of them leaves."""

import email
import re
from collections.abc import Callable
from email.policy import default
from pathlib import Path

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


def mended(ada: Person) -> str:
    """The refused lines as the page gives them, with the address put right."""
    with ada.page.expect_download() as got:
        ada.page.get_by_role("link", name="Refused lines as CSV").click()
    text = Path(got.value.path()).read_text("utf-8-sig")
    assert "kim@gloria;" in text
    return text.replace("kim@gloria;", "kim@gloria.example;")


def invited(ada: Person, chromium: Browser, address: str) -> Visitor:
    """Somebody who chose a password by the link that was mailed."""
    ada.press("Send invitation")
    visitor = Visitor(ada.url, chromium.new_context(locale="en-GB").new_page())
    visitor.page.goto(link_mailed_to(ada.installation, address))
    visitor.fill(password=NEW, password_again=NEW).send()
    expect(visitor.page.locator("h1")).to_have_text("My requests")
    return visitor


def deactivate(ada: Person, name: str, *, reports: str, keys: str) -> None:
    """Somebody leaves, whose reports and group go to two others."""
    ada.go("/admin/groups/new").fill(code="keys", name="Keys").press("Add group")
    ada.fill(person=name).press("Preview").press("Add to group")
    ada.go(f"/admin/people?q={name}").press(name).press("Deactivate")
    ada.page.fill("main [name='group.keys']", keys)
    ada.fill(reports=reports).press("Preview with these successors")
    expect(ada.page.locator("main")).to_contain_text(f"{reports} manages 1 person")
    expect(ada.page.locator("main")).to_contain_text(f"{keys} joins the group Keys.")
    ada.press(f"Deactivate {name}")
    expect(ada.page.locator("main")).to_contain_text(f"{name} was deactivated.")


def test_people_come_from_a_file_with_a_mistake_and_one_leaves(
    somebody: Callable[..., Person], chromium: Browser
) -> None:
    ada = somebody("ada.admin", script=False)
    good = "J-1;Jo Journey;jo@gloria.example;marta.lindqvist@gloria.example;4100\n"
    imported(ada, f"{LINES}{good}J-2;Kim Journey;kim@gloria;J-1;4100\n")
    expect(ada.page.locator("#group-refused-title")).to_be_visible()
    ada.press("Import 1 person")
    expect(ada.page.locator("h1")).to_have_text("Imported people")
    imported(ada, mended(ada)).press("Import 1 person")
    expect(ada.page.locator("h1")).to_have_text("Imported people")
    ada.go("/admin/people?q=Jo Journey").press("Jo Journey")
    jo = invited(ada, chromium, "jo@gloria.example")
    deactivate(ada, "Jo Journey", reports="Marta Lindqvist", keys="Tom Becker")
    ada.go("/admin/people?q=Kim Journey").press("Kim Journey")
    expect(ada.page.locator("main dl.facts").first).to_contain_text("Marta Lindqvist")
    expect(jo.go("/requests").page.locator("h1")).to_have_text("Sign in")
    jo.page.context.close()
