"""Sending again what was not taken."""

from sqlalchemy import case, func, or_, select, update

from portal.extensions import db
from portal.models import Message, MonthlyMail


def send_again(message_id: str | None = None) -> int:
    """Make a message that was not taken due now, or all of them; returns how many there were. The
    id of a person stands for mails with figures to them.

    One that was sent, or is not true any more, stays what it is.
    """
    change = update(Message).where(
        Message.last_error.is_not(None), Message.status.in_(("WAITING", "FAILED"))
    )
    if message_id is not None:
        # The parts of one digest go together: each alone would carry the same Message-ID, and a
        # mail program would show only the first.
        digest = select(Message.batch_id).where(
            Message.id == message_id, Message.digest.is_not(None)
        )
        together = (Message.batch_id == digest.scalar_subquery()) & Message.digest.is_not(None)
        change = change.where(or_(Message.id == message_id, together))
    # Without a batch: whatever still holds it leaves it to the next one. A digest stays the one it
    # was, so that a second copy is known; it goes with the next ones, within a quarter of an hour.
    batch = case((Message.digest.is_not(None), Message.batch_id))
    change = change.values(status="WAITING", due_at=func.now(), batch_id=batch)
    found = db.session.execute(change.returning(Message.id)).all()
    figures = _figures_again(message_id)
    db.session.commit()
    return len(found) + figures


def _figures_again(user_id: str | None) -> int:
    change = update(MonthlyMail).where(
        MonthlyMail.last_error.is_not(None), MonthlyMail.status.in_(("WAITING", "FAILED"))
    )
    if user_id is not None:
        change = change.where(MonthlyMail.user_id == user_id)
    change = change.values(status="WAITING", due_at=func.now())
    return len(db.session.execute(change.returning(MonthlyMail.user_id)).all())
