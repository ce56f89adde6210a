"""What happened to active instances: one function for each kind."""

from collections.abc import Callable
from datetime import timedelta

from scripts.legacy.instances import APPROVED, GONE, REJECTED, Draft, Instances, StepRow

Kind = Callable[[Instances, Draft], None]


def open_at(make: Instances, draft: Draft) -> StepRow:
    """Some steps done, the next under way."""
    done = make.chance.randrange(len(draft.steps))
    for place in range(done):
        step = make.finish(draft, place)
        vote(make, draft, step, "APPROVE")
    return make.start(draft, done)


def vote(make: Instances, draft: Draft, step: StepRow, action: str, said: str = "") -> None:
    actor = step.assignee or make.somebody()
    at = (step.completed or make.now) - timedelta(minutes=1)
    if draft.made.steps[draft.steps.index(step)]["type"] == "APPROVAL":
        draft.extra.append(lambda: make.act(step, action, actor, at, said))


def plain(make: Instances, draft: Draft) -> None:
    """Under way, as the engine left it."""
    open_at(make, draft)
    draft.state = "IN_PROGRESS" if draft.number % 4 else "INITIALIZED"


def next_never_started(make: Instances, draft: Draft) -> None:
    """Every started step is done and the next one never began."""
    step = open_at(make, draft)
    step.status, step.started = "PENDING", None


def _delegate(
    make: Instances, draft: Draft, *, days: float | None, active: bool = True, to: str = ""
) -> None:
    step = open_at(make, draft)
    owner, delegate = make.somebody(), to or make.somebody()
    step.assignee, step.status = delegate, "DELEGATED"
    expires = None if days is None else make.now + timedelta(days=days)
    at = make.now - timedelta(hours=3)
    revoked = None if active else f"{at:%Y-%m-%d %H:%M:%S}"
    draft.extra.append(
        lambda: make.copier.add(
            "workflow_delegations", make.key(), draft.key, step.key, owner, delegate, "On leave",
            expires and f"{expires:%Y-%m-%d %H:%M:%S}", active, revoked, f"{at:%Y-%m-%d %H:%M:%S}",
            f"{at:%Y-%m-%d %H:%M:%S}",
        )
    )  # fmt: skip


def delegated(make: Instances, draft: Draft) -> None:
    """A delegation in force."""
    _delegate(make, draft, days=None if draft.number % 2 else 5)


def delegation_expired(make: Instances, draft: Draft) -> None:
    """A delegation that is over, which the engine never wrote back."""
    _delegate(make, draft, days=-1)


def delegation_revoked(make: Instances, draft: Draft) -> None:
    """A delegation that was taken back."""
    _delegate(make, draft, days=9, active=False)


def delegate_inactive(make: Instances, draft: Draft) -> None:
    """A delegate who has left."""
    _delegate(make, draft, days=9, to=make.people.inactive[draft.number % 3])


def escalated(make: Instances, draft: Draft) -> None:
    """Moved to somebody else because of time."""
    step = open_at(make, draft)
    before, after = make.somebody(), make.somebody()
    step.assignee, step.status, step.level = after, "ESCALATED", 1
    at = f"{make.now - timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
    draft.extra.append(
        lambda: make.copier.add(
            "workflow_escalations", make.key(), draft.key, step.key, before, after, "system", at
        )
    )


def voted(make: Instances, draft: Draft) -> None:
    """Somebody has said yes to the open step, after a no."""
    step = open_at(make, draft)
    vote(make, draft, step, "REJECT")
    vote(make, draft, step, "APPROVE", "Changed my mind")


def voted_against(make: Instances, draft: Draft) -> None:
    """Somebody has said no to the open step."""
    step = open_at(make, draft)
    vote(make, draft, step, "REJECT", "No.")


def own_vote(make: Instances, draft: Draft) -> None:
    """The requester voted."""
    step = open_at(make, draft)
    who, at = draft.initiator, make.now - timedelta(hours=1)
    draft.extra.append(lambda: make.act(step, "APPROVE", who, at))


def returned(make: Instances, draft: Draft) -> None:
    """Sent back, which the engine did nothing about."""
    step = open_at(make, draft)
    vote(make, draft, step, "RETURN", "Please add the quote.")


def ran_on(make: Instances, draft: Draft) -> None:
    """Rejected, and the engine went on."""
    step = open_at(make, draft)
    for place, earlier in enumerate(draft.steps):
        if earlier is step:
            break
        if draft.made.steps[place]["type"] == "APPROVAL":
            earlier.result = REJECTED


def waiting(make: Instances, draft: Draft) -> None:
    """Paused by hand."""
    open_at(make, draft)
    draft.state = "WAITING"


def suspended(make: Instances, draft: Draft) -> None:
    """Suspended with a reason."""
    open_at(make, draft)
    draft.state, draft.error = "SUSPENDED", "Budget frozen until July"


def overdue(make: Instances, draft: Draft) -> None:
    """Due months ago."""
    step = open_at(make, draft)
    step.due = make.now - timedelta(days=make.chance.uniform(1, 120))


def assignee_gone(make: Instances, draft: Draft) -> None:
    """The assignee's profile is gone."""
    open_at(make, draft).assignee = GONE


def assignee_inactive(make: Instances, draft: Draft) -> None:
    """The assignee has left."""
    open_at(make, draft).assignee = make.chance.choice(make.people.inactive)


def own_request(make: Instances, draft: Draft) -> None:
    """Assigned to who asked."""
    open_at(make, draft).assignee = draft.initiator


def failed_step(make: Instances, draft: Draft) -> None:
    """A failed step in an active instance."""
    open_at(make, draft).status = "FAILED"


def no_rows(_make: Instances, draft: Draft) -> None:
    """Active without step rows."""
    draft.steps, draft.state = [], "INITIALIZED"


def all_done(make: Instances, draft: Draft) -> None:
    """Everything is done, and the instance was never closed."""
    for place in range(len(draft.steps)):
        make.finish(draft, place, REJECTED if draft.number % 5 == 0 else APPROVED)


def blank(make: Instances, draft: Draft) -> None:
    """The assignee is blank."""
    open_at(make, draft).assignee = " "


def no_object(make: Instances, draft: Draft) -> None:
    """The context is no object."""
    open_at(make, draft)
    draft.context = '["a", "list"]'


def together(make: Instances, draft: Draft) -> None:
    """Several steps in progress at the same time."""
    open_at(make, draft)
    for place in range(len(draft.steps)):
        if draft.steps[place].status == "PENDING":
            make.start(draft, place)


def initiator_gone(make: Instances, draft: Draft) -> None:
    """Who asked has left, or is gone."""
    open_at(make, draft)
    draft.initiator = GONE if draft.number % 2 else make.people.inactive[0]


OPEN: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        plain, next_never_started, delegated, delegation_expired, delegation_revoked,
        delegate_inactive, escalated, voted, voted_against, own_vote, returned, ran_on, waiting,
        suspended, overdue, assignee_gone, assignee_inactive, own_request, failed_step, no_rows,
        all_done, blank, no_object, together, initiator_gone,
    )
}  # fmt: skip
