"""What holds of every old instance, however odd: hypothesis makes them up."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from portal.domain import codec
from portal.domain.request.apply import fold
from portal.domain.request.state import Approval, Status
from portal.legacy.engine import EngineStep, Instance
from portal.legacy.mapping import map_instance
from portal.legacy.outcome import FINAL
from portal.legacy.tables import ACTIVE_STATES, FINISHED_STATES
from tests.legacy.old import ACTIVE, LEFT, at, instance, setting, step

JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.text(max_size=3),
    lambda inner: (
        some.lists(inner, max_size=2)
        | some.dictionaries(some.sampled_from(("approved", "field", "operator", "x")), inner)
    ),
    max_leaves=4,
)
PEOPLE = some.sampled_from((*ACTIVE, *LEFT, "gone", " ", "system"))
STATUSES = ("PENDING", "PENDING", "IN_PROGRESS", "COMPLETED", "COMPLETED", "REJECTED", "SKIPPED",
            "DELEGATED", "ESCALATED", "FAILED")  # fmt: skip
KINDS = ("APPROVAL",) * 5 + ("NOTIFICATION", "CONDITION", "PARALLEL", "ACTION", "WAIT")
STATES = (*ACTIVE_STATES, *FINISHED_STATES)
RULES = some.sampled_from(
    ({}, {"assigneeRole": "FIN"}, {"assigneePosition": "LEAD"}, {"assigneeRole": "NO"},
     {"assigneeRole": "FIN", "requiredApprovals": 2}, {"assigneeId": "ann"})
)  # fmt: skip
VOTES = some.lists(
    some.tuples(PEOPLE, some.sampled_from(("APPROVE", "REJECT", "RETURN"))), max_size=3
)


@some.composite
def steps(draw: Any, index: int) -> EngineStep:
    """Any step."""
    following = draw(some.lists(some.integers(0, 5).map("s{}".format), max_size=2))
    rule = {"field": "amount", "operator": draw(some.sampled_from(("equals", "lessThan", "?"))),
            "value": draw(JSON)}  # fmt: skip
    return step(
        index, draw(some.sampled_from(STATUSES)), draw(some.sampled_from(KINDS)),
        to=draw(some.none() | PEOPLE), result=draw(some.sampled_from(
            (None, {"approved": True}, {"approved": False})) | JSON),
        rule=draw(RULES), following=following, votes=draw(VOTES), condition=rule,
        approvalStrategy=draw(some.sampled_from((None, "ANY", "ALL", "MAJORITY", "WEIGHTED"))),
        timeoutSeconds=draw(some.none() | some.integers(-5, 10**12)),
        delegation=draw(some.none() | some.just({"expires_at": at(-1)})),
    )  # fmt: skip


@some.composite
def instances(draw: Any, states: Sequence[str] = STATES) -> Instance:
    """Any instance of up to five steps."""
    found = [draw(steps(index)) for index in range(draw(some.integers(0, 5)))]
    return instance(
        *found, state=draw(some.sampled_from(states)),
        initiator_id=draw(PEOPLE), context=draw(JSON), metadata=draw(JSON),
        completed_at=draw(some.none() | some.just(at(-1))), definition={"sla_config": draw(JSON)},
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(instances())
def test_a_mapping_is_whole(old: Instance) -> None:
    mapped = map_instance(old, setting())

    assert mapped.result in FINAL or mapped.reasons
    if mapped.state is None:
        return
    state = mapped.state
    assert fold(state.request_id, mapped.events) == state
    assert codec.decode(Approval, codec.encode(state)) == state
    assert map_instance(old, setting()).events == mapped.events
    requester = state.requester_id
    decided = {task.decided_by for task in (state.stage.tasks if state.stage else ())}
    assert requester not in {task.assignee_id for task in state.open_tasks} | decided
    if not state.is_open:
        assert not state.open_tasks
    elif state.status is Status.PENDING:
        settles = state.stage is not None and state.stage.settles_at is not None
        assert state.open_tasks or settles or state.wants_route


@settings(max_examples=300, deadline=None)
@given(instances())
def test_nothing_of_the_past_is_dropped(old: Instance) -> None:
    mapped = map_instance(old, setting())

    if mapped.state is not None:
        kept = {getattr(event, "legacy_id", None) for event in mapped.events}
        for each in old.steps:
            assert {action.id for action in each.actions} <= kept
            assert {link.id for link in each.delegations} <= kept
