"""The projection: requests, tasks, participants, comments. Only the record activity writes it."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    FetchedValue,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now, Time, UserKey

OPEN = "status IN ('PENDING', 'ON_HOLD', 'RETURNED')"
# What is searched for near misses; the functions stand in the migration of the search.
NEAR_REQUEST = "portal.plain(portal.request_text(title, requester_name, fields))"
NEAR_COMMENT = "portal.plain(text)"
COMMENT_WORDS = "to_tsvector('portal.words'::regconfig, text)"
# Room on each page for new versions of a row, so that an update need not touch the indexes.
ROOMY = {"fillfactor": "80"}


class Request(Base):
    """A request as it stands. `last_seq` is the last event applied. `waiting_for` lists whose turn
    it is ({"id", "name"}); `next_at` and `next_what` say what the clock does next. `workflow`
    is the kind that runs it ("approval" or "simple"), with an old id where it has one: commands
    find it by `portal.workflows.names.address`. `search` holds the words of all its texts, kept by
    a trigger.
    """

    __tablename__ = "requests"
    __table_args__ = (
        Index("ix_requests_requester_id_submitted_at", "requester_id", "submitted_at", "id"),
        Index(
            "ix_requests_open_of_requester",
            "requester_id",
            "submitted_at",
            "id",
            postgresql_where=text(OPEN),
        ),
        Index(
            "ix_requests_on_behalf_of_submitted_at",
            "on_behalf_of",
            "submitted_at",
            "id",
            postgresql_where=text("on_behalf_of IS NOT NULL"),
        ),
        Index("ix_requests_submitted_at", "submitted_at", "id"),
        Index("ix_requests_status_submitted_at", "status", "submitted_at", "id"),
        Index("ix_requests_type_code_submitted_at", "type_code", "submitted_at", "id"),
        Index("ix_requests_search", "search", postgresql_using="gin"),
        Index(
            "ix_requests_near",
            literal_column(NEAR_REQUEST).label("near"),
            postgresql_using="gin",
            postgresql_ops={"near": "gin_trgm_ops"},
        ),
        Index(
            "ix_requests_attention", "submitted_at", postgresql_where=text("attention IS NOT NULL")
        ),
        CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="money"),
        {"postgresql_with": ROOMY},
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(Text, unique=True)
    type_code: Mapped[str] = mapped_column(Text)
    type_name: Mapped[str] = mapped_column(Text)
    workflow: Mapped[str] = mapped_column(Text, server_default="approval")
    policy_version_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.policy_versions.id")
    )
    requester_id: Mapped[UserKey]
    requester_name: Mapped[str] = mapped_column(Text)
    on_behalf_of: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    title: Mapped[str] = mapped_column(Text)
    fields: Mapped[Json]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    module: Mapped[str | None] = mapped_column(Text)
    entity_type: Mapped[str | None] = mapped_column(Text)
    entity_id: Mapped[str | None] = mapped_column(Text)
    meta: Mapped[Json]
    priority: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text)
    round: Mapped[int]
    stage_index: Mapped[int | None]
    stage_name: Mapped[str | None] = mapped_column(Text)
    stage_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settles_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    waiting_for: Mapped[list[dict[str, object]]] = mapped_column(JSONB, server_default="[]")
    waiting_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_what: Mapped[str | None] = mapped_column(Text)
    attention: Mapped[str | None] = mapped_column(Text)
    hold_reason: Mapped[str | None] = mapped_column(Text)
    returned_by: Mapped[str | None] = mapped_column(Text)
    changed_fields: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    questions: Mapped[list[dict[str, object]]] = mapped_column(JSONB, server_default="[]")
    content_version: Mapped[int]
    content_hash: Mapped[str] = mapped_column(Text)
    last_seq: Mapped[int]
    last_hash: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[Time]
    updated_at: Mapped[Time]
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    search: Mapped[str] = mapped_column(TSVECTOR, server_default=FetchedValue())


class Task(Base):
    """One person's to-do. Everything an inbox row shows stands here or on its request."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "ix_tasks_inbox",
            "assignee_id",
            "due_at",
            "id",
            postgresql_where=text("status = 'OPEN'"),
        ),
        Index(
            "ix_tasks_acting_for",
            "acting_for",
            "id",
            postgresql_where=text("status = 'OPEN' AND acting_for IS NOT NULL"),
        ),
        Index("ix_tasks_request_id", "request_id"),
        CheckConstraint("decided_by IS NULL OR decided_by <> requester_id", name="not_own_request"),
        {"postgresql_with": ROOMY},
    )

    id: Mapped[Id]
    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.requests.id"))
    requester_id: Mapped[Key]
    round: Mapped[int]
    stage_index: Mapped[int]
    stage_key: Mapped[str] = mapped_column(Text)
    stage_name: Mapped[str] = mapped_column(Text)
    group_name: Mapped[str | None] = mapped_column(Text)
    assignee_id: Mapped[UserKey]
    acting_for: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    delegation_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Time]
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    decision: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, server_default="")
    content_version: Mapped[int]
    content_hash: Mapped[str | None] = mapped_column(Text)
    escalation_level: Mapped[int] = mapped_column(server_default="0")
    comment_required: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    why: Mapped[Json]


class Participant(Base):
    """Who may see a request beside auditors and admins; keyed for keyset pages of it all."""

    __tablename__ = "participants"
    __table_args__ = (
        Index("ix_participants_user_id_submitted_at", "user_id", "submitted_at", "request_id"),
    )

    request_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.requests.id"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True
    )
    submitted_at: Mapped[Time]


class Comment(Base):
    """Something said about a request: by itself ("comment"), or with what `about` names.

    `about` is a `portal.domain.policy.Decision` for the comment of a task's decision, "undone" once
    that decision was retracted, else "resubmitted", "amended", "held", "resumed", "withdrawn",
    "cancelled", "overridden", "moved_policy", "reassigned", "delegated", "given_back", "asked",
    "answered",
    "added".
    """

    __tablename__ = "comments"
    __table_args__ = (
        UniqueConstraint("request_id", "seq"),
        Index("ix_comments_words", text(COMMENT_WORDS), postgresql_using="gin"),
        Index(
            "ix_comments_near",
            literal_column(NEAR_COMMENT).label("near"),
            postgresql_using="gin",
            postgresql_ops={"near": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    request_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.requests.id"))
    seq: Mapped[int]
    author_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    task_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    about: Mapped[str] = mapped_column(Text, server_default="comment")
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Now]
