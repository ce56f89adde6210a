"""From a mail to the decision, with real SMTP; and mail programs that open everything."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browsers import PATIENCE_MS, follow, violations
from tests.journeys.installation import Installation
from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE
from tests.journeys.test_pages import SIGHTS

Arrive = Callable[..., Person]
LINK = re.compile(r"http://127\.0\.0\.1:\d+/a/[A-Za-z0-9_-]{43}")
BUTTONS = "button:visible, input[type=submit]"
WATCHED = ("requests", "tasks", "commands", "audit_events", "notifications", "links", "sessions",
           "comments", "sign_in_attempts", "users")  # fmt: skip


def mails(installation: Installation, to: str, words: str) -> list[tuple[str, EmailMessage]]:
    """File name and content of the mails to somebody with these words in the subject."""
    found = []
    for file in sorted(installation.mail.glob("*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        if to in mail["To"] and words in mail["Subject"]:
            found.append((file.stem, mail))
    return found


def mail_of(installation: Installation, to: str, words: str) -> tuple[str, EmailMessage]:
    """The first such mail, when it has come."""
    installation.wait_for(lambda: bool(mails(installation, to, words)), 60)
    return mails(installation, to, words)[0]


def checksums(installation: Installation) -> dict[str, str]:
    """Of the rows of every table that people change."""
    sums = {}
    with psycopg.connect(installation.database_url) as connection:
        for table in WATCHED:
            rows = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM portal.{table} t"
            sums[table] = connection.execute(rows).fetchone()[0]
    return sums


def test_approving_from_a_mail(somebody: Arrive, installation: Installation) -> None:
    number = somebody("tom.becker").submit("expenses", EXPENSE | {"title": "From a mail"})
    name, _ = mail_of(installation, "marta.lindqvist@", number)
    marta = somebody("marta.lindqvist")
    follow(marta.go(f"/dev/mail/{name}/html").page.get_by_role("link", name="Approve"))
    expect(marta.page.locator("main")).to_contain_text("You came here to approve")
    assert "/a/" not in marta.page.url
    marta.decide("approve", "Seen in the mail.")
    name, _ = mail_of(installation, "mei.tanaka@", number)
    mei = somebody("mei.tanaka")
    mail = mei.go(f"/dev/mail/{name}").page.frame_locator("iframe")
    follow(mail.get_by_role("link", name="Review request"))
    expect(mei.page.locator("h1")).to_have_text("From a mail")
    mei.decide("approve")
    mail_of(installation, "tom.becker@", f"Approved: From a mail ({number})")
    mail_of(installation, "omar.farouk@", f"Decided: From a mail ({number})")


def test_a_mail_that_was_passed_on_opens_for_nobody_else(
    somebody: Arrive, installation: Installation
) -> None:
    number = somebody("tom.becker").submit("expenses", EXPENSE | {"title": "Passed on"})
    _, mail = mail_of(installation, "marta.lindqvist@", number)
    link = LINK.findall(mail.get_body(("plain",)).get_content())[1]
    sara = somebody("sara.nilsson")
    sara.page.goto(link)
    expect(sara.page.locator("main")).to_contain_text("It was sent to Marta Lindqvist")


@pytest.mark.slow
def test_a_scanner_that_opens_and_presses_everything_changes_nothing(
    somebody: Arrive, chromium: Browser, installation: Installation
) -> None:
    number = somebody("tom.becker").submit("expenses", EXPENSE | {"title": "Scanned"})
    _, mail = mail_of(installation, "marta.lindqvist@", number)
    links = LINK.findall(mail.get_body(("plain",)).get_content())
    assert len(links) == 3
    installation.wait_for(lambda: mails(installation, "marta.lindqvist@", number) != [])
    before = checksums(installation)
    for link in links:
        context = chromium.new_context(locale="en-GB")
        press_everything(context, link)
        context.close()
    # A passkey that is asked for counts as a try to sign in, against guessing; nothing else.
    after = checksums(installation) | {"sign_in_attempts": before["sign_in_attempts"]}
    assert after == before


def press_everything(context: BrowserContext, link: str) -> None:
    """Open a link as scanners do, and press each button of what it shows: each in a window of its
    own, so that nothing is in the way of what the last one began to load."""
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(link)
    for place in range(page.locator(BUTTONS).count()):
        page = context.new_page()
        page.goto(link)
        page.locator(BUTTONS).nth(place).click(force=True, no_wait_after=True)
    for page in context.pages:
        page.wait_for_load_state()


def test_while_the_mail_server_is_away(somebody: Arrive, installation: Installation) -> None:
    installation.stop("mail")
    number = somebody("tom.becker").submit("expenses", EXPENSE | {"title": "No mail"})
    somebody("marta.lindqvist").open_from_inbox(number)
    ada = somebody("ada.admin")
    installation.wait_for(lambda: "cannot be reached" in ada.go("/admin/messages").text(), 60)
    installation.start_mail()
    mail_of(installation, "marta.lindqvist@", number)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_is_sound(
    chromium: Browser, somebody: Arrive, installation: Installation, scheme: str
) -> None:
    number = somebody("tom.becker").submit("expenses", EXPENSE | {"title": f"Sound, {scheme}"})
    name, _ = mail_of(installation, "marta.lindqvist@", number)
    context = chromium.new_context(color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    for width, height, _ in SIGHTS:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{installation.url}/dev/mail/{name}/html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_content(mails(installation, "marta", number)[0][1].get_body(("html",)).get_content())
    found = violations(page)
    context.close()
    ignored = {"region", "landmark-one-main"}  # a mail is no page of ours
    assert [each for each in found if each[0] not in ignored] == []
