"""Messages that were not taken, mails with a month's figures among them: given up, or still tried
again and again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Select, String, cast, func, literal_column, select, text

from portal.extensions import db
from portal.models import (
    ChatChannel,
    Message,
    MonthlyMail,
    Notification,
    NotificationPreference,
    User,
)

SHOWN = 100
# As the partial index has it.
TROUBLED: Any = literal_column(
    "messages.last_error IS NOT NULL AND messages.status IN ('WAITING', 'FAILED')"
)

# What is due for so long waits for a worker, not for its turn.
LATE = timedelta(minutes=2)
# Raw: two tables as one, of which only the number and the oldest are wanted.
OVERDUE = text("""
SELECT count(*) AS number, min(due) AS since FROM (
    SELECT created_at AS due FROM portal.notifications
    WHERE handed_at IS NULL AND created_at < now() - :late
    UNION ALL
    SELECT due_at FROM portal.messages
    WHERE status = 'WAITING' AND digest IS NULL AND last_error IS NULL AND due_at < now() - :late
) late
""")


@dataclass(frozen=True, slots=True)
class Troubled:
    """A message that was not taken; `number` is its request's, None where it is about several.
    `id`: of a mail with figures its person's."""

    id: str
    name: str
    address: str | None
    channel: str
    kind: str | None
    number: str | None
    status: str
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime

    @property
    def is_given_up(self) -> bool:
        """Nobody tries it any more."""
        return self.status == "FAILED"


@dataclass(frozen=True, slots=True)
class Overdue:
    """Messages that nobody has tried to send, and since when the oldest is due: of people here, of
    webhooks in `queries.webhooks`."""

    number: int
    since: datetime | None


def troubled() -> tuple[Troubled, ...]:
    """The newest first; up to `SHOWN`."""
    rows = [*db.session.execute(_statement()), *db.session.execute(_figures())]
    found = sorted((Troubled(*row) for row in rows), key=lambda x: x.created_at, reverse=True)
    return tuple(found[:SHOWN])


def overdue() -> Overdue:
    """What should have been on its way a while ago: nobody hands it over, or nobody sends it."""
    row = db.session.execute(OVERDUE, {"late": LATE}).one()
    return Overdue(row.number, row.since)


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    # "mail", "chat", or the name of the chat channel.
    channel = func.coalesce(ChatChannel.name, func.split_part(Message.channel, ":", 1))
    return (
        select(
            Message.id, User.name, User.email, channel, Notification.kind,
            Notification.number, Message.status, Message.attempts, Message.last_error,
            Message.created_at, Message.due_at,
        )
        .join(User, User.id == Message.user_id)
        .outerjoin(Notification, Notification.id == Message.notification_id)
        .outerjoin(ChatChannel, Message.channel == "chat:" + cast(ChatChannel.id, String))
        .where(TROUBLED)
        .order_by(Message.created_at.desc())
        .limit(SHOWN)
    )  # fmt: skip


@cache
def _figures() -> Select[*tuple[Any, ...]]:
    """Mails with figures, of those who still want them. They are made once their month is over."""
    over = cast(MonthlyMail.month + literal_column("interval '1 month'"), DateTime(timezone=True))
    return (
        select(
            MonthlyMail.user_id, User.name, User.email, literal_column("'mail'"),
            literal_column("'MonthlyFigures'"), literal_column("NULL"), MonthlyMail.status,
            MonthlyMail.attempts, MonthlyMail.last_error, over, MonthlyMail.due_at,
        )
        .join(User, User.id == MonthlyMail.user_id)
        .join(NotificationPreference, NotificationPreference.user_id == User.id)
        .where(
            MonthlyMail.last_error.is_not(None), MonthlyMail.status.in_(("WAITING", "FAILED")),
            NotificationPreference.monthly_since.is_not(None), User.is_active,
        )
        .order_by(MonthlyMail.month.desc())
        .limit(SHOWN)
    )  # fmt: skip
