"""Away and back, and somebody who leaves: the tasks go to others and nobody is forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import expect

from tests.journeys.installation import Installation
from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE
from tests.journeys.test_mail import mail_of

Arrive = Callable[..., Person]


def go_away(who: Person, delegate: str) -> str:
    """From now until tomorrow; what the preview says."""
    who.go("/away")
    who.page.fill("main [name=person]", delegate)
    today = datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date()
    who.page.fill("main [name=first]", today.isoformat())
    who.page.fill("main [name=last]", (today + timedelta(days=1)).isoformat())
    who.press("Preview")
    expect(who.page.locator("h1")).to_contain_text("decides for you")
    said = who.text()
    who.press(f"Delegate to {delegate}")
    expect(who.page.get_by_role("button", name="End absence")).to_be_visible()
    return said


def test_open_tasks_go_to_the_delegate_and_come_back(somebody: Arrive) -> None:
    amir, yusuf = somebody("amir.rahimi"), somebody("yusuf.demir", script=False)
    decided, left = (
        amir.submit("expenses", EXPENSE | {"title": title}) for title in ("Decided", "Left")
    )
    for number in (decided, left):
        yusuf.open_from_inbox(number)
    said = go_away(yusuf, "Émile Fournier")
    assert "move to Émile Fournier" in said
    assert decided in said
    assert left in said
    for path in ("/inbox", "/requests", f"/requests/{left}"):
        assert "You are away. Émile Fournier decides for you" in yusuf.go(path).text()
    emile = somebody("emile.fournier").open_from_inbox(decided)
    assert "You act for Yusuf Demir" in emile.text()
    emile.decide("approve", "For Yusuf.")
    amir.sees(decided, "Émile Fournier for Yusuf Demir", "For Yusuf.")
    yusuf.go("/away").press("End absence")
    yusuf.open_from_inbox(left)
    assert "Your decision" in yusuf.text()
    assert "You are away" not in yusuf.text()
    emile.installation.wait_for(lambda: left not in emile.go("/inbox").text())


def person_id(installation: Installation, key: str) -> str:
    with psycopg.connect(installation.database_url) as connection:
        found = "SELECT id::text FROM portal.users WHERE email = %s"
        row = connection.execute(found, [f"{key}@gloria.example"]).fetchone()
    assert row is not None
    return str(row[0])


def test_whoever_leaves_is_replaced_at_once(somebody: Arrive, installation: Installation) -> None:
    samuel, ada = somebody("samuel.green"), somebody("ada.admin")
    number = samuel.submit("expenses", EXPENSE | {"title": "Whiteboard pens"})
    samuel.sees(number, "Dewi Santoso")
    page = f"/admin/people/{person_id(installation, 'dewi.santoso')}"
    ada.go(page).press("Deactivate")
    assert number in ada.text()
    ada.send("main form[method=post]")
    expect(ada.page.locator("main")).to_contain_text("Inactive")
    samuel.sees(number, "Hana Kobayashi")
    mail_of(installation, "hana.kobayashi@", number)
    samuel.installation.wait_for(lambda: "Dewi Santoso" in samuel.go("/notifications").text())
    ada.go(page).press("Activate").send("main form[method=post]")
    expect(ada.page.locator("main")).to_contain_text("Active")
