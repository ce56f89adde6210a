"""A task that goes through several hands: asked about, answered, delegated, handed over."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browsers import follow
from tests.journeys.people import Person

Arrive = Callable[..., Person]
EXPENSE = {
    "title": "Glass for the lab", "amount": "41.20", "spent_on": "2026-11-02",
    "category": "material", "cost_centre": "4100", "purpose": "For the physics room.",
}  # fmt: skip


def fill(who: Person, link: str, **fields: str) -> None:
    """Choose from the menu of the request's page and send the form behind it."""
    who.more(link).fill(**fields)
    follow(who.page.locator("main form button[type=submit]").first)


def test_asked_answered_delegated_and_handed_over_without_scripts(somebody: Arrive) -> None:
    tom, marta = somebody("tom.becker"), somebody("marta.lindqvist", script=False)
    number = tom.submit("expenses", EXPENSE)
    fill(marta.open_from_inbox(number), "Ask a question", comment="Which glass is it?")
    tom.sees(number, "Marta Lindqvist asks:", "Which glass is it?")
    tom.page.fill("main form[action$='/answer'] [name=comment]", "Borosilicate.")
    tom.send("main form[action$='/answer']")
    marta.sees(number, "Borosilicate.")
    fill(marta, "Delegate", person="Mei Tanaka", reason="You know glass.")
    marta.sees(number, "You delegated this to Mei Tanaka")
    somebody("mei.tanaka").sees(number, "You decide for Marta Lindqvist")
    marta.send("main form[action$='/take-back']")
    marta.sees(number, "Your decision")
    fill(marta, "Reassign", person="Omar Farouk", reason="Chemistry is yours.")
    marta.sees(number, "You reassigned this to Omar Farouk", "Chemistry is yours.")
    somebody("omar.farouk").open_from_inbox(number).decide("approve", "Fine.")
    tom.sees(number, "Omar Farouk", "Fine.")


def press(who: Person, name: str) -> None:
    follow(who.page.get_by_role("button", name=name).last)


def test_reminded_held_resumed_and_asked_together(somebody: Arrive) -> None:
    tom, marta, ada = somebody("tom.becker"), somebody("marta.lindqvist"), somebody("ada.admin")
    number = tom.submit("expenses", EXPENSE | {"title": "Beakers"})
    marta.open_from_inbox(number)
    press(tom.go(f"/requests/{number}"), "Send a reminder")
    marta.installation.wait_for(lambda: "reminds you" in marta.go("/notifications").text())
    remind = tom.go(f"/requests/{number}").page.get_by_role("button", name="Send a reminder")
    expect(remind.last).to_be_disabled()
    expect(tom.page.locator("main")).to_contain_text("You can send the next one from")
    ada.go(f"/requests/{number}").more("Put on hold")
    ada.page.fill("main form textarea >> nth=0", "The budget is being counted.")
    press(ada, "Put on hold")
    tom.sees(number, "On hold", "The budget is being counted.")
    ada.go(f"/requests/{number}").more("Resume")
    press(ada, "Resume")
    fill(
        marta.sees(number, "Your decision"),
        "Add an approver",
        person="Omar Farouk",
        reason="He keeps the list.",
    )
    somebody("omar.farouk").open_from_inbox(number).decide("approve", "I know beakers.")
    tom.sees(number, "I know beakers.")
