"""Changes to departments and groups in words."""

from portal.domain.people.organisation import UnitChangeKind
from portal.queries.organisation import UnitChangeRecord
from portal.translation import _, lazy

PARTS: dict[str, str] = {
    "name": lazy("name"),
    "parent": lazy("part of"),
    "purpose": lazy("purpose"),
}


def done(change: UnitChangeRecord) -> str:
    """What was changed, in a line."""
    if change.kind == UnitChangeKind.ADDED:
        return _("Added")
    before, after = change.data.get("before", {}), change.data.get("after", {})
    parts = [
        _(
            "%(part)s from %(before)s to %(after)s",
            part=PARTS.get(name, name),
            before=before.get(name) or "–",
            after=value or "–",
        )
        for name, value in after.items()
        if before.get(name) != value
    ]
    return _("Changed: %(parts)s", parts="; ".join(parts))
