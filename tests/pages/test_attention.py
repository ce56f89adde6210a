"""The administrators' page of what does not go on by itself."""

import json

import pytest
from flask import Flask
from sqlalchemy import func, insert, text, update

from portal.domain.codec import encode
from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import User, WorkerHeartbeat
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.pages.test_tasks import decide
from tests.web import People, as_owner

HERE = "/admin/attention"


@pytest.fixture
def adam(client: PageClient, people: People, app: Flask) -> PageClient:
    sign_in(client, people.adam)
    return client


def working(app: Flask) -> None:
    row = {"worker": "w1", "task_queue": "q", "seen_at": func.now()}
    execute(app, insert(WorkerHeartbeat).values(row))


def execute(app: Flask, statement: object) -> None:
    with app.app_context():
        db.session.execute(statement)  # type: ignore[call-overload]
        db.session.commit()


def test_a_calm_system_says_so(adam: PageClient, app: Flask) -> None:
    assert "Something is wrong with the installation itself: Workers." in adam.get_page(HERE).text
    working(app)
    assert "Nothing needs attention" in adam.get_page(HERE).text


REPORT = {
    "open": 3, "running": 3, "untold": 1, "found": 2, "left": 1,
    "findings": [
        {"number": NUMBER, "workflow": "approval-1", "outcome": "",
         "sentence": "Its workflow fails: %(detail)s", "values": {"detail": "oh no, 100 %"}},
        {"number": "", "workflow": "approval-2", "outcome": "ended",
         "sentence": "It runs on.", "values": {}},
    ],
}  # fmt: skip


def compared(
    app: Flask, ago: str = "1 minute", trouble: str | None = None, **report: object
) -> None:
    values = {"report": json.dumps({**REPORT, **report}), "ago": ago, "trouble": trouble}
    statement = text(
        "INSERT INTO portal.checks (name, begun_at, done_at, trouble, report) VALUES ('workflows',"
        " now(), now() - CAST(:ago AS interval), :trouble, CAST(:report AS jsonb))"
    )
    execute(app, statement.bindparams(**values))


def test_no_sentence_claims_more_than_was_checked(adam: PageClient, app: Flask) -> None:
    working(app)
    page = adam.get_page(HERE)
    assert "Nothing needs attention in what was checked" in page.text
    assert "Workflows in Temporal: not compared yet" in page.text


def test_what_the_comparison_found_stands_there(adam: PageClient, app: Flask) -> None:
    working(app)
    compared(app)
    page = adam.get_page(HERE)
    assert "Nothing needs attention" not in page.text
    assert "Its workflow fails: oh no, 100 %" in page.text
    assert "Put right by the last comparison" in page.text
    assert "only that it runs was checked" in page.text


@pytest.mark.parametrize("given", [{"ago": "2 hours"}, {"trouble": "RPCError: away"}])
def test_an_old_or_broken_comparison_is_no_calm(adam, app, given: dict[str, str]) -> None:
    working(app)
    compared(app, left=0, **given)
    page = adam.get_page(HERE)
    assert "Nothing needs attention" not in page.text
    assert "What happened there since is not known" in page.text
    assert app.test_client().get("/readyz").json["workflows"]["ok"] is False


def test_a_fresh_comparison_is_calm(adam: PageClient, app: Flask) -> None:
    working(app)
    compared(app, left=0, findings=[])
    assert "Nothing needs attention" in adam.get_page(HERE).text
    part = app.test_client().get("/readyz").json["workflows"]
    assert part == {
        "ok": True,
        "detail": "Compared with the record 1 min ago: 3 open requests,"
        " 1 of them by presence alone.",
    }


def test_a_request_without_an_approver_stands_there(
    adam: PageClient, app: Flask, asked: Approval
) -> None:
    stuck = "UPDATE portal.requests SET attention = 'Nobody is in the group.', next_at = now()"
    execute(app, text(stuck))
    page = adam.get_page(HERE)
    assert "Nobody is in the group." in page.text
    assert f"/requests/{NUMBER}" in page.links
    assert "Look for an approver again" in adam.get_page(f"/requests/{NUMBER}").text


def test_a_clock_that_did_not_ring_stands_there(
    adam: PageClient, app: Flask, asked: Approval
) -> None:
    execute(app, text("UPDATE portal.requests SET next_at = now() - interval '1 hour'"))
    assert "Overdue timers" in adam.get_page(HERE).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("created_at = now() - interval '2 minutes'", "Commands waiting for over a minute"),
        ("parked_at = now(), last_error = 'It broke.'", "Commands that could not be delivered"),
    ],
)
def test_commands_that_wait_stand_there(
    adam: PageClient, app: Flask, process: InProcess, people: People, asked: Approval,
    change: str, words: str,
) -> None:  # fmt: skip
    sign_in(adam, people.ben)
    page = adam.get_page(f"/requests/{NUMBER}")
    process.is_away = True
    decide(adam, page, decision="approve")
    execute(app, text(f"UPDATE portal.commands SET {change}"))
    sign_in(adam, people.adam)
    assert words in adam.get_page(HERE).text


@pytest.mark.parametrize("name", ["ana", "olga"])
def test_it_is_for_administrators(client: PageClient, people: People, name: str) -> None:
    sign_in(client, getattr(people, name))
    assert client.get(HERE).status_code == 403


def test_a_policy_that_finds_nobody_is_told_on_the_page(
    app: Flask, client: PageClient, people: People, kind: dict[str, str], process: InProcess
) -> None:
    rule = ApproverRule(kind=RuleKind.GROUP, code="nobody")
    policy = Policy(stages=(Stage(key="empty", name="Empty", rules=(rule,)),))
    with app.app_context():
        change = text("UPDATE portal.policy_versions SET definition = CAST(:d AS jsonb)")
        db.session.execute(change, {"d": json.dumps(encode(policy))})
        db.session.commit()
    process.give(submit(kind, people))
    sign_in(client, people.ana)
    page = client.get_page(f"/requests/{NUMBER}")
    assert "No approver was found: The stage “Empty” has nobody to ask" in page.text


def test_somebody_inactive_who_is_asked_stands_there_with_the_way_out(
    adam: PageClient, app: Flask, people: People, process: InProcess, asked: Approval
) -> None:
    execute(app, update(User).where(User.id == people.ben).values(is_active=False))
    page = adam.get_page(HERE)
    assert "Ben Example is asked, and no longer active" in page.text
    page = adam.post_form(page, f"{HERE}/{NUMBER}/review")
    assert "were checked again" in page.text
    assert process.states[asked.request_id].open_tasks[0].assignee_id == people.dan
    assert "Inactive approvers" not in adam.get_page(HERE).text


@pytest.mark.parametrize(
    "check",
    [
        "('sealing', NULL, 'NotSealed: put back to an older state', '{}')",
        """('verification', now(), NULL, '{"problems": 1, "named": ["gone: PR-1, event 3"]}')""",
    ],
)
def test_a_record_that_is_not_whole_is_the_first_thing_seen(
    adam: PageClient, app: Flask, check: str
) -> None:
    with as_owner(app) as owner:
        columns = "(name, done_at, trouble, report)"
        owner.execute(text(f"INSERT INTO portal.checks {columns} VALUES {check}"))
    page = adam.get_page(HERE)
    assert "Something is wrong with the installation itself" in page.text
    assert "/admin/health" in page.links
    page = adam.get_page("/admin/health")
    assert "older state" in page.text or "PR-1, event 3" in page.text
