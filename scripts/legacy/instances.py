"""Instances of every kind, active and finished, with each oddity at a share of its own."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scripts.legacy.copying import Copier, stamp
from scripts.legacy.definitions import Made
from scripts.legacy.organisation import GONE, Organisation

ACTIVE_SHARE = 0.3
APPROVED = '{"approved": true, "by": "engine"}'
REJECTED = '{"approved": false, "reason": "Too expensive"}'
PRIORITIES = ("LOW", "NORMAL", "HIGH", "URGENT", "CRITICAL", "whatever")
OPEN_KINDS = (
    ("plain", 30), ("next_never_started", 12), ("delegated", 6), ("delegation_expired", 5),
    ("delegation_revoked", 3), ("delegate_inactive", 2), ("escalated", 5), ("voted", 6),
    ("voted_against", 3), ("own_vote", 2), ("returned", 3), ("ran_on", 5), ("waiting", 5),
    ("suspended", 4), ("overdue", 10), ("assignee_gone", 3), ("assignee_inactive", 3),
    ("own_request", 3), ("failed_step", 1), ("no_rows", 1), ("all_done", 3), ("blank", 2),
    ("no_object", 1), ("together", 2), ("initiator_gone", 2),
)  # fmt: skip
FINISHED_KINDS = (
    ("approved", 45), ("approved_no_votes", 8), ("null_result", 4), ("odd_result", 1),
    ("rejected", 12), ("rejected_by_hand", 3), ("disagreeing", 2), ("skipped", 3),
    ("never_decided", 2), ("no_rows_done", 2), ("no_time", 3), ("cancelled", 8), ("failed", 4),
    ("wrong_order", 1),
)  # fmt: skip


@dataclass
class StepRow:
    """A step row in the making."""

    key: str
    status: str = "PENDING"
    assignee: str | None = None
    result: str | None = None
    started: datetime | None = None
    completed: datetime | None = None
    due: datetime | None = None
    level: int = 0


@dataclass
class Draft:
    """An instance in the making."""

    key: str
    number: int
    made: Made
    state: str
    initiator: str
    started: datetime
    steps: list[StepRow]
    context: str = "{}"
    metadata: str | None = None
    completed: datetime | None = None
    error: str | None = None
    extra: list[Callable[[], None]] = field(default_factory=list)


class Instances:
    """Makes instances; the same seed gives the same rows."""

    def __init__(
        self,
        copier: Copier,
        chance: random.Random,
        now: datetime,
        people: Organisation,
        definitions: dict[str, Made],
    ) -> None:
        self.copier = copier
        self.chance = chance
        self.now = now
        self.people = people
        self._definitions = list(definitions.values())
        self._plain = self._definitions[:7]
        self._rows = 0
        copier.columns("workflow_instances", "id", "workflow_id", "request_id", "initiator_id",
                       "state", "context", "metadata", "started_at", "completed_at", "created_at",
                       "error")  # fmt: skip
        copier.columns("workflow_step_instances", "id", "instance_id", "step_index", "step_type",
                       "step_data", "status", "assignee_id", "result", "started_at",
                       "completed_at", "due_date", "escalation_level",
                       "step_definition")  # fmt: skip
        copier.columns("workflow_actions", "id", "step_instance_id", "action", "actor_id",
                       "comment", "performed_at")  # fmt: skip
        copier.columns("workflow_delegations", "id", "instance_id", "step_instance_id",
                       "delegated_from_id", "delegated_to_id", "reason", "expires_at", "is_active",
                       "revoked_at", "created_at", "updated_at")  # fmt: skip
        copier.columns("workflow_escalations", "id", "instance_id", "step_instance_id",
                       "escalated_from_id", "escalated_to_id", "escalated_by",
                       "escalated_at")  # fmt: skip
        copier.columns("workflow_transitions", "id", "instance_id", "from_step", "to_step",
                       "transition_type", "transitioned_at")  # fmt: skip

    def make(self, count: int) -> dict[str, int]:
        """So many instances; how many of each kind."""
        from scripts.legacy.finished_kinds import FINISHED
        from scripts.legacy.kinds import OPEN

        names = [[name for name, _ in kinds] for kinds in (OPEN_KINDS, FINISHED_KINDS)]
        weights = [[share for _, share in kinds] for kinds in (OPEN_KINDS, FINISHED_KINDS)]
        counts: dict[str, int] = {}
        for number in range(count):
            active = self.chance.random() < ACTIVE_SHARE
            place = 0 if active else 1
            kind = self.chance.choices(names[place], weights[place])[0]
            draft = self._draft(number, active)
            if any(step["type"] == "WAIT" for step in draft.made.steps):
                kind = _never_began(draft, active)
            else:
                (OPEN if active else FINISHED)[kind](self, draft)
            self._write(draft)
            counts[kind] = counts.get(kind, 0) + 1
            if self.copier.is_full:
                self.copier.flush()
        self.copier.flush()
        return counts

    def key(self) -> str:
        """A fresh key for a row."""
        self._rows += 1
        return f"0190e000-0000-7000-8000-{self._rows:012x}"

    def somebody(self) -> str:
        """Anybody active."""
        return self.chance.choice(self.people.active)

    def _draft(self, number: int, active: bool) -> Draft:
        """An instance at its beginning: odd definitions are rare, and mostly active ones."""
        odd = self.chance.random() < (0.25 if active else 0.05)
        made = self.chance.choice(self._definitions if odd else self._plain)
        days = self.chance.uniform(1, 20) if active else self.chance.uniform(5, 700)
        started = self.now - timedelta(days=days)
        millis = int(started.timestamp() * 1000)
        initiator = self.somebody()
        steps = [
            StepRow(self.key(), assignee=step["config"].get("assigneeId")) for step in made.steps
        ]
        draft = Draft(
            f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7000-8000-{number:012x}",
            number, made, "IN_PROGRESS", initiator, started, steps,
        )  # fmt: skip
        draft.context = json.dumps({
            "userId": initiator, "referenceId": f"REF-{number}", "referenceType": "document",
            "amount": self.chance.choice((120, 499, 500, 501, 9000, "750", 12.5)),
            "title": f"{made.code.replace('_', ' ').title()} {number}",
            "country": self.chance.choice(("ID", "SG")),
            "kind": ("urgent matter", "calm")[number % 2],
        })  # fmt: skip
        if number % 3:
            draft.metadata = f'{{"tags": [], "priority": "{PRIORITIES[number % 6]}"}}'
        return draft

    def start(self, draft: Draft, place: int) -> StepRow:
        """Reach a step."""
        step = draft.steps[place]
        step.started = draft.started + timedelta(hours=6 * place + 1)
        step.status = "IN_PROGRESS"
        return step

    def finish(self, draft: Draft, place: int, result: str | None = APPROVED) -> StepRow:
        """Reach a step and complete it."""
        step = self.start(draft, place)
        step.status, step.completed = "COMPLETED", draft.started + timedelta(hours=6 * place + 5)
        if draft.made.steps[place]["type"] == "APPROVAL":
            step.result = result
        if place + 1 < len(draft.steps):
            draft.extra.append(lambda: self._transition(draft, place))
        return step

    def act(self, step: StepRow, action: str, actor: str, at: datetime, said: str = "") -> None:
        """A row of workflow_actions."""
        self.copier.add("workflow_actions", self.key(), step.key, action, actor, said or None,
                        stamp(at))  # fmt: skip

    def _transition(self, draft: Draft, place: int) -> None:
        at = stamp(draft.started + timedelta(hours=6 * place + 5))
        self.copier.add("workflow_transitions", self.key(), draft.key, place, place + 1, "NEXT", at)

    def _write(self, draft: Draft) -> None:
        began = stamp(draft.started)
        done = None if draft.completed is None else stamp(draft.completed)
        request = f"{draft.key[:14]}7{draft.key[15:19]}9{draft.key[20:]}"
        self.copier.add(
            "workflow_instances", draft.key, draft.made.key, request, draft.initiator, draft.state,
            draft.context, draft.metadata, began, done, began, draft.error,
        )  # fmt: skip
        for place, step in enumerate(draft.steps):
            definition = draft.made.steps[place]
            kind = definition["type"]
            self.copier.add(
                "workflow_step_instances", step.key, draft.key, place, kind, "{}", step.status,
                step.assignee, step.result, *(_when(at) for at in (step.started, step.completed,
                                                                   step.due)),
                step.level, draft.made.texts[place] if place % 2 == 0 else None,
            )  # fmt: skip
        for add in draft.extra:
            add()


def _never_began(draft: Draft, active: bool) -> str:
    """The enum lacks WAIT, so that such an instance failed to start: it has no step rows."""
    draft.steps = []
    draft.state = "INITIALIZED" if active else "FAILED"
    draft.error = 'invalid input value for enum "StepType": "WAIT"'
    return "never_began"


def _when(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


__all__ = ["APPROVED", "GONE", "REJECTED", "Draft", "Instances", "StepRow"]
