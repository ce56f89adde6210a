"""Workflow definitions of every shape that the old engine had."""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scripts.legacy.copying import Copier, stamp
from scripts.legacy.organisation import Organisation

Step = dict[str, Any]
# A module, the steps, and the clocks.
Shape = tuple[str, list[Step], Step | None]

HEAD: Step = {"assigneePosition": "FIN_HEAD"}
ROLE: Step = {"assigneeRole": "FINANCE"}
SLA: Step = {"responseTimeHours": 48, "escalationTimeHours": 72}
LONG: Step = {**SLA, "maxDurationHours": 500}


@dataclass(frozen=True)
class Made:
    """A definition in the database: its key, code, and each step with its JSON text."""

    key: str
    code: str
    steps: tuple[Step, ...]
    texts: tuple[str, ...]


def approval(key: str, name: str, config: Step, *following: str, **more: Any) -> Step:
    """An approval step."""
    return {"id": key, "name": name, "type": "APPROVAL", "config": config, **more} | (
        {"nextSteps": list(following)} if following else {}
    )


def other(key: str, kind: str, *following: str, **more: Any) -> Step:
    """A step of another kind."""
    return {"id": key, "name": kind.title(), "type": kind, "config": {}, **more} | (
        {"nextSteps": list(following)} if following else {}
    )


def condition(key: str, field: str, operator: str, value: Any, *following: str) -> Step:
    """A condition on what follows."""
    rule = {"field": field, "operator": operator, "value": value}
    return other(key, "CONDITION", *following, condition=rule)


def shapes(people: Organisation) -> dict[str, Shape]:
    """Every shape by its code."""
    by = {"assigneeId": people.active[3]}
    return {**_ordinary(by), **_odd(by), **_hardly_sound(by)}


def _ordinary(by: Step) -> dict[str, Shape]:
    """What the old engine was made for."""
    return {
        "LEAVE_REQUEST": ("hr", [approval("a", "Lead", by, "b"), approval("b", "Head", HEAD)], SLA),
        "PURCHASE": ("finance", [
            approval("a", "Lead", {"assigneePosition": "ICT_LEAD"}, "c"),
            condition("c", "amount", "greaterThan", 500, "f"),
            approval("f", "Finance", ROLE, "n", approvalStrategy="MAJORITY"),
            other("n", "NOTIFICATION", config={"assigneeRole": "PURCHASER"}),
        ], LONG),
        "TRAVEL": ("hr", [
            other("p", "PARALLEL", "x", "y"), approval("x", "Head", HEAD, "j"),
            approval("y", "People", {"assigneeRole": "HR_ADMIN"}, "j"), approval("j", "Last", by),
        ], None),
        "BUDGET": ("finance", [
            approval("a", "All of finance", ROLE, "b", approvalStrategy="ALL"),
            approval("b", "Two of them", {**ROLE, "requiredApprovals": 2}, timeoutSeconds=86_400),
        ], None),
    }  # fmt: skip


def _odd(by: Step) -> dict[str, Shape]:
    """Shapes with turns: missing, skipping and circular successors, conditions on text."""
    return {
        "NO_NEXT": ("misc", [
            approval("a", "First", by, approvalStrategy="ANY"),
            approval("b", "Second", {"assigneeRole": "PRINCIPAL", "requiredRole": "X"}),
            approval("c", "Third", HEAD),
        ], SLA),
        "JUMP": ("misc", [
            approval("a", "First", by, "d"), approval("b", "Never", by), other("c", "ACTION"),
            approval("d", "Last", {"assigneeRole": "PRINCIPAL"}),
        ], None),
        "LOOP": ("misc", [
            approval("a", "First", by, "b"), approval("b", "Second", HEAD, "a"),
            approval("c", "Third", by),
        ], None),
        "NOTICE_ONLY": ("misc", [other("n", "NOTIFICATION", config=by)], None),
        "VACANT": ("misc", [
            approval("a", "Vacant", {"assigneePosition": "FIN_LEAD"}, "b"),
            approval("b", "All gone", {"assigneeRole": "ALL_GONE"}, "c"),
            approval("c", "Circle", {"assigneePosition": "CIRCLE_A"}),
        ], SLA),
        "TEXTUAL": ("misc", [
            condition("c", "kind", "contains", "urgent", "a"), approval("a", "Urgent", by),
            condition("d", "country", "notEquals", "ID", "e"), approval("e", "Abroad", by),
            approval("z", "Everybody", HEAD),
        ], None),
    }  # fmt: skip


def _hardly_sound(by: Step) -> dict[str, Shape]:
    """Shapes that the old engine accepted and could not finish."""
    return {
        "UNKNOWN_ROLE": ("misc", [approval("a", "Nowhere", {"assigneeRole": "NO_SUCH"})], None),
        "WEIGHTED": ("misc", [approval("a", "Weighted", ROLE, approvalStrategy="WEIGHTED")], None),
        "ACTING": ("misc", [approval("a", "First", by, "x"), other("x", "ACTION")], None),
        "WAITING_STEP": ("misc", [approval("a", "First", by, "w"), other("w", "WAIT")], None),
        "NOBODY": ("misc", [approval("a", "Nobody", {}, allowEscalation=False)], None),
    }  # fmt: skip


def make_definitions(
    copier: Copier, people: Organisation, chance: random.Random, now: datetime
) -> dict[str, Made]:
    """Insert them; some are old, inactive, or made by somebody who is gone."""
    made: dict[str, Made] = {}
    found = shapes(people)
    for number, (code, (module, steps, sla)) in enumerate(found.items()):
        key = f"0190b000-0000-7000-8000-{number:012x}"
        maker = (people.active[number], people.inactive[0], None, "system", "unknown-person")
        copier.add_all("workflows", [{
            "id": key, "name": code.replace("_", " ").title(), "code": code, "module": module,
            "category": "general", "status": "ARCHIVED" if code == "LOOP" else "ACTIVE",
            "steps": json.dumps(steps), "sla_config": None if sla is None else json.dumps(sla),
            "created_at": stamp(now - timedelta(days=900)), "updated_at": stamp(now),
            "created_by": maker[number % 5 if code in ("VACANT", "LOOP", "JUMP") else 0],
            "version": 1 + number % 3,
        }])  # fmt: skip
        copier.add_all("workflow_history", [{
            "id": f"0190b100-0000-7000-8000-{number:012x}", "workflow_id": key, "version": 1,
            "changes": "{}", "changed_by": chance.choice(people.active),
        }])  # fmt: skip
        made[code] = Made(key, code, tuple(steps), tuple(json.dumps(step) for step in steps))
    copier.flush()
    return made
