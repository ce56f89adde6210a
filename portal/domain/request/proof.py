"""By what whoever decided showed that it was they: kept with the decision, so that others can see
it later, without this portal.

A signature is a passkey's over the SHA-256 of a statement: JSON text that names the decision, or
the root of a list of decisions made together. What a list leads to is a Merkle tree: each decision
is kept with the hashes beside its way up, so it stands by itself.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from portal.domain.people.signing_in import Way
from portal.domain.policy.policy import Decision, StepUp

VERSION = "gloria/decision/v1"
LIST_VERSION = "gloria/decisions/v1"


@dataclass(frozen=True, kw_only=True)
class DecisionProof:
    """`ways`: by what it was shown at `at`; none: the session was young enough. `statement`: the
    text that was signed; `evidence`: the passkey's signature with all that is needed to check it.
    `path`: for one of many, the hashes beside its way to the list's root, each with its side."""

    at: datetime
    ways: tuple[Way, ...] = ()
    statement: str = ""
    evidence: dict[str, str] = field(default_factory=dict)
    path: tuple[tuple[str, str], ...] = ()

    @property
    def strength(self) -> StepUp:
        """What it amounts to. Without a passkey a signature is a password with a code, or the
        provider asked again: weaker, and kept as what it is."""
        known = set(self.ways)
        if Way.PASSKEY in known and self.evidence:
            return StepUp.SIGNATURE
        if Way.PROVIDER in known or {Way.PASSWORD, Way.CODE} <= known:
            return StepUp.SIGNATURE
        return StepUp.RECENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDecision:
    """One decision as it is signed: who decides what about which task, having seen what; or about
    which request, or its stage, in place of its approvers (then there is no task)."""

    command_id: str
    person_id: str
    task_id: str = ""
    request_id: str = ""
    stage_key: str | None = None
    decision: Decision
    content_version: int
    content_hash: str

    def as_data(self) -> dict[str, Any]:
        """For the statement."""
        about = {"task": self.task_id, "meaning": MEANINGS[self.decision]}
        if not self.task_id:
            meaning = f"{MEANINGS[self.decision]} in place of the approvers"
            about = {"request": self.request_id, "meaning": meaning}
            about |= {"stage": self.stage_key} if self.stage_key is not None else {}
        return {
            **about,
            "command": self.command_id,
            "person": self.person_id,
            "decision": self.decision.value,
            "content_version": self.content_version,
            "content_hash": self.content_hash,
        }

    @property
    def leaf(self) -> str:
        """Its hash in a list."""
        return _hash("leaf", canonical(self.as_data()))


@dataclass(frozen=True, slots=True)
class ListProof:
    """One proof for all decisions that were made together; `leaves`: theirs, as signed."""

    proof: DecisionProof
    leaves: tuple[str, ...] = ()

    def of(self, given: SignedDecision) -> DecisionProof:
        """The proof of one of them, by itself."""
        if len(self.leaves) < 2 or given.leaf not in self.leaves:
            return self.proof
        return replace(self.proof, path=path_of(self.leaves, self.leaves.index(given.leaf)))


MEANINGS = {
    Decision.APPROVE: "approval",
    Decision.REJECT: "rejection",
    Decision.SEND_BACK: "return for changes",
}
RANKS = {StepUp.NONE: 0, StepUp.RECENT: 1, StepUp.SIGNATURE: 2}


def strongest(needed: Iterable[StepUp]) -> StepUp:
    """The most that is asked for; NONE of nothing."""
    return max(needed, key=RANKS.__getitem__, default=StepUp.NONE)


def canonical(data: dict[str, Any]) -> str:
    """JSON that is the same text for the same data."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def statement_of(decisions: Sequence[SignedDecision], nonce: str) -> str:
    """The text that is signed for one decision, or for several at once."""
    if len(decisions) == 1:
        return canonical({"type": VERSION, "nonce": nonce, **decisions[0].as_data()})
    root = root_of([each.leaf for each in decisions])
    return canonical({"type": LIST_VERSION, "nonce": nonce, "count": len(decisions), "root": root})


def is_proven(needed: StepUp, proof: DecisionProof | None, given: SignedDecision) -> bool:
    """Whether the proof is as strong as a stage needs, and about this decision and no other."""
    if needed is StepUp.NONE:
        return True
    if proof is None or RANKS[proof.strength] < RANKS[needed]:
        return False
    return covers(proof, given) if proof.statement else needed is StepUp.RECENT


def covers(proof: DecisionProof, given: SignedDecision) -> bool:
    """Whether the signed text names this decision, by itself or in its list."""
    try:
        said = json.loads(proof.statement)
    except ValueError:
        return False
    if not isinstance(said, dict):
        return False
    if said.get("type") == VERSION:
        return all(said.get(name) == value for name, value in given.as_data().items())
    is_list = said.get("type") == LIST_VERSION
    return is_list and said.get("root") == climb(given.leaf, proof.path)


def root_of(leaves: Sequence[str]) -> str:
    """The hash of a whole list."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else _hash("none", "")


def path_of(leaves: Sequence[str], index: int) -> tuple[tuple[str, str], ...]:
    """The hashes beside the way of one leaf to the root, each with its side."""
    level, path = list(leaves), []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(("left" if beside < index else "right", level[beside]))
        level, index = _above(level), index // 2
    return tuple(path)


def climb(leaf: str, path: Sequence[tuple[str, str]]) -> str:
    """The root that a leaf and its path lead to."""
    for side, beside in path:
        pair = (beside, leaf) if side == "left" else (leaf, beside)
        leaf = _hash("node", *pair)
    return leaf


def _above(level: Sequence[str]) -> list[str]:
    pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
    return [_hash("node", *pair) if len(pair) == 2 else pair[0] for pair in pairs]


def _hash(kind: str, *parts: str) -> str:
    return sha256("\n".join((kind, *parts)).encode()).hexdigest()
