"""An administrator makes a type by pages alone, and changes a live one: to the first approval."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.asking import PDF
from tests.browsers import follow
from tests.journeys.people import Person

Arrive = Callable[..., Person]
TYPE = "/admin/types/standing_desk"


def fill(who: Person, button: str, **values: str) -> None:
    """Fill in controls by their names and press a button."""
    who.fill(**values).press(button)


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
    follow(ada.page.get_by_role("button", name="without a review"))
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


def test_a_live_type_is_tried_reviewed_and_published_and_open_requests_move(
    somebody: Arrive,
) -> None:
    ada, tom = somebody("ada.admin", script=False), somebody("tom.becker")
    access = {"title": "Ledger", "system": "ledger", "level": "read", "reason": "For the audit."}
    number = tom.submit("access", access)
    tom.sees(number, "Pending approval")
    here = "/admin/types/access"
    change(ada, here)
    ada.go(f"{here}/draft/past")
    fill(ada, "Run back-test", days="365")
    expect(ada.page.locator("main")).to_contain_text("More stages")
    expect(ada.page.locator("main")).to_contain_text(number)
    give_reasons(ada, here)
    with second_publisher(ada, "Julia Schmidt"):
        ada.go(f"{here}/draft/review").press("Send for review")
        julia = somebody("julia.schmidt", script=False).go(f"{here}/draft/review")
        julia.press("Approve the draft")
        follow(julia.page.get_by_role("button", name="Publish version"))
        expect(julia.page.locator("main")).to_contain_text("is live")
    tom.go("/requests/new/access")
    expect(tom.page.locator("main")).to_contain_text("Why now")
    assert "Why now" not in tom.sees(number, "For the audit.").text()
    move(ada, number)
    tom.sees(number, "Director", "Ines Okafor")


@contextmanager
def second_publisher(ada: Person, name: str) -> Iterator[None]:
    """Somebody who may approve and publish types, meanwhile."""
    set_publisher(ada, name, publishes=True)
    try:
        yield
    finally:
        set_publisher(ada, name, publishes=False)


def set_publisher(ada: Person, name: str, *, publishes: bool) -> None:
    """Give the role, or take it."""
    ada.go(f"/admin/people?q={name}").press(name)
    ada.page.get_by_label("Type publisher", exact=True).set_checked(publishes)
    ada.send("#roles-form")
    follow(ada.page.locator("main form[method=post] button[type=submit]").first)
    expect(ada.page.locator("h1")).to_have_text(name)


def move(ada: Person, number: str) -> None:
    """Let an open request follow the newest version."""
    ada.go("/admin/policy-moves").page.check(f"main input[name=number][value={number}]")
    ada.press("Preview").fill(reason="The director decides these now.").press("Move 1 request")
    expect(ada.page.locator("main")).to_contain_text("Moved to the newest policy version")


def change(ada: Person, here: str) -> None:
    """A draft with another label, and the director in addition."""
    ada.go(here).press("Start a draft")
    ada.go(f"{here}/draft/form/reason")
    fill(ada, "Save field", label="Why now")
    ada.go(f"{here}/draft/route")
    fill(ada, "Add stage", name="Director")
    fill(ada, "Save stage", who_0="people:", who_people_0="Ines Okafor")


def give_reasons(ada: Person, here: str) -> None:
    """Accept what Checks warns of."""
    ada.go(f"{here}/draft/checks")
    if ada.page.get_by_role("button", name="Save reasons").count():
        for box in ada.page.locator("main input[name^=reason_]").all():
            box.fill("As it was before.")
        ada.press("Save reasons")


TAKEN = {
    "travel": {"destination": "Lyon", "cost": "900.00", "purpose": "A fair."},
    "policy_exception": {"rule": "Flights are booked in economy.", "reason": "A broken leg.",
                         "risk": "One flight only."},
    "contract": {"partner": "Pixelwerk", "value": "1,200.00", "summary": "Printers."},
}  # fmt: skip
DAYS = ("first_day", "last_day", "ends", "begins")


@pytest.mark.parametrize("name", TAKEN)
def test_a_type_goes_from_the_gallery_to_an_approved_request(
    somebody: Arrive, name: str, tmp_path: Path
) -> None:
    ada = somebody("ada.admin", script=False)
    ada.go(f"/admin/types/gallery/{name}")
    for choice in ada.page.locator("main select[name^=group_]").all():
        choice.select_option("finance")
    ada.send()
    expect(ada.page.get_by_role("heading", name="Prepare version 1")).to_be_visible()
    here = urlsplit(ada.page.url).path
    give_reasons(ada, here)
    publish(ada, here)
    tom, code = somebody("tom.becker"), here.rpartition("/")[2]
    day = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    form = tom.go(f"/requests/new/{code}").page.locator("main")
    values = {**TAKEN[name], "title": f"One {name}"}
    values |= {each: day for each in DAYS if form.locator(f"[name={each}]").count()}
    number = tom.submit(code, {**values, **files(form, tmp_path)})
    approvers = ["marta.lindqvist", "omar.farouk", "julia.schmidt"]
    stages = {"travel": 1, "policy_exception": 2, "contract": 2}[name]
    for who in approvers[:stages]:
        somebody(who).open_from_inbox(number).decide("approve")
    tom.sees(number, "Approved")


def files(form: Locator, folder: Path) -> dict[str, Path]:
    """A file for each field of the form that takes some."""
    path = folder / "offer.pdf"
    path.write_bytes(PDF)
    boxes = form.locator("input[type=file]").all()
    return {str(box.get_attribute("name")): path for box in boxes}
