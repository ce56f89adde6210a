"""Many at once, in a browser: ticking, looking, deciding; with scripts and without."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browsers import follow
from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE

Arrive = Callable[..., Person]


def ask_for(tom: Person, *titles: str) -> list[str]:
    return [tom.submit("expenses", EXPENSE | {"title": title}) for title in titles]


def all_there(approver: Person, numbers: list[str]) -> None:
    """Wait until the inbox holds them all."""
    inbox = approver.installation.wait_for
    inbox(lambda: all(number in approver.go("/inbox").text() for number in numbers))


def approve_all(approver: Person, numbers: list[str]) -> None:
    page = approver.page
    expect(page.locator("h1")).to_have_text(f"Review {len(numbers)} requests")
    approver.decide("approve")
    expect(page).to_have_url(re.compile("/batches/"))
    done = f"{len(numbers)} of {len(numbers)} approved"
    approver.installation.wait_for(lambda: page.reload() is not None and done in approver.text())


@pytest.mark.parametrize("script", [True, False])
def test_several_expenses_are_approved_together(somebody: Arrive, script: bool) -> None:
    tom = somebody("tom.becker")
    numbers = ask_for(tom, f"Chalk {script}", f"Sponges {script}", f"Rulers {script}")
    marta = somebody("marta.lindqvist", script=script)
    all_there(marta, numbers)
    bar = marta.page.get_by_role("button", name="Review selected")
    expect(bar).to_be_hidden()
    for number in numbers:
        marta.page.get_by_label(f"Choose {number}").check()
    expect(bar).to_be_visible()
    follow(bar)
    approve_all(marta, numbers)
    for number in numbers:
        tom.sees(number, "Finance")


def test_ranges_and_sums_by_mouse_and_keyboard(somebody: Arrive) -> None:
    numbers = ask_for(somebody("tom.becker"), "Ranged glue", "Ranged tape", "Ranged paper")
    marta = somebody("marta.lindqvist")
    all_there(marta, numbers)
    page, tally = marta.go("/inbox?q=Ranged").page, marta.page.locator("[data-tally]")
    # Outside working hours all are due at the same moment, and come in any order.
    listed = page.locator("main table").inner_text()
    numbers.sort(key=listed.index)
    boxes = [page.get_by_label(f"Choose {number}") for number in numbers]
    expect(tally).to_have_text("None selected")  # the script runs
    boxes[0].click()
    boxes[2].click(modifiers=["Shift"])
    expect(boxes[1]).to_be_checked()
    expect(tally).to_have_text("Selected: 3, €123.60")
    page.keyboard.press("x")
    expect(tally).to_have_text("Selected: 2, €82.40")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(numbers[2]))


def test_found_kept_as_a_view_and_one_after_the_other(somebody: Arrive) -> None:
    first, second = ask_for(somebody("tom.becker"), "Crème brûlée für alle", "Crème fraîche")
    marta = somebody("marta.lindqvist")
    all_there(marta, [first, second])
    for words in ("creme brulee fur", "creme brulle"):
        assert first in marta.go(f"/search?q={words}").text()
    page = marta.go("/inbox?q=Crème").page
    page.locator("summary", has_text="Save this view").click()
    page.get_by_label("Name of the view").fill("Sweets")
    follow(page.get_by_role("button", name="Save").last)
    follow(marta.go("/inbox").page.get_by_role("link", name="Sweets"))
    expect(page.locator("main")).to_contain_text(first)
    follow(page.get_by_role("link", name="Crème brûlée für alle"))
    marta.decide("approve")
    follow(page.locator("main").get_by_role("link", name="Next in your inbox"))
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
