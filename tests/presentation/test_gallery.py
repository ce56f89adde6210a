"""The gallery: well made as HTML, and in Chromium readable, reachable, silent in the console, and
never too wide."""

import re
from typing import Any

import brotli
import pytest
from playwright.sync_api import Page, expect
from werkzeug.test import TestResponse

from portal.security.guards import BROTLI, packed
from tests.browsers import violations
from tests.presentation.gallery import PAGES, ROOT

WIDTHS = (1280, 390, 320)
BUDGET = 22_000  # what a page may weigh with its style sheet and script, compressed as it is sent


@pytest.mark.parametrize("name", PAGES)
def test_nothing_inline_and_no_identifier_twice(drawn: dict[str, TestResponse], name: str) -> None:
    html = drawn[name].text
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
    assert not re.search(r"<style|<script(?![^>]+src=)", html)
    identifiers = re.findall(r'\sid="([^"]*)"', html)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("name", PAGES)
def test_one_heading_and_the_product_ends_the_title(
    drawn: dict[str, TestResponse], name: str
) -> None:
    html = drawn[name].text
    assert len(re.findall(r"<h1[\s>]", html)) == 1
    assert "– Gloria Approvals</title>" in html


@pytest.mark.parametrize("name", PAGES)
def test_every_post_form_has_a_token(drawn: dict[str, TestResponse], name: str) -> None:
    forms = re.findall(r'<form method="post".*?</form>', drawn[name].text, re.DOTALL)
    assert all('name="csrf_token"' in form for form in forms)


@pytest.mark.parametrize("name", PAGES)
def test_page_budget(drawn: dict[str, TestResponse], name: str) -> None:
    assets = [ROOT / "static/css/app.css", ROOT / "static/js/app.js"]
    page = len(brotli.compress(drawn[name].data, quality=BROTLI))
    assert page + sum(len(packed(file.read_bytes())) for file in assets) <= BUDGET


def test_errors_announce_themselves_in_the_title(drawn: dict[str, TestResponse]) -> None:
    assert "<title>Error: " in drawn["detail-error"].text


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_every_page(sights: list[Page], name: str) -> None:
    for page in sights:
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.goto(f"/show/{name}")
        assert violations(page) == []
        seen = page.viewport_size
        assert seen
        for width in (each for each in WIDTHS if each <= seen["width"]):
            page.set_viewport_size({**seen, "width": width})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.set_viewport_size(seen)
        assert [text for text in said if "status of 422" not in text] == []


@pytest.mark.browser
def test_no_text_of_a_person_hides_a_column(desk: Page) -> None:
    desk.goto("/show/inbox")
    desk.locator(":is(.what a, td.fact)").evaluate_all(
        "cells => { for (const each of cells) each.textContent = 'x'.repeat(78); }"
    )
    for width in (320, 1280, 1366):
        desk.set_viewport_size({"width": width, "height": 844})
        beyond = desk.locator(".list tbody tr[data-row] > *").evaluate_all(
            "cells => cells.map(each => each.getBoundingClientRect().right"
            " - each.closest('.list').getBoundingClientRect().right)"
        )
        assert max(beyond) <= 1, width


@pytest.mark.browser
def test_three_quick_clicks_are_one_post(desk: Page) -> None:
    posts: list[str] = []
    desk.on("request", lambda request: posts.append(request.url) if request.method == "POST" else 0)
    desk.goto("/show/detail")
    words = desk.locator(".approve").evaluate("b => { b.click(); b.click(); b.click(); "
                                              "return b.textContent.trim(); }")  # fmt: skip
    desk.wait_for_url("**/show/inbox**")
    assert (len(posts), words) == (1, "Approving…")


@pytest.mark.browser
def test_a_pending_page_becomes_the_result(desk: Page) -> None:
    desk.route("**/state", lambda route: route.fulfill(json={"done": True, "location": "/"}))
    desk.goto("/show/pending")
    expect(desk).to_have_title("Gallery")


@pytest.mark.browser
def test_a_pending_page_follows_no_foreign_address(desk: Page) -> None:
    answers: list[int] = []

    def answer(route: Any) -> None:
        answers.append(1)
        route.fulfill(json={"done": True, "location": "https://example.org/"})

    desk.route("**/state", answer)
    desk.goto("/show/pending")
    desk.wait_for_timeout(2000)
    assert answers
    assert desk.url.endswith("/show/pending")


@pytest.mark.browser
def test_focus_goes_to_the_error_summary_or_the_flash(desk: Page) -> None:
    for name, target in (("detail-error", ".error-summary"), ("notices", "[data-flash] >> nth=0")):
        desk.goto(f"/show/{name}")
        expect(desk.locator(target)).to_be_focused()


@pytest.mark.browser
def test_shortcuts_walk_search_and_rest_while_typing(desk: Page) -> None:
    desk.goto("/show/inbox")
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    expect(desk.locator("[data-row]").nth(1).get_by_role("link")).to_be_focused()
    desk.keyboard.press("/")
    desk.keyboard.type("jk?")
    expect(desk.get_by_role("searchbox")).to_have_value("jk?")
    expect(desk.locator("#shortcuts")).to_be_hidden()


@pytest.mark.browser
def test_shortcuts_can_be_turned_off(desk: Page) -> None:
    for name in ("inbox", "inbox-resting"):
        desk.goto(f"/show/{name}")
        desk.keyboard.press("?")
        expect(desk.locator("#shortcuts")).to_be_visible(visible=name == "inbox")


@pytest.mark.browser
def test_a_request_prints_on_one_sheet(desk: Page) -> None:
    desk.goto("/show/detail")
    sheets = desk.pdf(format="A4").count(b"/Type /Page\n")
    assert sheets == 1
