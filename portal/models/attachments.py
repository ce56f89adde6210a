"""Files that people attach to requests. The bytes lie in a folder, under the row's id."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Index, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Key, Now, UserKey


class Attachment(Base):
    """One stored file. It belongs to the form it was uploaded with (`form_id`: the draft's or the
    command's id) and, once that is sent, to the request. `size` in bytes, `sha256` in hex.
    Of an erased one the row stays: `erased_at` is when that was recorded, `removed_at` when the
    bytes were gone.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_form_id", "form_id"),
        Index("ix_attachments_request_id", "request_id"),
        Index("ix_attachments_not_sent", "owner_id", postgresql_where=text("request_id IS NULL")),
        Index(
            "ix_attachments_left",
            "id",
            postgresql_where=text("erased_at IS NOT NULL AND removed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    form_id: Mapped[Key]
    owner_id: Mapped[UserKey]
    request_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    field: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Now]
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
