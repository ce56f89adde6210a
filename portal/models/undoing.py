"""Until when a decision can be taken back, as the record knows it."""

from typing import Any

from sqlalchemy import func

from portal.domain.policy import Policy
from portal.models.policies import PolicyVersion
from portal.models.requests import Task


def undo_seconds() -> Any:
    """The undo window of the joined policy version, in seconds."""
    return func.coalesce(PolicyVersion.definition["undo_seconds"].as_integer(), Policy.undo_seconds)


def undo_until() -> Any:
    """The end of the joined task's undo window; null where it is not decided."""
    return Task.decided_at + func.make_interval(0, 0, 0, 0, 0, 0, undo_seconds())
