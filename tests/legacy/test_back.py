"""What was decided here, as the old engine would have written it had it done everything right."""

from typing import Any
from uuid import UUID

from portal.domain.policy.policy import Decision
from portal.domain.request import commands
from portal.legacy.back.returning import WrittenInstance, give_new
from portal.legacy.back.rows import ACTIONS, DELEGATIONS, ESCALATIONS, TRANSITIONS, old_key, stamp
from portal.legacy.values import new_key
from tests.legacy.here import ADMIN, UNDONE, Here, arrived, profile
from tests.legacy.old import NOW, definition, done, instance, setting, step


def here(*steps: Any, **more: Any) -> Here:
    """A request that was moved."""
    found = arrived(instance(*steps, **more))
    assert found is not None
    return found


def two(**first: Any) -> Here:
    """Ann's step is under way, Bob's follows."""
    return here(step(0, "IN_PROGRESS", to="ann", **first), step(1, to="bob"))


def statuses(given: WrittenInstance) -> list[Any]:
    return [row["status"] for row in given.rows.steps.values()]


def test_an_approval_completes_its_step_and_begins_the_next() -> None:
    given = two().decides(commands.Approve, said="Fine.").goes(UNDONE).back()
    first, second = given.rows.steps.values()

    assert statuses(given) == ["COMPLETED", "IN_PROGRESS"]
    assert first["result"] == {"approved": True, "by": "ann", "comment": "Fine.",
                               "at": first["completed_at"]}  # fmt: skip
    assert second["started_at"] >= first["completed_at"]
    (action,) = given.rows.added[ACTIONS]
    assert (action["action"], action["actor_id"]) == ("APPROVE", "ann")
    assert (action["comment"], action["step_instance_id"]) == ("Fine.", "row0")
    (passed,) = given.rows.added[TRANSITIONS]
    assert (passed["from_step"], passed["to_step"], passed["transition_type"]) == (0, 1, "NEXT")
    assert given.rows.instance["state"] == "IN_PROGRESS"


def test_a_rejection_ends_the_instance() -> None:
    given = two().decides(commands.Reject, said="No.").goes(UNDONE).back()

    assert statuses(given) == ["REJECTED", "SKIPPED"]
    assert given.rows.steps["row0"]["result"]["approved"] is False
    assert given.rows.steps["row0"]["assignee_id"] == "ann"
    assert given.rows.instance["state"] == "COMPLETED"
    assert given.rows.instance["completed_at"] == stamp(given.state.closed_at or NOW)


def test_the_other_ends() -> None:
    withdrawn = two().ends(0).back().rows.instance
    cancelled = two().ends(1).back().rows.instance

    assert withdrawn["state"] == cancelled["state"] == "CANCELLED"
    assert withdrawn["metadata"]["cancellationReason"].endswith("No more.")
    assert cancelled["metadata"]["cancellationReason"] == "Wrong."


def test_a_hold_suspends_and_a_resume_lets_it_go_on() -> None:
    held = two().says(commands.Hold, ADMIN, reason="Wait for May.").back().rows.instance
    waiting = here(step(0, "IN_PROGRESS", to="ann"), state="WAITING")
    resumed = waiting.says(commands.Resume, ADMIN).back().rows.instance

    assert (held["state"], held["error"]) == ("SUSPENDED", "Wait for May.")
    assert (resumed["state"], resumed["error"]) == ("IN_PROGRESS", None)


def test_sent_back_stays_open_and_what_was_taken_back_is_a_comment() -> None:
    returned = two().decides(commands.SendBack, said="The quote?").goes(UNDONE).back()
    assert [row["action"] for row in returned.rows.added[ACTIONS]] == ["RETURN"]
    assert statuses(returned) == ["IN_PROGRESS", "PENDING"]

    undone = two().decides(commands.Approve)
    assert undone.state.stage is not None
    task = undone.state.stage.tasks[0]
    assert task.decision is Decision.APPROVE
    given = undone.says(commands.Retract, task.assignee_id, task_id=task.id).back()
    (action,) = given.rows.added[ACTIONS]
    assert action["action"] == "COMMENT"
    assert "took it back" in action["comment"]
    assert statuses(given) == ["IN_PROGRESS", "PENDING"]


def test_a_question_is_told_as_a_comment() -> None:
    request = two()
    task = request.state.open_tasks[0]
    request.says(commands.AskInformation, task.assignee_id, task_id=task.id, comment="Which shop?")
    given = request.back()
    (row,) = given.rows.added[ACTIONS]

    assert (row["action"], row["comment"]) == ("COMMENT", "Asked the requester: Which shop?")
    assert statuses(given) == ["IN_PROGRESS", "PENDING"]


