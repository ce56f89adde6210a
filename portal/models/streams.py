"""Streams of the log to security information systems, and how far each has come."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, LargeBinary, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Base
from portal.models.columns import Id, Now

STATES = "state IN ('unverified', 'on', 'paused', 'removed')"


class LogStream(Base):
    """Where entries of the log go, from the leaf `next_leaf` on. Never deleted.

    `protocol`, `shape`, `state`: see `portal.domain.proof.streams`. `address`: a whole one for
    HTTPS, host and port for syslog. `sealed`: the secret that signs, encrypted; the one before is
    good until `old_until`. `certificate`: of the authority that vouches for the receiver, in PEM;
    "": those that this machine knows. `failures`: tries in a row in vain, since `failing_since`;
    until `rest_until` it is left alone. `taken_until`: a worker sends it. `sent_at`: when entries
    were taken last. `test_asked_at`: a test waits; of the newest that ended, `tested_at` and
    `test_error` ("": it was taken).
    """

    __tablename__ = "log_streams"
    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        CheckConstraint("protocol IN ('https', 'syslog')", name="protocol"),
        CheckConstraint("shape IN ('json', 'ocsf')", name="shape"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    protocol: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    shape: Mapped[str] = mapped_column(Text)
    certificate: Mapped[str] = mapped_column(Text, server_default="")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text, server_default="unverified")
    next_leaf: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_by: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("portal.users.id")
    )
    created_at: Mapped[Now]
    changed_at: Mapped[Now]
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rest_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)
    test_asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tested_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    test_error: Mapped[str | None] = mapped_column(Text)
