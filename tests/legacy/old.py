"""Old instances and organisations for tests, said in few words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.domain.policy.policy import Decision
from portal.domain.request.state import TaskStatus
from portal.legacy.engine import Action, Definition, EngineDelegation, EngineStep, Instance
from portal.legacy.mapping import map_instance
from portal.legacy.outcome import Mapped
from portal.legacy.people import HeldPosition, OldDirectory, Position, Profile
from portal.legacy.setting import NewType, Setting
from portal.legacy.values import new_key

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TYPE = NewType(new_key("type w"), "LEAVE", "Leave", "LV")
ACTIVE = ("ann", "bob", "cat", "dan", "eve", "boss", "maker", "req")
LEFT = ("gus", "liz")


def at(hours: float) -> str:
    """A time as the old tables give it: so many hours from now, without a zone."""
    return (NOW + timedelta(hours=hours)).replace(tzinfo=None).isoformat(timespec="milliseconds")


def directory(**changes: Any) -> OldDirectory:
    """ann and gus are LEADs below the HEAD boss; FIN is held by bob, cat and liz, who has left."""
    found = OldDirectory(
        NOW,
        profiles={
            id_: Profile(id_, f"nip-{id_}", id_.title(), f"{id_}@x.example", id_ not in LEFT)
            for id_ in (*ACTIVE, *LEFT)
        },
        role_holders={"FIN": ("bob", "cat", "liz"), "GONE": ("liz",), "EMPTY": (), "OWN": ("req",)},
        positions={
            "lead": Position("lead", "LEAD", "Lead", True, "head"),
            "head": Position("head", "HEAD", "Head", True, "top"),
            "top": Position("top", "TOP", "Top", True, None),
            "free": Position("free", "FREE", "Free", True, "head"),
            "alone": Position("alone", "ALONE", "Alone", True, "circle"),
            "circle": Position("circle", "CIRCLE", "Circle", True, "alone"),
        },
        position_codes={"LEAD": "lead", "HEAD": "head", "FREE": "free", "ALONE": "alone"},
    )
    held = (("ann", "lead"), ("gus", "lead"), ("boss", "head"), ("req", "lead"))
    found.add_posts(
        HeldPosition(person, place, NOW - 90 * DAY, None, True) for person, place in held
    )
    return replace(found, **changes) if changes else found


def definition(**row: Any) -> Definition:
    """A definition made by "maker"."""
    return Definition("w", {"id": "w", "code": "LEAVE", "name": "Leave", "created_by": "maker",
                            "version": 1, "module": "hr", **row})  # fmt: skip


def step(
    index: int, status: str = "PENDING", kind: str = "APPROVAL", /, *, to: str | None = None,
    started: float | None = None, votes: Sequence[tuple[str, str]] = (), result: Any = None,
    rule: dict[str, Any] | None = None, following: Sequence[str] = (),
    delegation: dict[str, Any] | None = None, row: dict[str, Any] | None = None, **defined: Any,
) -> EngineStep:  # fmt: skip
    """A step called S0, S1, ... with the id s0, s1, ...; `to` its assignee, `rule` its config."""
    if started is None and status not in ("PENDING", "SKIPPED"):
        started = -10 + index
    done = status in ("COMPLETED", "REJECTED")
    cells = {
        "id": f"row{index}", "status": status, "assignee_id": to, "result": result,
        "started_at": None if started is None else at(started),
        "completed_at": at(-9 + index) if done else None, **(row or {}),
    }  # fmt: skip
    actions = tuple(
        Action(f"a{index}{n}", action, actor, NOW - timedelta(hours=5, minutes=-n),
               {"actor_id": actor, "action": action})
        for n, (actor, action) in enumerate(votes)
    )  # fmt: skip
    links = ()
    if delegation is not None:
        link = {"delegated_from_id": "dan", "delegated_to_id": to, "is_active": True, **delegation}
        people = (link["delegated_from_id"], link["delegated_to_id"])
        links = (EngineDelegation(f"d{index}", *people, NOW - DAY, link),)
    named = {"id": f"s{index}", "name": f"S{index}"}
    definition = {**named, "config": rule or {}, "nextSteps": list(following), **defined}
    return EngineStep(
        f"row{index}", index, kind, status, cells, definition, actions, links,
    )  # fmt: skip


def done(index: int, approved: bool = True, **more: Any) -> EngineStep:
    """A completed approval."""
    return step(index, "COMPLETED", to=more.pop("to", "bob"), result={"approved": approved}, **more)


def parallel(index: int, status: str, *children: str) -> EngineStep:
    """A PARALLEL step."""
    return step(index, status, "PARALLEL", following=children)


def gate(
    index: int, field: str, operator: str, value: Any, *following: str, **more: Any
) -> EngineStep:
    """A CONDITION that is still to come."""
    rule = {"field": field, "operator": operator, "value": value}
    return step(index, "PENDING", "CONDITION", following=following, condition=rule, **more)


def instance(*steps: EngineStep, state: str = "IN_PROGRESS", **row: Any) -> Instance:
    """An instance asked for by "req" ten hours ago."""
    defined = definition(**row.pop("definition", {}))
    cells = {"id": "i1", "workflow_id": "w", "request_id": new_key("r1"), "initiator_id": "req",
             "state": state, "context": {"amount": 900}, "started_at": at(-10), **row}  # fmt: skip
    return Instance("i1", cells, defined, steps)


def setting(**changes: Any) -> Setting:
    """A run at NOW with a day of grace."""
    return Setting(NOW, changes.pop("directory", directory()), types={"w": TYPE}, **changes)


def moved(*steps: EngineStep, state: str = "IN_PROGRESS", **more: Any) -> Mapped:
    """What becomes of an instance; `setting_` gives the run's own options."""
    given = setting(**more.pop("setting_", {}))
    return map_instance(instance(*steps, state=state, **more), given)


def asked(mapped: Mapped) -> set[str]:
    """The old ids of everybody who is asked now."""
    assert mapped.state is not None, mapped.reasons
    names = {new_key(id_): id_ for id_ in (*ACTIVE, *LEFT)}
    return {names.get(task.assignee_id, task.assignee_id) for task in mapped.state.open_tasks}


def stage_of(mapped: Mapped) -> str | None:
    """The name of the open stage."""
    assert mapped.state is not None, mapped.reasons
    return None if mapped.state.stage is None else mapped.state.stage.plan.name


def voted(mapped: Mapped) -> dict[str, Decision]:
    """Who has decided in the open stage."""
    assert mapped.state is not None
    assert mapped.state.stage is not None
    names = {new_key(id_): id_ for id_ in (*ACTIVE, *LEFT)}
    return {
        names.get(task.assignee_id, "?"): task.decision
        for task in mapped.state.stage.tasks
        if task.status is TaskStatus.DECIDED and task.decision is not None
    }
