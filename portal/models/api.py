"""Programs: the tokens by which they come in, how much they ask, and what they asked for."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Key, Now, Time


class ApiToken(Base):
    """A token. The secret is not kept, only its SHA-256; `ending` is how it ends, to know it by.

    `user_id`: the owner of a personal one; a service has none. A rotation keeps the row: the secret
    before it is good until `old_until`. `modules` empty: of every module. `created_by` is null
    where the shell made it.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("(kind = 'personal') = (user_id IS NOT NULL)", name="owner"),
        CheckConstraint("kind IN ('personal', 'service')", name="kind"),
        Index("ix_api_tokens_old_hash", "old_hash", postgresql_where=text("old_hash IS NOT NULL")),
        Index("ix_api_tokens_user_id", "user_id"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[str] = mapped_column(Text, unique=True)
    ending: Mapped[str] = mapped_column(Text)
    old_hash: Mapped[str | None] = mapped_column(Text)
    old_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    modules: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    created_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    created_at: Mapped[Now]
    expires_at: Mapped[Time]
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_ip: Mapped[str | None] = mapped_column(INET)


class ApiRate(Base):
    """How often a token was used in its present minute. Not written to PostgreSQL's log: after a
    crash counting begins anew. `minute` counts minutes since 1970."""

    __tablename__ = "api_rates"
    __table_args__ = ({"prefixes": ["UNLOGGED"], "postgresql_with": {"fillfactor": "50"}},)

    token_id: Mapped[Id]
    minute: Mapped[int] = mapped_column(BigInteger)
    reads: Mapped[int] = mapped_column(server_default="0")
    writes: Mapped[int] = mapped_column(server_default="0")


class ApiCall(Base):
    """A command that a program gave. `external_id`: the program's own name for the request that it
    asked for; `digest`: the SHA-256 of what it said, by which the same call is known again."""

    __tablename__ = "api_calls"
    __table_args__ = (
        UniqueConstraint("token_id", "external_id"),
        Index("ix_api_calls_request_id", "request_id"),
        Index(
            "ix_api_calls_external_id",
            "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    command_id: Mapped[Id]
    token_id: Mapped[Key] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.api_tokens.id"))
    request_id: Mapped[Key]
    external_id: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Now]
