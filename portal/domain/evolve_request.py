"""How the events of a request as a whole change the state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from portal.domain import legacy_events
from portal.domain import request_events as happened
from portal.domain.event import Event
from portal.domain.later import later, without_questions
from portal.domain.plan import StagePlan
from portal.domain.request import Status
from portal.domain.state import Approval

Changes = dict[str, Any]

NO_ATTENTION: Changes = {"attention": None, "attention_retry_at": None, "attention_count": 0}


def _submitted(_state: Approval, event: happened.RequestSubmitted) -> Changes:
    return {
        "number": event.number,
        "type_code": event.type_code,
        "policy_version_id": event.policy_version_id,
        "requester_id": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "content": event.content,
        "content_version": 1,
        "content_hash": event.content_hash,
        "priority": event.priority,
        "status": Status.PENDING,
        "round": 1,
        "wants_route": True,
        "submitted_at": event.at,
    }


def _attention(_state: Approval, event: happened.AttentionNeeded) -> Changes:
    return {
        "wants_route": False,
        "attention": event.reason,
        "attention_retry_at": event.retry_at,
        "attention_count": event.attempt,
    }


def _retried(
    _state: Approval, _event: happened.RoutingRetried | happened.RouteQuestioned
) -> Changes:
    return {"wants_route": True}


def _reviewed(_state: Approval, _event: happened.RouteReviewed) -> Changes:
    return {"wants_route": False, **NO_ATTENTION}


def _nothing(_state: Approval, _event: Event) -> Changes:
    return {}


def _returned(_state: Approval, _event: happened.RequestReturned) -> Changes:
    changes: Changes = {"status": Status.RETURNED, "stage": None, "interrupted": ()}
    return {**changes, "wants_route": False, **NO_ATTENTION}


def _resubmitted(state: Approval, event: happened.RequestResubmitted) -> Changes:
    return {
        "status": Status.PENDING,
        "round": event.round,
        "content": event.content,
        "content_version": event.content_version,
        "content_hash": event.content_hash,
        **_from_the_start(state, event.carried),
    }


def _amended(state: Approval, event: happened.RequestAmended) -> Changes:
    return {
        "content": event.content,
        "content_version": event.content_version,
        "content_hash": event.content_hash,
        "interrupted": tuple(
            without_questions(stage, event.at)
            for stage in state.under_way
            if stage.plan.key not in event.asked_again
        ),
        **_from_the_start(state, event.carried),
    }


def _moved_to_policy(state: Approval, event: happened.RequestMovedToPolicy) -> Changes:
    """What is carried stands where the new version has it."""
    places = {key: index for index, key in enumerate(event.stages)}
    # A hold is counted by its own end.
    at = state.held_at or event.at
    kept = [
        without_questions(stage, at)
        for stage in state.under_way
        if stage.plan.key not in event.asked_again
    ]
    changes = _from_the_start(state, event.carried)
    changes["passed"] = tuple(
        replace(stage, index=places[stage.key]) for stage in changes["passed"]
    )
    changes["interrupted"] = tuple(
        replace(stage, plan=_placed(stage.plan, places)) for stage in kept
    )
    changes["wants_route"] = state.status is Status.PENDING
    return {"policy_version_id": event.policy_version_id, **changes}


def _placed(plan: StagePlan, places: dict[str, int]) -> StagePlan:
    index = places[plan.key]
    return replace(plan, index=index, is_last=index == len(places) - 1)


def _from_the_start(state: Approval, carried: tuple[str, ...]) -> Changes:
    """Routing goes along the whole route; of the stages passed these are carried."""
    return {
        "stage": None,
        "next_index": 0,
        "wants_route": True,
        "carried": carried,
        "passed": tuple(stage for stage in state.passed if stage.key in carried),
        **NO_ATTENTION,
    }


def _held(_state: Approval, event: happened.RequestHeld) -> Changes:
    return {"status": Status.ON_HOLD, "held_at": event.at, "wants_route": False}


def _resumed(state: Approval, event: happened.RequestResumed) -> Changes:
    by = timedelta(seconds=event.seconds)
    interrupted = tuple(later(stage, by) for stage in state.interrupted)
    changes: Changes = {"status": Status.PENDING, "held_at": None, "interrupted": interrupted}
    if state.stage is None or state.attention is not None:
        changes["wants_route"] = True
    if state.stage is None:
        return changes
    return {**changes, "stage": later(state.stage, by)}


def _imported(state: Approval, event: legacy_events.RequestImported) -> Changes:
    return {
        "policy_version_id": event.policy_version_id,
        "status": Status.PENDING,
        "interrupted": (),
        "held_at": None,
        "closed_at": None,
        **_from_the_start(state, ()),
    }


def _closed(status: Status) -> Callable[[Approval, Event], Changes]:
    def change(_state: Approval, event: Event) -> Changes:
        return {
            "status": status,
            "closed_at": event.at,
            "stage": None,
            "interrupted": (),
            "wants_route": False,
            "held_at": None,
            **NO_ATTENTION,
        }

    return change


CHANGES: dict[type[Event], Callable[[Approval, Any], Changes]] = {
    happened.RequestSubmitted: _submitted,
    happened.AttentionNeeded: _attention,
    happened.RoutingRetried: _retried,
    happened.RouteQuestioned: _retried,
    happened.RouteReviewed: _reviewed,
    happened.CommentAdded: _nothing,
    happened.CommandRefused: _nothing,
    happened.RequestReturned: _returned,
    happened.RequestResubmitted: _resubmitted,
    happened.RequestAmended: _amended,
    happened.RequestOverridden: _nothing,
    happened.RequestMovedToPolicy: _moved_to_policy,
    happened.RequestHeld: _held,
    happened.RequestResumed: _resumed,
    happened.RequestApproved: _closed(Status.APPROVED),
    happened.RequestRejected: _closed(Status.REJECTED),
    happened.RequestTimedOut: _closed(Status.TIMEOUT),
    happened.RequestWithdrawn: _closed(Status.WITHDRAWN),
    happened.RequestCancelled: _closed(Status.CANCELLED),
    legacy_events.LegacyRecorded: _nothing,
    legacy_events.RequestImported: _imported,
    legacy_events.RequestFailed: _closed(Status.FAILED),
}
