"""Signatures that were kept with decisions, examined again: offline, from the events alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import webauthn
from sqlalchemy import Connection, func, select
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException

from portal.domain import codec
from portal.domain.errors import CannotDecode
from portal.domain.policy.policy import Decision
from portal.domain.proof.acts import ActKind
from portal.domain.request.events import RequestOverridden, TaskDecided
from portal.domain.request.proof import DecisionProof, SignedDecision, covers
from portal.models import AuditAct, AuditEvent, Passkey


@dataclass(frozen=True, slots=True)
class ExaminedSignature:
    """A decision with a proof. `trouble`: what does not hold; empty where all does. `is_signed`:
    by a passkey; else it was proven in a weaker way, and there is nothing to compute anew."""

    request_id: str
    seq: int
    is_signed: bool
    trouble: str


def examine(connection: Connection, request_id: str | None = None) -> Iterator[ExaminedSignature]:
    """Every decision that came with a proof, in the order of the record."""
    kind = AuditEvent.kind.in_([TaskDecided.__name__, RequestOverridden.__name__])
    known = _known(connection)
    asked = () if request_id is None else (AuditEvent.request_id == request_id,)
    rows = connection.execute(
        select(
            AuditEvent.request_id, AuditEvent.seq, AuditEvent.actor, AuditEvent.command_id,
            AuditEvent.data,
        )
        .where(kind, AuditEvent.data["proof"].astext.is_not(None), *asked)
        .order_by(AuditEvent.request_id, AuditEvent.seq)
        .execution_options(yield_per=500)
    )  # fmt: skip
    for row in rows:
        event = {
            "request_id": str(row.request_id),
            "actor": row.actor,
            "command_id": str(row.command_id),
            **row.data,
        }
        evidence = event["proof"].get("evidence")
        trouble = trouble_of(event)
        if evidence and not trouble and not known.has(row.actor, evidence["public_key"]):
            trouble = "the record knows no such passkey of whoever decided"
        yield ExaminedSignature(str(row.request_id), row.seq, bool(evidence), trouble)


@dataclass(frozen=True, slots=True)
class _KnownKeys:
    """Which passkeys were whose, each by its person's id and the SHA-256 of its public key, by the
    acts that tell of it. `untold`: of whom or what the record no longer says it."""

    told: frozenset[tuple[str, str]]
    untold: frozenset[str | tuple[str, str]]

    def has(self, person_id: str, public_key: str) -> bool:
        mark = (person_id, sha256(base64url_to_bytes(public_key)).hexdigest())
        return mark in self.told or bool({person_id, mark} & self.untold)


def _known(connection: Connection) -> _KnownKeys:
    """Acts of erased people say nothing any more, and months of acts may have been removed."""
    mark = AuditAct.data["public_key_sha256"].astext
    changed = AuditAct.kind == ActKind.PERSON_CHANGED
    told = connection.execute(
        select(AuditAct.subject, mark).where(changed, mark.is_not(None))
    ).all()
    erased = connection.scalars(select(AuditAct.subject).where(changed, AuditAct.salt == ""))
    oldest = select(func.date_trunc("month", func.min(AuditAct.at), "UTC")).scalar_subquery()
    former = select(Passkey.user_id, Passkey.public_key).where(Passkey.created_at < oldest)
    keys = ((str(row.user_id), sha256(row.public_key)) for row in connection.execute(former))
    return _KnownKeys(
        frozenset((str(subject), found) for subject, found in told),
        frozenset(map(str, erased)) | {(whose, key.hexdigest()) for whose, key in keys},
    )


def trouble_of(event: dict[str, Any]) -> str:
    """What does not hold of the proof in a decision's event, as it is recorded or exported; empty
    where everything does."""
    try:
        proof = codec.decode(DecisionProof, event["proof"])
        given = SignedDecision(
            command_id=event["command_id"],
            person_id=event["actor"],
            **_about(event),
            decision=Decision(event["decision"]),
            content_version=event["content_version"],
            content_hash=event["content_hash"],
        )
    except (CannotDecode, KeyError, ValueError):
        return "the proof cannot be read"
    if proof.statement and not covers(proof, given):
        return "what was signed is another decision"
    return _trouble_of_evidence(proof) if proof.evidence else ""


def _about(event: dict[str, Any]) -> dict[str, Any]:
    if "task_id" in event:
        return {"task_id": event["task_id"]}
    return {"request_id": event["request_id"], "stage_key": event["stage_key"]}


def _trouble_of_evidence(proof: DecisionProof) -> str:
    kept = proof.evidence
    try:
        webauthn.verify_authentication_response(
            credential={
                "id": kept["credential_id"],
                "rawId": kept["credential_id"],
                "type": "public-key",
                "response": {
                    "authenticatorData": kept["authenticator_data"],
                    "clientDataJSON": kept["client_data"],
                    "signature": kept["signature"],
                },
            },
            expected_challenge=sha256(proof.statement.encode()).digest(),
            expected_rp_id=kept["rp_id"],
            expected_origin=kept["origin"],
            credential_public_key=base64url_to_bytes(kept["public_key"]),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, KeyError, ValueError, TypeError) as error:
        return f"the signature does not hold ({error})"
    return ""
