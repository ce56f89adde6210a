"""A mail server that misbehaves: the talk ends in time, the reason is told, a copy is known."""

from email.message import EmailMessage

import pytest

from portal.config import MailSettings, Settings
from portal.domain.request.state import Approval
from portal.notifications.smtp import MailNotTaken, SmtpConnection
from scripts.local.ports import any_free
from tests.mailing import Catcher, die_after_data, mail_server, mailing, refuse, slow_server
from tests.notifications.post import Post

MAIL = EmailMessage()
MAIL["Subject"] = "Chairs"
MAIL.set_content("Please decide.")


def send(port: int, timeout: int = 30, tls: str = "none") -> None:
    """Send one mail."""
    settings = MailSettings(host="127.0.0.1", port=port, tls=tls, timeout_seconds=timeout)
    with SmtpConnection(settings) as door:
        door.send(MAIL, "ben@example.org")


def test_lines_end_as_servers_want_them() -> None:
    """Also those of a mail that was not made for SMTP: a bare newline is refused by many."""
    with mail_server() as server:
        send(server.port)
    lines = (server.envelopes[0].original_content or b"").splitlines(keepends=True)
    assert b"Please decide.\r\n" in lines
    assert all(line.endswith(b"\r\n") for line in lines)


def test_nobody_listens() -> None:
    with pytest.raises(MailNotTaken, match="cannot be reached") as caught:
        send(any_free())
    assert caught.value.is_away


@pytest.mark.parametrize("drip", [b"", b"220 " + b"x" * 5000])
def test_a_server_that_says_nothing_or_a_byte_at_a_time(drip: bytes) -> None:
    with (
        slow_server(drip) as port,
        pytest.raises(MailNotTaken, match=r"No answer|no answer") as caught,
    ):
        send(port, timeout=1)
    assert caught.value.is_away


def test_one_that_hangs_after_data() -> None:
    hanging = refuse("hang")
    with mail_server(hanging) as server, pytest.raises(MailNotTaken, match="no answer") as caught:
        send(server.port, timeout=5)
    assert not caught.value.is_away


@pytest.mark.parametrize("answer", ["550 No such person", "451 Later", "554 Not from you"])
def test_one_that_refuses(answer: str) -> None:
    words = f"said {answer[:3]}: "
    with mail_server(refuse(answer)) as server, pytest.raises(MailNotTaken, match=words):
        send(server.port)


def test_tls_is_not_given_up_where_it_is_wanted() -> None:
    with mail_server() as server:
        with pytest.raises(MailNotTaken) as caught:
            send(server.port, tls="starttls")
        assert caught.value.is_away
        assert server.mails == []


def test_a_tls_handshake_ends_in_time() -> None:
    with slow_server() as port, pytest.raises(MailNotTaken):
        send(port, timeout=1, tls="tls")


def test_after_a_line_that_broke_the_copy_has_the_same_id(
    post: Post, settings: Settings, asked: Approval
) -> None:
    with mail_server(die_after_data()) as server:
        there = post.through(mailing(settings, server.port))
        batch = there.next_batch()
        assert there.send(batch) == 1
        assert post.rows()[0].status == "WAITING"
        assert there.send(batch) == 0
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert post.rows()[0].status == "SENT"


def test_one_mail_that_hangs_does_not_hold_the_others(
    post: Post, settings: Settings, asked: Approval
) -> None:
    post.do(
        "INSERT INTO portal.notifications (id, user_id, request_id, seq, kind, number, text,"
        " task_id, created_at) SELECT gen_random_uuid(), user_id, request_id, 90 + n, 'news',"
        " number, text, NULL, now() FROM portal.notifications, generate_series(1, 3) n"
    )
    with mail_server(refuse("hang", times=1)) as server:
        there = post.through(mailing(settings, server.port, timeout_seconds=5))
        assert there.send() == 1
        assert len(server.mails) == 3


def test_a_server_that_is_away_is_asked_once_for_a_batch(
    post: Post, catcher: Catcher, settings: Settings, asked: Approval
) -> None:
    post.do(
        "INSERT INTO portal.notifications (id, user_id, request_id, seq, kind, number, text,"
        " task_id, created_at) SELECT gen_random_uuid(), user_id, request_id, 90 + n, 'news',"
        " number, text, NULL, now() FROM portal.notifications, generate_series(1, 3) n"
    )
    with slow_server() as port:
        away = post.through(mailing(settings, port, timeout_seconds=1))
        batch = away.next_batch()
        assert away.send(batch) == 4
    assert post.send(batch) == 0
    assert len(catcher.mails) == 4
