"""From asking to the outcome, in a browser."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browsers import follow
from tests.journeys.people import Person

Arrive = Callable[..., Person]
EXPENSE = {
    "title": "Chalk and sponges", "amount": "41.20", "spent_on": "2026-11-02",
    "category": "material", "cost_centre": "4100", "purpose": "For the physics room.",
}  # fmt: skip
PURCHASE = {
    "title": "Spectrometer", "supplier": "Laborbau Nord AG", "cost_centre": "4100",
    "amount": "9,120.50", "reason": "The old one does not switch on any more.",
}  # fmt: skip


def test_two_people_approve(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    number = tom.submit("expenses", EXPENSE)
    somebody("marta.lindqvist").open_from_inbox(number).decide("approve", "Fine.")
    tom.sees(number, "Fine.")
    somebody("mei.tanaka").open_from_inbox(number).decide("approve")
    tom.sees(number, "Approved")


def test_a_rejection_ends_it(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    number = tom.submit("expenses", EXPENSE | {"title": "Golden chalk"})
    somebody("marta.lindqvist").open_from_inbox(number).decide("reject", "White will do.")
    tom.sees(number, "Rejected", "White will do.")


def test_a_rejection_needs_a_reason(somebody: Arrive) -> None:
    number = somebody("tom.becker").submit("expenses", EXPENSE)
    marta = somebody("marta.lindqvist").open_from_inbox(number).decide("reject")
    expect(marta.page).to_have_title(_starts_with("Error: "))
    marta.decide("reject", "Now with a reason.")
    marta.sees(number, "Rejected")


def test_sent_back_changed_and_sent_again(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    number = tom.submit("purchase", PURCHASE)
    marta = somebody("marta.lindqvist").open_from_inbox(number)
    marta.decide("send_back", "Please name the model.")
    tom.sees(number, "Please name the model.").go(f"/requests/{number}/resubmit")
    tom.page.fill("main [name=reason]", "Model S-200; the old one does not switch on.")
    tom.send()
    marta.open_from_inbox(number)
    assert "Model S-200" in marta.text()
    assert "does not switch on any more" in marta.text()
    marta.decide("approve")
    tom.sees(number, "Sofia Conti")


def test_changed_while_it_waits(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    number = tom.submit("purchase", PURCHASE)
    marta = somebody("marta.lindqvist").open_from_inbox(number)
    tom.go(f"/requests/{number}").press("Edit")
    tom.page.fill("main [name=amount]", "12,300.00")
    tom.send()
    tom.sees(number, "Edited", "Asked again: Line manager")
    marta.decide("approve", "The old price is fine.")
    expect(marta.page.get_by_text("You saw version 1")).to_be_visible()
    expect(marta.page.locator("#comment")).to_have_value("The old price is fine.")
    marta.decide("approve", "The new one is, too.")
    tom.sees(number, "The new one is, too.", "Sofia Conti")


def test_an_administrator_decides_in_place_of_others(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    number = tom.submit("purchase", PURCHASE | {"title": "Urgent repair"})
    ada = somebody("ada.admin").sees(number, "Marta Lindqvist")
    ada.more("Decide in place of the approvers")
    ada.page.get_by_label("Approve the whole request").check()
    ada.page.fill("main [name=reason]", "The laboratory is under water.")
    follow(ada.page.get_by_role("button", name="Continue"))
    ada.page.fill("main [name=password]", "wrong")
    ada.send()
    expect(ada.page).to_have_title(_starts_with("Error: "))
    ada.page.fill("main [name=password]", ada.installation.passwords["ada.admin"])
    ada.send()
    tom.sees(number, "an administrator", "The laboratory is under water.")
    marta = somebody("marta.lindqvist")
    marta.installation.wait_for(lambda: "by override" in marta.go("/notifications").text())


def test_moved_to_a_newer_policy(somebody: Arrive) -> None:
    ada = somebody("ada.admin").go("/admin/policy-moves")
    box = ada.page.locator("main input[name=number]").first
    number = str(box.get_attribute("value"))
    box.check()
    ada.press("Preview")
    expect(ada.page.get_by_role("heading", name="Approvers")).to_be_visible()
    ada.page.fill("main [name=reason]", "The new rules hold for all.")
    ada.send()
    ada.sees(number, "Moved to version 2 of the policy", "The new rules hold for all.")
    assert number not in ada.go("/admin/policy-moves").text()


def test_two_approvers_at_once(somebody: Arrive) -> None:
    number = somebody("tom.becker").submit("expenses", EXPENSE)
    somebody("marta.lindqvist").open_from_inbox(number).decide("approve")
    first = somebody("mei.tanaka").open_from_inbox(number)
    second = somebody("omar.farouk").open_from_inbox(number)
    first.decide("approve")
    first.sees(number, "Approved")
    with second.page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        second.decide("reject", "I was too late, and my words must stay.")
    assert posted.value.status == 409
    assert "I was too late, and my words must stay." in second.page.content()
    second.sees(number, "Approved")


def test_back_never_sends_again(somebody: Arrive) -> None:
    tom = somebody("tom.becker")
    number = tom.submit("expenses", EXPENSE | {"title": "Once only"})
    tom.page.go_back()
    tom.page.go_back()
    tom.go("/requests")
    assert tom.text().count("Once only") == 1
    assert number in tom.text()


def test_three_presses_without_javascript_are_one_request(somebody: Arrive) -> None:
    tom = somebody("tom.becker", script=False)
    tom.fill_in("expenses", EXPENSE | {"title": "Pressed three times"})
    button = tom.page.locator("form[action$='/submit'] button[type=submit]")
    button.click(click_count=3, no_wait_after=True)
    # Each press cuts off the answer to the one before: wait for the address, not for a navigation.
    expect(tom.page).to_have_url(re.compile("/requests/receipt/"))
    tom.go("/requests")
    assert tom.text().count("Pressed three times") == 1


def _starts_with(text: str) -> re.Pattern[str]:
    return re.compile("^" + re.escape(text))
