"""What an old row may hold and a request may weigh: what is too much fails alone, and in time."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portal.domain.policy.policy import Mode
from portal.domain.request import commands
from portal.domain.request.state import Status
from portal.legacy.choices import PersonsChoice, RequestCourse
from portal.legacy.engine import EngineDelegation, EngineStep
from portal.legacy.mover import mapped as item_of
from portal.legacy.outcome import InstanceResult
from portal.legacy.runs import EXIT_DONE, EXIT_NEEDS_PERSON, LEFT, RunTotals
from portal.legacy.setting import OperatorAnswer
from portal.legacy.values import MOST_DEPTH, OddRow, new_key, row_in, unstorable
from portal.legacy.writing import workflow_ref
from tests.legacy.here import UNDONE, arrived
from tests.legacy.old import (
    DAY,
    NOW,
    asked,
    at,
    definition,
    directory,
    instance,
    moved,
    parallel,
    setting,
    step,
)

ANN = step(0, "IN_PROGRESS", to="ann")
DEEP = "[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1)
TWICE = [
    step(0, "IN_PROGRESS", to="bob"), parallel(1, "PENDING", "s2", "s3"),
    step(2, to="ann"), step(3, to="ann"),
]  # fmt: skip
PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_two_children_that_name_one_person_are_one_stage_that_asks_them_once() -> None:
    here = arrived(instance(*TWICE))
    assert here is not None
    stage = here.policy.stages[-1]
    assert (stage.mode, [rule.people for rule in stage.rules]) == (Mode.ALL, [(new_key("ann"),)])

    here.decides(commands.Approve).goes(UNDONE)
    assert [task.assignee_id for task in here.state.open_tasks] == [new_key("ann")]
    here.decides(commands.Approve).goes(UNDONE)
    assert here.state.status is Status.APPROVED


def test_beside_a_child_of_several_they_are_one_group() -> None:
    children = [parallel(1, "PENDING", "s2", "s3", "s4"), step(2, rule={"assigneeRole": "FIN"}),
                step(3, to="ann"), step(4, to="ann")]  # fmt: skip
    mapped = moved(step(0, "IN_PROGRESS", to="dan"), *children)
    assert mapped.policy is not None
    stage = mapped.policy.stages[-1]

    assert stage.mode is Mode.PER_GROUP
    assert {rule.label: rule.people for rule in stage.rules} == {
        "S2": (new_key("bob"), new_key("cat")), "S3, S4": (new_key("ann"),),
    }  # fmt: skip


def lent(giver: str, taker: str, days: float, **row: Any) -> EngineDelegation:
    """A delegation of so many days ago."""
    link = {"delegated_from_id": giver, "delegated_to_id": taker, "is_active": True, **row}
    return EngineDelegation(f"{giver}-{taker}", giver, taker, NOW - days * DAY, link)


OVER = {"expires_at": at(-1)}


@pytest.mark.parametrize(
    ("links", "owner"),
    [
        ([lent("ann", "bob", 3, **OVER), lent("bob", "cat", 2, **OVER)], "ann"),
        ([lent("ann", "bob", 3), lent("bob", "cat", 2, **OVER)], "bob"),
        ([lent("ann", "bob", 3, **OVER), lent("bob", "cat", 2)], "cat"),
        ([lent("ann", "gus", 3), lent("gus", "cat", 2, **OVER)], "ann"),
        ([lent("dan", "ann", 4, is_active=False), lent("ann", "bob", 3, revoked_at=at(-2)),
          lent("bob", "cat", 2, **OVER)], "dan"),
        ([lent("cat", "ann", 4, **OVER), lent("ann", "cat", 2, **OVER)], "cat"),
        ([lent("ann", "cat", 2, expires_at="-infinity")], "ann"),
        ([lent("ann", "cat", 2, expires_at="infinity")], "cat"),
    ],
)  # fmt: skip
def test_a_chain_of_delegations_is_followed_back(links: list[EngineDelegation], owner: str) -> None:
    lent_step = replace(step(0, "DELEGATED", to="cat"), delegations=tuple(links))
    assert asked(moved(lent_step)) == {owner}


@pytest.mark.parametrize("letter", ["é", "😀", "\u0001"])
def test_what_is_escaped_when_it_is_sent_is_measured_so(letter: str) -> None:
    mapped = moved(ANN, context={"title": "Much", "text": letter * 390_000})

    assert mapped.result is InstanceResult.NEEDS_PERSON
    assert any("bytes" in why or "longer than" in why for why in mapped.reasons)
    assert moved(ANN, context={"text": "x" * 390_000}).result is InstanceResult.MOVED


@pytest.mark.parametrize("place", [0, 1])
def test_a_role_that_thousands_hold_is_too_much(place: int) -> None:
    crowd = {f"p{n}": f"p{n}" for n in range(5_000)}
    known = directory(role_holders={"ALL": tuple(crowd)})
    one = known.profiles["ann"]
    known.profiles.update({id_: replace(one, id=id_, name=id_) for id_ in crowd})
    steps = [ANN, step(1, rule={"assigneeRole": "ALL"})]
    if place == 0:
        steps = [step(0, "IN_PROGRESS", rule={"assigneeRole": "ALL"})]

    mapped = moved(*steps, setting_={"directory": known})
    assert mapped.result is InstanceResult.NEEDS_PERSON
    assert any("bytes" in reason for reason in mapped.reasons)


@given(some.dictionaries(some.text(min_size=1, max_size=4), PLAIN, max_size=4))
@settings(deadline=None)
def test_a_row_is_read_as_it_is_also_column_by_column(row: dict[str, Any]) -> None:
    text = json.dumps(row)
    assert row_in(text) == row
    odd = row_in(json.dumps({**row, "deep-down": 0})[:-1].removesuffix("0") + DEEP + "}")
    assert isinstance(odd, OddRow)
    assert odd.unreadable == ("deep-down",)
    assert {**odd} == {**row, "deep-down": None}


@pytest.mark.parametrize("depth", [990, 100_000])
def test_deep_json_fails_alone_in_any_column(depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth
    context = row_in('{"id": "i1", "context": %s}' % nested)  # noqa: UP031 - braces everywhere
    assert context["id"] == "i1"
    old = instance(ANN)
    for broken in (
        replace(old, row=_odd(old.row, "context")),
        replace(old, steps=(replace(ANN, row=_odd(ANN.row, "attachments")),)),
        replace(old, definition=replace(definition(), row=_odd(definition().row, "steps"))),
    ):
        item = item_of(broken, setting())
        assert item.mapped.result is InstanceResult.FAILED
        assert "nested more than" in item.mapped.reasons[0]
    unused = replace(definition(), row=_odd(definition().row, "trigger_config"))
    assert item_of(replace(old, definition=unused), setting()).mapped.result is InstanceResult.MOVED


def _odd(row: dict[str, Any], column: str) -> OddRow:
    odd = OddRow(row | {column: None})
    odd.unreadable = (column,)
    return odd


@pytest.mark.parametrize(
    "value", ['"a\\u0000b"', '"\\ud800"', '"\\udc00 \\ud83d"', "1e400", "[-1e999]"]
)
@pytest.mark.parametrize("answered", [True, False])
def test_what_only_writing_refuses_fails_before_it(value: str, answered: bool) -> None:
    row = row_in('{"context": {"text": %s}}' % value)  # noqa: UP031
    assert isinstance(row, OddRow)
    assert unstorable(row["context"]) is not None
    old = instance(ANN)
    broken = replace(old, row=OddRow(old.row | row))
    assert item_of(broken, setting()).mapped.result is InstanceResult.FAILED


@pytest.mark.parametrize("value", ['"\\ud83d\\ude00"', '"\\\\u0000"', "1e300", '"12345678e999"'])
def test_what_looks_like_it_moves(value: str) -> None:
    row = row_in('{"context": {"text": %s}}' % value)  # noqa: UP031
    old = instance(ANN)
    item = item_of(replace(old, row=OddRow(old.row | row)), setting())
    assert item.mapped.result is InstanceResult.MOVED, item.mapped.reasons


def test_a_name_that_cannot_be_written_fails_what_would_need_a_person() -> None:
    nameless = replace(ANN, status="FAILED", definition={**ANN.definition, "name": "a\x00b"})
    old = replace(instance(nameless), steps=(replace(nameless, row=OddRow(nameless.row)),))
    assert item_of(old, setting()).mapped.result is InstanceResult.FAILED


def test_who_was_chosen_to_stay_needs_nobody() -> None:
    run = setting()
    run.choices["i1"] = OperatorAnswer(PersonsChoice(kind=RequestCourse.LEAVE))
    item = item_of(instance(step(0, "FAILED", to="ann")), run)
    assert (item.mapped.result, item.stays) == (InstanceResult.NEEDS_PERSON, True)

    counts = RunTotals(found=2, to_do=2, results=Counter({InstanceResult.NEEDS_PERSON: 2}), left=1)
    assert counts.exit_code == EXIT_NEEDS_PERSON
    assert (counts.as_dict()["needs a person"], counts.as_dict()[LEFT]) == (1, 1)
    counts.left = 2
    assert counts.exit_code == EXIT_DONE


@pytest.mark.parametrize(
    ("old_id", "ref"),
    [
        ("r" * 246, "approval-" + "r" * 246),
        ("r" * 255, f"approval-{new_key('r' * 255)}"),
        ("ü" * 246, "approval-" + "ü" * 246),
        ("😀" * 250, f"approval-{new_key('😀' * 250)}"),
    ],
)
def test_a_request_id_that_makes_no_workflows_id_gives_way(old_id: str, ref: str) -> None:
    old = instance(ANN, request_id=old_id)
    assert item_of(old, setting()).mapped.result is InstanceResult.MOVED
    assert workflow_ref(old) == ref


def test_a_longer_request_id_fails() -> None:
    item = item_of(instance(ANN, request_id="r" * 256), setting())
    assert item.mapped.result is InstanceResult.FAILED


@pytest.mark.parametrize(
    ("steps", "row", "words"),
    [
        ([step(0, "IN_PROGRESS", to="ann", row={"due_date": "infinity"})], {}, "due_date"),
        ([step(0, "IN_PROGRESS", to="ann", row={"due_date": "0044-03-15T00:00:00 BC"})], {},
         "due_date"),
        ([step(0, "IN_PROGRESS", to="ann", row={"started_at": "-infinity"})], {}, "started_at"),
        ([ANN], {"started_at": "294276-12-31T00:00:00"}, "started_at"),
        ([step(0, "FAILED", to="ann", row={"due_date": "infinity"})], {}, "due_date"),
        ([step(0, "COMPLETED", to="ann", result={"approved": True})],
         {"state": "COMPLETED", "completed_at": "infinity"}, "completed_at"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_used_leaves_a_remark(
    steps: list[EngineStep], row: dict[str, Any], words: str
) -> None:
    mapped = moved(*steps, **{"state": "IN_PROGRESS", **row})
    said = [remark for remark in mapped.remarks if "cannot be used" in remark]
    assert [words in remark for remark in said] == [True]


def test_a_time_that_can_be_used_leaves_none() -> None:
    assert not moved(ANN).remarks
