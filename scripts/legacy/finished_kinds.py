"""What happened to finished instances: one function for each kind."""

from datetime import timedelta

from scripts.legacy.instances import APPROVED, REJECTED, Draft, Instances
from scripts.legacy.kinds import Kind, open_at, vote


def _complete(make: Instances, draft: Draft, result: str | None = APPROVED) -> None:
    for place in range(len(draft.steps)):
        make.finish(draft, place, result)
    draft.state = "COMPLETED"
    draft.completed = draft.started + timedelta(hours=6 * len(draft.steps))


def approved(make: Instances, draft: Draft) -> None:
    """Approved by everybody, with votes."""
    _complete(make, draft)
    for step in draft.steps:
        vote(make, draft, step, "APPROVE", "Fine with me" if draft.number % 3 == 0 else "")


def approved_no_votes(make: Instances, draft: Draft) -> None:
    """Approved, and nobody wrote the votes."""
    _complete(make, draft)


def null_result(make: Instances, draft: Draft) -> None:
    """Completed without a result: only the votes say what was decided."""
    _complete(make, draft, None if draft.number % 2 else "null")
    for step in draft.steps:
        vote(make, draft, step, "REJECT" if draft.number % 3 == 0 else "APPROVE")


def odd_result(make: Instances, draft: Draft) -> None:
    """A result of a shape that says nothing."""
    _complete(make, draft, ('"ok"', '{"approved": "yes"}', "{}", "[true]")[draft.number % 4])


def rejected(make: Instances, draft: Draft) -> None:
    """Rejected at the first approval; the engine completed it all the same."""
    _complete(make, draft)
    for place, step in enumerate(draft.steps):
        if draft.made.steps[place]["type"] == "APPROVAL":
            step.result = REJECTED
            vote(make, draft, step, "REJECT", "Too expensive")
            return


def rejected_by_hand(make: Instances, draft: Draft) -> None:
    """A row that somebody wrote by hand."""
    _complete(make, draft)
    for place, step in enumerate(draft.steps):
        if draft.made.steps[place]["type"] == "APPROVAL":
            step.status, step.result = "REJECTED", None


def disagreeing(make: Instances, draft: Draft) -> None:
    """The result says yes, the vote no."""
    _complete(make, draft)
    for step in draft.steps:
        vote(make, draft, step, "REJECT")


def skipped(make: Instances, draft: Draft) -> None:
    """The last step was skipped."""
    _complete(make, draft)
    draft.steps[-1].status, draft.steps[-1].result = "SKIPPED", None


def never_decided(_make: Instances, draft: Draft) -> None:
    """Completed while its steps were pending."""
    draft.state, draft.completed = "COMPLETED", draft.started + timedelta(days=1)


def no_rows_done(make: Instances, draft: Draft) -> None:
    """Completed without step rows."""
    never_decided(make, draft)
    draft.steps = []


def no_time(make: Instances, draft: Draft) -> None:
    """Completed, nobody knows when."""
    _complete(make, draft)
    draft.completed = None


def cancelled(make: Instances, draft: Draft) -> None:
    """Cancelled, its steps as they were."""
    open_at(make, draft)
    draft.state, draft.completed = "CANCELLED", draft.started + timedelta(days=2)
    if draft.number % 3:
        draft.metadata = '{"cancellationReason": "Not needed any more", "priority": "LOW"}'


def failed(make: Instances, draft: Draft) -> None:
    """The engine gave up on it."""
    open_at(make, draft)
    draft.state, draft.error = "FAILED", "TypeError: step.config is undefined"


def wrong_order(make: Instances, draft: Draft) -> None:
    """Completed before it began."""
    _complete(make, draft)
    draft.completed = draft.started - timedelta(days=1)


FINISHED: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        approved, approved_no_votes, null_result, odd_result, rejected, rejected_by_hand,
        disagreeing, skipped, never_decided, no_rows_done, no_time, cancelled, failed, wrong_order,
    )
}  # fmt: skip
