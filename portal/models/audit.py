"""The record: append-only events, hash-chained for each request, and the free text beside them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now, Time, UserKey

# So many neighbouring leaves have a row of `audit_blocks`.
BLOCK = 4_096
# The words of an act, by which it is searched.
ACT_WORDS = """jsonb_to_tsvector('portal.words'::regconfig, data, '["string"]')"""


class AuditEvent(Base):
    """One event; triggers refuse every change. Partitioned by month on `at`.

    `hash` = sha256(previous hash of the request + canonical bytes). `data` holds the event's own
    fields; free text stands as {"sha256": ...} and lives in `portal.audit_texts`.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        # Events arrive in order of time, so a block range index serves exports at almost no cost.
        Index("ix_audit_events_at", "at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    on_behalf_of: Mapped[str | None] = mapped_column(Text)
    command_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    data: Mapped[Json]
    prev_hash: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class AuditText(Base):
    """A free text of an event, with its hash's salt; both are erased, by `portal.erase_text`, with
    the act that says so, and the chain stays whole."""

    __tablename__ = "audit_texts"

    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditAct(Base):
    """What was done beside requests: signing in, a refusal, a change to people or types, an export.

    `kind`: a `portal.domain.proof.acts.ActKind`. `actor`: a person's id, "system", or "" where
    nobody is signed in. `data`: what is said of it, such as before and after. `hash`: see
    `portal.models.acts`; a trigger refuses to alter the rows.
    """

    __tablename__ = "audit_acts"
    __table_args__ = (
        Index("ix_audit_acts_kind_id", "kind", "id"),
        Index("ix_audit_acts_actor_id", "actor", "id"),
        Index("ix_audit_acts_words", text(ACT_WORDS), postgresql_using="gin"),
        Index(
            "ix_audit_acts_erased",
            text("(data -> 'texts')"),
            postgresql_using="gin",
            postgresql_where=text("kind = 'text_erased'"),
        ),
        Index(
            "ix_audit_acts_removed",
            text("(data -> 'requests')"),
            postgresql_using="gin",
            postgresql_where=text("kind = 'records_dropped'"),
        ),
    )

    id: Mapped[Id]
    at: Mapped[Time]
    kind: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    session_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    address: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    data: Mapped[Json]
    salt: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class AuditQueue(Base):
    """An event or an act (`seq` 0) that waits for its leaf; triggers write the rows, and the sealer
    takes them."""

    __tablename__ = "audit_queue"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    subject_id: Mapped[Key]
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[Now]


class AuditLeaf(Base):
    """A leaf of the log: an event of a request, or an act (`seq` 0). `number` counts from 0, and
    leaves out none."""

    __tablename__ = "audit_leaves"
    __table_args__ = (UniqueConstraint("subject_id", "seq"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    subject_id: Mapped[Key]
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(Text)


class AuditIndex(Base):
    """What a leaf is about, for whoever looks for it: made from the record by the sealer, and no
    proof of anything. `kind`: an event's tag, a decision's with the decision behind it, or an act's
    kind; `type_code`: of the request's type."""

    __tablename__ = "audit_index"
    __table_args__ = (
        Index("ix_audit_index_actor_number", "actor", "number"),
        Index("ix_audit_index_actor_kind_number", "actor", "kind", "number"),
        Index("ix_audit_index_kind_number", "kind", "number"),
        Index("ix_audit_index_subject_id_number", "subject_id", "number"),
        Index(
            "ix_audit_index_type_code_number",
            "type_code",
            "number",
            postgresql_where=text("type_code IS NOT NULL"),
        ),
        Index(
            "ix_audit_index_type_code_kind_number",
            "type_code",
            "kind",
            "number",
            postgresql_where=text("type_code IS NOT NULL"),
        ),
        Index(
            "ix_audit_index_on_behalf_of_number",
            "on_behalf_of",
            "number",
            postgresql_where=text("on_behalf_of IS NOT NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    subject_id: Mapped[Key]
    seq: Mapped[int]
    at: Mapped[Time]
    kind: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    on_behalf_of: Mapped[str | None] = mapped_column(Text)
    type_code: Mapped[str | None] = mapped_column(Text)


class AuditBlock(Base):
    """The first and the last moment among `BLOCK` neighbouring leaves: by it
    a search between days passes over all others."""

    __tablename__ = "audit_blocks"

    block: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_at: Mapped[Time]
    last_at: Mapped[Time]


class AuditCheckpoint(Base):
    """A signed checkpoint: the log `origin` had `size` leaves, and the root that the note says."""

    __tablename__ = "audit_checkpoints"

    origin: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    note: Mapped[str] = mapped_column(Text)


class AuditAnchor(Base):
    """A checkpoint that was kept outside. `kind`: "folder", "mail", "witness" or "timestamp";
    `proof`: what came back, such as a co-signature or a time stamp."""

    __tablename__ = "audit_anchors"
    __table_args__ = (Index("ix_audit_anchors_kind_id", "kind", "id"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    anchored_at: Mapped[Time]
    proof: Mapped[str] = mapped_column(Text, server_default="")


class AuditVerification(Base):
    """One verification that came to its end, with what it looked at and what it found."""

    __tablename__ = "audit_verifications"

    id: Mapped[Id]
    begun_at: Mapped[Time]
    done_at: Mapped[Time]
    report: Mapped[Json]


class LogExport(Base):
    """A file of the log that somebody takes: the leaves from `first_leaf` on and below `end_leaf`.
    `kind`: of the file; `filters`: as the address has them; `next_leaf`, `entries`: how far it has
    come, said every second while it goes on; `ended_at`: no more of it comes, whole or not."""

    __tablename__ = "log_exports"
    __table_args__ = (Index("ix_log_exports_person_id", "person_id", "id"),)

    id: Mapped[Id]
    person_id: Mapped[UserKey]
    kind: Mapped[str] = mapped_column(Text)
    filters: Mapped[Json]
    first_leaf: Mapped[int] = mapped_column(BigInteger)
    next_leaf: Mapped[int] = mapped_column(BigInteger)
    end_leaf: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger, server_default="0")
    begun_at: Mapped[Now]
    seen_at: Mapped[Now]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
