"""What people are told about the events of a request, in order. Pure."""

from collections.abc import Sequence

from portal.domain.notices.composers import ComposeContext, Notice
from portal.domain.request.catalogue import EVENT_ENTRIES, OUTCOMES
from portal.domain.request.events import Event, TaskDelegated


def compose(recorded: Sequence[Event], context: ComposeContext) -> list[Notice]:
    """The notices of these events, in order. Nobody is told what they did themselves."""
    notices: list[Notice] = []
    context.is_ending = any(isinstance(event, OUTCOMES) for event in recorded)
    for event in recorded:
        composer = EVENT_ENTRIES[type(event)].tells
        if composer is not None:
            told = {person for person in (event.actor, event.on_behalf_of) if person is not None}
            for each in composer(event, context):
                if each.user_id not in told:
                    told.add(each.user_id)
                    notices.append(each)
        if isinstance(event, TaskDelegated):
            # Whoever was asked just now and is represented at once has nothing to do.
            gone = (event.task_id, event.from_id)
            notices = [each for each in notices if (each.task_id, each.user_id) != gone]
    return notices


def needs_tasks(recorded: Sequence[Event]) -> bool:
    """Whether composing their notices takes knowing who is asked at that moment, or was before."""
    return any(EVENT_ENTRIES[type(event)].knows_tasks for event in recorded)
