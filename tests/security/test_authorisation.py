"""The table of routes.py, walked over the application's url_map."""

import pytest
from flask import Flask

from tests.clients import PageClient, sign_in
from tests.security.routes import PEOPLE, ROUTES
from tests.security.scene import ask
from tests.web import People


def test_every_route_stands_in_the_table(app: Flask) -> None:
    real = {
        (method, str(rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    table = [(route.method, route.rule) for route in ROUTES]
    assert not real - set(table), "add these routes to tests/security/routes.py"
    assert not set(table) - real, "the application has no such routes"
    assert len(table) == len(set(table)), "a route stands twice"


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_gets_the_answer_of_the_table(
    app: Flask, people: People, names: dict[str, str], who: str
) -> None:
    wrong = []
    for route in ROUTES:
        client = PageClient(app)
        name = PEOPLE[who]
        if name:
            sign_in(client, getattr(people, name))
        status = ask(client, route, names).status_code
        if status != route.status(who):
            wrong.append(f"{route.method} {route.rule}: {status}, not {route.status(who)}")
    assert not wrong
