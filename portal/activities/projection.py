"""What a batch of events changes in the projections, as rows. Pure: `statements` writes."""

from collections.abc import Callable, Sequence
from typing import Any

from portal.activities.reasons import given, why_added, why_of
from portal.activities.rows import Row, Rows
from portal.domain.policy.policy import StageKind
from portal.domain.request import (
    events as asking_events,
)
from portal.domain.request import (
    events as request_events,
)
from portal.domain.request import (
    events as stage_events,
)
from portal.domain.request.events import SYSTEM, Event
from portal.domain.request.state import Approval, Task
from portal.domain.request.values import TaskStatus
from portal.domain.routing.plan import StagePlan
from portal.models.columns import new_id

# What `portal.comments.about` says of the comment of a decision that was undone.
UNDONE = "undone"
SAID: dict[type[Event], str] = {
    request_events.CommentAdded: "comment",
    request_events.RequestHeld: "held",
    request_events.RequestWithdrawn: "withdrawn",
    request_events.RequestCancelled: "cancelled",
    request_events.RequestOverridden: "overridden",
    request_events.RequestMovedToPolicy: "moved_policy",
}


def project(events: Sequence[Event], state: Approval) -> Rows:
    """The rows that these events bring about; `state` is the one after them."""
    walk = _Walk(events, state)
    for event in events:
        walk.take(event)
    walk.follow_clocks()
    return walk.rows


