"""Insights: right figures of what the reader may see, from the record, and a file for each."""

import csv
import io
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import OperationalError

from portal.directory.facts import write_due
from portal.domain.request import commands
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import (
    Calendar,
    DecisionFact,
    FactsDue,
    FirstLook,
    Group,
    GroupMember,
    RequestFact,
    RequestType,
    Task,
    User,
)
from portal.models.columns import new_id
from portal.queries import insights
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.web import People


@pytest.fixture
def people(people: People, app: Flask) -> People:
    """Where they are it is about noon, so that what is decided in an hour is decided today."""
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    with app.app_context():
        db.session.execute(update(User).values(time_zone=zone))
        db.session.commit()
    return people


def decided(
    app: Flask,
    process: InProcess,
    asked: Approval,
    minutes: float = 60,
    seen: bool = True,
    counted: bool = True,
) -> None:
    """Everybody who is asked approves, after so long, and the figures are written if `counted`."""
    state = process.states[asked.request_id]
    with app.app_context():
        if seen:
            for task in state.open_tasks:
                row = {"request_id": asked.request_id, "person_id": task.assignee_id}
                db.session.add(FirstLook(**row, round=1, at=datetime.now(UTC)))
            db.session.commit()
        while state.open_tasks:
            task, at = state.open_tasks[0], datetime.now(UTC) + timedelta(minutes=minutes)
            vote = {"task_id": task.id, "round": state.round, "content_version": 1}
            whose = {"request_id": asked.request_id, "actor_id": task.assignee_id}
            process.give(commands.Approve(command_id=new_id(), at=at, **whose, **vote), at)
            state = process.pass_time(asked.request_id, minutes=minutes + 1)
            minutes += 2
        assert not state.is_open
        if counted:
            write_due(db.engine)


def test_a_decided_request_is_counted_at_once(
    client: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked)
    with app.app_context():
        fact = db.session.scalars(select(RequestFact)).one()
        taken = db.session.scalars(select(DecisionFact)).all()
        assert (fact.outcome, fact.rounds, fact.sent_back) == ("APPROVED", 1, 0)
        assert fact.elapsed >= 60
        assert {each.decision for each in taken} == {"approve"}
        assert all(each.looked_at is not None for each in taken)
        assert db.session.scalars(select(FactsDue)).all() == []
    sign_in(client, people.olga)
    page = client.get_page("/insights?weeks=4")
    assert "1 request decided" in page.text
    for words in ("Median time to decide", "Decided on time", "Slowest stages", "Load by group"):
        assert words in page.text
    assert "/insights" in client.get_page("/history").links


def test_what_was_closed_a_moment_ago_is_counted_by_the_look(
    client: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked, counted=False)
    sign_in(client, people.olga)

    def full(*_: object, **__: object) -> int:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.directory.facts.write_due", full)
        page = client.get_page("/insights?weeks=4")
        assert "0 requests decided" in page.text
        assert "1 closed request is not counted yet" in page.text
    assert "1 request decided" in client.get_page("/insights?weeks=4").text


def test_managers_count_their_people_at_any_distance_and_nobody_else(
    client: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked)
    for who, words in (
        (people.dan, "1 request decided"), (people.cleo, "0 requests decided"),
        (people.eve, "Nobody reports to you"),
    ):  # fmt: skip
        sign_in(client, who)
        assert words in client.get_page("/insights").text
    assert "/insights" not in client.get_page("/inbox").links


def test_a_request_opened_by_who_is_asked_is_noted_once(
    client: PageClient, app: Flask, people: People, asked: Approval
) -> None:
    with app.app_context():
        asked_people = {row.assignee_id for row in db.session.scalars(select(Task))}
    for who in (people.ana, people.olga, *asked_people, *asked_people):
        sign_in(client, who)
        client.get_page(f"/requests/{NUMBER}")
    with app.app_context():
        looks = db.session.scalars(select(FirstLook)).all()
        assert {each.person_id for each in looks} == asked_people
        assert len(looks) == len(asked_people)


def test_decisions_without_a_look_are_told_of_large_groups_only(
    client: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked, seen=False)
    with app.app_context():
        group = db.session.execute(select(Group.id, Group.code)).one()
        db.session.execute(update(DecisionFact).values(group_code=group.code))
        look = {"request_id": asked.request_id, "person_id": people.eve, "round": 1}
        db.session.add(FirstLook(**look, at=datetime.now(UTC) - timedelta(days=1)))
        db.session.commit()
    sign_in(client, people.adam)
    assert "No decision that is known" in client.get_page("/insights").text
    with app.app_context():
        for who in (people.ana, people.ben, people.dan, people.eve):
            db.session.merge(GroupMember(group_id=group.id, user_id=who))
        db.session.commit()
    page = client.get_page("/insights")
    assert "No decision that is known" not in page.text
    assert "Finance" in page.text


def test_targets_are_kept_refused_and_told_on_the_type(
    client: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked)
    sign_in(client, people.adam)
    with app.app_context():
        code = db.session.scalars(select(RequestType.code)).first()
    form = client.get_page("/insights/targets")
    named = f"target-{code}"
    again = client.post_form(form, "/insights/targets", 422, **{named: "soon <b>"})
    assert again.form("/insights/targets").values[named] == "soon <b>"
    client.post_form(again, "/insights/targets", **{named: "2d 4h"})
    told = client.post_form(form, "/insights/targets", 409, **{named: "5d"})
    assert "Somebody changed this meanwhile." in told.text
    assert told.form("/insights/targets").values[named] == "5d"
    with app.app_context():
        assert db.session.scalar(select(RequestType.target_minutes)) == 2 * 480 + 240
    assert "100%" in client.get_page("/insights").text
    told = client.get_page(f"/admin/types/{code}")
    assert "Target changed from – to 2 days and 4 hours" in told.text


