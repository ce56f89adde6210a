"""What routing found: stages left out and the next one, with people, reasons and times."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.domain.policy.policy import Decision, Mode, Rejection, RuleKind, StageKind, StepUp
from portal.domain.request.reasons import Kept


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """Who acts for a person who is away: through which absence, until when, and a sentence."""

    person_id: str
    name: str
    delegation_id: str
    until: datetime | None = None
    why: Kept = ""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A person asked in a stage, and why, such as "You are Tom Becker's manager".

    `source`: the kind and code of the rule that found them, such as "group:FIN". `stand_in`: who
    gets the task while they are away. Where the stage goes by the approvers' places, `due_at`:
    when it is due for them, and `place`: by whose working hours, if they have a place of their own.
    """

    person_id: str
    name: str
    why: Kept
    group: str | None = None
    source: str = ""
    stand_in: StandIn | None = None
    due_at: datetime | None = None
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A person (or a rule without people: person_id None) that was not asked, and the reason."""

    person_id: str | None
    name: str
    reason: Kept


@dataclass(frozen=True, kw_only=True)
class KnownPerson:
    """A person as the directory named them."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class RoutingEvidence:
    """What the directory said when a rule was followed.

    `people`: the first of the `count` people whom the rule meant, such as a group's members; for a
    manager the chain from the requester up. `name`: of the group or department, else the rule's.
    """

    kind: RuleKind
    code: str
    name: str
    people: tuple[KnownPerson, ...] = ()
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class PlannedEscalation:
    """At this time open tasks move to these people, first come first."""

    level: int
    at: datetime
    to: tuple[Candidate, ...]
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class StagePlan:
    """A stage ready to open. `needed` votes pass it (PER_GROUP: one from each of `groups`).

    Reminders, escalations and `expires_at` are absolute times; `due_at` is the first of the
    first escalation and the expiry. `excluded` may never decide here, whatever happens later.
    `reason` says why the stage applies; `facts` are the values that decided it, for pages.
    `is_last`: the policy has no stage after it, so that passing it needs no routing any more.
    `basis`: what each rule found in the directory; without any, the plan is older than this record.
    `parts_settle`: only parts that lack votes are asked (see `decide.Part`). Plans made before
    this was the rule ask everybody to the end, and their histories need it.
    """

    index: int
    key: str
    name: str
    kind: StageKind = StageKind.APPROVAL
    mode: Mode = Mode.ANY
    needed: int = 1
    groups: tuple[str, ...] = ()
    people: tuple[Candidate, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    excluded: tuple[str, ...] = ()
    reason: Kept = ""
    facts: dict[str, Any] = field(default_factory=dict)
    used_fallback: bool = False
    rejection: Rejection = Rejection.ENDS
    distinct: bool = False
    reads: tuple[str, ...] | None = None
    comment_required: tuple[Decision, ...] = (Decision.REJECT, Decision.SEND_BACK)
    undo_seconds: int = 10
    asking_stops_clock: bool = False
    reminders: tuple[datetime, ...] = ()
    escalations: tuple[PlannedEscalation, ...] = ()
    expires_at: datetime | None = None
    due_at: datetime | None = None
    is_last: bool = False
    basis: tuple[RoutingEvidence, ...] = ()
    parts_settle: bool = False
    step_up: StepUp = StepUp.NONE


@dataclass(frozen=True, kw_only=True)
class StageSkip:
    """A stage that is not needed, and why."""

    index: int
    key: str
    name: str
    reason: Kept


@dataclass(frozen=True, kw_only=True)
class Attention:
    """A stage that nobody could be asked in, and why: an entry of a predicted route."""

    index: int
    key: str
    name: str
    reason: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutline:
    """A stage as it would be asked, without times: whom, and how many of them have to approve.

    `lacks`: codes of why its rules find nobody, where nobody could be asked; `by_fallback`: the
    fallback is asked in place of whom the rules mean; `is_own`: the rules mean whoever asks.
    """

    key: str
    name: str
    people: tuple[str, ...] = ()
    needed: int = 1
    is_notice: bool = False
    lacks: tuple[str, ...] = ()
    by_fallback: bool = False
    is_own: bool = False

    @property
    def is_stuck(self) -> bool:
        """Whether nobody could be asked, so that an administrator has to act."""
        return bool(self.lacks)


@dataclass(frozen=True, kw_only=True)
class EarlierApproval:
    """A stage approved before: its round and who approved it (nobody for a notify stage).

    `acted_for`: in whose place some of them did. `overridden_by`: the admin who let it pass.
    """

    index: int
    key: str
    round: int
    deciders: tuple[str, ...] = ()
    acted_for: tuple[str, ...] = ()
    overridden_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class RouteReview:
    """An open stage looked at again: who could be asked, and who of those asked may not decide.

    `parts_settle`: the stage goes on by this rule (see `StagePlan`), whatever it opened with.
    """

    people: tuple[Candidate, ...] = ()
    fallback: tuple[Candidate, ...] = ()
    unfit: tuple[LeftOut, ...] = ()
    parts_settle: bool = False


@dataclass(frozen=True, kw_only=True)
class RoutePlan:
    """What follows: stages skipped, then a stage to open, or `attention` (why nobody was found).

    With neither stage nor attention the route is at its end. `total` counts the policy's stages.
    `review` is the answer to a question about a stage that is open.
    """

    skipped: tuple[StageSkip, ...] = ()
    stage: StagePlan | None = None
    attention: Kept | None = None
    total: int = 0
    review: RouteReview | None = None


@dataclass(frozen=True, kw_only=True)
class RouteQuestion:
    """Everything routing has to know about a request, beside the policy and the directory.

    `carried`: keys of stages approved in an earlier round whose fields did not change since.
    `deciders`: who approved the stages before `from_index`, and in whose place (both excluded where
    a stage is `distinct`).
    `earlier`: every approval that stands, of this round or carried.
    `reviewing`: the stage at `from_index` is open, and it is asked whether the people `asked` there
    still may decide; `sources` says by which rule they came (see `Candidate`).
    """

    request_id: str
    policy_version_id: str
    from_index: int
    requester_id: str
    on_behalf_of: str | None = None
    title: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    amount: int | None = None
    currency: str | None = None
    priority: str = "MEDIUM"
    round: int = 1
    carried: tuple[str, ...] = ()
    deciders: tuple[str, ...] = ()
    approved_once: bool = False
    earlier: tuple[EarlierApproval, ...] = ()
    type_code: str = ""
    reviewing: bool = False
    asked: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    now: datetime
