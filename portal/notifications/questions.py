"""What people are told of a question to the requester, and of the answer."""

from portal.domain.request import events as asking_events
from portal.notifications.scene import Notice, Scene, notice


def asked(event: asking_events.InformationAsked, scene: Scene) -> list[Notice]:
    """Whoever asked for the request has to answer."""
    text = f"{scene.name(event.actor)} asks about “{scene.title}”: {event.comment}"
    return [notice(event, person, "question", text, event.task_id) for person in scene.owners]


def added(event: asking_events.ApproverAdded, scene: Scene) -> list[Notice]:
    """Somebody is asked beside the policy's people."""
    scene.assignees[event.task_id] = event.person_id
    because = f" Why: {event.comment}" if event.comment else ""
    text = f"{scene.name(event.actor)} asks for your approval, too: “{scene.title}”.{because}"
    return [notice(event, event.person_id, "assigned", text, event.task_id)]


def answered(event: asking_events.InformationGiven, scene: Scene) -> list[Notice]:
    """The answer goes to whoever has the task now."""
    text = f"{scene.name(event.actor)} answered about “{scene.title}”: {event.comment}"
    asker = scene.assignees.get(event.task_id)
    return [] if asker is None else [notice(event, asker, "answer", text, event.task_id)]
