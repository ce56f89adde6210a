"""One mail for what happened in an hour: chosen, sent by the schedule, read, followed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from playwright.sync_api import expect
from temporalio.client import Client

from portal.workflows import names
from tests.journeys.installation import Installation
from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE
from tests.journeys.test_mail import LINK, mails

Arrive = Callable[..., Person]
WAITING = """
SELECT count(*) FROM portal.messages m JOIN portal.users u ON u.id = m.user_id
WHERE u.email = 'marta.lindqvist@gloria.example' AND m.status = 'WAITING' AND m.digest IS NOT NULL
"""
THE_HOUR_IS_OVER = """
UPDATE portal.messages SET due_at = now() WHERE status = 'WAITING' AND digest IS NOT NULL
"""


def waiting(installation: Installation) -> int:
    with psycopg.connect(installation.database_url) as connection:
        row = connection.execute(WAITING).fetchone()
    return row[0] if row else 0


def the_hour_is_over(installation: Installation) -> None:
    """What Temporal does at the next quarter of an hour, now."""
    with psycopg.connect(installation.database_url) as connection:
        connection.execute(THE_HOUR_IS_OVER)

    async def trigger() -> None:
        client = await Client.connect(installation.temporal_address)
        schedule = names.digest_schedule(installation.queue)
        await client.get_schedule_handle(schedule).trigger()

    # The browser holds this thread's event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(trigger())).result()


def choose(who: Person, how: str) -> None:
    who.go("/profile/notifications")
    who.page.locator("fieldset").first.get_by_label("Email").select_option(label=how)
    who.press("Save")
    expect(who.page.locator("[data-flash]")).to_be_visible()


def digest(installation: Installation) -> str:
    """The text of Marta's mail that holds both requests; empty until it has come."""
    for _, mail in mails(installation, "marta.lindqvist@", ""):
        text = mail.get_body(("plain",)).get_content()
        if "Digest 1" in text and "Digest 2" in text:
            return str(text)
    return ""


def test_what_waits_comes_as_one_mail(somebody: Arrive, installation: Installation) -> None:
    marta, tom = somebody("marta.lindqvist", script=False), somebody("tom.becker")
    choose(marta, "Hourly")
    numbers = [tom.submit("expenses", EXPENSE | {"title": f"Digest {n}"}) for n in (1, 2)]
    installation.wait_for(lambda: waiting(installation) == 2)
    choose(marta, "At once")
    assert not [each for each in numbers if mails(installation, "marta.lindqvist@", each)]
    the_hour_is_over(installation)
    installation.wait_for(lambda: digest(installation) != "")
    assert waiting(installation) == 0
    marta.page.goto(LINK.findall(digest(installation))[0])
    expect(marta.page.locator("h1")).to_contain_text("Digest")
    marta.decide("approve")
    expect(marta.page.locator("main")).to_contain_text("You approved")
