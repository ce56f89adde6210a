"""Asking and deciding in each language that is shipped, on the narrowest phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.translation import SHIPPED
from tests.browsers import follow
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.slow]
PHONE = {"width": 320, "height": 640}
GLUE = {
    "title": "Glue", "amount": "41.20", "supplier": "Paper & Sons", "cost_centre": "4100",
    "reason": "Used up.",
}  # fmt: skip
# A word of each language that stands on every page for whoever is signed in.
INBOX = {"de": "Eingang", "id": "Kotak masuk"}


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


@pytest.mark.parametrize("code", SHIPPED)
def test_a_request_goes_its_way_in_every_language(
    somebody: Callable[..., Person], code: str, tmp_path: Path
) -> None:
    tom = somebody("tom.becker", locale=code)
    tom.page.set_viewport_size(PHONE)
    number = tom.submit("purchase", GLUE)
    fits(tom.page)
    assert tom.page.locator("html").get_attribute("lang") == code
    marta = somebody("marta.lindqvist", locale=code)
    marta.page.set_viewport_size(PHONE)
    for path in ("/requests/new/purchase", "/inbox", f"/requests/{number}"):
        expect(marta.go(path).page.locator("nav").first).to_contain_text(INBOX[code])
        fits(marta.page)
    follow(marta.page.locator(".approve"))
    # The stage is decided, and the page says so in words of that language.
    expect(marta.page.locator(".approve")).to_have_count(0)
    fits(marta.page)
    tom.go(f"/requests/{number}")
    fits(tom.page)
    assert "Approved" not in tom.page.locator("main").inner_text()
