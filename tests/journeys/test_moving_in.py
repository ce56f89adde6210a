"""A newcomer moves in: from the one link of an empty installation to the first approved request, by
pages alone."""

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from scripts.local.postgres import PostgresServer
from scripts.local.temporal import TemporalServer
from tests.browsers import PATIENCE_MS, Visitor, follow
from tests.journeys.conftest import fresh_database
from tests.journeys.installation import Installation, running

PASSWORD = "seven horses paint walls"
LINK = re.compile(r"http://\S+?/p/[\w-]{43}")


@pytest.fixture(scope="module")
def empty(
    postgres_server: PostgresServer,
    migrated_template: str,
    temporal_server: TemporalServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """An installation with nobody in it."""
    url = fresh_database(postgres_server, migrated_template)
    folder, queue = tmp_path_factory.mktemp("empty"), f"moving-in-{uuid.uuid4()}"
    with running(url, temporal_server.address, folder, queue, empty=True) as each:
        yield each


class Newcomer(Visitor):
    """Somebody at a browser without scripts, in an installation that they do not know."""

    @classmethod
    def arrive(cls, browser: Browser, installation: Installation) -> "Newcomer":
        """With a phone of their own."""
        context = browser.new_context(
            java_script_enabled=False, locale="en-GB", viewport={"width": 390, "height": 844}
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return cls(installation.url, page)

    def sees(self, heading: str) -> "Newcomer":
        """The page's heading is this."""
        expect(self.page.locator("h1")).to_have_text(heading)
        return self

    def choose_password(self, link: str, **more: str) -> "Newcomer":
        """Follow a link and choose a password."""
        self.page.goto(link)
        return self.fill(**more, password=PASSWORD, password_again=PASSWORD).send()


def add_people(ada: Newcomer) -> None:
    """A department with its head, somebody who reports to her, and a group."""
    ada.go("/admin/setup").press("Departments").press("Add a department")
    ada.fill(code="OPS", name="Operations").press("Add department").sees("Operations")
    ada.go("/admin/people").press("Add a person")
    ada.fill(name="Marta Boss", email="marta@example.org", department_id="Operations")
    ada.press("Add person").sees("Marta Boss").go("/admin/people").press("Add a person")
    ada.fill(name="Tom Staff", email="tom@example.org", manager="marta@example.org")
    ada.fill(department_id="Operations").press("Add person").sees("Tom Staff")
    ada.go("/admin/departments").press("Operations").fill(person="Marta").press("Preview")
    expect(ada.page.locator("main")).to_contain_text("this is not the full name")
    ada.page.get_by_label("Marta Boss").check()
    ada.press("Preview").press("Change head")
    expect(ada.page.locator("main")).to_contain_text("Marta Boss is now the head of Operations.")


def take_a_type(ada: Newcomer) -> None:
    """Travel, from the gallery, with a group of one's own."""
    ada.go("/admin/setup").press("Choose from the gallery").press("Travel")
    ada.press("Add a group").fill(code="finance", name="Finance").press("Add group")
    ada.fill(person="Marta Boss").press("Preview").press("Add to group")
    ada.go("/admin/setup").press("Choose from the gallery").press("Travel").press("Add type")
    ada.go("/admin/types/travel/draft/checks")
    for box in ada.page.locator("main input[name^=reason_]").all():
        box.fill("We are three people so far.")
    if ada.page.get_by_role("button", name="Save reasons").count():
        ada.press("Save reasons")
    ada.go("/admin/types/travel/draft/review").press("Publish version 1 without a review")
    expect(ada.page.locator("main")).to_contain_text("Version 1 is live.")


def link_for(ada: Newcomer, name: str) -> str:
    """A link that lets somebody choose a password, as it is handed over."""
    ada.go(f"/admin/people?q={name}").press(name).press("Copy a link instead")
    found = LINK.search(ada.page.content())
    assert found, ada.page.locator("main").inner_text()
    return found.group()


def test_from_the_first_link_to_the_first_approval(chromium: Browser, empty: Installation) -> None:
    ada, tom, marta = (Newcomer.arrive(chromium, empty) for _each in range(3))
    link = empty.flask("portal", "first-link").strip()
    ada.choose_password(link, name="Ada Lindgren", email="ada@example.org").sees("Setup")
    add_people(ada)
    take_a_type(ada)
    tom.choose_password(link_for(ada, "Tom Staff")).sees("My requests")
    marta.choose_password(link_for(ada, "Marta Boss")).sees("My requests")
    tom.go("/requests/new")
    follow(tom.page.locator("main a:has-text('Travel')").first)
    tom.fill(title="To Jena", destination="Jena", purpose="A fair")
    tom.fill(first_day="2031-05-05", last_day="2031-05-07", cost="410.00")
    tom.send().press("Submit request")
    number = tom.page.locator(".receipt-number .number").inner_text()
    empty.wait_for(lambda: number in marta.go("/inbox").page.content())
    marta.go(f"/requests/{number}")
    follow(marta.page.locator("button[name=decision][value=approve] >> visible=true"))
    undo = "Approved"
    empty.wait_for(lambda: undo in tom.go(f"/requests/{number}").page.locator("main").inner_text())
    ada.go("/admin/setup")
    empty.wait_for(lambda: "A request was approved." in ada.go("/admin/setup").page.content())
