"""Old instances that can move, for hypothesis: believable routes, standing anywhere on them."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as some

from portal.legacy.engine import EngineStep, Instance
from tests.legacy.old import at, gate, instance, parallel, step

ASKED: tuple[dict[str, Any], ...] = (
    {"to": "ann"}, {"to": "bob"}, {"to": "gus"}, {"to": "req"}, {"rule": {"assigneeRole": "FIN"}},
    {"rule": {"assigneePosition": "LEAD"}}, {"rule": {"assigneeRole": "GONE"}},
    {"rule": {"assigneeRole": "FIN"}, "approvalStrategy": "ALL"},
    {"rule": {"assigneeRole": "FIN"}, "approvalStrategy": "MAJORITY", "timeoutSeconds": 3600},
    {"rule": {"assigneeRole": "FIN", "requiredApprovals": 2}},
    {"to": "cat", "timeoutSeconds": 600}, {"to": "dan", "delegation": {"delegated_from_id": "eve"}},
    {"to": "dan", "delegation": {"delegated_from_id": "eve", "expires_at": at(-1)}},
)  # fmt: skip
Make = Callable[..., EngineStep]


def approval(index: int, status: str, asked: dict[str, Any], **more: Any) -> EngineStep:
    """An approval that asks somebody."""
    given = {**asked, **more}
    if status in ("COMPLETED", "REJECTED"):
        given = {"result": {"approved": status == "COMPLETED"}, **given}
    return step(index, status, **given)


def shape(kind: str, statuses: list[str], asked: list[dict[str, Any]]) -> list[EngineStep]:
    """Four or five steps of one of a few routes."""
    one = [approval(n, status, who) for n, (status, who) in enumerate(zip(statuses, asked))]  # noqa: B905 - the shorter one counts
    match kind:
        case "told":
            one[1] = step(1, statuses[1], "NOTIFICATION", to="boss")
        case "judged" | "against":
            limit = 500 if kind == "judged" else 5000
            one[1] = gate(1, "amount", "greaterThan", limit, "s2")
            if statuses[1] == "COMPLETED":
                one[1] = step(1, "COMPLETED", "CONDITION", following=("s2",))
        case "parallel":
            one[1] = parallel(1, statuses[1], "s2", "s3")
            for place in (2, 3):
                one[place] = approval(place, statuses[1], asked[place], following=("s4",))
        case "jumping":
            one[0] = approval(0, statuses[0], asked[0], following=("s2",))
    return one


@some.composite
def sound(draw: Any) -> Instance:
    """An active instance of one of these routes."""
    where = draw(some.integers(0, 4))
    kind = draw(some.sampled_from(("plain", "told", "judged", "against", "parallel", "jumping")))
    if kind == "parallel" and where in (2, 3):
        where = 1
    now = draw(some.sampled_from(("IN_PROGRESS", "IN_PROGRESS", "PENDING", "ESCALATED")))
    statuses = ["COMPLETED"] * where + [now] + ["PENDING"] * (4 - where)
    if draw(some.integers(0, 9)) == 0 and where:
        statuses[0] = "REJECTED"
    asked = [draw(some.sampled_from(ASKED)) for _ in range(5)]
    steps = shape(kind, statuses, asked)
    votes = draw(some.lists(some.sampled_from((("bob", "APPROVE"), ("cat", "REJECT"))), max_size=1))
    if votes and steps[where].type == "APPROVAL":
        steps[where] = approval(where, now, {**asked[where], "votes": votes})
    state = draw(some.sampled_from(("IN_PROGRESS",) * 4 + ("INITIALIZED", "WAITING", "SUSPENDED")))
    return instance(*steps, state=state, error="Why" if state == "SUSPENDED" else None)
