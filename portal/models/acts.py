"""Acts as they are hashed and stored, so that anybody can check them.

    hash = sha256(salt + canonical bytes), as 64 lower-case hexadecimal digits

The salt is 32 hexadecimal digits as ASCII; the canonical bytes are those of `chain.canonical` of an
object with `id`, `at` (microseconds since 1970-01-01 UTC), `kind`, `actor`, `session_id`,
`address`, `subject` and `data`.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from portal.domain.proof.acts import ActRecord
from portal.models import chain
from portal.models.audit import AuditAct


def act_bytes(act: ActRecord) -> bytes:
    """What is hashed of an act, behind its salt. Raises ValueError for what is no JSON."""
    document = {
        "id": act.id,
        "at": chain.microseconds(act.at),
        "kind": act.kind,
        "actor": act.actor,
        "session_id": act.session_id,
        "address": act.address,
        "subject": act.subject,
        "data": act.data,
    }
    return chain.canonical(document).encode()


def act_hash(salt: str, act: ActRecord) -> str:
    """The hash of an act. Raises ValueError for what is no JSON."""
    return sha256(salt.encode() + act_bytes(act)).hexdigest()


def act_row(act: ActRecord) -> dict[str, Any]:
    """The row of an act, with a salt of its own. Raises ValueError for what cannot be stored."""
    columns = {name: getattr(act, name) for name in ActRecord.__slots__}
    columns["kind"] = str(act.kind)
    columns["data"] = chain.storable(act.data)
    salt = chain.new_salt()
    return columns | {"salt": salt, "hash": act_hash(salt, ActRecord(**columns))}


def record_act(connection: Connection, act: ActRecord) -> None:
    """Record an act in the caller's transaction, unless it is there; a trigger queues it for the
    log."""
    connection.execute(insert(AuditAct).on_conflict_do_nothing(), act_row(act))


def record_acts(connection: Connection, acts: Iterable[ActRecord]) -> None:
    """The same for many at once."""
    if rows := [act_row(act) for act in acts]:
        connection.execute(insert(AuditAct).on_conflict_do_nothing(), rows)
