"""Every component in Chromium: readable, reachable, silent in the console, and never too wide."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.presentation.gallery.app import PAGES

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
VIEWS = [(1280, "light"), (1280, "dark"), (390, "dark"), (320, "light")]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_every_page(chromium: Browser, gallery_url: str, width: int, scheme: Any) -> None:
    phone = width < 1000
    context = chromium.new_context(
        base_url=gallery_url, color_scheme=scheme, reduced_motion="reduce",
        viewport={"width": width, "height": 844}, is_mobile=phone, has_touch=phone,
    )  # fmt: skip
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for name in PAGES:
        page.goto(f"/show/{name}")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(name, each["id"]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert [text for text in said if "status of 422" not in text] == []
    context.close()


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


def test_three_quick_clicks_are_one_post(desk: Page) -> None:
    posts: list[str] = []
    desk.on("request", lambda request: posts.append(request.url) if request.method == "POST" else 0)
    desk.goto("/show/detail")
    words = desk.locator(".approve").evaluate("b => { b.click(); b.click(); b.click(); "
                                              "return b.textContent.trim(); }")  # fmt: skip
    desk.wait_for_url("**/show/inbox**")
    assert (len(posts), words) == (1, "Approving…")


def test_a_pending_page_becomes_the_result(desk: Page) -> None:
    desk.route("**/state", lambda route: route.fulfill(json={"done": True, "location": "/"}))
    desk.goto("/show/pending")
    expect(desk).to_have_title("Gallery")


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


def test_focus_goes_to_the_error_summary_or_the_flash(desk: Page) -> None:
    for name, target in (("detail-error", ".error-summary"), ("notices", "[data-flash] >> nth=0")):
        desk.goto(f"/show/{name}")
        expect(desk.locator(target)).to_be_focused()


def test_shortcuts_walk_search_and_rest_while_typing(desk: Page) -> None:
    desk.goto("/show/inbox")
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    expect(desk.get_by_role("link", name="Client workshop travel")).to_be_focused()
    desk.keyboard.press("/")
    desk.keyboard.type("jk?")
    expect(desk.get_by_role("searchbox")).to_have_value("jk?")
    expect(desk.locator("#shortcuts")).to_be_hidden()


def test_shortcuts_can_be_turned_off(desk: Page) -> None:
    for setting in ("", "?shortcuts=off"):
        desk.goto(f"/show/inbox{setting}")
        desk.keyboard.press("?")
        expect(desk.locator("#shortcuts")).to_be_visible(visible=not setting)


def test_a_request_prints_on_one_sheet(desk: Page) -> None:
    desk.goto("/show/detail")
    sheets = desk.pdf(format="A4").count(b"/Type /Page\n")
    assert sheets == 1
