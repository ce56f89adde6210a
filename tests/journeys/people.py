"""A person at a browser: what the journeys let people do, in their words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browsers import PATIENCE_MS, Visitor, follow
from tests.journeys.installation import Installation

NUMBER = re.compile(r"\b[A-Z]{2,5}-\d+\b")


@dataclass
class Person(Visitor):
    """Somebody of the demonstration, signed in."""

    installation: Installation
    key: str

    @classmethod
    def arrive(
        cls,
        browser: Browser,
        installation: Installation,
        key: str,
        *,
        script: bool = True,
        locale: str = "en-GB",
    ) -> "Person":
        """Somebody with a browser of their own, signed in; `leave` closes it."""
        context = browser.new_context(java_script_enabled=script, locale=locale)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return cls(installation.url, page, installation, key).sign_in()

    def leave(self) -> None:
        """Close the browser's window."""
        self.page.context.close()

    def sign_in(self) -> "Person":
        """Through the form, as anybody does."""
        self.go("/sign-in")
        self.page.fill("input[name=email]", f"{self.key}@gloria.example")
        self.page.fill("input[name=password]", self.installation.passwords[self.key])
        follow(self.page.locator("main form button[type=submit]").first)
        expect(self.page).not_to_have_url(re.compile("/sign-in"))
        return self

    def fill_in(self, kind: str, values: Mapping[str, str | Path]) -> "Person":
        """Fill a new request's form, files by their paths, and go to the check page."""
        self.go(f"/requests/new/{kind}").fill(**values).send()
        expect(self.page).to_have_url(re.compile("/check"))
        return self

    def submit(self, kind: str, values: Mapping[str, str | Path]) -> str:
        """Ask for approval; the number on the receipt."""
        self.fill_in(kind, values).send("form[action$='/submit']")
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
        follow(self.page.locator(f"button[name=decision][value={decision}] >> visible=true"))
        return self

    def more(self, link: str) -> "Person":
        """Choose from the request's menu "More actions", which needs no script."""
        self.page.locator("button.more").click()
        follow(self.page.locator("#more").get_by_role("link", name=link))
        return self

    def sees(self, number: str, *words: str) -> "Person":
        """The request's page says these words, sooner or later."""
        self.installation.wait_for(
            lambda: all(word in self.go(f"/requests/{number}").text() for word in words)
        )
        return self
