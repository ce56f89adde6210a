"""One judge: what people are told before anything is recorded is what the workflow would say."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal.domain.errors import Refusal
from portal.domain.people.signing_in import Way
from portal.domain.policy.policy import ApproverRule, Decision, Mode, Policy, RuleKind, Stage
from portal.domain.request.commands import Command
from portal.domain.request.events import CommandRefused
from portal.domain.request.proof import DecisionProof
from portal.domain.request.state import Approval, Click, Content
from portal.extensions import db
from portal.models.columns import new_id
from portal.models.recorded import events_of
from portal.models.states import kept_state
from portal.services import commands as issuing
from portal.services import requests, tasks
from portal.services.commands import Receipt
from portal.services.errors import Refused
from portal.services.judge import admitted
from portal.services.requests import Correction, OverrideInput
from portal.services.tasks import NewApprover, NewAssignee, QuestionInput, Vote
from tests.asking import MANAGER, insert_type
from tests.in_process import InProcess, submit
from tests.web import People

NUMBER = "JU-1001"
BOTH = Stage(
    key="finance", name="Finance", mode=Mode.ALL, asking_stops_clock=True,
    rules=(ApproverRule(kind=RuleKind.GROUP, code="finance"),),
)  # fmt: skip
POLICY = Policy(stages=(MANAGER, BOTH), undo_seconds=5)
STAFF = ("ana", "ben", "cleo", "carl", "dan", "eve", "adam")
ADMINS = {"hold", "resume", "cancel", "override", "review_people"}


class Life:
    """One request, and the ways in which people act on it through the services."""

    def __init__(self, process: InProcess, people: People, kind: dict[str, str]) -> None:
        self.process, self.people, self.given = process, people, list[Command]()
        self.id = process.give(submit(kind, people, number=NUMBER, type_code="life")).request_id

    @property
    def state(self) -> Approval:
        return self.process.states[self.id]

    def told(self, verb: str, who: str, pick: int) -> Refusal | str:
        """What a person is told when they act."""
        try:
            return self.act(verb, who, pick).outcome
        except Refused as refused:
            return refused.reason

    def act(self, verb: str, who: str, pick: int) -> Receipt:
        """One act; `pick` chooses the task, the other person, and whether something is wrong."""
        actor = self.people.adam if verb in ADMINS else getattr(self.people, who)
        acts = self._on_a_task(actor, who, pick) | self._on_the_request(actor, pick)
        return acts[verb]()

    def _on_a_task(self, actor: str, who: str, pick: int) -> dict[str, Callable[[], Receipt]]:
        key: dict[str, Any] = {"command_id": new_id()}
        other, words = self._other(pick), _words(pick)
        found = self.state.stage.tasks if self.state.stage else ()
        task = found[pick % len(found)].id if found else self.last_task()
        new = NewAssignee(**key, task_id=task, to_id=other, reason=words)
        question = QuestionInput(**key, task_id=task, text=words)
        approver = NewApprover(
            **key, number=NUMBER, round=self.state.round, to_id=other, reason=words
        )

        def decide(decision: Decision) -> Receipt:
            vote = Vote(
                **key, task_id=task, decision=decision, content_version=self._version(pick),
                comment=words,
            )  # fmt: skip
            return tasks.decide(vote, actor, Click())

        return {
            "reassign": lambda: tasks.reassign(new, actor, Click(), is_admin=who == "adam"),
            "delegate": lambda: tasks.delegate(new, actor, Click()),
            "take_back": lambda: tasks.take_back(task, key["command_id"], actor, Click()),
            "undo": lambda: tasks.undo(task, key["command_id"], actor, Click()),
            "add": lambda: tasks.add_approver(approver, actor, Click()),
            "ask": lambda: tasks.ask(question, actor, Click()),
            "answer": lambda: tasks.answer(question, actor, Click()),
            **{each.value: partial(decide, each) for each in Decision},
        }

    def _on_the_request(self, actor: str, pick: int) -> dict[str, Callable[[], Receipt]]:
        key, words, now = new_id(), _words(pick), self.state.content
        title = "A chair" if pick % 4 == 0 else f"Chair {pick}"
        content = Content(title=title, fields=now.fields, amount=now.amount, currency="EUR")
        correction = Correction(
            command_id=key, number=NUMBER, content=content, content_version=self._version(pick),
            comment=words,
        )  # fmt: skip
        proof = DecisionProof(at=datetime.now(UTC), ways=(Way.PASSWORD,))
        override = OverrideInput(
            command_id=key, number=NUMBER, decision=(Decision.APPROVE, Decision.REJECT)[pick % 2],
            stage_key=(None, "manager", "finance")[pick % 3], reason=words,
            content_version=self._version(pick), proof=proof,
        )  # fmt: skip
        plain = (NUMBER, words, key, actor, Click())
        return {
            "hold": lambda: requests.hold(*plain),
            "resume": lambda: requests.resume(*plain),
            "cancel": lambda: requests.cancel(*plain),
            "comment": lambda: requests.comment(*plain),
            "withdraw": lambda: requests.withdraw(NUMBER, key, words, actor, Click()),
            "remind": lambda: requests.remind(NUMBER, key, actor, Click()),
            "review_people": lambda: requests.review_people(NUMBER, key, actor, Click()),
            "amend": lambda: requests.amend(correction, actor, Click()),
            "resubmit": lambda: requests.resubmit(correction, actor, Click()),
            "override": lambda: requests.override(override, actor, Click()),
        }

    def _other(self, pick: int) -> str:
        return str(getattr(self.people, STAFF[pick % len(STAFF)]))

    def _version(self, pick: int) -> int:
        return self.state.content_version - (pick % 7 == 0)

    def last_task(self) -> str:
        with self.process.engine.connect() as connection:
            events = events_of(connection, [self.id])[self.id]
        named = [each for event in events if (each := getattr(event, "task_id", None))]
        return named[-1] if named else new_id()

    def answer_of_the_workflow(self) -> Refusal | None:
        """What becomes of the last command when it comes to the workflow all the same."""
        before = self.state.seq
        self.process.give(self.given[-1])
        with self.process.engine.connect() as connection:
            events = events_of(connection, [self.id])[self.id][before:]
        refused = [each for each in events if isinstance(each, CommandRefused)]
        return Refusal(refused[0].reason) if refused else None


def _words(pick: int) -> str:
    return "" if pick % 5 == 0 else "As agreed."


VERBS = (
    "approve", "approve", "reject", "send_back", "undo", "reassign", "delegate", "take_back", "add",
    "ask", "answer", "hold", "resume", "cancel", "comment", "withdraw", "remind", "review_people",
    "amend", "resubmit", "override", "time",
)  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(VERBS), st.sampled_from(STAFF), st.integers(0, 1_000)),
    min_size=8, max_size=16,
)  # fmt: skip


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_the_answer_beforehand_is_the_workflows(
    app: Flask, process: InProcess, people: People, monkeypatch: pytest.MonkeyPatch,
    life_kind: dict[str, str], steps: list[tuple[str, str, int]],
) -> None:  # fmt: skip
    life = Life(process, people, life_kind)

    def noting(about: Any, command: Command) -> Command:
        life.given.append(command)
        return admitted(about, command)

    monkeypatch.setattr(issuing, "admitted", noting)
    for verb, who, pick in steps:
        if verb == "time":
            process.pass_time(life.id, seconds=pick % 20)
            continue
        with app.app_context():
            told = life.told(verb, who, pick)
        if told != "applied":
            assert told is life.answer_of_the_workflow(), (verb, who, pick)
        with process.engine.connect() as connection:
            assert kept_state(connection, life.id) == life.state
    with app.app_context():
        db.session.execute(db.text("UPDATE portal.requests SET number = gen_random_uuid()::text"))
        db.session.commit()


@pytest.fixture
def life_kind(app: Flask, people: People) -> dict[str, str]:
    with app.app_context():
        ids = insert_type(code="life", policy=POLICY, prefix="JU")
        db.session.commit()
    return ids
