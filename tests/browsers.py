"""The browser of the tests: Chromium, and one way to follow a button or a link."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Locator, Page, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# What axe looks for, and it says nothing of what it found good: that took longer than to look.
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
VIOLATIONS = """async options => {
  const found = (await axe.run(options)).violations;
  return found.map(each => [each.id, each.nodes[0].html]);
}"""
# A busy machine may take its time; what never comes true fails all the same.
PATIENCE_MS = 120_000


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    """Chromium, from its path. For one file only: Playwright holds the thread's event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def follow(control: Locator) -> None:
    """Press a button or a link, and arrive at the page that it leads to.

    A click may return before the browser has begun to go anywhere: whoever then reads the page
    reads the old one, and whoever opens another address may cut the click off."""
    with control.page.expect_navigation(timeout=PATIENCE_MS):
        control.click(timeout=PATIENCE_MS)


def violations(page: Page) -> list[list[str]]:
    """What axe has against the page as it stands: the rule and its first element."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    found: list[list[str]] = page.evaluate(VIOLATIONS, AXE)
    return found


@dataclass
class Visitor:
    """Somebody at a browser, with one page open."""

    url: str
    """Where the portal is."""
    page: Page

    def go(self, path: str) -> Self:
        """Open a page by its address."""
        self.page.goto(self.url + path)
        return self

    def fill(self, **values: str | Path) -> Self:
        """Fill in controls of the page by their names: texts, choices by value or label,
        files by their paths."""
        for name, value in values.items():
            control = self.page.locator(f"main [name={name}]").last
            if isinstance(value, Path):
                control.set_input_files(value)
            elif control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        return self

    def press(self, name: str) -> Self:
        """Press a button or follow a link of exactly that name, and arrive where it leads."""
        main = self.page.locator("main")
        button = main.get_by_role("button", name=name, exact=True)
        follow(button.or_(main.get_by_role("link", name=name, exact=True)).first)
        return self

    def send(self, form: str = "main form") -> Self:
        """Press the last button that sends such a form, and arrive where it leads."""
        follow(self.page.locator(f"{form} button[type=submit]").last)
        return self

    def text(self) -> str:
        """What the page says."""
        return self.page.locator("body").inner_text()
