"""Many tasks chosen in an inbox, to be decided together."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now, UserKey


class Batch(Base):
    """What one person chose, and what they said of it. `id` is the one-time key of the form.

    `items`: {"task"} in the order of the inbox; once decided also "command" (the command's id), or
    "left_out" with the reason's code. `decision` and `decided_at` are null until then.
    """

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_user_id_created_at", "user_id", "created_at"),)

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    decision: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Now]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
