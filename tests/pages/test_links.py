"""Links in messages: every case of where they lead, and that opening one changes nothing."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import insert, text

from portal.domain.request import commands
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Link
from portal.models.columns import new_id
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess
from tests.security.test_safe_methods import fingerprints
from tests.web import PASSWORD, People

TOKEN = "t" * 43
PATH = f"/a/{TOKEN}"
Make = Callable[..., str]


@pytest.fixture
def task(asked: Approval) -> str:
    """Ben's open task."""
    return asked.open_tasks[0].id


@pytest.fixture
def link(app: Flask, people: People, asked: Approval, task: str) -> str:
    """A link of Ben's to approve; its id."""
    row = {"id": new_id(), "token_hash": hashlib.sha256(TOKEN.encode()).hexdigest()}
    about = {"task_id": task, "request_id": asked.request_id, "user_id": people.ben}
    with app.app_context():
        rows = insert(Link).values(**row, **about, content_version=1, decision="approve",
                                   expires_at=text("now() + interval '1 day'"))  # fmt: skip
        db.session.execute(rows)
        db.session.commit()
    return str(row["id"])


def do(app: Flask, statement: str, **values: object) -> None:
    with app.app_context():
        db.session.execute(text(statement), values)
        db.session.commit()


def revoked(app: Flask) -> bool:
    with app.app_context():
        return db.session.execute(text("SELECT revoked_at FROM portal.links")).scalar() is not None


def give(process: InProcess, asked: Approval, who: str, kind: type, **values: object) -> None:
    given = {"command_id": new_id(), "request_id": asked.request_id, "actor_id": who}
    if issubclass(kind, commands.TaskCommand):
        given["task_id"] = asked.open_tasks[0].id
    process.give(kind(**given, at=datetime.now(UTC), **values))


def as_ben(client: PageClient, people: People) -> PageClient:
    sign_in(client, people.ben)
    return client


def test_the_right_person_comes_to_the_task_with_the_decision_chosen(
    client: PageClient, people: People, link: str, task: str
) -> None:
    answer = as_ben(client, people).get(PATH)
    assert (answer.status_code, answer.location) == (303, f"/tasks/{task}?decision=approve")
    page = client.get_page(PATH)
    assert "You came here to approve" in page.text
    assert page.form(f"/tasks/{task}/decision").values["content_version"] == "1"


def test_a_visitor_signs_in_first(client: PageClient, people: People, link: str) -> None:
    page = client.get_page(PATH)
    assert page.heading == "Sign in"
    assert TOKEN not in page.response.text
    page = client.post_form(page, "/sign-in", email="ben@example.org", password=PASSWORD)
    assert "You came here to approve" in page.text


def test_somebody_else_is_told_whom_it_was_sent_to(
    client: PageClient, people: People, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in(client, people.eve)
    page = client.get_page(PATH, 403)
    assert "It was sent to Ben Example" in page.text
    assert "ask Ben Example to delegate to you" in page.text
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "{" in line]
    (noted,) = [each for each in lines if each["event"] == "link.not_theirs"]
    assert (noted["link"], noted["sent_to"], noted["user"]) == (link, people.ben, people.eve)


def test_somebody_else_who_signs_in_for_it_is_told_the_same(
    client: PageClient, people: People, link: str
) -> None:
    form = client.get_page(PATH)
    page = client.post_form(form, "/sign-in", 403, email="eve@example.org", password=PASSWORD)
    assert "It was sent to Ben Example" in page.text


def test_the_same_person_again(
    client, process: InProcess, people: People, asked: Approval, link: str
) -> None:
    give(process, asked, people.ben, commands.Approve)
    page = as_ben(client, people).get_page(PATH)
    assert page.heading == "You already decided this"
    assert f"/requests/{NUMBER}" in page.links


def test_an_undone_decision_makes_its_link_good_again(
    app: Flask, process: InProcess, people: People, asked: Approval, link: str
) -> None:
    task = asked.open_tasks[0].id
    give(process, asked, people.ben, commands.Approve)
    assert revoked(app)
    given = {"command_id": new_id(), "request_id": asked.request_id, "actor_id": people.ben}
    process.give(commands.Retract(**given, at=datetime.now(UTC), task_id=task))
    assert not revoked(app)


