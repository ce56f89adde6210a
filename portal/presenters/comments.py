"""What was said about a request, with what it was said with."""

from collections.abc import Iterable

from portal.presentation.labels import words_of
from portal.presentation.parts import Remark
from portal.queries.comments import Said

# The comments of decisions stand beside the decisions.
DECISIONS = frozenset({"approve", "reject", "send_back"})
ABOUT = {
    "comment": "",
    "held": "put it on hold",
    "resumed": "resumed it",
    "cancelled": "cancelled it",
    "withdrawn": "withdrew it",
    "resubmitted": "sent it again",
    "amended": "changed it",
    "moved_policy": "moved it to a newer policy",
    "overridden": "decided in place of others",
    "undone": "undone since",
    "reassigned": "handed a task over",
    "delegated": "delegated a task",
    "added": "added an approver",
    "asked": "asked",
    "answered": "answered",
    "given_back": "ended a delegation",
}


def remarks(said: Iterable[Said]) -> tuple[Remark, ...]:
    """The conversation, without what decisions say."""
    return tuple(_remark(each) for each in said if each.about not in DECISIONS)


def _remark(said: Said) -> Remark:
    label = ABOUT.get(said.about, words_of(said.about).lower())
    return Remark(said.name or "The system", said.at, said.text, label=label)
