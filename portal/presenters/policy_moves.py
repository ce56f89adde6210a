"""What a move to the newest policy would mean: stages by what becomes of them, and who is asked."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal.domain.policy.difference import PolicyDifference
from portal.domain.request import apply as approval
from portal.domain.request.commands import MoveToPolicy
from portal.domain.request.events import SYSTEM
from portal.domain.request.state import Approval
from portal.domain.routing.plan import Attention, StagePlan, StageSkip
from portal.presentation.labels import words_of
from portal.presentation.parts import Step
from portal.presenters.check_page import route
from portal.queries import request
from portal.queries.policy_moves import OnOlderVersion
from portal.queries.request import RequestRecord
from portal.services.requests import difference_of, policy_of
from portal.services.snapshots import forecast
from portal.translation import _, lazy, own


@dataclass(frozen=True, slots=True)
class MovePreview:
    """One request: what the newest version says otherwise, and its route by that version."""

    row: OnOlderVersion
    differences: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]


def preview(row: OnOlderVersion, record: RequestRecord, now: datetime) -> MovePreview:
    """Look ahead for one request. Without steps where it would not move now."""
    changes = difference_of(row.version_id, row.newest_id)
    moved = _moved(request.state_of(record.id), row, changes, now)
    if moved.policy_version_id != row.newest_id:
        return MovePreview(row, _words(changes), ())
    question = approval.question(moved, now)
    steps, _attention = route(entries := forecast(question))
    kept = {entry.key for entry in entries if isinstance(entry, StageSkip)} & set(question.carried)
    shown = tuple(
        _step(entry, step, record, changes, kept)
        for entry, step in zip(entries, steps, strict=True)
    )
    return MovePreview(row, _words(changes), shown)


def _moved(
    state: Approval, row: OnOlderVersion, changes: PolicyDifference, now: datetime
) -> Approval:
    """The state right after the move, by the domain's own rules."""
    command = MoveToPolicy(
        command_id="",
        request_id=state.request_id,
        actor_id=SYSTEM,
        at=now,
        policy_version_id=row.newest_id,
        from_version_id=row.version_id,
        version=row.newest,
        stages=tuple(stage.key for stage in policy_of(row.newest_id).stages),
        same=changes.same,
        reason="A look ahead.",
    )
    for event in approval.apply(state, command, now):
        state = approval.evolve(state, event)
    return state


def _step(
    entry: StageSkip | StagePlan | Attention,
    step: Step,
    record: RequestRecord,
    changes: PolicyDifference,
    kept: set[str],
) -> Step:
    if entry.key in kept:
        return Step("done", own(entry.name), _("Stays approved"), note=step.note)
    if own(entry.name) == record.stage_name and entry.key in changes.same:
        return replace(step, state="current", note=_("Continues with the votes it has."))
    return step


def _words(changes: PolicyDifference) -> tuple[tuple[str, str], ...]:
    """Each stage that differs: what became of it, and its name."""
    return (
        *((_("Added"), stage.name) for stage in changes.added),
        *((_("Removed"), stage.name) for stage in changes.gone),
        *(
            (_("Changed"), f"{each.after.name} ({', '.join(map(_part, each.parts))})")
            for each in changes.changed
        ),
    )


def _part(name: str) -> str:
    return str(PARTS.get(name, words_of(name).lower()))


PARTS = {
    "rules": lazy("who is asked"),
    "mode": lazy("how many must approve"),
    "quorum": lazy("votes needed"),
    "quorum_percent": lazy("share needed"),
    "condition": lazy("when it is needed"),
    "when": lazy("when it is needed"),
    "condition_text": lazy("the description of when it is needed"),
    "distinct": lazy("distinct people"),
    "reads": lazy("the fields it depends on"),
    "rejection": lazy("what a rejection does"),
    "comment_required": lazy("when a comment is required"),
    "fallback": lazy("the fallback approver"),
    "receivers": lazy("who may receive a task"),
    "step_up": lazy("what a decision needs"),
    "elapsed": lazy("which hours count"),
    "working_time": lazy("whose calendar is used"),
    "remind_after": lazy("reminders"),
    "escalate": lazy("escalations"),
    "expire_after": lazy("its deadline"),
}
