"""The next due dates, as routing would compute them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from portal.domain.codec import encode
from portal.domain.policy.policy import (
    ApproverRule,
    EscalationLevel,
    Policy,
    RuleKind,
    Stage,
    WorkingTime,
)
from portal.extensions import db
from portal.models import Calendar, PolicyVersion, RequestType, User
from portal.models.columns import new_id
from portal.services.due_dates import due_dates, hours_in
from tests.asking import CODE
from tests.clients import PageClient, sign_in
from tests.web import People

HERE = "/admin/calendars/due"
RULE = ApproverRule(kind=RuleKind.PEOPLE, people=("x",))
CLOCKS = {"remind_after": (30,), "escalate": (EscalationLevel(after=120, to=(RULE,)),)}
POLICY = Policy(
    stages=(
        Stage(key="a", name="Here", rules=(RULE,), expire_after=600, **CLOCKS),
        Stage(key="b", name="There", rules=(RULE,), working_time=WorkingTime.APPROVER, **CLOCKS),
        Stage(key="c", name="Always", rules=(RULE,), elapsed=True, expire_after=1440),
    )
)
WEEK = {str(day): [["09:00", "17:00"]] for day in range(1, 6)}


@pytest.fixture
def adam(client: PageClient, people: People, kind: dict[str, str], app: Flask) -> PageClient:
    """An administrator. The type goes by Berlin's hours, Ben's place is Kolkata."""
    rows = [
        {"id": new_id(), "name": name, "time_zone": zone, "country": country, "hours": WEEK}
        for name, zone, country in (
            ("Berlin", "Europe/Berlin", "DE"),
            ("India", "Asia/Kolkata", "IN"),
        )
    ]
    with app.app_context():
        db.session.execute(insert(Calendar), rows)
        version = {"id": new_id(), "request_type_id": kind["type"], "version": 7}
        db.session.execute(insert(PolicyVersion).values(**version, definition=encode(POLICY)))
        goes_by = {"calendar_id": rows[0]["id"], "policy_version_id": version["id"]}
        db.session.execute(update(RequestType).values(**goes_by))
        moved = update(User).where(User.id == people.ben).values(calendar_id=rows[1]["id"])
        db.session.execute(moved)
        db.session.commit()
    sign_in(client, people.adam)
    return client


def words(client: PageClient, query: str, status: int = 200) -> str:
    return client.get_page(f"{HERE}?{query}", status).text


def test_each_time_with_what_was_passed_over(adam: PageClient) -> None:
    told = words(adam, f"type={CODE}&on=2026-12-23&at=16:00")
    assert "(policy version 7) that opens at Wed 23 Dec 2026, 16:00" in told
    assert "Reminder: Wed 23 Dec 2026, 16:30 after 30 min of working time" in told
    assert "Escalation 1: Thu 24 Dec 2026, 10:00 after 2 h of working time" in told
    assert "Expires: Mon 28 Dec 2026, 10:00 after 10 h of working time" in told
    assert "Fri 25 Dec to Sun 27 Dec: Christmas Day (Fri 25 Dec), Second Day" in told
    assert "Expires: Thu 24 Dec 2026, 16:00 after 24 h, every hour counts" in told


def test_by_the_place_of_a_person(adam: PageClient) -> None:
    told = words(adam, f"type={CODE}&on=2026-12-23&at=16:00&person=Ben+Example")
    assert "Ben Example works by India." in told
    assert "By the approver's place: India, Kolkata time (IST, UTC+5:30)." in told
    assert "By the request type's calendar: Berlin, Berlin time (CET, UTC+1)." in told
    # 16:00 in Kolkata is 11:30 in Berlin: the first stage goes by Berlin.
    assert "Expires: Thu 24 Dec 2026, 13:30" in told
    assert "Escalation 1: Thu 24 Dec 2026, 10:00" in told
    told = words(adam, f"type={CODE}&person=Eve+Example")
    assert "Eve Example has no location" in told


def test_the_days_on_which_clocks_change(adam: PageClient) -> None:
    told = words(adam, f"type={CODE}&on=2026-10-23&at=16:00")
    assert "Sun 25 Oct: clocks go back by 1 h" in told
    gap = words(adam, f"type={CODE}&on=2026-03-29&at=02:30")
    assert "opens at Sun 29 Mar 2026, 03:30" in gap


def test_it_is_what_routing_computes(adam: PageClient, app: Flask) -> None:
    with app.app_context():
        rows = db.session.execute(db.select(Calendar).order_by(Calendar.name)).scalars()
        now = datetime(2026, 10, 23, 14, tzinfo=UTC)
        berlin, india = (hours_in(_columns(row), now) for row in rows)
        version = db.session.scalar(db.select(RequestType.policy_version_id))
        found = due_dates(str(version), "approval", berlin, india, now)
    assert [each.plan.due_at for each in found] == [
        datetime(2026, 10, 26, 9, tzinfo=UTC),
        datetime(2026, 10, 26, 5, 30, tzinfo=UTC),
        datetime(2026, 10, 24, 14, tzinfo=UTC),
    ]


def _columns(row: Calendar) -> dict[str, Any]:
    return {each.name: getattr(row, each.name) for each in Calendar.__table__.columns}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=nothing", "Request type: choose one of the options shown."),
        ("place=nowhere", "Approver's location: choose one of the options shown."),
        ("on=2026-02-30", "Day must be a real date"),
        ("on=2150-01-01", "Day must be between 1970 and 2100."),
        ("at=25:00", "Time must be a time, such as 16:55."),
        (
            "person=Nobody",
            "Or an approver: no colleague with that name.",
        ),
    ],
)
def test_what_cannot_be_read_is_said(adam: PageClient, query: str, told: str) -> None:
    assert told in words(adam, query, 422)


def test_examples_can_be_followed(adam: PageClient) -> None:
    page = adam.get_page(HERE)
    links = [link for link in page.links if link.startswith(f"{HERE}?")]
    assert len(links) == 3
    assert all("opens at" in adam.get_page(link).text for link in links)
