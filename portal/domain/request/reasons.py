"""Why the portal did something: a code with what it is about, and the one place that has its words.

Events and states keep codes; a sentence is made when one is read. Older versions kept the English
sentence itself: such a text reads as it stands, and counts as the code whose words it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A code, and what it is about by name; a fact may be a reason in its JSON form."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence(self)


# What is kept: a reason, or the sentence that an older version made of one.
Kept = Reason | str

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
}
# The words of older versions, where code asks what a reason is.
_OLD = {text: code for code, text in SENTENCES.items() if "%(" not in text}


def sentence(reason: Kept, translate: Callable[[str], str] = str) -> str:
    """The words of a reason, by default in English. A code that is not known becomes words."""
    if isinstance(reason, str):
        return reason
    words = SENTENCES.get(reason.code)
    if words is None:
        return reason.code.replace("_", " ").capitalize() + "."
    facts = {name: _fact(value, translate) for name, value in reason.facts.items()}
    return translate(words) % facts


def is_any(reason: Kept, *codes: Code) -> bool:
    """Whether a reason is one of these, also where an older version kept its sentence."""
    code = _OLD.get(reason, "") if isinstance(reason, str) else reason.code
    return code in codes


def reason(code: Code, **facts: Kept | int) -> Reason:
    """A reason of that code; reasons among the facts stand there in their JSON form."""
    return Reason(code=code.value, facts={name: _kept(value) for name, value in facts.items()})


def _kept(value: Kept | int) -> Any:
    return {"code": value.code, "facts": value.facts} if isinstance(value, Reason) else value


def _fact(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping) and "code" in value:
        nested = Reason(code=str(value["code"]), facts=dict(value.get("facts") or {}))
        return sentence(nested, translate)
    return value
