"""People and groups that an identity provider writes (SCIM 2.0)."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Json, Key, Now

Person = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True)
GroupId = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.groups.id"), primary_key=True)


class ProvisionedPerson(Base):
    """What a provider wrote about somebody.

    `written`: attributes as it wrote them, null for one that it took away; `taken`: what the portal
    made of them, by field of a person's record, so that a change by hand is seen as one. `source`:
    the name of its token. Whoever was deleted there has `removed_at`, and stays for the record.
    """

    __tablename__ = "provisioned_people"
    __table_args__ = (
        Index(
            "ix_provisioned_people_external_id",
            "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    user_id: Mapped[str] = Person
    user_name: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    written: Mapped[Json]
    taken: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    source: Mapped[str] = mapped_column(Text)
    token_id: Mapped[Key] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.api_tokens.id"))
    created_at: Mapped[Now]
    changed_at: Mapped[Now]
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


Index("uq_provisioned_people_user_name_lower", func.lower(ProvisionedPerson.user_name), unique=True)


class ProvisionedGroup(Base):
    """A group that a provider writes. Deleted there it has nobody and `removed_at`: rules may name
    it for ever."""

    __tablename__ = "provisioned_groups"
    __table_args__ = (
        Index(
            "ix_provisioned_groups_external_id",
            "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    group_id: Mapped[str] = GroupId
    external_id: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    token_id: Mapped[Key] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.api_tokens.id"))
    created_at: Mapped[Now]
    changed_at: Mapped[Now]
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
