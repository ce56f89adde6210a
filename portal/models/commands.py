"""What people asked for. This table is the outbox: there is no other."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.domain.request.commands import Submit
from portal.extensions import Base
from portal.models.columns import Id, Json, Key, Now, UserKey

# Where the record says, by NOTIFY, that a command has its answer: its id, the outcome and, if it
# was refused, the reason, with spaces between them.
ANSWERED_CHANNEL = "portal_command_answered"


class Command(Base):
    """One command. `id` is the one-time key of the form; delivered to Temporal, then applied.

    `outcome`: "applied" or "refused" (then `reason` is a `portal.domain.errors.Refusal`), set with
    `applied_at` by the record activity. `next_attempt_at`: when the relay may try (again).
    `parked_at`: given up after too many permanent failures; admins see it. `number`: the request's.
    `actor_id`: null where the portal itself gave the command, which then came in via "system".
    """

    __tablename__ = "commands"
    __table_args__ = (
        Index(
            "ix_commands_waiting",
            "next_attempt_at",
            postgresql_where=text("applied_at IS NULL AND parked_at IS NULL"),
        ),
        Index(
            "ix_commands_waiting_submits",
            "actor_id",
            "created_at",
            postgresql_where=text(f"applied_at IS NULL AND kind = '{Submit.__name__}'"),
        ),
        # What somebody decided and has no effect yet: few rows at any time.
        Index(
            "ix_commands_waiting_tasks",
            "actor_id",
            "task_id",
            postgresql_where=text(
                "applied_at IS NULL AND parked_at IS NULL AND task_id IS NOT NULL"
            ),
        ),
        Index("ix_commands_request_id", "request_id"),
        Index(
            "ix_commands_parked",
            "parked_at",
            postgresql_where=text("parked_at IS NOT NULL AND applied_at IS NULL"),
        ),
        CheckConstraint("actor_id IS NOT NULL OR via = 'system'", name="actor"),
    )

    id: Mapped[Id]
    request_id: Mapped[Key]
    number: Mapped[str] = mapped_column(Text)
    task_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    kind: Mapped[str] = mapped_column(Text)
    workflow: Mapped[str] = mapped_column(Text, server_default="approval")
    actor_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    on_behalf_of: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    payload: Mapped[Json]
    via: Mapped[str] = mapped_column(Text, server_default="web")
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    next_attempt_at: Mapped[Now]
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class Draft(Base):
    """A filled form not sent yet. Its id becomes the Submit command's: pressed twice, sent once."""

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_user_id_updated_at", "user_id", "updated_at"),)

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    type_code: Mapped[str] = mapped_column(Text)
    values: Mapped[Json]
    updated_at: Mapped[Now]
