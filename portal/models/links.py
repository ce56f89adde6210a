"""Links in messages. Who has one is shown a page; a link decides nothing and grants no right."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Key, Now, Time, UserKey

ALIVE = text("revoked_at IS NULL")


class Link(Base):
    """A link to a task, for one person, with the decision it offers (None: only to look).

    Only the SHA-256 of its token is here. Triggers set `revoked_at` in the same transaction as the
    task's decision or its move to another person, the request's new content, the early end of the
    absence through which the person was asked, or of the person's account.
    """

    __tablename__ = "links"
    __table_args__ = (
        Index("ix_links_task_id", "task_id", postgresql_where=ALIVE),
        Index("ix_links_request_id", "request_id", postgresql_where=ALIVE),
        Index("ix_links_user_id", "user_id", postgresql_where=ALIVE),
        CheckConstraint("decision IN ('approve', 'reject')", name="decision"),
    )

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    task_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.tasks.id"))
    request_id: Mapped[Key]
    user_id: Mapped[UserKey]
    content_version: Mapped[int]
    decision: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    expires_at: Mapped[Time]
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LinkRefusal(Base):
    """Somebody followed a link that was sent to another person: the first time of each.

    A trigger refuses to alter the rows.
    """

    __tablename__ = "link_refusals"
    __table_args__ = (
        UniqueConstraint("link_id", "user_id"),
        Index("ix_link_refusals_request_id", "request_id", "id"),
    )

    id: Mapped[Id]
    link_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.links.id"))
    request_id: Mapped[Key]
    user_id: Mapped[UserKey]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Now]
