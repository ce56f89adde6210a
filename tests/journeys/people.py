"""A person at a browser: what the journeys let people do, in their words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.installation import Installation

NUMBER = re.compile(r"\b[A-Z]{2,5}-\d+\b")


@dataclass
class Person:
    """Somebody signed in, with one page open."""

    installation: Installation
    context: BrowserContext
    page: Page
    key: str

    def go(self, path: str) -> "Person":
        """Open a page by its address."""
        self.page.goto(self.installation.url + path)
        return self

    def sign_in(self) -> "Person":
        """Through the form, as anybody does."""
        self.go("/sign-in")
        self.page.fill("input[name=email]", f"{self.key}@gloria.example")
        self.page.fill("input[name=password]", self.installation.passwords[self.key])
        self.page.locator("main form button[type=submit]").first.click()
        expect(self.page).not_to_have_url(re.compile("/sign-in"))
        return self

    def fill_in(self, kind: str, values: Mapping[str, str | Path]) -> "Person":
        """Fill a new request's form, files by their paths, and go to the check page."""
        self.go(f"/requests/new/{kind}")
        for name, value in values.items():
            control = self.page.locator(f"main [name={name}]")
            if isinstance(value, Path):
                control.set_input_files(value)
            elif control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        self.page.locator("main form button[type=submit]").last.click()
        expect(self.page).to_have_url(re.compile("/check"))
        return self

    def submit(self, kind: str, values: Mapping[str, str | Path]) -> str:
        """Ask for approval; the number on the receipt."""
        self.fill_in(kind, values)
        self.page.locator("form[action$='/submit'] button[type=submit]").click()
        expect(self.page).to_have_url(re.compile("/requests/receipt/"))
        found = NUMBER.search(self.page.locator("main").inner_text())
        assert found, self.page.locator("main").inner_text()
        return found.group()

    def open_from_inbox(self, number: str) -> "Person":
        """Find a request in the inbox and open it."""
        self.installation.wait_for(lambda: number in self.go("/inbox").text())
        return self.go(f"/requests/{number}")

    def decide(self, decision: str, comment: str = "") -> "Person":
        """Press one of the three buttons."""
        if comment:
            self.page.fill("form textarea[name=comment] >> nth=0", comment)
        self.page.click(f"button[name=decision][value={decision}] >> visible=true")
        return self

    def text(self) -> str:
        """What the page says."""
        return self.page.locator("body").inner_text()

    def sees(self, number: str, *words: str) -> "Person":
        """The request's page says these words, sooner or later."""
        self.installation.wait_for(
            lambda: all(word in self.go(f"/requests/{number}").text() for word in words)
        )
        return self
