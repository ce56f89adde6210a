"""Which tasks of the inbox may be ticked, and what keeps the others from it."""

from collections.abc import Mapping, Sequence

from portal.domain.deciding.bulk import lock_of
from portal.presentation.bulk import note
from portal.queries.bulk_rules import rules
from portal.queries.inbox import InboxTask


def picks_of(tasks: Sequence[InboxTask]) -> Mapping[str, str | None] | None:
    """By task what keeps it from being decided among others; None where no task may be."""
    bulk = rules(task.policy_version_id for task in tasks)
    picks: dict[str, str | None] = {}
    for task in tasks:
        rule = bulk.get(task.policy_version_id)
        lock = lock_of(rule, task.amount, on_hold=task.on_hold)
        picks[task.id] = note(lock, rule, task.currency) if lock else None
    return picks if None in picks.values() else None
