"""Who is told that an administrator decided in place of others."""

from portal.domain.policy.policy import Decision
from portal.domain.request.events import RequestOverridden
from portal.notifications.scene import Notice, Scene, notice

WORDS = {Decision.APPROVE: "approved", Decision.REJECT: "rejected"}


def overridden(event: RequestOverridden, scene: Scene) -> list[Notice]:
    """Those passed over, with the reason; and those who asked."""
    scene.is_overridden = event.stage_key is None
    who, said = scene.name(event.actor), WORDS.get(event.decision, "decided")
    what = "" if event.stage_key is None else " for one stage"
    text = f"{who}, an administrator, {said} “{scene.title}”{what}"
    instead = f"{text} without waiting for you. Reason: {event.reason}"
    return [
        *(notice(event, person, "overridden", instead) for person in event.passed_over),
        *(notice(event, person, "overridden", f"{text}.") for person in scene.owners),
    ]
