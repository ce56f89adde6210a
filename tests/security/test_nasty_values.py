"""Values that libraries let through, into every field of every route: an answer, never a 500."""

import pytest
from flask import Flask

from tests.clients import PageClient, sign_in
from tests.security.routes import PEOPLE, ROUTES, Route
from tests.security.scene import data_of, path_of
from tests.web import People

NASTY = {
    "nul": b"a\x00b",
    "surrogate": b"\xed\xa0\x80",
    "not utf-8": b"\xff\xfe",
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "huge": b"1e999999",
    "long number": b"100000000000000000000",
    "no day": b"2026-02-31",
    "bidi": b"\xe2\x80\xaeabc",
    "spaces": b"   ",
    "quotes": b"' \" ; -- %27 \\",
    "template": b"{{7*7}}${7*7}{% x %}",
    "long": b"x" * 40_000,
}
FILTERS = (
    "text",
    "status",
    "type",
    "person",
    "from",
    "to",
    "before",
    "after",
    "view",
    "q",
    "draft",
    "type",
    "place",
    "on",
    "at",
)
# The email of a sign-in form is looked up, not stored; every try would count against the limit.
POSTS = [route for route in ROUTES if route.method == "POST" and route.rule != "/sign-in"]
GETS = [route for route in ROUTES if route.method == "GET" and not route.rule.startswith("/static")]


def allowed(app: Flask, people: People, route: Route) -> PageClient:
    """A client of somebody whom the route lets in."""
    who = next(who for who in ("requester", "approver", "admin") if route.status(who) != 403)
    client = PageClient(app)
    sign_in(client, getattr(people, str(PEOPLE[who])))
    return client


@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY)
def test_no_form_crashes(app: Flask, people: People, names: dict[str, str], value: bytes) -> None:
    wrong = []
    for route in POSTS:
        client = allowed(app, people, route)
        fields = list(data_of(route, names)) or ["comment"]
        token = client.csrf_token()
        for some in {tuple(fields), (fields[0],), (fields[-1],)}:
            data = data_of(route, names) | dict.fromkeys(some, value) | {"csrf_token": token}
            status = client.post(path_of(route, names), data=data).status_code
            if status >= 500:
                wrong.append(f"{route.rule} {some}: {status}")
    assert not wrong


@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY)
def test_no_address_crashes(
    app: Flask, people: People, names: dict[str, str], value: bytes
) -> None:
    wrong = []
    for route in GETS:
        client = allowed(app, people, route)
        query = dict.fromkeys(FILTERS, value[:2000])
        status = client.get(path_of(route, names), query_string=query).status_code
        if status >= 500 and route.rule != "/readyz":
            wrong.append(f"{route.rule}: {status}")
    assert not wrong
