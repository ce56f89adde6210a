"""A policy: the stages a request goes through, who decides in each, and its clocks.

Durations are whole minutes: business minutes of the request type's calendar, or of the approvers'
places where the stage's `working_time` says so, unless `elapsed` says that the clock never stops.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from portal.domain.policy.conditions import Condition

# A working day by which durations are typed, in minutes; where every hour counts, a day is a day.
WORKING_DAY = 480
WHOLE_DAY = 1440
_DURATION = re.compile(r"(?:(\d{1,4})\s*d)?\s*(?:(\d{1,4})\s*h)?\s*(?:(\d{1,4})\s*m)?")


def minutes_of(text: str, *, elapsed: bool) -> int | None:
    """The minutes of "1d 4h 30m", a day being 8 working hours, or 24 if `elapsed`; else None."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(each or 0) for each in found.groups())
    return days * (WHOLE_DAY if elapsed else WORKING_DAY) + hours * 60 + minutes


def duration(minutes: int, *, elapsed: bool) -> str:
    """Minutes as `minutes_of` reads them."""
    days, rest = divmod(minutes, WHOLE_DAY if elapsed else WORKING_DAY)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "m"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0m"


class StageKind(StrEnum):
    """An approval stage waits for votes; a notify stage tells people and waits for nobody."""

    APPROVAL = "approval"
    NOTIFY = "notify"


class Mode(StrEnum):
    """How many of a stage's people have to approve."""

    ANY = "any"
    ALL = "all"
    QUORUM = "quorum"
    PER_GROUP = "per_group"


class Rejection(StrEnum):
    """One rejection ends the stage, or it counts until the votes needed are out of reach."""

    ENDS = "ends"
    COUNTS = "counts"


class Decision(StrEnum):
    """What an approver can say of a task; SEND_BACK returns the request to the requester."""

    APPROVE = "approve"
    REJECT = "reject"
    SEND_BACK = "send_back"


class RuleKind(StrEnum):
    """How an approver rule finds people."""

    PEOPLE = "people"
    GROUP = "group"
    ROLE = "role"
    MANAGER = "manager"
    DEPARTMENT_HEAD = "department_head"
    CHOSEN = "chosen"


class WorkingTime(StrEnum):
    """Whose working time a stage's clocks run by: the request type's calendar, or the calendar of
    each approver's place (see `portal.domain.stage_times`)."""

    TYPE = "type"
    APPROVER = "approver"


class StepUp(StrEnum):
    """What whoever decides in a stage has to show beside having signed in: nothing; that it was
    still they in the last minutes; a signature over this very decision."""

    NONE = "none"
    RECENT = "recent"
    SIGNATURE = "signature"


class Receivers(StrEnum):
    """Who may receive a task beyond those whom the stage's rules, its fallback or its escalation
    name, the policy's stand-ins, and the managers above whoever has it: nobody; whoever shares a
    group or a role with them; whoever stands at least as high in the line; anybody."""

    NAMED = "named"
    SAME_GROUP = "same_group"
    SAME_ROLE = "same_role"
    AS_HIGH = "as_high"
    ANYONE = "anyone"


class Reach(StrEnum):
    """How near somebody is to a stage, for whoever wants to give them a task of it.

    OWN: its own rules name them. WIDER: they may have it, with a reason. OUTSIDE: they may not.
    """

    OWN = "own"
    WIDER = "wider"
    OUTSIDE = "outside"


class WorkflowKind(StrEnum):
    """Which workflow runs the requests of a type."""

    APPROVAL = "approval"
    SIMPLE = "simple"


@dataclass(frozen=True, kw_only=True)
class ApproverRule:
    """One way of finding approvers.

    `people`: person ids. `code`: a group's, role's or department's code. `levels`: managers up
    (1 = the requester's manager). `form_field`: the form field whose value is the department or
    group code (looked up in `codes` first), or, for CHOSEN, a person id or a list of them. A
    DEPARTMENT_HEAD without code and form field is the head of the requester's own department.
    `label` is how pages name it, such as "budget owner".
    """

    kind: RuleKind
    people: tuple[str, ...] = ()
    code: str | None = None
    levels: int = 1
    form_field: str | None = None
    codes: dict[str, str] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class EscalationLevel:
    """Who gets an open task, and what message, `after` so many minutes of waiting."""

    after: int
    to: tuple[ApproverRule, ...]
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One part of the route.

    `quorum`: votes needed; `quorum_percent`: share of the people asked, rounded up (either, for
    QUORUM). PER_GROUP: each rule is one group, one approval from each. `condition`: a CEL
    expression over the request's values, absent = always; `condition_text` says it in words;
    `when`: the rows that it was made from, absent where it was written by hand.
    `distinct`: nobody who approved an earlier stage decides here. `reads`: the form fields this
    stage's decision depends on, absent = all. `rejection` absent: ENDS for ANY, ALL and PER_GROUP,
    COUNTS for QUORUM. `fallback` absent: the policy's. `asking_stops_clock`: while somebody asked
    here waits for information from the requester, the stage's times stand still. `receivers`: who
    may be given a task of the stage by a person. `step_up`: what a decision needs.
    """

    key: str
    name: str
    kind: StageKind = StageKind.APPROVAL
    mode: Mode = Mode.ANY
    rules: tuple[ApproverRule, ...] = ()
    quorum: int | None = None
    quorum_percent: int | None = None
    condition: str | None = None
    condition_text: str = ""
    when: Condition | None = None
    distinct: bool = False
    reads: tuple[str, ...] | None = None
    rejection: Rejection | None = None
    comment_required: tuple[Decision, ...] = (Decision.REJECT, Decision.SEND_BACK)
    fallback: tuple[ApproverRule, ...] = ()
    elapsed: bool = False
    working_time: WorkingTime = WorkingTime.TYPE
    asking_stops_clock: bool = False
    receivers: Receivers = Receivers.NAMED
    step_up: StepUp = StepUp.NONE
    remind_after: tuple[int, ...] = ()
    escalate: tuple[EscalationLevel, ...] = ()
    expire_after: int | None = None

    @property
    def rejection_rule(self) -> Rejection:
        """The stage's rule on rejections, with the mode's default where none is set."""
        if self.rejection is not None:
            return self.rejection
        return Rejection.COUNTS if self.mode is Mode.QUORUM else Rejection.ENDS


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """Which requests may be decided many at once: those of at most `up_to` minor units, or all."""

    up_to: int | None = None


@dataclass(frozen=True, kw_only=True)
class Askers:
    """Who may ask: members of these groups and whoever is in one of these departments or below, by
    their codes."""

    groups: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()

    def admit(self, groups: Collection[str], departments: Collection[str]) -> bool:
        """Whether somebody in these may ask."""
        return any(each in groups for each in self.groups) or any(
            each in departments for each in self.departments
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The stages in order, the undo window in seconds, and who decides if a rule finds nobody.

    `bulk` absent: each request is decided on its own page. `link_up_to`: the largest amount (minor
    units) that may be decided from a link in a mail without signing in; absent: none may.
    `stand_ins`: rules for people who may receive a task of any stage. `askers` absent: everybody
    may ask.
    `decide_by_token`: whether a program may decide with a person's own token.
    """

    stages: tuple[Stage, ...]
    undo_seconds: int = 10
    fallback: tuple[ApproverRule, ...] = ()
    bulk: Bulk | None = None
    link_up_to: int | None = None
    decide_by_token: bool = False
    stand_ins: tuple[ApproverRule, ...] = ()
    askers: Askers | None = None
