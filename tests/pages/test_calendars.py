"""Calendars: written, changed by one after the other, deleted when unused, and noted for ever."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.domain.codec import encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.extensions import db
from portal.models import Calendar, CalendarChange, PolicyVersion, RequestType, User
from portal.models.columns import new_id
from tests.asking import CODE
from tests.clients import PageClient, sign_in
from tests.pages_read import Page
from tests.web import People

HERE = "/admin/calendars"
NONE = {f"day_{number}": "" for number in range(1, 8)}


@pytest.fixture
def adam(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.adam)
    return client


@pytest.fixture
def office(app: Flask) -> str:
    with app.app_context():
        row = {"id": new_id(), "name": "Office", "time_zone": "Europe/Berlin", "country": "DE"}
        hours = {"1": [["09:00", "12:00"], ["13:00", "17:00"]]}
        db.session.execute(insert(Calendar).values(**row, hours=hours))
        db.session.commit()
    return str(row["id"])


def one(app: Flask, statement: Any) -> Any:
    with app.app_context():
        return db.session.execute(statement).scalar_one()


def saved(adam: PageClient, page: Page, office: str, status: int = 200, **given: str) -> Page:
    return adam.post_form(page, f"{HERE}/{office}", status=status, **given)


def test_a_calendar_is_added_once_and_shows_its_days_off(adam: PageClient, app: Flask) -> None:
    page = adam.get_page(f"{HERE}/new")
    given = {"time_zone": "Asia/Kolkata", "country": "IN", "subdivision": "karnataka"}
    own = {
        "day_6": "9-12:30; 22:00 to 24:00",
        "closed_days": "2999-01-01\n2026-12-24 Christmas Eve",
    }
    wrong = {**given, **own, "name": "Bengaluru"}
    page = adam.post_form(page, f"{HERE}/new", status=422, **wrong)
    assert "must have days between 1970 and 2200: 2999-01-01 is not" in page.text
    right = {**wrong, "closed_days": "2026-12-24 Christmas Eve"}
    for _ in range(2):
        shown = adam.post_form(page, f"{HERE}/new", **right)
        assert shown.heading == "Bengaluru"
    row = one(app, select(Calendar))
    assert row.subdivision == "KA"
    assert row.hours["6"] == [["09:00", "12:30"], ["22:00", "24:00"]]
    assert row.closed_days == {"2026-12-24": "Christmas Eve"}
    assert "India, Karnataka" in adam.get_page(HERE).text
    assert one(app, select(CalendarChange.kind)) == "added"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"day_1": "9-12, 11-13"}, "Monday must not overlap, and be in order: 09:00–12:00 and"),
        ({"day_2": "17-9"}, "Tuesday must end later than it begins: 17:00–09:00 does not."),
        (
            {"day_3": "nine to five"},
            "Wednesday must have times from 00:00 to 24:00; “nine” is none.",
        ),
        ({"day_4": "9"}, "Thursday must be written like 08:00-12:00, 13:00-17:00; “9” is not."),
        ({"day_5": "9-24:01"}, "Friday must have times from 00:00 to 24:00"),
        ({"day_7": "9-10," * 9}, "Sunday must have at most 8 intervals."),
        (NONE, "Enter working hours for at least one day"),
        ({"name": " "}, "Name is missing"),
        ({"name": "x" * 81}, "Name must have at most 80 characters"),
        ({"name": "a\x00b"}, "Name contained characters that cannot be stored"),
        ({"time_zone": "Europe/Bärlin"}, "Time zone: choose one of the options shown."),
        ({"subdivision": "Narnia"}, "Region must be one of: Augsburg, Baden-"),
        ({"country": "", "subdivision": "BE"}, "no regions are known for this country"),
        ({"closed_days": "Christmas"}, "Closing days must have lines such as “2026-12-24"),
        ({"closed_days": "2026-05-01", "worked_days": "2026-05-01"}, "is also a closing day"),
        ({"closed_days": "2026-05-01\n2026-05-01 Again"}, "2026-05-01 stands there twice"),
    ],
)
def test_what_cannot_be_is_said_at_the_field_and_kept(
    adam: PageClient, office: str, app: Flask, given: dict[str, str], words: str
) -> None:
    page = saved(adam, adam.get_page(f"{HERE}/{office}"), office, 422, **given)
    assert words in page.text
    assert one(app, select(Calendar.version)) == 1


def test_too_little_time_is_refused_and_names_of_worked_days_are_not_lost(
    adam: PageClient, office: str
) -> None:
    page = adam.get_page(f"{HERE}/{office}")
    page = saved(adam, page, office, 422, **{**NONE, "day_7": "0:00-0:01"})
    assert "too little working time" in page.text
    page = saved(adam, page, office, 422, day_1="9-12", worked_days="2026-12-25 Stocktaking")
    assert "write 2026-12-25 without a name" in page.text


def test_a_form_sent_again_with_something_else_is_no_success(adam: PageClient) -> None:
    page = adam.get_page(f"{HERE}/new")
    assert (
        adam.post_form(page, f"{HERE}/new", name="Night", time_zone="Asia/Tokyo").heading == "Night"
    )
    other = {"name": "Second thoughts", "time_zone": "Asia/Tokyo"}
    again = adam.post_form(page, f"{HERE}/new", status=422, **other)
    assert "This form was already used for another calendar" in again.text
    assert again.form(f"{HERE}/new").values["name"] == "Second thoughts"


def test_the_clocks_of_its_people_follow_a_calendar(
    adam: PageClient, office: str, app: Flask, people: People
) -> None:
    with app.app_context():
        there = update(User).where(User.id == people.ben).values(calendar_id=office)
        db.session.execute(there)
        db.session.commit()
    saved(adam, adam.get_page(f"{HERE}/{office}"), office, time_zone="Asia/Kolkata", country="IN")
    zone = select(User.time_zone).where(User.id == people.ben)
    assert one(app, zone) == "Asia/Kolkata"


def test_what_was_typed_is_shown_again(adam: PageClient, office: str) -> None:
    page = saved(adam, adam.get_page(f"{HERE}/{office}"), office, 422, day_1="nine", name="Depot")
    kept = page.form(f"{HERE}/{office}").values
    assert (kept["day_1"], kept["name"]) == ("nine", "Depot")


def test_a_change_is_noted_with_before_and_after(adam: PageClient, office: str, app: Flask) -> None:
    page = adam.get_page(f"{HERE}/{office}")
    given = {"day_1": "", "day_2": "10-14", "subdivision": "BE", "worked_days": "2026-05-01"}
    for _ in range(2):
        shown = saved(adam, page, office, **given)
    told = "Changed Monday from 09:00–12:00, 13:00–17:00 to closed; Tuesday from closed to"
    assert f"{told} 10:00–14:00; the region from none to BE" in shown.text
    assert "working holiday: 2026-05-01" in shown.text
    assert one(app, select(Calendar.version)) == 2
    with app.app_context(), pytest.raises(DBAPIError, match="permission denied"):
        db.session.execute(text("DELETE FROM portal.calendar_changes"))


def test_who_comes_second_sees_what_the_first_changed(
    adam: PageClient, office: str, app: Flask, people: People
) -> None:
    mine = adam.get_page(f"{HERE}/{office}")
    with app.app_context():
        db.session.execute(update(User).where(User.id == people.ben).values(roles=["admin"]))
        db.session.commit()
    ben = PageClient(app)
    sign_in(ben, people.ben)
    saved(ben, ben.get_page(f"{HERE}/{office}"), office, name="Depot")
    page = saved(adam, mine, office, 409, day_2="10-14")
    assert "Ben Example changed this calendar while you had it open: changed the name" in page.text
    assert one(app, select(Calendar.hours)) == {"1": [["09:00", "12:00"], ["13:00", "17:00"]]}
    saved(adam, page, office)
    assert one(app, select(Calendar.hours))["2"] == [["10:00", "14:00"]]


def test_a_change_is_looked_at_before_it_is_saved(
    adam: PageClient, office: str, app: Flask, kind: dict[str, str]
) -> None:
    rule = ApproverRule(kind=RuleKind.PEOPLE, people=("x",))
    policy = Policy(stages=(Stage(key="a", name="Boss", rules=(rule,), expire_after=60),))
    with app.app_context():
        version = {"id": new_id(), "request_type_id": kind["type"], "version": 9}
        db.session.execute(insert(PolicyVersion).values(**version, definition=encode(policy)))
        goes_by = {"calendar_id": office, "policy_version_id": version["id"]}
        db.session.execute(update(RequestType).values(**goes_by))
        db.session.commit()
    page = adam.get_page(f"{HERE}/{office}")
    days = {f"day_{number}": "" for number in range(1, 7)}
    shown = saved(adam, page, office, look="1", **days, day_7="00:00-24:00")
    assert "With this change" in shown.text
    assert "Boss" in shown.text
    assert "instead of Mon" in shown.text
    assert one(app, select(Calendar.version)) == 1
    assert "No due dates would change" in saved(adam, page, office, look="1").text
    saved(adam, shown, office)
    assert one(app, select(Calendar.hours)) == {"7": [["00:00", "24:00"]]}


def test_only_what_nobody_uses_is_deleted(
    adam: PageClient, office: str, app: Flask, kind: dict[str, str]
) -> None:
    page = adam.get_page(f"{HERE}/types/{CODE}")
    page = adam.post_form(page, f"{HERE}/types/{CODE}", calendar=office)
    assert "now uses: Office. Existing deadlines do not change." in page.text
    assert "cannot be deleted" in adam.get_page(f"{HERE}/{office}/delete").text
    token = {"csrf_token": adam.csrf_token()}
    answer = adam.post(f"{HERE}/{office}/delete", data=token, follow_redirects=True)
    assert "This calendar is in use" in answer.text
    assert "instead of every hour of every day" in adam.get_page(f"{HERE}/{office}").text
    page = adam.get_page(f"{HERE}/types/{CODE}")
    adam.post_form(page, f"{HERE}/types/{CODE}", calendar="")
    page = adam.get_page(f"{HERE}/{office}/delete")
    page = adam.post_form(page, f"{HERE}/{office}/delete")
    assert "Office deleted" in page.text
    assert one(app, select(RequestType.calendar_id)) is None


def test_two_who_choose_for_a_type_at_once(
    adam: PageClient, office: str, app: Flask, kind: dict[str, str]
) -> None:
    page = adam.get_page(f"{HERE}/types/{CODE}")
    with app.app_context():
        other = {"id": new_id(), "name": "Other", "time_zone": "UTC", "hours": {}}
        db.session.execute(insert(Calendar).values(other))
        db.session.execute(update(RequestType).values(calendar_id=other["id"]))
        db.session.commit()
    shown = adam.post_form(page, f"{HERE}/types/{CODE}", status=409, calendar=office)
    assert "It now uses Other" in shown.text
    adam.post_form(shown, f"{HERE}/types/{CODE}")
    assert one(app, select(RequestType.calendar_id)) == office