class _Walk:
    """One pass over a batch. `plan` and `content_version` are those in force at each event."""

    def __init__(self, events: Sequence[Event], state: Approval) -> None:
        self.state = state
        self.rows = Rows()
        self.plan = None if state.stage is None else state.stage.plan
        self.content_version = _version_before(events, state)
        self.clocks_moved = False

    def take(self, event: Event) -> None:
        if event.command_id is not None:
            self._outcome(event, event.command_id)
        taker = TAKERS.get(type(event))
        if taker is not None:
            taker(self, event)

    def follow_clocks(self) -> None:
        """After a hold, or an answer, deadlines are later: open tasks' come from the state."""
        if self.clocks_moved:
            for task in self.state.open_tasks:
                self.rows.change_task(task.id, due_at=task.due_at)

    def _outcome(self, event: Event, command_id: str) -> None:
        refused = isinstance(event, request_events.CommandRefused)
        self.rows.outcomes[command_id] = {
            "id": command_id,
            "outcome": "refused" if refused else "applied",
            "reason": event.reason if isinstance(event, request_events.CommandRefused) else None,
        }

    def submitted(self, event: request_events.RequestSubmitted) -> None:
        self.content_version = 1
        self.rows.participants[event.actor] = None
        if event.on_behalf_of is not None:
            self.rows.participants[event.on_behalf_of] = None

    def opened(self, event: stage_events.StageOpened) -> None:
        self.plan = event.plan
        if event.plan.kind is StageKind.NOTIFY:
            told = (person.person_id for person in event.plan.people)
            self.rows.participants.update(dict.fromkeys(told))

    def assigned(self, event: stage_events.TaskAssigned) -> None:
        plan = self._plan_of(event)
        self._new_task(event, plan, why_of(event, plan), event.group)

    def added(self, event: asking_events.ApproverAdded) -> None:
        self._new_task(event, self._plan_of(event), why_added(event), None)
        self._comment(event, "added", event.comment, event.task_id)

    def _plan_of(self, event: stage_events.TaskAssigned | asking_events.ApproverAdded) -> StagePlan:
        return self.plan or StagePlan(index=event.index, key=event.stage_key, name=event.stage_key)

    def _new_task(
        self,
        event: stage_events.TaskAssigned | asking_events.ApproverAdded,
        plan: StagePlan,
        why: Row,
        group: str | None,
    ) -> None:
        self.rows.participants[event.person_id] = None
        self.rows.tasks[event.task_id] = {
            "id": event.task_id,
            "request_id": event.request_id,
            "requester_id": self.state.requester_id,
            "round": event.round,
            "stage_index": event.index,
            "stage_key": event.stage_key,
            "stage_name": plan.name,
            "group_name": group,
            "assignee_id": event.person_id,
            "status": TaskStatus.OPEN,
            "opened_at": event.at,
            "due_at": event.due_at,
            "comment": "",
            "content_version": self.content_version,
            "escalation_level": 0,
            "comment_required": list(plan.comment_required),
            "why": why,
        }

    def decided(self, event: stage_events.TaskDecided) -> None:
        self.rows.change_task(
            event.task_id,
            status=TaskStatus.DECIDED,
            decided_at=event.at,
            decided_by=event.actor,
            acting_for=event.on_behalf_of,
            decision=event.decision,
            comment=event.comment,
            content_version=event.content_version,
            content_hash=event.content_hash,
        )
        # It may have been the last that waited for information, while the clock stood still.
        self.clocks_moved |= self.plan is not None and self.plan.asking_stops_clock
        self._comment(event, event.decision, event.comment, event.task_id)

    def retracted(self, event: stage_events.DecisionRetracted) -> None:
        empty = dict.fromkeys(("decided_at", "decided_by", "decision"))
        self.rows.change_task(event.task_id, status=TaskStatus.OPEN, comment="", **empty)
        self.rows.undone.append(event.task_id)
        for comment in self.rows.comments:
            if comment["task_id"] == event.task_id:
                comment["about"] = UNDONE

    def escalated(self, event: stage_events.TaskEscalated) -> None:
        why = {"why": event.why, "message": event.message, "escalated_from": event.from_id}
        why["source"] = ""
        self._move(event, why, escalation_level=event.level)

    def reassigned(self, event: stage_events.TaskReassigned) -> None:
        why = {"why": event.why, "message": "", "reassigned_from": event.from_id}
        self._move(event, why | {"moved": event.reason, "source": "", "delegated": ""})
        self._comment(event, "reassigned", event.comment, event.task_id)

    def delegated(self, event: stage_events.TaskDelegated) -> None:
        why = {"delegated": event.why}
        self._move(event, why, acting_for=event.from_id, delegation_id=event.delegation_id)
        self._comment(event, "delegated", event.comment, event.task_id)

    def given_back(self, event: stage_events.TaskGivenBack) -> None:
        self._move(event, {"delegated": None})
        self._comment(event, "given_back", event.comment, event.task_id)

    def _move(self, event: Any, why: Row, **columns: Any) -> None:
        """Another person has the task; `given`: who gave it to them, from whom, and why."""
        self.rows.participants[event.to_id] = None
        owned: Row = {"acting_for": None, "delegation_id": None, "assignee_id": event.to_id}
        self.rows.hand_task(event.task_id, {"given": given(event)} | why, **(owned | columns))

    def asked(self, event: asking_events.InformationAsked) -> None:
        self.rows.change_task(event.task_id, asked_at=event.at)
        self._comment(event, "asked", event.comment, event.task_id)

    def answered(self, event: asking_events.InformationGiven) -> None:
        self.rows.change_task(event.task_id, status=TaskStatus.OPEN)
        self.clocks_moved = True
        self._comment(event, "answered", event.comment, event.task_id)

    def expired(self, event: stage_events.TaskExpired) -> None:
        self.rows.change_task(event.task_id, status=TaskStatus.EXPIRED)

    def withdrawn(self, event: stage_events.TaskWithdrawn) -> None:
        self.rows.change_task(event.task_id, status=TaskStatus.WITHDRAWN)
        self.clocks_moved |= event.dropped

    def resubmitted(self, event: request_events.RequestResubmitted) -> None:
        self.content_version = event.content_version
        self._comment(event, "resubmitted", event.comment)

    def amended(self, event: request_events.RequestAmended) -> None:
        self.content_version = event.content_version
        # A change answers what was asked, also in stages that it interrupts.
        for task in self._waiting():
            self.rows.change_task(task.id, status=TaskStatus.OPEN, due_at=task.due_at)
        self._comment(event, "amended", event.comment)

    def _waiting(self) -> list[Task]:
        tasks = (task for stage in self.state.under_way for task in stage.tasks)
        return [task for task in tasks if task.status is TaskStatus.OPEN]

    def resumed(self, event: request_events.RequestResumed) -> None:
        self.clocks_moved = True
        self._comment(event, "resumed", event.comment)

    def said(self, event: Any) -> None:
        """Whatever was said with an event about the request as a whole."""
        text = getattr(event, "comment", "") or getattr(event, "reason", "")
        self._comment(event, SAID[type(event)], text)

    def _comment(self, event: Event, about: str, text: str, task_id: str | None = None) -> None:
        if text:
            self.rows.comments.append(
                {
                    "id": new_id(),
                    "request_id": event.request_id,
                    "seq": event.seq,
                    "author_id": None if event.actor == SYSTEM else event.actor,
                    "about": about,
                    "text": text,
                    "task_id": task_id,
                    "created_at": event.at,
                }
            )


def _version_before(events: Sequence[Event], state: Approval) -> int:
    for event in events:
        if isinstance(event, request_events.RequestResubmitted | request_events.RequestAmended):
            return event.content_version - 1
    return state.content_version


TAKERS: dict[type[Event], Callable[[_Walk, Any], None]] = {
    request_events.RequestSubmitted: _Walk.submitted,
    request_events.RequestResubmitted: _Walk.resubmitted,
    request_events.RequestAmended: _Walk.amended,
    request_events.RequestResumed: _Walk.resumed,
    stage_events.StageOpened: _Walk.opened,
    stage_events.TaskAssigned: _Walk.assigned,
    asking_events.ApproverAdded: _Walk.added,
    stage_events.TaskDecided: _Walk.decided,
    stage_events.DecisionRetracted: _Walk.retracted,
    stage_events.TaskEscalated: _Walk.escalated,
    stage_events.TaskReassigned: _Walk.reassigned,
    stage_events.TaskDelegated: _Walk.delegated,
    stage_events.TaskGivenBack: _Walk.given_back,
    asking_events.InformationAsked: _Walk.asked,
    asking_events.InformationGiven: _Walk.answered,
    stage_events.TaskExpired: _Walk.expired,
    stage_events.TaskWithdrawn: _Walk.withdrawn,
    **dict.fromkeys(SAID, _Walk.said),
}
