"""The table of routes.py, walked over the application's url_map."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.proof.acts import ActKind
from portal.extensions import db
from portal.models import AuditAct, User
from portal.security.guards import guard_of
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
    assert refusals_without_an_act(app, who) == set()


def test_an_auditor_changes_nothing_whatever_else_they_are(
    app: Flask, people: People, names: dict[str, str]
) -> None:
    with app.app_context():
        roles = ["admin", "auditor", "member"]
        db.session.execute(update(User).where(User.id == people.ben).values(roles=roles))
        db.session.commit()
    views = {(m, str(r)): r.endpoint for r in app.url_map.iter_rules() for m in r.methods or ()}
    wrong = []
    for route in ROUTES:
        guard = guard_of(app.view_functions[views[route.method, route.rule]])
        if guard is None or guard.permission is None or route.method != "POST":
            continue
        client = PageClient(app)
        sign_in(client, people.ben)
        status = ask(client, route, names).status_code
        if (status == 403) == guard.own_settings:
            wrong.append(f"{route.rule}: {status}")
    assert wrong == []


def refusals_without_an_act(app: Flask, who: str) -> set[str]:
    """The pages that refused this person (403) and of which the record says nothing."""
    endpoints = {
        (method, str(rule)): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    refused = {endpoints[each.method, each.rule] for each in ROUTES if each.status(who) == 403}
    with app.app_context():
        kept = select(AuditAct.subject).where(AuditAct.kind == ActKind.REFUSED)
        return refused - set(db.session.scalars(kept))
