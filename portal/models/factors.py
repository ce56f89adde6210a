"""How people prove who they are beside a password, and when they did."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Json, Now, Time, UserKey


class SignIn(Base):
    """Somebody came in, or tried to, as an account that exists; a trigger keeps the rows.

    `how`: a `portal.domain.people.signing_in.Way`; `went`: a `Went`; `second`: the second factor's
    way, where there was one.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user_id", "user_id", "id"),)

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    how: Mapped[str] = mapped_column(Text)
    went: Mapped[str] = mapped_column(Text)
    second: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    detail: Mapped[str] = mapped_column(Text, server_default="")
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Now]


class Passkey(Base):
    """A passkey of a person: the public half of a key that never leaves their device."""

    __tablename__ = "passkeys"
    __table_args__ = (
        Index("ix_passkeys_user_id", "user_id", postgresql_where=text("removed_at IS NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    credential_id: Mapped[bytes] = mapped_column(BYTEA, unique=True)
    public_key: Mapped[bytes] = mapped_column(BYTEA)
    sign_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    name: Mapped[str] = mapped_column(Text)
    is_synced: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Now]
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuthenticatorApp(Base):
    """A person's app that shows codes (RFC 6238). `sealed`: what it shares with us; `last_step`:
    the newest half minute of which a code was taken, so that each is taken once."""

    __tablename__ = "authenticator_apps"

    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id"), primary_key=True
    )
    sealed: Mapped[bytes] = mapped_column(BYTEA)
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[Now]
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RecoveryCode(Base):
    """A code on paper, for whoever lost their app or key; each counts once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    code_hash: Mapped[str] = mapped_column(Text)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Challenge(Base):
    """What somebody was asked to prove, until they did: the row is taken by its answer, once.

    `kind`: a `portal.services.challenges.ChallengeKind`; `user_id`: of whom it was asked, where
    that is known.
    """

    __tablename__ = "challenges"
    __table_args__ = (Index("ix_challenges_expires_at", "expires_at"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    data: Mapped[Json]
    created_at: Mapped[Now]
    expires_at: Mapped[Time]


class ProviderAccount(Base):
    """A person's account at an OpenID provider, by its issuer and subject and never by address."""

    __tablename__ = "provider_accounts"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        Index("ix_provider_accounts_user_id", "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UserKey]
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, server_default="")
    linked_at: Mapped[Now]
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
