"""Many messages of one kind about one request become few."""

import uuid
from datetime import UTC, datetime, timedelta

from portal.domain.request.commands import Comment
from portal.domain.request.state import Approval
from tests.in_process import InProcess
from tests.mailing import Catcher
from tests.notifications.post import Post
from tests.web import People

TOLD = """
INSERT INTO portal.notifications (id, user_id, request_id, seq, kind, number, text)
SELECT gen_random_uuid(), CAST(:user AS uuid), CAST(:request AS uuid), 1000 + n, :kind, 'CH-1001',
    'Ana commented on a chair.' FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
"""


def tell(post: Post, user: str, request: str, first: int, last: int, kind: str = "comment") -> None:
    post.do(TOLD, user=user, request=request, first=first, last=last, kind=kind)


def send_all(post: Post) -> None:
    """Until nothing is due."""
    while (batch := post.outbox.next_batch()) is not None:
        post.send(batch)


def pass_time(post: Post, minutes: int) -> None:
    gone = {"gone": timedelta(minutes=minutes)}
    post.do("UPDATE portal.messages SET due_at = due_at - :gone, sent_at = sent_at - :gone", **gone)


def texts(catcher: Catcher) -> list[str]:
    mails = [mail.get_body(("plain",)) for mail in catcher.mails]
    return [str(body.get_content()) for body in mails if body is not None]


def test_three_thousand_comments_are_two_mails(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    send_all(post)  # Ben is asked
    catcher.envelopes.clear()
    for first in range(1, 3001, 150):
        tell(post, people.ben, asked.request_id, first, first + 149)
        send_all(post)
    assert len(catcher.mails) == 1
    pass_time(post, 16)
    send_all(post)
    said = texts(catcher)
    assert len(said) == 2
    told = sum(int(text.partition("And ")[2].split()[0]) + 1 for text in said)
    assert told == 3000


def test_each_request_person_and_kind_is_told_by_itself(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    send_all(post)
    catcher.envelopes.clear()
    tell(post, people.ben, asked.request_id, 1, 1)
    tell(post, people.ana, asked.request_id, 1, 1)
    tell(post, people.ben, asked.request_id, 2, 2, kind="moved")
    send_all(post)
    assert len(catcher.mails) == 3


def test_after_a_while_the_next_goes_at_once(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    send_all(post)
    catcher.envelopes.clear()
    for number in range(1, 4):
        tell(post, people.ben, asked.request_id, number, number)
        send_all(post)
        assert len(catcher.mails) == number
        assert "more since" not in texts(catcher)[-1]
        pass_time(post, 16)


def test_what_is_being_sent_speaks_for_nothing_later(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    send_all(post)
    catcher.envelopes.clear()
    tell(post, people.ben, asked.request_id, 1, 1)
    batch = post.next_batch()
    tell(post, people.ben, asked.request_id, 2, 2)
    assert post.outbox.next_batch() is None
    post.send(batch)
    pass_time(post, 16)
    send_all(post)
    assert ["more since" in text for text in texts(catcher)] == [False, False]


def test_a_digest_says_it_once(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    post.do(
        "INSERT INTO portal.notification_preferences (user_id, choices) VALUES (:user,"
        """ '{"mail": {"commented": "hourly"}}')""",
        user=people.ben,
    )
    tell(post, people.ben, asked.request_id, 1, 500)
    while post.outbox.next_batch() is not None:
        pass
    assert sum(row.kind == "comment" for row in post.rows()) == 1


def test_comments_as_they_are_made(
    post: Post, catcher: Catcher, process: InProcess, asked: Approval, people: People
) -> None:
    send_all(post)
    catcher.envelopes.clear()
    for text in ("First.", "Second.", "Third."):
        process.give(
            Comment(
                at=datetime.now(UTC),
                command_id=str(uuid.uuid4()),
                request_id=asked.request_id,
                actor_id=people.ana,
                comment=text,
            )
        )
    send_all(post)
    (said,) = texts(catcher)
    assert "First." in said
    assert "And 2 more since then." in said
