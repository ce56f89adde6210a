"""Going away: looked at first, then set, seen everywhere, and ended early."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from portal.background.people_reviews import PeopleWatch
from portal.domain.policy.policy import Policy, Stage
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Delegation, PeopleChange
from portal.models.columns import new_id
from tests.asking import MANAGER, insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages_read import Page
from tests.web import People

TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()
WEEK = {"first": TODAY.isoformat(), "last": (TODAY + timedelta(days=7)).isoformat()}


@pytest.fixture
def ben(client: PageClient, people: People, asked: Approval) -> PageClient:
    sign_in(client, people.ben)
    return client


def fetched(client: PageClient, path: str, given: dict[str, Any], status: int = 200) -> Page:
    return client.get_page(f"{path}?{urlencode(given)}", status)


def looked_at(client: PageClient, status: int = 200, **fields: Any) -> Page:
    given = {"person": "Dan Example", "reason": "Holiday", **WEEK, **fields}
    return fetched(client, "/away/check", given, status)


def went(client: PageClient, **fields: Any) -> Page:
    return client.post_form(looked_at(client, **fields), "/away")


def absences(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Delegation)) or 0


def insert_absence(app: Flask, who: str, delegate: str, **values: Any) -> str:
    now = datetime.now(UTC)
    given = {"id": new_id(), "starts_at": now, "ends_at": now + timedelta(days=9), **values}
    with app.app_context():
        row = insert(Delegation).values(delegator_id=who, delegate_id=delegate, **given)
        db.session.execute(row)
        db.session.commit()
    return str(given["id"])


def test_the_preview_says_what_moves_and_changes_nothing(ben: PageClient, app: Flask) -> None:
    page = looked_at(ben)
    assert page.heading == "Dan Example decides for you"
    assert "1 open task moves to Dan Example" in page.text
    assert f"{NUMBER} A chair" in page.text
    assert absences(app) == 0


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"person": "Ana Example"}, "Ana Example is the requester or is not allowed to decide it"),
        ({"amount": "100.00"}, "the amount is above the delegation"),
    ],
)
def test_the_preview_says_what_cannot_move_and_why(
    ben: PageClient, fields: dict[str, str], why: str
) -> None:
    page = looked_at(ben, **fields)
    assert "1 open task stays with you" in page.text
    assert why in page.text


def test_once_set_tasks_move_and_everybody_sees_it(
    ben: PageClient, people: People, process: InProcess
) -> None:
    page = went(ben)
    assert "Dan Example decides for you in that time." in page.text
    assert "You are away. Dan Example decides for you until" in page.text
    PeopleWatch(process.engine, 1).turn()
    process.take_up()
    assert "Nothing needs your approval" in ben.get_page("/inbox").text
    sign_in(ben, people.dan)
    assert "for Ben Example" in ben.get_page("/inbox").text
    page = ben.get_page(f"/requests/{NUMBER}")
    assert "You act for Ben Example until" in page.text
    assert "You act for Ben Example, who is away until" in page.text
    sign_in(ben, people.ana)
    told = ben.get_page(f"/requests/{NUMBER}").text
    assert "Dan Example acts for Ben Example, who is away until" in told
    sign_in(ben, people.dan)
    page = ben.get_page(f"/requests/{NUMBER}")
    action = next(form.action for form in page.document.forms if "/decision" in str(form.action))
    page = ben.post_form(page, str(action), decision="approve")
    assert "You for Ben Example approved" in page.text
    sign_in(ben, people.ana)
    told = ben.get_page(f"/requests/{NUMBER}").text
    assert "Dan Example for Ben Example approved" in told


def test_the_same_form_twice_is_one_absence(ben: PageClient, app: Flask) -> None:
    page = looked_at(ben)
    for _ in range(2):
        ben.post_form(page, "/away")
    assert absences(app) == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"person": "Nobody Known"}, "no colleague with that name"),
        ({"person": "Ben Example"}, "You cannot delegate to the person who is away"),
        ({"person": "Olga Example"}, "is an auditor"),
        ({"person": ""}, "enter a name or email"),
        ({"first": "2026-02-31"}, "a real date"),
        ({"first": "2020-01-01"}, "must be today or later"),
        ({"last": ""}, "enter a date"),
        ({"amount": "-5"}, "must not be negative"),
        ({"types": "unknown"}, "choose from the options shown"),
        ({"reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(
    ben: PageClient, fields: dict[str, str], why: str
) -> None:
    page = looked_at(ben, 422, **fields)
    assert why in page.text
    assert "Holiday" in str(page.response.text) or "reason" in fields


def test_a_second_absence_at_the_same_time_is_refused(ben: PageClient) -> None:
    went(ben)
    assert "There is already a delegation for this time" in looked_at(ben, 422).text
    assert looked_at(ben, first=str(TODAY + timedelta(8)), last=str(TODAY + timedelta(9)))


def test_a_delegate_who_is_away_all_the_time_is_refused_and_a_part_is_told(
    ben: PageClient, app: Flask, people: People
) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    insert_absence(app, people.cleo, people.carl)
    insert_absence(app, people.dan, people.carl, starts_at=soon)
    page = looked_at(ben, 422, person="Cleo Example")
    assert "Cleo Example is also away during this time" in page.text
    assert "Dan Example is also away from" in looked_at(ben).text


def test_ended_early_by_the_person_and_by_nobody_else(
    ben: PageClient, app: Flask, people: People
) -> None:
    page = went(ben)
    (action,) = [str(form.action) for form in page.document.forms if "/end" in str(form.action)]
    sign_in(ben, people.dan)
    token = ben.csrf_token()
    assert ben.post(action, data={"csrf_token": token}).status_code == 404
    sign_in(ben, people.ben)
    page = ben.post_form(ben.get_page("/away"), action)
    assert "Absence ended" in page.text
    assert "You are away" not in page.text
    assert "Ended early" in page.text
    with app.app_context():
        kinds = list(db.session.scalars(select(PeopleChange.kind).order_by(PeopleChange.id)))
    assert kinds == ["delegation_set", "delegation_ended"]


def test_an_administrator_does_it_for_somebody(
    client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    sign_in(client, people.adam)
    here = f"/admin/people/{people.ben}/away"
    given = {"person": "Dan Example", **WEEK}
    page = fetched(client, f"{here}/check", given)
    assert page.heading == "Dan Example decides for Ben Example"
    page = client.post_form(page, here)
    assert "Set by Adam Example" in page.text
    (action,) = [str(form.action) for form in page.document.forms if "/end" in str(form.action)]
    assert "Ended by Adam Example" in client.post_form(page, action).text


def test_the_preview_says_what_the_delegate_may_not_take(
    client: PageClient, app: Flask, people: People, process: InProcess
) -> None:
    strict = Stage(key="boss", name="Head of the team", rules=MANAGER.rules)
    with app.app_context():
        ids = insert_type("lamps", Policy(stages=(strict,)), prefix="LA")
        insert_type("desks", Policy(stages=(MANAGER,)), prefix="DE")
        db.session.commit()
    process.give(submit(ids, people, type_code="lamps", number="LA-1001"))
    sign_in(client, people.ben)
    page = looked_at(client, person="Eve Example")
    assert "1 open task stays with you" in page.text
    assert "LA-1001 A chair: Eve Example may not take tasks of this stage" in page.text
    assert "The rules of these stages do not let Eve Example take them." in page.text
    assert "Lamps: Head of the team" in page.text
    assert "New ones go to Eve Example at once, but not those listed below." in page.text
    assert "Desks" not in page.text
    page = looked_at(client)
    assert "1 open task moves to Dan Example" in page.text
    assert "The rules of these stages" not in page.text
    client.post_form(looked_at(client, person="Eve Example"), "/away")
    while PeopleWatch(process.engine, 1).turn():
        pass
    process.take_up()
    state = next(iter(process.states.values()))
    assert [task.assignee_id for task in state.open_tasks] == [people.ben]
