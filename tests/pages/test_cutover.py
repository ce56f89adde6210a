"""The administrators' page of the move from the old engine, and the choices on it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text

from portal.config import Settings
from portal.extensions import db
from portal.legacy.models import Cutover, LegacyChoice, LegacyMove, LegacyRun
from portal.models import Group
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.web import People

HERE = "/admin/cutover"
LIST = f"{HERE}/instances"
ONE = f"{LIST}/old-1"
NOBODY = ["The step “Lead” has no assignee and no rule that names one."]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, legacy_dir=tmp_path)


@pytest.fixture
def adam(client: PageClient, people: People, app: Flask) -> PageClient:
    sign_in(client, people.adam)
    return client


def keep(app: Flask, number: int = 1, **more: Any) -> None:
    """Moves old-1, old-2, ... of the workflow LEAVE that need a person."""
    with app.app_context():
        for each in range(1, number + 1):
            row = {"instance_id": f"old-{each}", "old_state": "IN_PROGRESS", "kind": "active",
                   "workflow_code": "LEAVE", "result": "needs_person", "reasons": NOBODY,
                   "questions": ["people"], "request_id": f"q{each}", **more}  # fmt: skip
            db.session.execute(insert(LegacyMove).values(**row))
        db.session.commit()


def run_row(app: Flask, **more: Any) -> None:
    with app.app_context():
        totals = {"found": 400, "moved": 100, "needs a person": 3}
        db.session.execute(insert(LegacyRun).values(id=new_id(), found=400, totals=totals, **more))
        db.session.commit()


def chosen(app: Flask, number: int = 1) -> dict[str, Any] | None:
    with app.app_context():
        key = LegacyMove.instance_id == f"old-{number}"
        return db.session.scalar(select(LegacyMove.choice).where(key))


def choose(client: PageClient, **data: str) -> Any:
    key = {"csrf_token": client.csrf_token(), "command_id": data.pop("key", new_id())}
    return client.post(ONE, data=key | data)


def test_without_an_old_engine_it_says_so(adam: PageClient) -> None:
    assert "No old engine here" in adam.get_page(HERE).text


def test_a_dry_run_is_shown_from_its_file(adam: PageClient, tmp_path: Path) -> None:
    line = {"key": "i-7", "workflow_code": "LEAVE", "state": "FAILED", "result": "needs_person",
            "reasons": ["Odd <b>"]}  # fmt: skip
    report = {"at": "2026-11-25T08:00:00+00:00", "options": {"only": "LEAVE"}, "exit_code": 3,
              "totals": {"found": 1234, "moved": 7}, "unsettled": [line],
              "listed": [{"table": "user_profiles", "key": "p1", "reason": "No mail"}]}  # fmt: skip
    (tmp_path / "dry-run.json").write_text(json.dumps(report))
    page = adam.get_page(HERE).text

    for words in ("1,234", "looked at LEAVE only", "i-7", "Odd <b>", "No mail"):
        assert words in page


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"at": 5}', "\x00", '{"at": "x"}', "[[["])
def test_a_file_that_is_no_report_is_named(adam: PageClient, tmp_path: Path, content: str) -> None:
    (tmp_path / "dry-run.json").write_text(content)
    assert "is no dry run" in adam.get_page(HERE).text


def test_a_run_is_followed_as_it_goes(adam: PageClient, app: Flask) -> None:
    run_row(app)
    page = adam.get_page(HERE).text
    assert "103 of 400 looked at" in page
    assert 'http-equiv="refresh"' in adam.get(HERE).text
    assert adam.get(f"{HERE}/state?seen=103").json == {"done": False, "location": HERE}
    assert adam.get(f"{HERE}/state?seen=102").json["done"]


def test_a_run_that_was_killed_is_said_to_have_stopped(adam: PageClient, app: Flask) -> None:
    run_row(app, seen_at=func.now() - text("interval '1 hour'"))
    page = adam.get_page(HERE).text
    assert "Stopped before its end" in page
    assert "data-pending" not in page
    assert adam.get(f"{HERE}/state?seen=103").json["done"]


def test_a_run_that_ended_says_how(adam: PageClient, app: Flask) -> None:
    listed = [{"table": "user_profiles", "key": f"p{n}", "reason": "No mail"} for n in range(120)]
    run_row(app, finished_at=func.now(), exit_code=3, listed=listed)
    keep(app)
    assert "Something needs a person" in adam.get_page(HERE).text
    first = adam.get_page(f"{HERE}/findings").text
    assert "p49" in first
    assert "p50" not in first
    assert "p99" in adam.get_page(f"{HERE}/findings?after=50").text


def test_the_list_is_cut_by_key_and_filtered_by_workflow(adam: PageClient, app: Flask) -> None:
    keep(app, 60)
    page = adam.get_page(LIST)
    following = next(link for link in page.links if "after=" in link)
    assert len([link for link in page.links if "/instances/old-" in link]) == 50
    assert len([x for x in adam.get_page(following).links if "/instances/old-" in x]) == 10
    assert len(adam.get_page(f"{LIST}?code=LEAVE").links) == len(page.links) + 2
    assert "No instances match" in adam.get_page(f"{LIST}?code=OTHER").text
    assert "Nothing failed" in adam.get_page(f"{LIST}?result=failed").text
    assert adam.get(f"{LIST}?result=nonsense").status_code == 404


def test_a_person_is_named(adam: PageClient, app: Flask, people: People) -> None:
    keep(app)
    assert NOBODY[0] in adam.get_page(ONE).text
    answer = choose(adam, kind="go_on", person="Ben Example")

    assert (answer.status_code, answer.location) == (303, ONE)
    choice = chosen(app)
    assert choice is not None
    assert (choice["kind"], choice["people"]) == ("go_on", [people.ben])
    page = adam.get_page(ONE).text
    assert "Move it: Ben Example" in page
    assert "Adam Example" in page


def test_a_group_is_chosen(adam: PageClient, app: Flask) -> None:
    keep(app)
    with app.app_context():
        group = db.session.scalar(select(Group.id))
    assert choose(adam, kind="go_on", group=str(group)).status_code == 303
    assert "anybody of Finance decides" in adam.get_page(ONE).text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "What is to become of it is missing"),
        ({"kind": "nonsense"}, "choose one of the options"),
        ({"kind": "go_on"}, "name a person or choose a group"),
        ({"kind": "go_on", "person": "Nobody Here"}, "must be a name from the list"),
        ({"kind": "go_on", "group": new_id()}, "choose one of the options"),
        ({"kind": "close"}, "The outcome is missing"),
        ({"kind": "close", "outcome": "PENDING"}, "choose one of the options"),
    ],
)
def test_an_incomplete_choice_is_refused_in_place(
    adam: PageClient, app: Flask, data: dict[str, str], words: str
) -> None:
    keep(app)
    answer = choose(adam, **data)

    assert answer.status_code == 422
    assert words in answer.text
    assert chosen(app) is None


def test_every_question_has_its_field(adam: PageClient, app: Flask) -> None:
    keep(app, questions=["votes", "step", "condition", "branches", "result"])
    refused = choose(adam, kind="go_on")
    assert refused.status_code == 422
    for words in ("votes count is missing", "tick the box", "The condition is missing",
                  "The order is not agreed", "The decision is missing"):  # fmt: skip
        assert words in refused.text
    given = {"counting": "all", "skip": "y", "condition": "no", "in_order": "y", "result": "yes"}
    assert choose(adam, kind="go_on", **given).status_code == 303
    page = adam.get_page(ONE).text
    for words in ("everybody asked", "does not hold", "left out", "an approval", "every branch"):
        assert words in page


def test_with_nothing_to_go_on_it_is_closed_or_left(adam: PageClient, app: Flask) -> None:
    keep(app, questions=["outcome"])
    assert "with the answers below" not in adam.get_page(ONE).text
    assert choose(adam, kind="go_on").status_code == 422
    assert choose(adam, kind="close", outcome="CANCELLED").status_code == 303
    assert "Import it as history, as cancelled." in adam.get_page(ONE).text


def test_one_answer_for_all_alike_spares_those_answered(adam: PageClient, app: Flask) -> None:
    keep(app, 5)
    with app.app_context():
        own = {"kind": "close", "outcome": "FAILED"}
        change = LegacyMove.__table__.update().where(LegacyMove.instance_id == "old-3")
        db.session.execute(change.values(choice=own))
        db.session.commit()
    assert choose(adam, kind="leave", alike="y").status_code == 303

    assert [chosen(app, n)["kind"] for n in (1, 2, 3, 4, 5)] == [  # type: ignore[index]
        "leave", "leave", "close", "leave", "leave"]  # fmt: skip
    left = adam.get(f"{HERE}/left-behind.txt")
    assert left.text == "old-1\nold-2\nold-4\nold-5\n"
    assert "with others like it" in adam.get_page(f"{LIST}/old-2").text


def test_the_same_form_twice_is_one_answer(adam: PageClient, app: Flask) -> None:
    keep(app)
    key = new_id()
    assert choose(adam, kind="leave", key=key).status_code == 303
    assert choose(adam, kind="close", outcome="REJECTED", key=key).status_code == 303
    assert (chosen(app) or {})["kind"] == "leave"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(LegacyChoice)) == 1


def test_what_has_moved_meanwhile_cannot_be_chosen_for(adam: PageClient, app: Flask) -> None:
    keep(app, result="moved")
    assert "Record the choice" not in adam.get_page(ONE).text
    assert choose(adam, kind="leave").status_code == 409
    assert adam.get(f"{LIST}/never/seen").status_code == 404
    assert adam.get(f"{LIST}/{'x' * 600}").status_code == 404


def test_an_answer_is_kept_for_good(app: Flask, people: People) -> None:
    with app.app_context():
        row = {"id": new_id(), "instance_id": "x", "moves": 1, "chosen_by": people.adam}
        db.session.execute(insert(LegacyChoice).values(**row, choice={"kind": "leave"}))
        db.session.commit()
        with pytest.raises(Exception, match="append-only"):
            db.session.execute(text("UPDATE portal.legacy_choices SET moves = 2"))
        db.session.rollback()


def test_the_cutover_says_when_and_by_whom(adam: PageClient, app: Flask) -> None:
    assert "Made by" not in adam.get_page(HERE).text
    with app.app_context():
        row = {"id": new_id(), "made_by": "root@db1", "backup": "/var/before.dump", "locked_ms": 3}
        db.session.execute(insert(Cutover).values(**row, moved={}))
        db.session.commit()
    page = adam.get_page(HERE)
    assert "root@db1" in page.text
    assert "/var/before.dump" in page.text


def test_the_menu_leads_here_only_where_there_is_an_old_engine(
    adam: PageClient, app: Flask
) -> None:
    line = "Old engine"
    assert line not in adam.get_page("/admin/people").text
    run_row(app)
    app.extensions.pop("old_engine")  # a look is good for a minute
    assert line in adam.get_page("/admin/people").text
