"""What becomes a message, and when."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from portal.domain.request.state import Approval
from tests.mailing import Catcher
from tests.notifications.post import Post
from tests.web import People

WISH = (
    "INSERT INTO portal.notification_preferences (user_id, choices, quiet_from, quiet_until)"
    " VALUES (:user, CAST(:choices AS jsonb), :start, :end)"
)


def test_what_is_not_wanted_is_not_mailed(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    post.do(WISH, user=people.ben, choices='{"mail": {"asked": "not"}}', start=None, end=None)
    assert post.outbox.next_batch() is None
    assert post.rows() == []
    with post.outbox.engine.connect() as connection:
        handed = text("SELECT handed_at IS NOT NULL FROM portal.notifications")
        assert connection.execute(handed).scalar_one()


def test_in_quiet_hours_it_waits_for_their_end(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    post.do("UPDATE portal.users SET time_zone = 'UTC'")
    now = datetime.now(UTC)
    start, end = (now - timedelta(hours=2)).time(), (now + timedelta(hours=2)).time()
    post.do(WISH, user=people.ben, choices="{}", start=start, end=end)
    assert post.outbox.next_batch() is None
    (row,) = post.rows()
    assert abs(row.due_at - (now + timedelta(hours=2))) < timedelta(seconds=1)
    post.do("UPDATE portal.messages SET due_at = now()")
    post.send()
    assert len(catcher.mails) == 1


def test_what_a_dead_dispatcher_took_is_due_again_within_a_minute(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    batch = post.next_batch()
    assert timedelta(0) < rest(post) <= timedelta(minutes=1)
    post.outbox.hold(batch.id)
    assert rest(post) > timedelta(minutes=10)


def rest(post: Post) -> timedelta:
    """How long nobody else takes the one message."""
    (row,) = post.rows()
    due: datetime = row.due_at
    return due - datetime.now(UTC)
