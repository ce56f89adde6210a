"""Who is asked and why, and when it may be finished: before submitting, and while waiting."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browsers import violations
from tests.journeys.people import Person

Arrive = Callable[..., Person]
PURCHASE = {
    "title": "Prisms for the lab", "supplier": "Pixelwerk GmbH", "cost_centre": "4100",
    "amount": "80.00", "reason": "Two are broken.",
}  # fmt: skip


def unfold(who: Person, words: str) -> None:
    """Open a part of the page."""
    who.page.locator("summary", has_text=words).first.click()


def test_who_is_asked_and_why_and_until_when(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    tom.fill_in("purchase", PURCHASE)
    expect(tom.page.locator("main")).to_contain_text("Expected finish:")
    unfold(tom, "Expected finish")
    expect(tom.page.get_by_text("past requests of this type since")).to_be_visible()
    number = tom.submit("purchase", PURCHASE)
    marta = somebody("marta.lindqvist", script=False).open_from_inbox(number)
    tom.sees(number, "Waiting for", "Expected finish: ", "Away from", "Oluwaseun Adeyemi decides")
    tom.installation.wait_for(lambda: "email sent" in opened(tom, number))
    unfold(marta, "How approvers were chosen")
    for words in ("Tom Becker reports to you.", "Stage “Line manager”"):
        expect(marta.page.get_by_text(words)).to_be_visible()
    tom.go(f"/requests/{number}")
    unfold(tom, "How approvers were chosen")
    assert violations(tom.page) == []


def opened(who: Person, number: str) -> str:
    """The request's page with everything unfolded."""
    who.go(f"/requests/{number}")
    for summary in who.page.locator(".now").locator("summary").all():
        summary.click()
    return who.text()
