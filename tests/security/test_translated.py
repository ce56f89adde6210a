"""Every page in the trial language: what stands outside its brackets was never marked.

What people typed, names of things and figures are not translated: their words are read from the
database of the test.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import available_timezones

import pytest
from flask import Flask
from sqlalchemy import text

from portal.config import Settings
from portal.domain.people.tokens import Scope
from portal.extensions import db
from portal.services.calendars import countries
from portal.translation import PSEUDO
from portal.translation.pseudo import pseudo
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, asked, process  # noqa: F401 - fixtures
from tests.pages_read import Document
from tests.security.routes import PEOPLE, ROUTES, Route
from tests.security.scene import path_of
from tests.web import People

WORD = re.compile(r"[^\W\d_]{2,}")
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
# In every language the same, or names of dates, which tests/presentation knows better.
SAME = {
    *WORD.findall(" ".join(available_timezones())),
    *WORD.findall(" ".join(countries().values())),
    "Gloria", "Approvals", "kB", "min",
    *calendar.month_abbr, *calendar.month_name, *calendar.day_abbr, *calendar.day_name,
}  # fmt: skip
TABLES = (
    "users", "departments", "groups", "requests", "request_types", "policy_versions", "tasks",
    "calendars", "chat_channels", "audit_events", "notifications",
)  # fmt: skip


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The application for readers of the trial language."""
    return make_app(replace(settings, languages=(PSEUDO,)))


@pytest.mark.parametrize("who", ["requester", "approver", "visitor"])
def test_every_text_of_every_page_is_marked(
    app: Flask, people: People, names: dict[str, str], who: str
) -> None:
    client, name = PageClient(app), PEOPLE[who]
    if name:
        sign_in(client, getattr(people, name))
    typed = _words_of_the_database(app)
    pages = [route for route in ROUTES if route.method == "GET" and route.status(who) == 200]
    # For programmers: the API speaks English, titles of its problems included.
    pages = [route for route in pages if not route.rule.startswith("/api/")]
    wrong = {route.rule: _unmarked(client, route, names) - typed for route in pages}
    assert {rule: words for rule, words in wrong.items() if words} == {}


def _words_of_the_database(app: Flask) -> set[str]:
    with app.app_context():
        rows = (
            value
            for table in TABLES
            for value in db.session.scalars(text(f"SELECT t::text FROM portal.{table} t"))
        )
        return set(WORD.findall(" ".join(rows)))


def _unmarked(client: PageClient, route: Route, names: dict[str, str]) -> set[str]:
    answer = client.get(path_of(route, names))
    if answer.mimetype != "text/html" or answer.status_code != 200:
        return set()
    shown = " ".join(Document(answer.text).texts[""])
    for code in Scope:
        shown = shown.replace(code.value, " ")
    while MARKED.search(shown):
        shown = MARKED.sub(" ", shown)
    # Initials, zones and codes are no texts.
    return {word for word in WORD.findall(shown) if not word.isupper()} - SAME


@pytest.mark.usefixtures("asked")
def test_what_is_missing_in_a_form_is_marked(client: PageClient, people: People) -> None:
    sign_in(client, people.ben)
    form = client.get_page(f"/requests/{NUMBER}").form("/tasks/")
    answer = client.post(form.action, data=form.values)
    assert answer.status_code == 422
    assert pseudo("Choose what to do: approve, return or reject.") in answer.text