@pytest.mark.parametrize("name", ["time", "weeks", "stages", "load", "uses", "open", "unopened"])
def test_each_chart_is_a_file(client: PageClient, people: People, name: str) -> None:
    sign_in(client, people.adam)
    answer = client.get(f"/insights/{name}.csv?weeks=4")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert len({len(row) for row in rows}) == 1
    assert client.get("/insights/nothing.csv").status_code == 404


@pytest.mark.parametrize(
    "query", ["weeks=x", "weeks=99999999999", "type=%00", "department=1'", "type=no&department=no"]
)
def test_an_address_that_names_nothing_shows_all(
    client: PageClient, people: People, query: str
) -> None:
    sign_in(client, people.adam)
    assert client.get(f"/insights?{query}").status_code in (200, 400)


def test_a_calendar_that_makes_no_sense_counts_every_minute(
    app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    with app.app_context():
        row = {"id": new_id(), "name": "Odd", "time_zone": "Nowhere/At-all", "hours": {}}
        db.session.add(Calendar(**row, closed_days={}))
        db.session.flush()
        db.session.execute(update(User).values(calendar_id=row["id"]))
        db.session.commit()
    decided(app, process, asked)
    with app.app_context():
        fact = db.session.scalars(select(RequestFact)).one()
        assert fact.working == fact.elapsed - fact.returned - fact.held - fact.question


def test_figures_that_were_lost_are_made_again(
    app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked)
    with app.app_context():
        before = db.session.scalars(select(RequestFact.working)).one()
        db.session.execute(delete(RequestFact))
        db.session.add(FactsDue(request_id=asked.request_id))
        db.session.commit()
        assert write_due(db.engine) == 1
        assert db.session.scalars(select(RequestFact.working)).one() == before


def test_a_requests_own_time_is_drawn(
    client: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    decided(app, process, asked)
    sign_in(client, people.ana)
    assert f"/history/{NUMBER}/time" in client.get_page(f"/history/{NUMBER}").links
    page = client.get_page(f"/history/{NUMBER}/time")
    assert "Where the time went" in page.text
    assert "With the approvers" in page.text


def fact_of(minutes: int, person: str, at: datetime) -> dict[str, object]:
    """A request that was decided after so many minutes, half of them before it was opened."""
    used = dict.fromkeys(("settling", "nobody", "question", "returned", "held"), 0)
    return {
        "request_id": new_id(), "type_code": "chairs", "requester_id": person,
        "outcome": "APPROVED", "submitted_at": at - timedelta(minutes=minutes), "closed_at": at,
        "elapsed": minutes, "working": minutes // 2, "rounds": 1, "sent_back": 0, "escalations": 0,
        **used,
    }  # fmt: skip


def decision_of(fact: dict[str, object], minutes: int, at: datetime) -> dict[str, object]:
    """The decision of the same."""
    names = ("request_id", "type_code", "requester_id", "elapsed", "working")
    asked = at - timedelta(minutes=minutes)
    return {
        "task_id": new_id(), "stage_key": "manager", "stage_name": "Manager", "decision": "approve",
        "asked_at": asked, "looked_at": asked + timedelta(minutes=minutes // 3), "decided_at": at,
        "is_late": minutes > 500, **{name: fact[name] for name in names},
    }  # fmt: skip


def ranked(values: list[int], share: Fraction) -> int:
    """The least value that so large a share of them does not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def test_percentiles_are_those_of_every_single_request(app: Flask, people: People) -> None:
    draw, end = random.Random(7), datetime(2026, 11, 30, tzinfo=UTC)
    given = [
        (draw.randrange(1, 900), end - timedelta(minutes=draw.randrange(60, 60 * 24 * 60)))
        for _ in range(237)
    ]
    facts = [fact_of(minutes, people.ana, at) for minutes, at in given]
    taken = [decision_of(fact, *each) for fact, each in zip(facts, given, strict=True)]
    with app.app_context():
        db.session.execute(insert(RequestFact), facts)
        db.session.execute(insert(DecisionFact), taken)
        db.session.commit()
        scope = insights.FigureScope(start=end - timedelta(days=60), end=end, zone="Asia/Jakarta")
        totals, (stage,) = insights.totals(scope), insights.slowest_stages(scope)
        weeks = {each.monday: each.approved for each in insights.weeks(scope)}
    half, most = Fraction(1, 2), Fraction(9, 10)
    working, elapsed = ([each[name] for each in facts] for name in ("working", "elapsed"))
    assert totals.decided == stage.decisions == len(given)
    assert (totals.median, totals.slow) == (ranked(working, half), ranked(working, most))
    assert totals.median_elapsed == ranked(elapsed, half)
    assert totals.slow_elapsed == ranked(elapsed, most)
    assert (stage.median, stage.slow) == (totals.median, totals.slow)
    assert stage.waiting == ranked([minutes // 3 for minutes, _ in given], half)
    assert stage.reviewing == ranked([minutes - minutes // 3 for minutes, _ in given], half)
    assert stage.late == sum(minutes > 500 for minutes, _ in given)
    days = [at.astimezone(ZoneInfo("Asia/Jakarta")).date() for _, at in given]
    assert weeks == Counter(day - timedelta(days=day.weekday()) for day in days)
