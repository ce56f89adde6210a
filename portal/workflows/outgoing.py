"""What a workflow asks of the world: the route, the record, and what Temporal's own pages show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from portal.domain import codec
from portal.domain.request import apply as approval
from portal.domain.request.events import Event, kind_of
from portal.domain.request.state import Approval
from portal.domain.routing.plan import RoutePlan
from portal.workflows import names, options
from portal.workflows.messages import (
    CommandMessage,
    EntitlementAsk,
    RecordBatch,
    RecordedEvent,
    RouteAsk,
    StaffAnswer,
    StaffAsk,
    StartApproval,
)
from portal.workflows.ports import Recorder, Router, Staff


async def ask_route(state: Approval, now: datetime) -> RoutePlan | None:
    """Who must decide next; None if routing failed, for good or too often."""
    question = approval.question(state, now)
    try:
        answer = await workflow.execute_local_activity_method(
            Router.route,
            RouteAsk(question=codec.encode(question)),
            start_to_close_timeout=options.START_TO_CLOSE,
            retry_policy=options.ROUTE_RETRY,
            local_retry_threshold=options.LOCAL_RETRY_THRESHOLD,
            summary="Find who decides next",
        )
    # A local activity raises its own error, without the ActivityError around it.
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        _alarm("Routing failed", state, error)
        return None
    return codec.decode(RoutePlan, answer.plan)


async def introduce(state: Approval, person_id: str, task_id: str | None) -> StaffAnswer:
    """What the directory says of somebody who is to be given a task; no name: they may have none.

    Waits for the directory as the record does; a permanent error means nobody.
    """
    try:
        answer = await workflow.execute_local_activity_method(
            Staff.staff,
            StaffAsk(person_id, codec.encode(state), task_id),
            start_to_close_timeout=options.START_TO_CLOSE,
            retry_policy=options.RECORD_RETRY,
            local_retry_threshold=options.LOCAL_RETRY_THRESHOLD,
            summary="Look somebody up",
        )
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        _alarm("The directory cannot be asked", state, error)
        return StaffAnswer()
    return answer


async def was_entitled(state: Approval, message: CommandMessage, task_id: str) -> bool:
    """Whether a decision was recorded before the right to it ended. Waits as `introduce` does."""
    try:
        answer = await workflow.execute_local_activity_method(
            Staff.entitlement,
            EntitlementAsk(message.command_id, task_id, codec.encode(state)),
            start_to_close_timeout=options.START_TO_CLOSE,
            retry_policy=options.RECORD_RETRY,
            local_retry_threshold=options.LOCAL_RETRY_THRESHOLD,
            summary="Ask whether the right had ended",
        )
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        _alarm("The directory cannot be asked", state, error)
        return False
    return answer.is_entitled


async def record(state: Approval, events: Sequence[Event]) -> list[RecordedEvent]:
    """Write events and the state after them; returns what the record says where it differs.

    Does not give up: a permanent error is an alarm in the log, and is tried again more rarely.
    """
    batch = _batch(state, events)
    failures = 0
    while True:
        try:
            answer = await workflow.execute_local_activity_method(
                Recorder.record,
                batch,
                start_to_close_timeout=options.START_TO_CLOSE,
                retry_policy=options.RECORD_RETRY,
                local_retry_threshold=options.LOCAL_RETRY_THRESHOLD,
                summary="Write the record",
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            _alarm("The record refuses a batch; a person has to look", state, error)
            pause = options.RECORD_PAUSES[min(failures, len(options.RECORD_PAUSES) - 1)]
            failures += 1
            await workflow.sleep(pause, summary="Before writing the record again")
        else:
            _note(state, events)
            return [] if answer is None else answer.recorded


def show(state: Approval, start: StartApproval) -> None:
    """Keep what Temporal's pages show up to date: codes and numbers, nobody's name.

    How often, says `start`.
    """
    present = workflow.info().typed_search_attributes
    updates = names.changes(names.attributes_of(state), present)
    if not start.tells_place:
        updates = [each for each in updates if each.key != names.PLACE]
    if start.is_lean and not state.is_open:
        updates = []
    elif start.is_lean and present.get(names.OPENED_AT) is not None:
        updates = [each for each in updates if each.key != names.OPENED_AT]
    if updates:
        workflow.upsert_search_attributes(updates)
    workflow.set_current_details(names.details(state))


def _batch(state: Approval, events: Sequence[Event]) -> RecordBatch:
    info = workflow.info()
    return RecordBatch(
        request_id=state.request_id,
        workflow_id=info.workflow_id,
        run_id=info.run_id,
        workflow_type=info.workflow_type,
        events=[RecordedEvent(kind=kind_of(event), data=codec.encode(event)) for event in events],
        state=codec.encode(state),
    )


def _note(state: Approval, events: Sequence[Event]) -> None:
    commands = sorted({event.command_id for event in events if event.command_id})
    kinds = [kind_of(event) for event in events]
    workflow.logger.info(
        "workflow.recorded", extra=_ids(state) | {"commands": commands, "events": kinds}
    )


def _alarm(what: str, state: Approval, error: FailureError) -> None:
    cause = str(error.cause or error)
    workflow.logger.error(what, extra=_ids(state) | {"alarm": True, "cause": cause})


def _ids(state: Approval) -> dict[str, Any]:
    return {"request": state.number, "workflow": workflow.info().workflow_id}