def test_one_person_more_is_told_and_listed() -> None:
    request = two()
    task = request.state.open_tasks[0]
    request.says(
        commands.AddApprover, task.assignee_id, to_id=new_key("dan"),
        to_name="Dan", comment="You know these.",
    )  # fmt: skip
    given = request.back()
    (row,) = given.rows.added[ACTIONS]

    assert (row["action"], row["comment"]) == ("COMMENT", "Asked Dan as well. You know these.")
    assert "waits for Ann, Dan" in given.problems[0]


def test_an_override_ends_the_steps_under_way() -> None:
    request = two().says(commands.Override, ADMIN, decision=Decision.REJECT, reason="Fraud.",
                         content_version=1)  # fmt: skip
    given = request.goes(UNDONE).back()
    (row,) = given.rows.added[ACTIONS]

    assert (row["action"], row["actor_id"], row["comment"]) == ("REJECT", ADMIN, "Fraud.")
    assert statuses(given) == ["REJECTED", "SKIPPED"]
    assert given.rows.instance["state"] == "COMPLETED"


def test_an_escalation_moves_the_step() -> None:
    given = two(timeoutSeconds=60).goes(60 * 24 * 3).back()
    (row,) = given.rows.added[ESCALATIONS]
    first = given.rows.steps["row0"]

    assert (row["escalated_from_id"], row["escalated_to_id"]) == ("ann", "boss")
    assert (row["level"], row["escalated_by"]) == ("1", "system")
    assert (first["status"], first["assignee_id"], first["escalation_level"]) == (
        "ESCALATED", "boss", 1,
    )  # fmt: skip


def test_a_delegate_decides_in_somebodys_place() -> None:
    request = two()
    task = request.state.open_tasks[0]
    request.says(
        commands.Delegate, task.assignee_id, task_id=task.id, to_id=new_key("dan"), to_name="Dan",
        round=1, content_version=1,
    )  # fmt: skip
    given = request.back()
    (link,) = given.rows.added[DELEGATIONS]
    assert (link["delegated_from_id"], link["delegated_to_id"]) == ("ann", "dan")
    assert given.rows.steps["row0"]["assignee_id"] == "dan"
    assert given.rows.steps["row0"]["status"] == "DELEGATED"

    decided = request.decides(commands.Approve).goes(UNDONE).back()
    (action,) = decided.rows.added[ACTIONS]
    assert action["actor_id"] == "dan"
    assert action["data"]["portal"]["onBehalfOf"] == "ann"


def test_a_request_that_began_here_is_a_new_instance() -> None:
    steps = [
        {"id": f"s{n}", "name": f"S{n}", "type": "APPROVAL", "config": {"assigneeId": who}}
        for n, who in enumerate(("ann", "bob"))
    ]
    began = here(step(0, "IN_PROGRESS", to="ann"), step(1, to="bob"), definition={"steps": steps})
    began.decides(commands.Approve).goes(UNDONE)
    given = give_new(definition(steps=steps), began.log, profile, setting())
    row = given.rows.instance

    assert (row["workflow_id"], row["request_id"]) == ("w", began.state.request_id)
    assert (row["initiator_id"], row["state"]) == ("req", "IN_PROGRESS")
    assert statuses(given) == ["COMPLETED", "IN_PROGRESS"]
    assert [each["assignee_id"] for each in given.rows.steps.values()] == ["ann", "bob"]
    assert not given.lost


def test_a_stage_that_the_old_workflow_lacks_has_no_way_back() -> None:
    began = two().decides(commands.Approve).goes(UNDONE)
    given = give_new(definition(steps=[]), began.log, profile, setting())

    assert given.lost
    assert "no step of the old workflow" in given.problems[0]


def test_the_old_instance_was_finished_meanwhile() -> None:
    request = two().decides(commands.Approve).goes(UNDONE)
    request.old = instance(done(0), done(1), state="COMPLETED")
    given = request.back()

    assert not given.rows.is_changed
    assert "finished in the old engine as well" in given.problems[0]


def test_keys_are_of_the_engines_kind_and_always_the_same() -> None:
    key = old_key(NOW, "a", "1")

    assert UUID(key).version == 7
    assert int(key.replace("-", "")[:12], 16) == int(NOW.timestamp() * 1000)
    assert key == old_key(NOW, "a", "1") != old_key(NOW, "a", "2")
