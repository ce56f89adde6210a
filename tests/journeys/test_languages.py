"""Asking and deciding in each language that is shipped and in the trial language, on the narrowest
phone."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from portal.translation import SHIPPED, SOURCE, tag
from portal.translation.pseudo import PSEUDO, pseudo
from tests.browsers import follow
from tests.journeys.installation import Installation
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.slow]
PHONE = {"width": 320, "height": 640}
GLUE = {
    "title": "Glue", "amount": "41.20", "supplier": "Paper & Sons", "cost_centre": "4100",
    "reason": "Used up.",
}  # fmt: skip
# A word of each language that stands on every page for whoever is signed in.
INBOX = {SOURCE: "Inbox", "de": "Eingang", "id": "Kotak masuk", PSEUDO: pseudo("Inbox")}


@pytest.fixture
def reading(installation: Installation, code: str) -> Iterator[str]:
    """What a browser asks for; the trial language is for whoever chose it, whatever that is."""
    change = "UPDATE portal.users SET locale = %s WHERE email ~ '^(tom|marta)[.]'"
    trial = code == PSEUDO
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        if trial:
            connection.execute(change, [code])
        yield "en-GB" if trial else tag(code)
        if trial:
            connection.execute(change, [""])


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


@pytest.mark.parametrize("code", [SOURCE, *SHIPPED, PSEUDO])
def test_a_request_goes_its_way_in_every_language(
    somebody: Callable[..., Person], code: str, reading: str
) -> None:
    tom = somebody("tom.becker", locale=reading)
    tom.page.set_viewport_size(PHONE)
    number = tom.submit("purchase", GLUE)
    fits(tom.page)
    assert tom.page.locator("html").get_attribute("lang") == tag(code)
    marta = somebody("marta.lindqvist", locale=reading)
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
    assert code == SOURCE or "Approved" not in tom.page.locator("main").inner_text()
