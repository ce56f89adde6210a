"""Working time in another place: written down, given to somebody, foreseen, then asked by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import expect

from tests.browsers import follow
from tests.journeys.installation import Installation
from tests.journeys.people import Person

Arrive = Callable[..., Person]
ACCESS = {
    "title": "Pay roll",
    "system": "personnel",
    "level": "read",
    "reason": "For the new pay roll.",
}
PLACE = "Office in Kathmandu"
DUE = """
SELECT t.due_at, r.stage_due_at FROM portal.tasks t JOIN portal.requests r ON r.id = t.request_id
JOIN portal.users u ON u.id = t.assignee_id
WHERE r.number = %s AND u.email = 'kofi.mensah@gloria.example'
"""


def add_calendar(ada: Person) -> None:
    """Night and day, so that what is due does not depend on when the test runs."""
    ada.go("/admin/calendars/new")
    ada.page.fill("main [name=name]", PLACE)
    ada.page.select_option("main [name=time_zone]", "Asia/Kathmandu")
    for day in range(1, 8):
        ada.page.fill(f"main [name=day_{day}]", "0-24")
    ada.press("Add calendar")
    expect(ada.page.get_by_role("heading", level=1)).to_have_text(PLACE)


def move_there(ada: Person, installation: Installation) -> None:
    """Kofi moves to the new place."""
    with psycopg.connect(installation.database_url) as connection:
        found = "SELECT id FROM portal.users WHERE email = 'kofi.mensah@gloria.example'"
        row = connection.execute(found).fetchone()
    assert row is not None
    ada.go(f"/admin/people/{row[0]}")
    ada.page.select_option("#place-value", label=PLACE)
    follow(ada.page.locator("#place-form button"))
    ada.press("Change location")
    expect(ada.page.locator("body")).to_contain_text("Location changed from no location")


def test_an_approver_elsewhere_is_asked_by_the_hours_there(
    somebody: Arrive, installation: Installation
) -> None:
    ada = somebody("ada.admin", script=False)
    add_calendar(ada)
    move_there(ada, installation)
    ada.go("/admin/calendars/due?type=access&person=kofi.mensah@gloria.example")
    assert f"By the approver's place: {PLACE}, Kathmandu time" in ada.text()
    number = somebody("tom.becker").submit("access", ACCESS)
    kofi = somebody("kofi.mensah").open_from_inbox(number)
    assert f"by the working hours of {PLACE}" in kofi.text()
    assert "All times are Kathmandu time (UTC+5:45)." in kofi.text()
    with psycopg.connect(installation.database_url) as connection:
        row = connection.execute(DUE, [number]).fetchone()
    assert row is not None
    due, stage_due = row
    assert timedelta(hours=7) < due - datetime.now(UTC) <= timedelta(hours=8)
    assert stage_due >= due
    shown = due.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert f"{shown:%H:%M}" in kofi.text()
