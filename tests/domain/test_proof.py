"""Proofs of decisions: how strong they are, and that a signature is about one decision alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.codec import decode, encode
from portal.domain.errors import Refusal
from portal.domain.people.signing_in import Way
from portal.domain.policy.policy import Decision, StepUp
from portal.domain.request.commands import Approve
from portal.domain.request.events import CommandRefused, TaskDecided
from portal.domain.request.proof import (
    DecisionProof,
    ListProof,
    SignedDecision,
    covers,
    is_proven,
    statement_of,
)
from tests.domain.story import MONDAY, Story

IDS = st.uuids().map(str)
DECISIONS = st.builds(
    SignedDecision,
    command_id=IDS,
    person_id=IDS,
    task_id=IDS,
    decision=st.sampled_from(Decision),
    content_version=st.integers(1, 99),
    content_hash=st.text("0123456789abcdef", min_size=64, max_size=64),
)
SIGNED = {"signature": "x"}


def proof(statement: str, **values: object) -> DecisionProof:
    return DecisionProof(at=MONDAY, ways=(Way.PASSKEY,), statement=statement, evidence=SIGNED,
                         **values)  # fmt: skip


@given(st.lists(DECISIONS, min_size=1, max_size=40, unique_by=lambda each: each.leaf), st.text())
def test_each_decision_of_a_list_is_covered_by_itself(
    decisions: list[SignedDecision], nonce: str
) -> None:
    leaves = tuple(each.leaf for each in decisions)
    whole = ListProof(proof(statement_of(decisions, nonce)), leaves)
    for each in decisions:
        own = whole.of(each)
        assert is_proven(StepUp.SIGNATURE, own, each)
        assert decode(DecisionProof, encode(own)) == own


CHANGES = st.sampled_from(["command_id", "person_id", "task_id", "content_hash"])


@given(st.lists(DECISIONS, min_size=1, max_size=9, unique_by=lambda each: each.leaf), CHANGES,
       st.data())  # fmt: skip
def test_whatever_is_altered_is_not_covered(
    decisions: list[SignedDecision], name: str, data: st.DataObject
) -> None:
    leaves = tuple(each.leaf for each in decisions)
    one = data.draw(st.sampled_from(decisions))
    own = ListProof(proof(statement_of(decisions, "n")), leaves).of(one)
    other = Decision.REJECT if one.decision is Decision.APPROVE else Decision.APPROVE
    assert not covers(own, replace(one, **{name: "another"}))
    assert not covers(own, replace(one, decision=other))
    assert not covers(own, replace(one, content_version=one.content_version + 1))


@given(st.text(), DECISIONS)
def test_any_other_text_covers_nothing(statement: str, given: SignedDecision) -> None:
    assert not covers(proof(statement), given)


@pytest.mark.parametrize(
    ("ways", "evidence", "strength"),
    [
        ((), {}, StepUp.RECENT),
        ((Way.PASSWORD,), {}, StepUp.RECENT),
        ((Way.CODE,), {}, StepUp.RECENT),
        ((Way.PASSKEY,), {}, StepUp.RECENT),
        ((Way.PASSWORD, Way.RECOVERY_CODE), {}, StepUp.RECENT),
        ((Way.PASSWORD, Way.CODE), {}, StepUp.SIGNATURE),
        ((Way.PROVIDER,), {}, StepUp.SIGNATURE),
        ((Way.PASSKEY,), SIGNED, StepUp.SIGNATURE),
    ],
)
def test_a_proof_is_as_strong_as_its_ways(
    ways: tuple[Way, ...], evidence: dict[str, str], strength: StepUp
) -> None:
    assert DecisionProof(at=MONDAY, ways=ways, evidence=evidence).strength is strength


def asked(needed: StepUp) -> Story:
    story = Story()
    story.submits()
    story.opens("ben", step_up=needed)
    return story


def signed(story: Story, **changes: object) -> DecisionProof:
    """What Ben would sign for the approval that he gives next."""
    (task,) = story.state.open_tasks
    given = SignedDecision(
        command_id="key",
        person_id="ben",
        task_id=task.id,
        decision=Decision.APPROVE,
        content_version=story.state.content_version,
        content_hash=story.state.content_hash,
    )
    return proof(statement_of([replace(given, **changes)], "n"))


def approve(story: Story, by: DecisionProof | None) -> TaskDecided | CommandRefused:
    (task,) = story.state.open_tasks
    events = story.gives(
        Approve(
            command_id="key", request_id=story.state.request_id, actor_id="ben", at=story.now,
            task_id=task.id, round=story.state.round, proof=by,
            content_version=story.state.content_version,
        )
    )  # fmt: skip
    assert isinstance(events[0], TaskDecided | CommandRefused)
    return events[0]


@pytest.mark.parametrize("needed", [StepUp.RECENT, StepUp.SIGNATURE])
def test_a_stage_that_needs_a_proof_takes_no_decision_without(needed: StepUp) -> None:
    answer = approve(asked(needed), None)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == Refusal.NOT_SIGNED


def test_a_young_session_is_enough_where_that_is_asked_and_not_for_a_signature() -> None:
    young = DecisionProof(at=MONDAY)
    answer = approve(asked(StepUp.RECENT), young)
    assert isinstance(answer, TaskDecided)
    assert answer.proof == young
    assert isinstance(approve(asked(StepUp.SIGNATURE), young), CommandRefused)


@pytest.mark.parametrize("needed", list(StepUp))
def test_a_signature_is_enough_for_every_stage_and_kept_where_asked_for(needed: StepUp) -> None:
    story = asked(needed)
    by = signed(story)
    answer = approve(story, by)
    assert isinstance(answer, TaskDecided)
    assert answer.proof == (None if needed is StepUp.NONE else by)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": Decision.REJECT},
        {"person_id": "cleo"},
        {"content_hash": "0" * 64},
        {"content_version": 2},
        {"command_id": "another"},
    ],
)
def test_what_was_signed_cannot_be_used_for_another_decision(change: dict[str, object]) -> None:
    story = asked(StepUp.SIGNATURE)
    answer = approve(story, signed(story, **change))
    assert isinstance(answer, CommandRefused)
    assert answer.reason == Refusal.NOT_SIGNED
