"""Who decides for whom while they are away."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now, Time, UserKey


class Delegation(Base):
    """From `starts_at` until before `ends_at`, `delegate_id` may decide for `delegator_id`.

    `type_codes`: only requests of these types; null = all. `max_amount`: only up to so many minor
    units of `currency`; null = any. `revoked_at`: ended early, by `revoked_by`, or null if by the
    portal. `legacy_id`: the old engine's row.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("delegator_id <> delegate_id", name="two_people"),
        CheckConstraint("starts_at < ends_at", name="has_length"),
        CheckConstraint("(max_amount IS NULL) = (currency IS NULL)", name="money"),
        Index("ix_delegations_not_over", "ends_at", postgresql_where=text("revoked_at IS NULL")),
        Index("ix_delegations_delegator_id_ends_at", "delegator_id", "ends_at"),
        Index("ix_delegations_delegate_id_ends_at", "delegate_id", "ends_at"),
    )

    id: Mapped[Id]
    delegator_id: Mapped[UserKey]
    delegate_id: Mapped[UserKey]
    type_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    starts_at: Mapped[Time]
    ends_at: Mapped[Time]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    max_amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    created_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    legacy_id: Mapped[str | None] = mapped_column(Text, unique=True)
