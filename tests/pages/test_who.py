"""Who is asked now, what was sent to them, and why they and not others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update

from portal.directory import past
from portal.domain.policy.policy import ApproverRule, Mode, Policy, RuleKind, Stage
from portal.domain.request.commands import Approve
from portal.domain.request.state import Approval
from portal.extensions import db
from portal.models import Delegation, Group, GroupMember, Message, Notification, User
from portal.models.columns import new_id
from tests.asking import ANSWERS, insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.web import People

HERE = f"/requests/{NUMBER}"
GROUP = Stage(
    key="finance", name="Finance", rules=(ApproverRule(kind=RuleKind.GROUP, code="finance"),),
    mode=Mode.ANY, condition="amount >= 100", condition_text="from €1.00", remind_after=(30,),
    expire_after=600,
)  # fmt: skip


def words(app: Flask, person: str) -> str:
    client = PageClient(app)
    sign_in(client, person)
    return " ".join(client.get_page(HERE).text.split())


def change(app: Flask, *statements: Any) -> None:
    with app.app_context():
        for each in statements:
            db.session.execute(each)
        db.session.commit()


def absence(delegator: str, delegate: str, begins: int, ends: int, **more: Any) -> Any:
    now = datetime.now(UTC)
    row = {"id": new_id(), "delegator_id": delegator, "delegate_id": delegate, "created_by": None,
           "starts_at": now + timedelta(days=begins), "ends_at": now + timedelta(days=ends),
           "reason": "An operation."}  # fmt: skip
    return insert(Delegation).values(row | more)


@pytest.fixture
def by_group(app: Flask, people: People, process: InProcess) -> Approval:
    with app.app_context():
        ids = insert_type("lamps", Policy(stages=(GROUP,)))
        db.session.commit()
    return process.give(submit(ids, people, type_code="lamps"))


def test_what_was_sent_is_told_without_addresses(
    app: Flask, people: People, asked: Approval
) -> None:
    assert "not read yet" in words(app, people.ana)
    sent = datetime.now(UTC)
    with app.app_context():
        notice = db.session.scalar(
            select(Notification.id).where(Notification.user_id == people.ben)
        )
    row = {"id": new_id(), "notification_id": notice, "user_id": people.ben, "due_at": sent}
    mail = row | {"channel": "mail", "status": "WAITING", "last_error": "550 ben@example.org ?"}
    change(app, insert(Message).values(mail))
    said = [words(app, people.ana)]
    assert "email not accepted yet, next try" in said[0]
    later = {"last_error": None, "due_at": sent + timedelta(hours=1), "channel": "chat:1"}
    change(app, update(Message).values(**later, digest="hourly"))
    assert "chat comes with the hourly summary" in words(app, people.ana)
    change(app, update(Message).values(channel="mail", last_error="550 ben@example.org"))
    change(app, update(Message).values(status="FAILED", digest=None))
    said.append(words(app, people.ana))
    assert "email failed; administrators see why" in said[1]
    change(
        app, update(Message).values(status="SENT", sent_at=sent),
        update(Notification).values(read_at=sent),
    )  # fmt: skip
    for person in (people.ana, people.adam, people.olga):
        said.append(words(app, person))
        assert "email sent" in said[-1]
        assert "read in the portal" in said[-1]
    assert "ben@example.org" not in " ".join(said)


def test_colleagues_do_not_see_what_somebody_read(
    app: Flask, people: People, asked: Approval
) -> None:
    assert "not read yet" in words(app, people.ana)
    page = words(app, people.ben)
    assert "Waiting for You , since" in page
    assert "read yet" not in page
    assert "Notifications sent" not in page


def test_an_absence_is_told_without_its_reason(app: Flask, people: People, asked: Approval) -> None:
    change(app, absence(people.ben, people.eve, 3, 9))
    page = words(app, people.ana)
    assert "Away from" in page
    assert "Eve Example decides meanwhile" in page
    change(app, update(Delegation).values(type_codes=["other"]))
    assert "nobody decides this meanwhile" in words(app, people.ana)
    assert "An operation" not in words(app, people.ana)
    change(app, update(User).where(User.id == people.ben).values(is_active=False))
    assert "no longer active" in words(app, people.ana)


def test_the_chain_of_managers_is_told_as_it_was(
    app: Flask, people: People, asked: Approval
) -> None:
    assert "You report to Ben Example." in words(app, people.ana)
    assert "Ana Example reports to you." in words(app, people.ben)
    assert "Ben Example is Ana Example's manager" in words(app, people.ana)
    change(app, update(User).where(User.id == people.ana).values(manager_id=people.dan))
    assert "You report to Dan Example now." in words(app, people.ana)


def test_the_members_of_a_group_are_told_as_they_were(
    app: Flask, people: People, by_group: Approval
) -> None:
    page = words(app, people.ana)
    assert "Needed from €1.00." in page
    assert "Amount: €120.00" in page
    assert "In the group Finance: Carl Example and Cleo Example." in page
    with app.app_context():
        group = db.session.scalar(select(Group.id).where(Group.code == "finance"))
    change(
        app, insert(GroupMember).values(group_id=group, user_id=people.eve),
        delete(GroupMember).where(GroupMember.user_id == people.carl),
    )  # fmt: skip
    page = words(app, people.cleo)
    assert "Eve Example joined Finance later." in page
    assert "Carl Example left Finance since." in page


def test_a_large_group_makes_nobody_leave_another(
    app: Flask, people: People, process: InProcess
) -> None:
    rows = [{"id": new_id(), "name": f"Aaron {n:03}"} for n in range(200)]
    crowd = new_id()
    rules = tuple(ApproverRule(kind=RuleKind.GROUP, code=code) for code in ("crowd", "finance"))
    with app.app_context():
        ids = insert_type("lamps", Policy(stages=(replace(GROUP, rules=rules),)))
        db.session.commit()
    members = [{"group_id": crowd, "user_id": row["id"]} for row in rows]
    change(
        app, insert(User).values(rows), insert(Group).values(id=crowd, code="crowd", name="Crowd"),
        insert(GroupMember).values(members),
    )  # fmt: skip
    process.give(submit(ids, people, type_code="lamps"))
    page = words(app, people.ana)
    assert "In the group Finance: Carl Example and Cleo Example." in page
    assert "left Finance" not in page


def test_a_request_from_before_says_that_it_was_not_kept(
    app: Flask, people: People, asked: Approval
) -> None:
    change(app, text("UPDATE portal.request_states SET state = state #- '{stage,plan,basis}'"))
    assert "were not kept with this request" in words(app, people.ana)


def test_two_hundred_people_are_a_summary(app: Flask, people: People, process: InProcess) -> None:
    rows = [{"id": new_id(), "name": f"Person {n:03}"} for n in range(200)]
    with app.app_context():
        group = db.session.scalar(select(Group.id).where(Group.code == "finance"))
        ids = insert_type("lamps", Policy(stages=(GROUP,)))
        db.session.commit()
    members = [{"group_id": group, "user_id": row["id"]} for row in rows]
    change(app, insert(User).values(rows), insert(GroupMember).values(members))
    process.give(submit(ids, people, type_code="lamps"))
    page = words(app, people.ana)
    assert "Any 1 of 202" in page
    assert "and 196 more people" in page
    assert "and 136 more" in page
    assert "and 190 more." in page


def play_before(process: InProcess, kind: dict[str, str], people: People, count: int) -> None:
    """Requests like the present one, each approved by Ben a while after it was asked for."""
    for n in range(count):
        at = datetime.now(UTC) - timedelta(days=20 - n)
        state = process.give(submit(kind, people, number=f"CH-{n}", at=at), at)
        later = at + timedelta(minutes=30 + n)
        task = state.open_tasks[0]
        yes = Approve(
            command_id=new_id(), request_id=state.request_id, actor_id=people.ben, at=later,
            task_id=task.id, round=1, content_version=1, comment="",
        )  # fmt: skip
        process.give(yes, later)


def test_the_finish_is_expected_before_and_while_waiting(
    app: Flask,
    people: People,
    process: InProcess,
    kind: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(past, "YOUNG", 0.0)
    client = PageClient(app)
    sign_in(client, people.ana)
    page = client.post_form(client.get_page("/requests/new/chairs"), "/requests/new", **ANSWERS)
    assert "Expected finish: Not enough past requests to estimate" in page.text
    assert "has ended 0 times; an estimate needs 5" in page.text
    play_before(process, kind, people, 6)
    page = client.get_page(page.response.request.full_path)
    assert "From 6 past requests of this type since" in page.text
    process.give(submit(kind, people))
    assert "From 6 past requests of this type since" in words(app, people.ana)
    never = datetime(9990, 1, 1, tzinfo=UTC)
    change(app, absence(people.ben, people.eve, -1, 1, ends_at=never, type_codes=["other"]))
    assert "nobody decides this meanwhile" in words(app, people.ana)


TWO_GROUPS = Stage(
    key="both", name="Finance and quality", mode=Mode.PER_GROUP,
    rules=(
        ApproverRule(kind=RuleKind.GROUP, code="finance"),
        ApproverRule(kind=RuleKind.PEOPLE, people=("dan", "eve"), label="Quality"),
    ),
)  # fmt: skip


def test_a_group_that_has_its_vote_is_asked_no_more_and_the_page_says_so(
    app: Flask, people: People, process: InProcess
) -> None:
    quality = replace(TWO_GROUPS.rules[1], people=(people.dan, people.eve))
    stage = replace(TWO_GROUPS, rules=(TWO_GROUPS.rules[0], quality))
    with app.app_context():
        ids = insert_type("lamps", Policy(stages=(stage,)))
        db.session.commit()
    state = process.give(submit(ids, people, type_code="lamps"))
    task = next(each for each in state.open_tasks if each.assignee_id == people.cleo)
    state = process.give(
        Approve(command_id=new_id(), request_id=state.request_id, actor_id=people.cleo,
                at=datetime.now(UTC), task_id=task.id, entitled=True)
    )  # fmt: skip
    # Before the undo window ends the others are asked no more, either.
    for _moment in range(2):
        page = words(app, people.ana)
        assert "Finance · Withdrawn: the group's part is settled (Carl Example)" in page
        assert "Waiting for Dan Example and Eve Example" in page
        client = PageClient(app)
        sign_in(client, people.carl)
        forms = client.get_page(HERE).document.forms
        assert not [form for form in forms if "/decision" in (form.action or "")]
        process.pass_time(state.request_id, seconds=11)
    assert NUMBER not in client.get_page("/inbox").text
