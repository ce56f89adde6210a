"""Links in messages. Who has one is shown a page; a link decides nothing and grants no right. Links
by which a password is set stand for themselves: whoever has one may set it, once.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

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

    A trigger refuses to alter the rows; they stay once the link went with its request.
    """

    __tablename__ = "link_refusals"
    __table_args__ = (
        UniqueConstraint("link_id", "user_id"),
        Index("ix_link_refusals_request_id", "request_id", "id"),
    )

    id: Mapped[Id]
    link_id: Mapped[Key]
    request_id: Mapped[Key]
    user_id: Mapped[UserKey]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Now]


MAIL_WAITS = (
    "mailed_at IS NULL AND used_at IS NULL AND revoked_at IS NULL AND mail_due_at IS NOT NULL"
)


class PasswordLink(Base):
    """A link by which a person sets their password, once.

    `kind`: "invitation", "reset", or "first", which is nobody's: who follows it makes the first
    administrator's account. "test" sets no password: it only says that mail arrives. `created_by`:
    who made it; null for whoever asked at the sign-in page, and for the server. `mail_due_at`: when
    it is to be mailed; null for one that is handed over otherwise. Only the SHA-256 of its token is
    here; see `password_token`. A trigger sets `revoked_at` where the person's address, roles, state
    or password change, or the maker's roles or state.
    """

    __tablename__ = "password_links"
    __table_args__ = (
        Index("ix_password_links_user_id", "user_id", "id"),
        Index("ix_password_links_mail", "mail_due_at", postgresql_where=text(MAIL_WAITS)),
        CheckConstraint("kind IN ('invitation', 'reset', 'first', 'test')", name="kind"),
        CheckConstraint("(user_id IS NULL) = (kind = 'first')", name="whose"),
    )

    id: Mapped[Id]
    user_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))
    kind: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    created_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    created_at: Mapped[Now]
    expires_at: Mapped[Time]
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mail_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mailed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)


def password_token(link_id: str, secret_key: str) -> str:
    """The token of a password link: 256 bits, 43 characters that need no escaping in an address.

    It follows from the link's id and the installation's secret, so that the worker mails it without
    its being stored, and a mail that is tried twice holds the same.
    """
    digest = hmac.new(secret_key.encode(), f"password-link:{link_id}".encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def token_made(link_id: str, token_hash: str, secret_keys: Iterable[str]) -> str | None:
    """The token of a password link, by the key that it was made with; None where none fits."""
    tokens = (password_token(link_id, key) for key in secret_keys)
    return next((each for each in tokens if sha256(each.encode()).hexdigest() == token_hash), None)
