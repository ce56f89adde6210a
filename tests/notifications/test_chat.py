"""Messages by chat: sent beside mail, still true, refused, given up, and never in mail's way."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from portal import presentation
from portal.chat import sealing
from portal.config import ROOT, Settings
from portal.domain.request.state import Approval
from portal.models.columns import new_id
from portal.notifications.chat import ChatSending
from portal.notifications.outbox import Outbox
from portal.notifications.sending import give_up
from tests.chatting import ChatServer, chat_server, chatting
from tests.in_process import NUMBER
from tests.notifications.post import Post
from tests.web import People

ADD = (
    "INSERT INTO portal.chat_channels (id, name, scheme, host, sealed)"
    " VALUES (:id, 'Team chat', 'json', '127.0.0.1', :sealed)"
)


@dataclass
class Chats:
    """A channel, the server behind it, and an outbox with chat alone."""

    server: ChatServer
    post: Post


@pytest.fixture
def chats(settings: Settings, engine) -> Iterator[Chats]:
    words = presentation.letters(ROOT / "templates")
    sending = ChatSending(engine, chatting(settings, timeout_seconds=3), words)
    with chat_server() as server:
        post, key = Post(Outbox(engine), sending), new_id()  # type: ignore[arg-type]
        sealed = sealing.seal(server.address(), key, settings.secret_key)
        post.do(ADD, id=key, sealed=sealed)
        yield Chats(server, post)


def test_who_is_asked_is_written_to_with_one_link_that_decides_nothing(
    chats: Chats, asked: Approval
) -> None:
    chats.post.do(
        "UPDATE portal.requests SET title = 'A @channel <!here> [x](http://evil.example)'"
    )
    batch = chats.post.next_batch()
    assert batch.channel.startswith("chat:")
    assert [chats.post.send(batch), chats.post.send(batch)] == [0, 0]
    ((path, body),) = chats.server.heard
    assert path == "/people/ben"
    assert body["title"].startswith("Needs your approval: A @\u200bchannel ‹!here›")
    assert body["title"].endswith(f"({NUMBER})")
    assert "Ana Example asks for your approval" in body["message"]
    assert body["message"].endswith(f"/requests/{NUMBER}")
    assert "/a/" not in body["message"]
    (row,) = chats.post.rows()
    assert (row.status, row.last_error) == ("SENT", None)


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ("UPDATE portal.tasks SET status = 'DECIDED'", "DROPPED", "not theirs"),
        ("UPDATE portal.chat_channels SET is_on = false", "DROPPED", "switched off"),
        ("DELETE FROM portal.chat_channels", "DROPPED", "was removed"),
        ("UPDATE portal.users SET email = 'a,b@x' WHERE name LIKE 'Ben%'", "DROPPED", "stand in"),
        ("UPDATE portal.chat_channels SET sealed = 'x'", "FAILED", "SECRET_KEY"),
    ],
)
def test_what_cannot_or_need_not_be_sent_is_not(
    chats: Chats, asked: Approval, change: str, status: str, reason: str
) -> None:
    batch = chats.post.next_batch()
    chats.post.do(change)
    assert chats.post.send(batch) == 0
    (row,) = chats.post.rows()
    assert row.status == status
    assert reason in row.last_error
    assert chats.server.heard == []


def test_what_is_refused_is_tried_again_and_then_given_up(chats: Chats, asked: Approval) -> None:
    chats.server.answer = 503
    batch = chats.post.next_batch()
    assert chats.post.send(batch) == 1
    assert "error=503" in chats.post.rows()[0].last_error
    assert give_up(chats.post.outbox.engine, batch) == 1
    (row,) = chats.post.rows()
    assert row.status == "FAILED"
    assert "t0k3n" not in row.last_error


def test_one_that_dies_after_the_body_is_sent_again(chats: Chats, asked: Approval) -> None:
    chats.server.answer = lambda request: request.connection.close() or 0
    batch = chats.post.next_batch()
    assert chats.post.send(batch) == 1
    chats.server.answer = 200
    assert chats.post.send(batch) == 0
    assert len(chats.server.heard) == 2


def test_mail_and_each_channel_go_in_batches_of_their_own(
    chats: Chats, post: Post, catcher, asked: Approval, people: People
) -> None:
    batches = [post.next_batch(), post.next_batch()]
    assert sorted(batch.channel.partition(":")[0] for batch in batches) == ["chat", "mail"]
    assert post.outbox.next_batch() is None
    by_mail = next(batch for batch in batches if batch.channel == "mail")
    assert post.send(by_mail) == 0
    assert len(catcher.mails) == 1
    with post.outbox.engine.connect() as connection:
        waiting = text("SELECT count(*) FROM portal.messages WHERE status = 'WAITING'")
        assert connection.execute(waiting).scalar_one() == 1