def test_what_changed_is_told(app: Flask, client: PageClient, people: People, link: str) -> None:
    do(app, "UPDATE portal.requests SET content_version = 2")
    assert revoked(app)
    page = as_ben(client, people).get_page(PATH, 409)
    assert "The request changed after the message was sent." in page.text


def test_what_was_decided_otherwise_is_told(
    app: Flask, client: PageClient, people: People, link: str
) -> None:
    do(app, "UPDATE portal.tasks SET status = 'WITHDRAWN'")
    do(app, "UPDATE portal.requests SET status = 'REJECTED'")
    page = as_ben(client, people).get_page(PATH, 409)
    assert "no longer needs your decision. " in page.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE portal.links SET expires_at = now()",
        "UPDATE portal.links SET revoked_at = now()",
        "UPDATE portal.links SET token_hash = 'another'",
        "UPDATE portal.tasks SET assignee_id = requester_id",
        "UPDATE portal.users SET is_active = false WHERE name LIKE 'Ben%'",
    ],
)
def test_what_is_over_is_one_and_the_same_page(
    app: Flask, client: PageClient, people: People, link: str, change: str
) -> None:
    unknown = client.get_page("/a/" + "u" * 43, 410).text
    do(app, change)
    assert (
        client.get_page(PATH, 410).text.partition("Error 410")[0]
        == (unknown.partition("Error 410")[0])
    )
    if "assignee" in change or "is_active" in change:
        assert revoked(app)


def test_a_withdrawn_request_ends_its_links(
    client: PageClient, process: InProcess, people: People, asked: Approval, link: str
) -> None:
    give(process, asked, people.ana, commands.Withdraw)
    assert revoked(client.application)
    as_ben(client, people).get_page(PATH, 410)


@pytest.mark.parametrize("token", ["", "x", "x" * 44, "x" * 43, "%00", "%ED%A0%80", "../../a"])
def test_other_tokens_lead_nowhere(client: PageClient, people: People, token: str) -> None:
    assert client.get(f"/a/{token}").status_code in (400, 404, 410)


@pytest.mark.parametrize("who", ["", "ben", "eve"])
def test_opening_changes_nothing(
    app: Flask, client: PageClient, people: People, link: str, who: str
) -> None:
    if who:
        sign_in(client, getattr(people, who))
    before = fingerprints(app)
    for method in ("HEAD", "OPTIONS"):
        client.open(PATH, method=method)
    assert fingerprints(app) == before
    for _ in range(2):
        client.get(PATH)
        client.get(PATH, follow_redirects=True)
    changed = {table for table, sum_ in fingerprints(app).items() if sum_ != before[table]}
    # That somebody opened another person's link is recorded, and when who is asked saw the request.
    kept = {"eve": {"portal.link_refusals"}, "ben": {"portal.first_looks"}}
    assert changed == kept.get(who, set())


def test_auditors_see_who_followed_anothers_link_and_when(
    client: PageClient, people: People, link: str
) -> None:
    sign_in(client, people.eve)
    for _ in range(3):
        client.get_page(PATH, 403)
    sign_in(client, people.olga)
    words = client.get_page(f"/history/{NUMBER}").text
    assert words.count("Eve Example followed a link sent to Ben Example") == 1
    assert TOKEN not in words
    as_ben(client, people)
    assert "followed a link" not in client.get_page(f"/history/{NUMBER}").text


def test_an_absence_that_is_ended_early_ends_its_links_at_once(
    app: Flask, client: PageClient, people: People, link: str
) -> None:
    do(app, "INSERT INTO portal.delegations (id, delegator_id, delegate_id, starts_at, ends_at)"
       " VALUES (:id, :cleo, :ben, now() - interval '1 h', now() + interval '1 h')",
       id=(key := new_id()), cleo=people.cleo, ben=people.ben)  # fmt: skip
    do(app, "UPDATE portal.tasks SET delegation_id = :key", key=key)
    do(app, "UPDATE portal.delegations SET revoked_at = now()")
    assert revoked(app)
    as_ben(client, people).get_page(PATH, 410)


def test_logs_name_the_link_and_never_the_token(
    client: PageClient, people: People, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    as_ben(client, people).get(PATH)
    client.get("/a/" + "u" * 43)
    said = capsys.readouterr().err
    assert TOKEN not in said
    assert "u" * 43 not in said
    assert link in said
