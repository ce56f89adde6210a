"""Filters of a list that somebody gave a name."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Now, UserKey


class SavedView(Base):
    """One person's name for a filter of the list `place` (inbox or history); `filters` are the
    values of its address."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("user_id", "place", "name"),)

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    place: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    filters: Mapped[Json]
    created_at: Mapped[Now]
