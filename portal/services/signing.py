"""Signing decisions: what is to be decided is kept with the question, and given once it is signed.

What is signed is a statement over the decision itself, so nothing of it can be another afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from portal.domain import codec
from portal.domain.errors import Refusal
from portal.domain.policy.policy import Decision, StepUp
from portal.domain.request.proof import (
    RANKS,
    DecisionProof,
    ListProof,
    SignedDecision,
    statement_of,
)
from portal.domain.request.state import Click
from portal.extensions import db
from portal.security.tokens import new_token
from portal.services import batches, challenges, proofs, requests, tasks
from portal.services.batches import BatchDecision
from portal.services.challenges import ChallengeKind, OpenChallenge
from portal.services.commands import Receipt
from portal.services.errors import Refused
from portal.services.proofs import NotProven, ProofInput, Proven, Prover
from portal.services.requests import OverrideInput
from portal.services.snapshots import of_request, of_task
from portal.services.tasks import Vote


@dataclass(frozen=True, slots=True)
class Signing:
    """What waits to be signed: one decision, those of a batch, or one in place of others. `needed`:
    how strongly."""

    challenge: OpenChallenge
    needed: StepUp
    vote: Vote | None
    batch: BatchDecision | None
    over: OverrideInput | None

    @property
    def decision(self) -> Decision:
        """What is decided."""
        given = self.vote or self.batch or self.over
        assert given is not None
        return given.decision

    @property
    def comment(self) -> str:
        """What is said with it."""
        given = self.vote or self.batch
        return given.comment if given else self.over.reason if self.over else ""


def begin(vote: Vote, actor_id: str) -> str:
    """Keep a decision until it is signed; returns the challenge's id."""
    task = of_task(vote.task_id, vote.command_id, vote.comment)
    data = {"vote": codec.encode(vote), "needed": tasks.step_up_of(task)}
    signed = tasks.to_be_signed(task, vote, actor_id)
    return _begun([signed], data, actor_id)


def begin_batch(given: BatchDecision, actor_id: str) -> str:
    """Keep the decisions of a batch until they are signed together; returns the challenge's id."""
    decisions, needed = batches.decisions_of(given, actor_id)
    data = {"batch": codec.encode(given), "needed": needed}
    return _begun(decisions, data, actor_id)


def begin_override(given: OverrideInput, actor_id: str, click: Click) -> str | Receipt:
    """Keep a decision in place of others until it is signed; returns the challenge's id, or the
    first receipt where the form was sent before. Raises Refused where it would come to nothing."""
    about = of_request(given.number, given.command_id, given.reason)
    if about.is_used:
        return requests.override(given, actor_id, click)
    needed = requests.step_up_over(about, given.stage_key)
    data = {"over": codec.encode(given), "needed": needed}
    return _begun([requests.override_to_sign(about, given, actor_id)], data, actor_id)


def waiting(challenge_id: object, actor_id: str) -> Signing | None:
    """What the person has to sign, where it still waits."""
    found = challenges.find(challenge_id, ChallengeKind.DECISION, actor_id)
    if found is None:
        return None
    vote, batch, over = (found.data.get(name) for name in ("vote", "batch", "over"))
    return Signing(
        found,
        StepUp(found.data["needed"]),
        codec.decode(Vote, vote) if vote else None,
        codec.decode(BatchDecision, batch) if batch else None,
        codec.decode(OverrideInput, over) if over else None,
    )


def sign(given: ProofInput | Proven, waits: Signing, prover: Prover, session_id: str) -> Receipt:
    """Give the decision, once it is proven who gives it. Raises NotProven, TooMany and Refused, and
    then nothing is recorded."""
    proof = _proof(given, waits, prover, session_id)
    with _all_or_nothing():
        if waits.over is not None:
            over = replace(waits.over, proof=proof)
            return requests.override(over, prover.user_id, prover.click)
        assert waits.vote is not None
        return tasks.decide(replace(waits.vote, proof=proof), prover.user_id, prover.click)


def sign_batch(given: ProofInput | Proven, waits: Signing, prover: Prover, session_id: str) -> None:
    """The same for the decisions of a batch."""
    assert waits.batch is not None
    proof = _proof(given, waits, prover, session_id)
    whole = ListProof(proof, tuple(waits.challenge.data["leaves"]))
    with _all_or_nothing():
        return batches.decide(replace(waits.batch, proof=whole), prover.user_id, prover.click)


def _proof(
    given: ProofInput | Proven, waits: Signing, prover: Prover, session_id: str
) -> DecisionProof:
    """What was proven, and strongly enough, in the caller's transaction. `given` is proven where a
    provider asked."""
    if isinstance(given, Proven):
        proven = given
        if not challenges.take(waits.challenge):
            raise NotProven
    else:
        proven = proofs.confirm(waits.challenge, given, prover)
    proof = DecisionProof(
        at=datetime.now(UTC),
        ways=proven.ways,
        statement=waits.challenge.data["statement"],
        evidence=proven.evidence or {},
    )
    if RANKS[proof.strength] < RANKS[waits.needed]:
        db.session.rollback()
        raise NotProven
    proofs.keep(session_id, prover, proven)
    return proof


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Whoever is refused may sign again: the question stays."""
    try:
        yield
    except Refused:
        db.session.rollback()
        raise


def is_unsigned(refused: Refused) -> bool:
    """Whether nothing but a signature is missing."""
    return refused.reason is Refusal.NOT_SIGNED


def _begun(decisions: Sequence[SignedDecision], data: Mapping[str, Any], actor_id: str) -> str:
    kept = {
        **data,
        "statement": statement_of(decisions, new_token()),
        "leaves": [each.leaf for each in decisions],
    }
    challenge_id = challenges.put(ChallengeKind.DECISION, kept, actor_id)
    db.session.commit()
    return challenge_id
