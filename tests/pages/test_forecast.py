"""What the page of a request says will follow, beside what its workflow then does."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.domain.policy.policy import ApproverRule, Policy, RuleKind, Stage
from portal.domain.request.commands import Amend, Approve
from portal.domain.request.state import Approval, Content
from portal.extensions import db
from portal.models.columns import new_id
from tests.asking import insert_type
from tests.clients import PageClient, sign_in
from tests.in_process import NUMBER, InProcess, submit
from tests.web import People

SETTLED = {"hours": 1}


def stage(key: str, *reads: str, **more: object) -> Stage:
    """A stage that one person of the group decides."""
    rules = (ApproverRule(kind=RuleKind.GROUP, code="finance"),)
    return Stage(key=key, name=key.title(), rules=rules, reads=reads, **more)  # type: ignore[arg-type]


MANAGER = Stage(
    key="manager", name="Manager", reads=("amount",),
    rules=(ApproverRule(kind=RuleKind.MANAGER),),
)  # fmt: skip
POLICY = Policy(
    stages=(MANAGER, stage("checks", "reason", distinct=True), stage("board", "offers"))
)


@pytest.fixture
def kind(app: Flask, people: People) -> dict[str, str]:
    """A type whose second stage needs people who decided none before."""
    with app.app_context():
        ids = insert_type(policy=POLICY)
        db.session.commit()
    return ids


def approve(process: InProcess, state: Approval, person: str) -> Approval:
    """The person's task of the stage under way is approved, and the undo window passes."""
    task = next(each for each in state.open_tasks if each.assignee_id == person)
    process.give(
        Approve(
            command_id=new_id(),
            request_id=state.request_id,
            actor_id=person,
            at=datetime.now(UTC),
            task_id=task.id,
            round=state.round,
            content_version=state.content_version,
        )
    )
    return process.pass_time(state.request_id, **SETTLED)


def test_a_stage_that_stays_approved_is_not_forecast(
    client: PageClient, process: InProcess, people: People, kind: dict[str, str], app: Flask
) -> None:
    state = process.give(submit(kind, people))
    state = approve(process, state, people.ben)
    state = approve(process, state, people.cleo)
    state = process.give(
        Amend(
            command_id=new_id(),
            request_id=state.request_id,
            actor_id=people.ana,
            at=datetime.now(UTC),
            content_version=1,
            content=Content(
                title="A chair",
                fields=state.content.fields | {"amount": 13_000},
                amount=13_000,
                currency="EUR",
            ),
        )
    )
    sign_in(client, people.ana)
    page = client.get_page(f"/requests/{NUMBER}")
    assert "approved in round 1 by Cleo Example; nothing it depends on has changed." in page.text
    after = approve(process, state, people.ben)
    assert after.stage is not None
    assert after.stage.plan.key == "board"
