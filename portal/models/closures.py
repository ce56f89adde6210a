"""When the portal was closed for commands, and how far that went."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Text, Uuid, column, table
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Now

PORTAL_CLOSED, GIVEN_BACK = "GL001", "GL002"
"""The codes with which the table of commands refuses one (see the migration "closures")."""

given_back = table("given_back", column("request_id", Uuid(as_uuid=False)), schema="portal")
"""The requests that another system has again: a view, since only that system's move knows."""


class Closure(Base):
    """One closure. `in_force` is true while it lasts, then null: there is one at most.

    `words` are shown on every page. `drained_at`: what had been recorded before was applied, and
    from then on nothing is delivered; `ended_at`: no workflow runs; `returned_at`: the old tables
    have everything; `opened_at`: it is over. `totals`: what went back.
    """

    __tablename__ = "closures"
    __table_args__ = (CheckConstraint("in_force", name="in_force"),)

    id: Mapped[Id]
    in_force: Mapped[bool | None] = mapped_column(unique=True)
    words: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[Now]
    drained_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    returned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    totals: Mapped[Json]
