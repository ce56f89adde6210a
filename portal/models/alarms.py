"""What administrators were mailed about the portal itself."""

from datetime import datetime

from sqlalchemy import DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now


class Alarm(Base):
    """One occurrence of a `portal.domain.alarms.AlarmKind`. `told`, `told_over`: ids of the people
    whom a mail reached about its beginning and its end."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index("uq_alarms_open", "kind", unique=True, postgresql_where=text("over_at IS NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    began_at: Mapped[Now]
    calm_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    over_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    told_over: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
