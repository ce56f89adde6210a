"""What people are told of a question to the requester, and of the answer."""

from portal.domain import stage_events
from portal.notifications.scene import Notice, Scene, notice


def asked(event: stage_events.InformationAsked, scene: Scene) -> list[Notice]:
    """Whoever asked for the request has to answer."""
    text = f"{scene.name(event.actor)} asks about “{scene.title}”: {event.comment}"
    return [notice(event, person, "question", text, event.task_id) for person in scene.owners]


def answered(event: stage_events.InformationGiven, scene: Scene) -> list[Notice]:
    """The answer goes to whoever has the task now."""
    text = f"{scene.name(event.actor)} answered about “{scene.title}”: {event.comment}"
    asker = scene.assignees.get(event.task_id)
    return [] if asker is None else [notice(event, asker, "answer", text, event.task_id)]
