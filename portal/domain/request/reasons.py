"""Why the portal did something: a code with what it is about, and the one place that has its words.

Events and states keep codes; a sentence is made when one is read. Older versions kept the English
sentence itself: such a text reads as it stands, and counts as the code whose words it has.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.domain.marked import msgid


class Code(StrEnum):
    """What a reason is, as it is kept."""

    ENOUGH_APPROVALS = "enough_approvals"
    STAGE_REJECTED = "stage_rejected"
    RETURNED = "returned"
    ONE_REJECTION_ENDS = "one_rejection_ends"
    GROUP_CANNOT_APPROVE = "group_cannot_approve"
    TOO_FEW_APPROVALS_LEFT = "too_few_approvals_left"
    OVERRIDDEN = "overridden"
    CHANGED = "changed"
    POLICY_MOVED = "policy_moved"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    STAGE_NOT_NEEDED = "stage_not_needed"
    OTHERS_FIRST = "others_first"
    MAY_NOT_DECIDE = "may_not_decide"
    OTHERS_ARE_ENOUGH = "others_are_enough"
    GROUP_SETTLED = "group_settled"
    ENOUGH_OTHERS = "enough_others"
    UNDONE_WITHOUT_RIGHT = "undone_without_right"

    # Why somebody is asked.
    IN_POLICY = "in_policy"
    IN_GROUP = "in_group"
    HAS_ROLE = "has_role"
    MANAGER = "manager"
    MANAGER_ABOVE = "manager_above"
    MANAGER_INSTEAD = "manager_instead"
    MANAGER_ABOVE_INSTEAD = "manager_above_instead"
    DEPARTMENT_HEAD = "department_head"
    CHOSEN = "chosen"
    FALLBACK = "fallback"
    ACTS_FOR = "acts_for"
    # Why a delegation ended.
    DELEGATION_ENDED = "delegation_ended"
    DELEGATION_OVER = "delegation_over"
    # Why a rule gives nobody; these follow what the rule is called.
    NAMES_NOBODY = "names_nobody"
    NO_GROUP = "no_group"
    GROUP_EMPTY = "group_empty"
    NO_ROLE_HOLDER = "no_role_holder"
    NO_MANAGER = "no_manager"
    NO_DEPARTMENT = "no_department"
    NO_HEAD = "no_head"
    CHOSE_NOBODY = "chose_nobody"
    # Why a person is not asked, or may not decide any more; these follow the person's name.
    ASKED_ALREADY = "asked_already"
    ASKED_IN_STAGE = "asked_in_stage"
    NOT_IN_DIRECTORY = "not_in_directory"
    INACTIVE = "inactive"
    REQUESTER = "requester"
    ON_THEIR_BEHALF = "on_their_behalf"
    APPROVED_EARLIER = "approved_earlier"
    ONE_APPROVER = "one_approver"
    AWAY_TOO = "away_too"
    AUDITOR = "auditor"
    NOW_AUDITOR = "now_auditor"
    MAY_NOT_RECEIVE = "may_not_receive"
    WOULD_ACT = "would_act"
    NO_LONGER_ACTIVE = "no_longer_active"
    NO_LONGER_NAMED = "no_longer_named"
    NO_LONGER_IN_GROUP = "no_longer_in_group"
    NO_LONGER_HAS_ROLE = "no_longer_has_role"
    NO_LONGER_MANAGER = "no_longer_manager"
    NO_LONGER_ACTS_FOR = "no_longer_acts_for"
    # Why a stage is needed or not.
    ALWAYS = "always"
    NEEDED = "needed"
    NEEDED_IF = "needed_if"
    NEEDED_BECAUSE = "needed_because"
    NOT_TWICE = "not_twice"
    ONLY = "only"
    ONLY_IF = "only_if"
    ONLY_WHERE = "only_where"
    NOBODY_TO_TELL = "nobody_to_tell"
    STAYS_APPROVED = "stays_approved"
    STAYS_TOLD = "stays_told"
    STAYS_OVERRIDDEN = "stays_overridden"
    STAYS_APPROVED_BY = "stays_approved_by"
    APPROVED_BEFORE = "approved_before"
    TOLD_BEFORE = "told_before"
    # Why administrators are called.
    NO_STAGE = "no_stage"
    NOBODY_TO_ASK = "nobody_to_ask"
    NOBODY_FOR_GROUPS = "nobody_for_groups"
    TOO_FEW_TO_ASK = "too_few_to_ask"
    TOO_MANY_TO_ASK = "too_many_to_ask"
    TOO_FEW_MAY_DECIDE = "too_few_may_decide"
    NOBODY_ELSE = "nobody_else"
    CONDITION_FAILED = "condition_failed"
    ROUTING_FAILED = "routing_failed"
    SEVERAL = "several"
    LEFT_OUT = "left_out"
    LEFT_OUT_LIST = "left_out_list"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A code, and what it is about by name; a fact may be a reason in its JSON form."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence(self)


# What is kept: a reason, or the sentence that an older version made of one.
Kept = Reason | str
Fact = Kept | int | tuple[Kept, ...]

SENTENCES: dict[str, str] = {
    Code.ENOUGH_APPROVALS: msgid("The stage has the approvals it needs."),
    Code.STAGE_REJECTED: msgid("The stage was rejected."),
    Code.RETURNED: msgid("The request was returned to the requester."),
    Code.ONE_REJECTION_ENDS: msgid("One rejection ends the stage “%(stage)s”."),
    Code.GROUP_CANNOT_APPROVE: msgid("A group of the stage “%(stage)s” can no longer approve."),
    Code.TOO_FEW_APPROVALS_LEFT: msgid(
        "The stage “%(stage)s” can no longer get the %(needed)s approvals it needs."
    ),
    Code.OVERRIDDEN: msgid("An administrator decided instead."),
    Code.CHANGED: msgid("The request was changed, and this is asked anew."),
    Code.POLICY_MOVED: msgid(
        "The request moved to a newer policy, and this stage is not the same there."
    ),
    Code.WITHDRAWN: msgid("The requester withdrew the request."),
    Code.CANCELLED: msgid("The request was cancelled."),
    Code.STAGE_NOT_NEEDED: msgid("The stage is not needed any more."),
    Code.OTHERS_FIRST: msgid("The route changed: who has to decide first is asked first."),
    Code.MAY_NOT_DECIDE: msgid("%(name)s %(why)s."),
    Code.OTHERS_ARE_ENOUGH: msgid("%(because)s The others who are asked are enough."),
    Code.GROUP_SETTLED: msgid("The part of the group %(group)s is settled."),
    Code.ENOUGH_OTHERS: msgid("The others have given the approvals that were needed."),
    Code.UNDONE_WITHOUT_RIGHT: msgid(
        "The decision was undone, and whoever took it may not decide any more."
    ),
    Code.IN_POLICY: msgid("You are named in the policy%(label)s."),
    Code.IN_GROUP: msgid("You are in the group %(group)s%(label)s."),
    Code.HAS_ROLE: msgid("You hold the role %(role)s%(label)s."),
    Code.MANAGER: msgid("You are %(name)s's manager%(label)s."),
    Code.MANAGER_ABOVE: msgid("You are %(level)s levels above %(name)s%(label)s."),
    Code.MANAGER_INSTEAD: msgid(
        "You are %(name)s's manager%(label)s, asked in place of %(away)s, who is inactive."
    ),
    Code.MANAGER_ABOVE_INSTEAD: msgid(
        "You are %(level)s levels above %(name)s%(label)s, asked in place of %(away)s, who is"
        " inactive."
    ),
    Code.DEPARTMENT_HEAD: msgid("You are the head of %(department)s%(label)s."),
    Code.CHOSEN: msgid("%(name)s chose you on the form%(label)s."),
    Code.FALLBACK: msgid(
        "You are asked as the fallback, because too few others can be. %(because)s"
    ),
    Code.ACTS_FOR: msgid("You act for %(name)s, who is away until %(until)s."),
    Code.DELEGATION_ENDED: msgid("The delegation to %(name)s was ended."),
    Code.DELEGATION_OVER: msgid("The delegation to %(name)s is over."),
    Code.NAMES_NOBODY: msgid("names nobody"),
    Code.NO_GROUP: msgid("there is no group “%(group)s”"),
    Code.GROUP_EMPTY: msgid("the group %(group)s has no members"),
    Code.NO_ROLE_HOLDER: msgid("nobody holds the role “%(role)s”"),
    Code.NO_MANAGER: msgid("no active manager is entered for %(name)s, %(levels)s level(s) up"),
    Code.NO_DEPARTMENT: msgid("there is no department for “%(rule)s”"),
    Code.NO_HEAD: msgid("the department %(department)s has no head"),
    Code.CHOSE_NOBODY: msgid("%(name)s chose nobody on the form"),
    Code.ASKED_ALREADY: msgid("is asked already"),
    Code.ASKED_IN_STAGE: msgid("is asked in this stage already"),
    Code.NOT_IN_DIRECTORY: msgid("is not in the directory"),
    Code.INACTIVE: msgid("is inactive"),
    Code.REQUESTER: msgid("asked for this"),
    Code.ON_THEIR_BEHALF: msgid("this is on their behalf"),
    Code.APPROVED_EARLIER: msgid("approved an earlier stage"),
    Code.ONE_APPROVER: msgid("is not needed: a simple request asks one person only"),
    Code.AUDITOR: msgid("is an auditor, who decides nothing"),
    Code.NOW_AUDITOR: msgid("is an auditor now, who decides nothing"),
    Code.AWAY_TOO: msgid("is away too"),
    Code.MAY_NOT_RECEIVE: msgid("may not take tasks of this stage"),
    Code.WOULD_ACT: msgid("would act for %(name)s, who is away, but %(because)s"),
    Code.NO_LONGER_ACTIVE: msgid("is no longer active"),
    Code.NO_LONGER_NAMED: msgid("is no longer named by the rules of this stage"),
    Code.NO_LONGER_IN_GROUP: msgid("is no longer in the group %(group)s"),
    Code.NO_LONGER_HAS_ROLE: msgid("no longer holds the role %(role)s"),
    Code.NO_LONGER_MANAGER: msgid("is no longer the manager of %(name)s"),
    Code.NO_LONGER_ACTS_FOR: msgid("no longer acts for %(name)s"),
    Code.ALWAYS: msgid("Every request of this type goes through this stage."),
    Code.NEEDED: msgid("Needed because its condition is met."),
    Code.NEEDED_IF: msgid("Needed %(condition)s."),
    Code.NEEDED_BECAUSE: msgid("Needed because %(condition)s."),
    Code.NOT_TWICE: msgid("%(because)s Whoever approves an earlier stage is not asked here."),
    Code.ONLY: msgid("Only if its condition is met."),
    Code.ONLY_IF: msgid("Only %(condition)s."),
    Code.ONLY_WHERE: msgid("Only if %(condition)s."),
    Code.NOBODY_TO_TELL: msgid("There is nobody to tell."),
    Code.STAYS_APPROVED: msgid("Approved in round %(round)s; nothing it depends on has changed."),
    Code.STAYS_APPROVED_BY: msgid(
        "Approved in round %(round)s by %(names)s; nothing it depends on has changed."
    ),
    Code.STAYS_TOLD: msgid("Told in round %(round)s; nothing it depends on has changed."),
    Code.STAYS_OVERRIDDEN: msgid(
        "Decided by an administrator in round %(round)s; nothing it depends on has changed."
    ),
    Code.APPROVED_BEFORE: msgid("Approved in an earlier round; nothing it depends on has changed."),
    Code.TOLD_BEFORE: msgid("Told in an earlier round; nothing it depends on has changed."),
    Code.NO_STAGE: msgid(
        "No stage of the policy applies to this request, so nobody has approved it."
    ),
    Code.NOBODY_TO_ASK: msgid("The stage “%(stage)s” has nobody to ask%(left_out)s."),
    Code.NOBODY_FOR_GROUPS: msgid(
        "The stage “%(stage)s” has nobody to ask for %(groups)s%(left_out)s."
    ),
    Code.TOO_MANY_TO_ASK: msgid(
        "The stage “%(stage)s” would ask %(count)s people; at most %(most)s can be asked."
    ),
    Code.TOO_FEW_TO_ASK: msgid(
        "The stage “%(stage)s” needs %(needed)s approvals, but only %(count)s can be"
        " asked%(left_out)s."
    ),
    Code.TOO_FEW_MAY_DECIDE: msgid("The stage “%(stage)s” has too few people who may decide it."),
    Code.NOBODY_ELSE: msgid("%(because)s Nobody else may decide the stage “%(stage)s”."),
    Code.CONDITION_FAILED: msgid(
        "The condition of the stage “%(stage)s” could not be evaluated: %(error)s"
    ),
    Code.ROUTING_FAILED: msgid("Working out who decides failed. The system's log says why."),
    Code.SEVERAL: msgid("%(reasons)s"),
    Code.LEFT_OUT: msgid("%(name)s: %(because)s"),
    Code.LEFT_OUT_LIST: msgid(" (%(left_out)s)"),
}
# The words of older versions, where code asks what a reason is.
_OLD = {text: code for code, text in SENTENCES.items() if "%(" not in text}


def as_it_is(name: str, value: str) -> str:
    """A value as it was kept; a day or a moment (`until`) in English, with its year: it stays with
    what happened. Older ones are words already."""
    try:
        at = datetime.fromisoformat(value) if name == "until" else None
    except ValueError:
        return value
    if at is None:
        return value
    return f"{at:%a} {at.day} {at:%b %Y}" + (f" at {at:%H:%M}" if "T" in value else "")


def sentence(
    reason: Kept,
    translate: Callable[[str], str] = str,
    own: Callable[[str, str], str] = as_it_is,
) -> str:
    """The words of a reason, by default in English. A code that is not known becomes words. `own`
    says a fact, by its name, that an administrator wrote."""
    if isinstance(reason, str):
        return reason
    words = SENTENCES.get(reason.code)
    if words is None:
        return reason.code.replace("_", " ").capitalize() + "."
    between = "; " if reason.code == Code.LEFT_OUT_LIST else " "

    def fact(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return sentence(read(value), translate, own)
        if isinstance(value, list):
            return between.join(str(fact(name, each)) for each in value)
        return as_it_is(name, own(name, value)) if isinstance(value, str) else value

    return translate(words) % {name: fact(name, value) for name, value in reason.facts.items()}


def is_any(reason: Kept, *codes: Code) -> bool:
    """Whether a reason is one of these, also where an older version kept its sentence."""
    code = _OLD.get(reason, "") if isinstance(reason, str) else reason.code
    return code in codes


def reason(code: Code, **facts: Fact) -> Reason:
    """A reason of that code; reasons among the facts stand there in their JSON form."""
    return Reason(code=code.value, facts={name: _kept(value) for name, value in facts.items()})


def together(several: Sequence[Kept]) -> Kept:
    """Several reasons as one."""
    return several[0] if len(several) == 1 else reason(Code.SEVERAL, reasons=tuple(several))


def read(kept: Any) -> Kept:
    """A reason from its JSON form, as a value or as a text; any other text is a sentence."""
    value = kept
    if isinstance(kept, str) and kept.startswith('{"code"'):
        value = json.loads(kept)
    if isinstance(value, Mapping):
        return Reason(code=str(value.get("code", "")), facts=dict(value.get("facts") or {}))
    return value if isinstance(value, Reason) else str(value or "")


def _kept(value: Any) -> Any:
    if isinstance(value, Reason):
        return {"code": value.code, "facts": value.facts}
    return [_kept(each) for each in value] if isinstance(value, tuple) else value
