"""An administrator makes a type by pages alone, and changes a live one: to the first approval."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.people import Person

Arrive = Callable[..., Person]
TYPE = "/admin/types/standing_desk"


def fill(who: Person, button: str, **values: str) -> None:
    """Fill in controls by their names and press a button."""
    for name, value in values.items():
        control = who.page.locator(f"main [name={name}]").last
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    who.page.get_by_role("button", name=button, exact=True).click()


def make_type(ada: Person) -> None:
    """The texts and the form."""
    fill(ada.go("/admin/types/new"), "Add type", name="Standing desk", prefix="SD")
    expect(ada.page.get_by_role("heading", level=1)).to_have_text("Standing desk")
    ada.go(f"{TYPE}/draft/form")
    fill(ada, "Add field", label="Price", kind="money")
    fill(ada, "Save field", max_value="2,000.00")
    fill(ada, "Add field", label="Size", kind="choice")
    fill(ada, "Save field", choices="s = Small\nl = Large")


def make_route(ada: Person) -> None:
    """The manager, and the director above 500.00."""
    ada.go(f"{TYPE}/draft/route")
    fill(ada, "Add stage", name="Manager")
    fill(ada, "Save stage", who_0="manager:1", fallback_0="people:",
         fallback_people_0="Ines Okafor")  # fmt: skip
    fill(ada, "Add stage", name="Director")
    fill(ada, "Save stage", who_0="people:", who_people_0="Ines Okafor")
    ada.go(f"{TYPE}/draft/route/director/condition")
    fill(ada, "Save condition", r0_field="price", r0_is="at_least", r0_value="500.00")
    expect(ada.page.locator("ol.route")).to_contain_text("Price is at least €500.00")


def publish(ada: Person, here: str) -> None:
    """Without a review, for nobody else could."""
    ada.go(f"{here}/draft/review")
    ada.page.get_by_role("button", name="without a review").click()
    expect(ada.page.locator("main")).to_contain_text("is live")


def test_from_an_empty_type_to_an_approved_request(somebody: Arrive) -> None:
    ada = somebody("ada.admin", script=False)
    make_type(ada)
    make_route(ada)
    publish(ada, TYPE)
    tom = somebody("tom.becker")
    values = {"title": "A desk to stand at", "price": "499.99", "size": "l"}
    number = tom.submit("standing_desk", values)
    assert number.startswith("SD-")
    somebody("marta.lindqvist").open_from_inbox(number).decide("approve")
    tom.sees(number, "Approved", "Large")


def test_a_live_type_gets_a_new_version_and_open_requests_stay(somebody: Arrive) -> None:
    ada, tom = somebody("ada.admin", script=False), somebody("tom.becker")
    access = {"title": "Ledger", "system": "ledger", "level": "read", "reason": "For the audit."}
    number = tom.submit("access", access)
    here = "/admin/types/access"
    ada.go(here).page.get_by_role("button", name="Start a draft", exact=True).click()
    ada.go(f"{here}/draft/form/reason")
    fill(ada, "Save field", label="Why now")
    ada.go(f"{here}/draft/checks")
    if ada.page.get_by_role("button", name="Save reasons").count():
        for box in ada.page.locator("main input[name^=reason_]").all():
            box.fill("As it was before.")
        ada.page.get_by_role("button", name="Save reasons").click()
    publish(ada, here)
    tom.go("/requests/new/access")
    expect(tom.page.locator("main")).to_contain_text("Why now")
    tom.sees(number, "For the audit.")
    assert "Why now" not in tom.text()
