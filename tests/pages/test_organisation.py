"""Departments with heads, and groups with members: made, changed, and noted for ever."""

from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.background.people_reviews import PeopleWatch
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Department, Group, Task
from tests.asking import insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import InProcess, submit
from tests.pages_read import Page
from tests.web import People

HERE = "/admin/departments"
GROUPS = "/admin/groups"


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


@pytest.fixture
def at_the_head(process: InProcess, app: Flask, people: People) -> Approval:
    """A request that asks the head of its requester's department."""
    stage = Stage(key="h", name="Head", rules=(ApproverRule(kind=RuleKind.DEPARTMENT_HEAD),))
    with app.app_context():
        kind = insert_type(policy=Policy(stages=(stage,)))
        db.session.commit()
    return process.give(submit(kind, people))


def added(client: PageClient, here: str, **given: str) -> Page:
    return client.post_form(client.get_page(f"{here}/new"), f"{here}/new", **given)


def id_of(app: Flask, table: type[Department] | type[Group], code: str) -> str:
    with app.app_context():
        return str(db.session.execute(select(table.id).where(table.code == code)).scalar_one())


def test_a_department_gets_a_head(adam: PageClient, app: Flask, people: People) -> None:
    page = added(adam, HERE, name="Art", code="ART")
    assert (page.heading, "Art was added." in page.text, "No head" in page.text) == (
        "Art", True, True,
    )  # fmt: skip
    here = f"{HERE}/{id_of(app, Department, 'ART')}"
    page = adam.get_page(f"{here}/head?person=Eve Example")
    assert page.heading == "Make Eve Example the head of Art?"
    page = adam.post_form(page, f"/admin/people/{people.eve}/change", reason="New.")
    assert "Eve Example is now the head of Art." in page.text
    assert "Head of Art: New." in page.text
    assert "Eve Example" in adam.get_page(HERE).text
    page = adam.get_page(f"/admin/people/{people.eve}/change?act=no_head&value=ART")
    page = adam.post_form(page, f"/admin/people/{people.eve}/change")
    assert "No longer head of Art" in page.text
    assert "no colleague with that name" in adam.get_page(f"{here}/head?person=Nobody", 422).text


def test_a_new_head_takes_over_open_tasks(
    adam: PageClient, app: Flask, people: People, process: InProcess, at_the_head: Approval
) -> None:
    (task,) = at_the_head.open_tasks
    assert task.assignee_id == people.dan
    url = f"/admin/people/{people.eve}/change"
    page = adam.get_page(f"{url}?act=head&value=FIN")
    assert "goes to Eve Example." in page.text
    adam.post_form(page, url)
    PeopleWatch(process.engine, 1).turn()
    process.take_up()
    with app.app_context():
        asked = select(Task.assignee_id).where(Task.status == "OPEN")
        assert db.session.scalars(asked).all() == [people.eve]
    assert "No longer head of Finance" in adam.get_page(f"/admin/people/{people.dan}").text


def test_departments_are_no_circle(adam: PageClient, app: Flask) -> None:
    finance = id_of(app, Department, "FIN")
    added(adam, HERE, name="Payroll", code="PAY", parent_id=finance)
    here = f"{HERE}/{finance}"
    payroll = id_of(app, Department, "PAY")
    page = adam.post_form(adam.get_page(here), here, 422, parent_id=payroll)
    assert "A department cannot be part of itself or of its own parts." in page.text
    here = f"{HERE}/{payroll}"
    page = adam.post_form(adam.get_page(here), here, name="Pay", parent_id="")
    assert "Changed: name from Payroll to Pay; part of from Finance to –" in page.text


@pytest.mark.parametrize("here", [HERE, GROUPS])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"code": "fin"}, "has this code already."),
        ({"code": "a b"}, "Use 1 to 40 letters, digits"),
        ({"code": ""}, "Code is missing: enter a code."),
        ({"name": " "}, "Name is missing: enter a name."),
    ],
)
def test_what_cannot_be_is_said(
    adam: PageClient, here: str, given: dict[str, str], why: str
) -> None:
    if here == GROUPS:
        added(adam, GROUPS, name="Fin", code="FIN")
    page = adam.get_page(f"{here}/new")
    page = adam.post_form(page, f"{here}/new", 422, **{"name": "Kept", "code": "K", **given})
    assert why in page.text


def test_a_group_gets_members(adam: PageClient, app: Flask, people: People) -> None:
    page = added(adam, GROUPS, name="Safety", code="safety", purpose="Travel and events.")
    assert "No members" in page.text
    here = f"{GROUPS}/{id_of(app, Group, 'safety')}"
    page = adam.get_page(f"{here}/member?person=Eve Example")
    adam.post_form(page, f"/admin/people/{people.eve}/change")
    page = adam.get_page(here)
    assert f"/admin/people/{people.eve}" in page.links
    page = adam.post_form(page, here, purpose="Travel.")
    assert "Changed: purpose from Travel and events. to Travel." in page.text
    assert "Nothing was changed." in adam.post_form(page, here).text
    with app.app_context(), pytest.raises(DBAPIError, match="permission denied"):
        db.session.execute(text("DELETE FROM portal.organisation_changes"))


def test_what_somebody_else_changed_meanwhile_is_not_replaced_in_silence(
    adam: PageClient, app: Flask, people: People
) -> None:
    """A group and a department in two tabs, and the roles of somebody."""
    added(adam, GROUPS, name="Art", code="art")
    added(adam, HERE, name="Art", code="art")
    units = {table: id_of(app, table, "art") for table in (Group, Department)}
    for table, place in ((Group, "groups"), (Department, "departments")):
        there = f"/admin/{place}/{units[table]}"
        first, second = adam.get_page(there), adam.get_page(there)
        adam.post_form(first, there, name="Changed first")
        told = adam.post_form(second, there, 409, name="Changed second")
        assert "Somebody changed this meanwhile." in told.text
        assert told.form(there).values["name"] == "Changed second"
        adam.post_form(told, there, name="Changed second")
        assert "Changed second" in adam.get_page(there).text
    there = f"/admin/people/{people.eve}/change"
    old = {"act": "roles", "value": "auditor", "seen": "admin"}
    told = adam.get(f"{there}?{urlencode(old)}")
    assert told.status_code == 422
    assert "Somebody changed the roles meanwhile." in told.text
