"""What a person answers, and what the next run makes of it."""

from typing import Any

import pytest

from portal.domain.policy.policy import Mode
from portal.domain.request.state import Status
from portal.legacy.choices import (
    Counting,
    PersonsChoice,
    ReasonQuestion,
    RequestCourse,
    courses_for,
    unanswered,
)
from portal.legacy.engine import EngineStep
from portal.legacy.outcome import Mapped
from portal.legacy.setting import OperatorAnswer
from tests.legacy.old import asked, done, gate, moved, parallel, stage_of, step

FIN = {"assigneeRole": "FIN"}
ACTION = [done(0), step(1, "PENDING", "ACTION"), step(2, to="ann")]
NOBODY = [step(0, "IN_PROGRESS")]
WEIGHTED = [step(0, "IN_PROGRESS", rule=FIN, approvalStrategy="WEIGHTED")]
APART = [parallel(0, "PENDING", "s1", "s2"), step(1, to="ann", following=["s3"]),
         step(2, to="bob", following=["s4"]), step(3, to="ann"), step(4, to="ann")]  # fmt: skip
UNREADABLE = [gate(0, "amount", "like", 5), step(1, to="ann"), step(2, to="bob")]
UNCLEAR = [step(0, "COMPLETED", result="fine"), step(1, to="ann")]
GROUP = [parallel(0, "PENDING", "s1"), step(1, rule=FIN, approvalStrategy="ALL")]


def go_on(people: tuple[str, ...] = (), **more: Any) -> OperatorAnswer:
    """Adam's answers; `people` by their old ids."""
    ids = tuple(f"user-{person}" for person in people)
    return OperatorAnswer(
        PersonsChoice(kind=RequestCourse.GO_ON, people=ids, **more), people, "Adam"
    )


def answered(answer: OperatorAnswer, *steps: EngineStep, **more: Any) -> Mapped:
    """What becomes of an instance with the answer."""
    return moved(*steps, setting_={"choices": {"i1": answer}}, **more)


@pytest.mark.parametrize(
    ("steps", "question", "answer", "stage"),
    [
        (NOBODY, ReasonQuestion.PEOPLE, go_on(("dan",)), "S0"),
        (WEIGHTED, ReasonQuestion.VOTES, go_on(("dan",)), "S0"),
        (WEIGHTED, ReasonQuestion.VOTES, go_on(counting=Counting.ALL), "S0"),
        (ACTION, ReasonQuestion.STEP, go_on(skip=True), "S2"),
        ([step(0, "FAILED", to="bob"), step(1, to="ann")], ReasonQuestion.STEP, go_on(skip=True),
         "S1"),
        ([parallel(0, "PENDING"), step(1, to="ann")], ReasonQuestion.STEP, go_on(skip=True), "S1"),
        (UNREADABLE, ReasonQuestion.CONDITION, go_on(condition=True), "S1"),
        (UNREADABLE, ReasonQuestion.CONDITION, go_on(condition=False), "S2"),
        (APART, ReasonQuestion.BRANCHES, go_on(in_order=True), "S0"),
        (UNCLEAR, ReasonQuestion.RESULT, go_on(result=True), "S1"),
        (GROUP, ReasonQuestion.VOTES, go_on(counting=Counting.ONE), "S0"),
    ],
)  # fmt: skip
def test_an_answer_to_the_question_lets_it_go_on(
    steps: list[EngineStep], question: ReasonQuestion, answer: OperatorAnswer, stage: str
) -> None:
    before = moved(*steps)
    after = answered(answer, *steps)

    assert (before.result, before.questions) == ("needs_person", [question])
    assert not unanswered(answer.choice, before.questions)
    assert (after.result, stage_of(after)) == ("moved", stage)


@pytest.mark.parametrize("person", ["req", "liz", "nobody"])
def test_who_cannot_be_asked_is_not_taken(person: str) -> None:
    after = answered(go_on((person,)), *NOBODY)

    assert (after.result, after.questions) == ("needs_person", [ReasonQuestion.PEOPLE])


def test_any_of_several_chosen_decides() -> None:
    after = answered(go_on(("dan", "eve", "req")), *NOBODY)

    assert asked(after) == {"dan", "eve"}
    assert after.remarks == ["Adam chose Dan, Eve for “S0”."]
    assert after.state is not None
    assert after.state.stage is not None
    assert after.state.stage.plan.mode is Mode.ANY


def test_all_of_a_parallel_part_are_asked_one_by_one() -> None:
    after = answered(go_on(counting=Counting.ALL), *GROUP)

    assert asked(after) == {"bob", "cat"}
    assert after.state is not None
    assert after.state.stage is not None
    assert after.state.stage.plan.mode is Mode.ALL


def test_one_answer_does_not_cover_another_question() -> None:
    steps = [step(0, "IN_PROGRESS"), step(1, "PENDING", "ACTION")]
    assert answered(go_on(("dan",)), *steps).questions == [ReasonQuestion.STEP]
    assert answered(go_on(("dan",), skip=True), *steps).result == "moved"


def test_a_rejection_that_a_person_read_is_held() -> None:
    assert answered(go_on(result=False), *UNCLEAR).result == "on_hold"


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "CANCELLED", "FAILED"])
def test_an_outcome_makes_it_history(status: str) -> None:
    answer = OperatorAnswer(
        PersonsChoice(kind=RequestCourse.CLOSE, outcome=Status(status)), by="Adam"
    )
    after = answered(answer, step(0, "FAILED"))

    assert (after.result, after.state and after.state.status) == ("history", status)
    assert "Adam chose this outcome." in after.remarks


def test_a_finished_one_is_read_as_chosen() -> None:
    unclear = step(0, "COMPLETED", result={"ok": 1})
    assert moved(unclear, state="COMPLETED").questions == [ReasonQuestion.RESULT]
    after = answered(go_on(result=False), unclear, state="COMPLETED")
    assert after.state is not None
    assert after.state.status is Status.REJECTED


def test_left_behind_it_still_needs_a_person() -> None:
    assert (
        answered(OperatorAnswer(PersonsChoice(kind=RequestCourse.LEAVE)), *NOBODY).result
        == "needs_person"
    )


def test_without_anything_to_go_on_with_only_an_outcome_helps() -> None:
    assert moved().questions == [ReasonQuestion.OUTCOME]
    assert RequestCourse.GO_ON not in courses_for([ReasonQuestion.OUTCOME, ReasonQuestion.PEOPLE])
    assert RequestCourse.GO_ON not in courses_for([])
    assert RequestCourse.GO_ON not in courses_for(["of a later version"])
    assert unanswered(PersonsChoice(kind=RequestCourse.CLOSE), []) == (ReasonQuestion.OUTCOME,)
