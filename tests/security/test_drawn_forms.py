"""Every form of every role, taken from its page as it is drawn and sent as a browser without
scripts would: unchanged, and with what people leave out or paste. An answer, never a failure."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.clients import PageClient, sign_in
from tests.pages_read import Form, Page
from tests.security.routes import PEOPLE, ROUTES
from tests.security.scene import path_of
from tests.web import People

BAD = ("", "a\x00b", "\U0001f9d1\u200d\U0001f3ed", "x" * 100_000)
# What a form carries, and people do not type.
CARRIED = ("csrf_token", "command_id", "version", "seen")
LAST = "/sign-out"
# What everybody has is sent by administrators; strangers have nothing beyond that.
OWN = ("/profile", "/theme", "/away", "/notifications")
WHO = [who for who in PEOPLE if who != "stranger"]


def drawn(client: PageClient, who: str, names: dict[str, str]) -> Iterator[tuple[str, Form]]:
    """Each form of the pages that somebody may see, once, with the address of its page."""
    known: set[tuple[str, frozenset[str]]] = set()
    for route in ROUTES:
        if route.method != "GET" or route.status(who) != 200:
            continue
        path = path_of(route, names)
        answer = client.get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for form in Page(answer).document.forms:
            action = (form.action or "").partition("?")[0]
            place = action, frozenset(form.names)
            is_new = place not in known and (who == "admin" or not action.startswith(OWN))
            if action and action != LAST and is_new:
                known.add(place)
                yield path, form


def filled_in(form: Form, shift: int) -> Iterator[dict[str, str]]:
    """The form as it is; and with one of `BAD` in each of its fields, beginning with the one of
    that number."""
    typed = [name for name in sorted(form.names) if name not in CARRIED]
    yield {**form.values, **{name: BAD[at % len(BAD)] for at, name in enumerate(typed, shift)}}
    yield form.values


def send(client: PageClient, form: Form, values: dict[str, str]) -> TestResponse:
    if form.method == "get":
        short = {name: text[:4_000] for name, text in values.items()}
        return client.get(form.action or "", query_string=short)
    return client.post(form.action or "", data=values)


def says_so(page: Page, form: Form) -> bool:
    """Whether the title says that something is wrong; a page that is nothing but an error has no
    form any more."""
    again = [each for each in page.document.forms if each.action == form.action]
    return not again or page.document.words("title")[0].startswith("Error:")


@pytest.mark.parametrize("who", WHO)
def test_each_form_is_answered(app: Flask, people: People, names: dict[str, str], who: str) -> None:
    client, name = PageClient(app), PEOPLE[who]
    if name:
        sign_in(client, getattr(people, name))
    wrong, sent = [], 0
    for path, form in drawn(client, who, names):
        for values in filled_in(form, len(who)):
            answer, sent = send(client, form, values), sent + 1
            if answer.status_code >= 500:
                wrong.append((path, form.action, answer.status_code))
            if answer.status_code == 422 and not says_so(Page(answer), form):
                wrong.append((path, form.action, "says no error"))
            if name and "/sign-in" in (answer.location or ""):
                sign_in(client, getattr(people, name))
    assert not wrong, "\n".join(map(str, wrong))
    assert sent >= 2
