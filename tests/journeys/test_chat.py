"""A chat channel: set up, tried, and a decision that begins in a chat."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.chatting import ChatServer, chat_server
from tests.journeys.installation import Installation
from tests.journeys.people import Person
from tests.journeys.test_deciding import EXPENSE

Arrive = Callable[..., Person]


def told(chat: ChatServer, number: str) -> str:
    """What Marta was told of a request; empty until then."""
    theirs = (str(said) for path, said in chat.heard if path == "/people/marta.lindqvist")
    return next((said for said in theirs if number in said), "")


def test_asked_in_a_chat(somebody: Arrive, installation: Installation) -> None:
    ada, tom, marta = somebody("ada.admin"), somebody("tom.becker"), somebody("marta.lindqvist")
    with chat_server() as chat:
        ada.go("/admin/channels/new")
        ada.page.fill("main [name=name]", "Company chat")
        ada.page.fill("main [name=secret_address]", chat.address())
        ada.press("Add channel").press("Send test message")
        expect(ada.page.locator("[data-flash]")).to_contain_text("The test message was sent")
        assert "t0k3n" not in ada.page.content()
        number = tom.submit("expenses", EXPENSE | {"title": "Asked in a @chat"})
        installation.wait_for(lambda: told(chat, number) != "")
        link = re.findall(r"http://[0-9.:]+/[A-Za-z0-9/_-]+", told(chat, number))
        marta.page.goto(link[-1])
        expect(marta.page.locator("h1")).to_have_text("Asked in a @chat")
        marta.decide("approve")
        ada.press("Remove channel").press("Remove Company chat")
        expect(ada.page.locator("main")).to_contain_text("No chat channels")
