"""Digests: one mail for each person with all that is still true, whatever the mail server does."""

from dataclasses import replace

import pytest
from flask import Flask

from portal.config import Settings
from portal.domain.notices.kinds import Channel
from portal.domain.notices.preferences import DeliveryMode, NotificationPreferences
from portal.domain.request.state import Approval
from portal.notifications.digest_sending import DigestSending
from portal.notifications.digests import gather
from portal.notifications.outbox import OutgoingBatch
from portal.notifications.sending import give_up
from portal.services import preferences
from portal.services.messages import send_again
from tests.in_process import InProcess, submit
from tests.mailing import (
    Catcher,
    die_after_data,
    is_german,
    mail_server,
    mailing,
    refuse,
    slow_server,
    speak_german,
)
from tests.notifications.post import Post
from tests.web import People

WISH = (
    "INSERT INTO portal.notification_preferences (user_id, choices)"
    ' VALUES (:user, \'{"mail": {"asked": "daily"}}\')'
)
DUE = "UPDATE portal.messages SET due_at = now() WHERE status = 'WAITING'"


@pytest.fixture
def waiting(post: Post, process: InProcess, people: People, kind: dict[str, str]) -> list[Approval]:
    """Two requests that Ben wants to hear of once a day; neither is due before."""
    post.do(WISH, user=people.ben)
    asked = [process.give(submit(kind, people, number=f"PR-{n}")) for n in (1, 2)]
    post.do("UPDATE portal.tasks SET due_at = NULL")
    assert post.outbox.next_batch() is None
    assert gather(post.outbox.engine) == []
    return asked


def due(post: Post) -> OutgoingBatch:
    """The one digest that is due, when it is."""
    post.do(DUE)
    assert post.outbox.next_batch() is None
    (batch,) = gather(post.outbox.engine)
    assert gather(post.outbox.engine) == []
    return batch


def send(post: Post, batch: OutgoingBatch) -> int:
    return DigestSending(post.sending).send(batch, lambda: None)


def statuses(post: Post) -> list[str]:
    return [row.status for row in post.rows()]


def test_all_that_waits_is_one_mail_with_one_way_to_each(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    assert [send(post, batch), send(post, batch)] == [0, 0]
    (mail,) = catcher.mails
    assert mail["Subject"] == "Summary: 2 requests need your approval"
    assert mail["Message-ID"].startswith(f"<digest-{batch.id}@")
    for part in ("plain", "html"):
        words = mail.get_body((part,)).get_content()
        assert words.count("Review request") == words.count("/a/") == 2
        assert "€120.00" in words
        assert "&lt;" not in words
    assert statuses(post) == ["SENT", "SENT"]


def test_it_is_in_its_readers_language_with_sender_and_footer(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    speak_german(post.do)
    assert send(post, due(post)) == 0
    (mail,) = catcher.mails
    assert is_german(mail)
    assert "Genehmigung" in mail["Subject"]
    assert "120,00\u00a0€" in mail.get_body(("plain",)).get_content()


def test_what_a_dead_worker_had_gathered_is_gathered_again_as_the_same(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    (again,) = gather(post.outbox.engine, again=True)
    assert (again.id, sorted(again.message_ids)) == (batch.id, sorted(batch.message_ids))
    assert send(post, again) == 0
    assert gather(post.outbox.engine, again=True) == []
    assert len(catcher.mails) == 1


def test_one_that_cannot_be_read_does_not_hold_the_others(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    post.do("UPDATE portal.requests SET status = 'ODD' WHERE id = :one", one=waiting[0].request_id)
    assert send(post, batch) == 0
    assert sorted(statuses(post)) == ["FAILED", "SENT"]
    assert catcher.mails[0]["Subject"] == "Summary: 1 request needs your approval"


def test_a_new_choice_makes_no_urgent_decision_wait(
    app: Flask, post: Post, people: People, waiting: list[Approval]
) -> None:
    post.do("UPDATE portal.messages SET due_at = now() + interval '1 hour'")
    post.do("UPDATE portal.tasks SET due_at = now() + interval '1 minute' WHERE request_id = :one",
            one=waiting[0].request_id)  # fmt: skip
    with app.app_context():
        preferences.keep(
            people.ben,
            NotificationPreferences(chosen={Channel.MAIL: {"asked": DeliveryMode.DAILY}}),
        )
    assert sorted(str(row.digest) for row in post.rows()) == ["None", "daily"]
    assert post.outbox.next_batch() is not None


def test_what_is_not_true_any_more_is_left_out(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    post.do("UPDATE portal.tasks SET status = 'DECIDED' WHERE request_id = :one",
            one=waiting[0].request_id)  # fmt: skip
    assert send(post, batch) == 0
    assert catcher.mails[0]["Subject"] == "Summary: 1 request needs your approval"
    assert sorted(statuses(post)) == ["DROPPED", "SENT"]


def test_where_nothing_is_true_any_more_there_is_no_mail(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    post.do("UPDATE portal.requests SET status = 'ON_HOLD'")
    assert send(post, batch) == 0
    assert catcher.mails == []
    assert statuses(post) == ["DROPPED", "DROPPED"]


def test_one_that_cannot_be_written_stops_no_other(
    post: Post, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    words = post.sending.words.overlay()
    asked = iter([1, 0])
    words.filters = {**words.filters, "money_words": lambda *_: 1 / next(asked, 1)}
    assert send(Post(post.outbox, replace(post.sending, words=words)), batch) == 0
    assert len(catcher.mails) == 1
    assert "FAILED" in statuses(post)


def test_a_server_that_refuses_is_asked_again_and_after_a_day_the_administrators_are(
    post: Post, settings: Settings, waiting: list[Approval]
) -> None:
    batch = due(post)
    with mail_server(refuse("451 Later", times=1)) as server:
        there = post.through(mailing(settings, server.port))
        assert send(there, batch) == 2
        assert {row.last_error for row in post.rows()} == {"The mail server said 451: Later"}
        assert give_up(post.outbox.engine, batch) == 2
        post.do("UPDATE portal.messages SET status = 'WAITING'")
        again = due(post)
        assert sorted(again.message_ids) == sorted(batch.message_ids)
        assert send(there, again) == 0
        assert server.mails[0]["Message-ID"].startswith(f"<digest-{batch.id}@")


def test_a_server_that_dies_after_data_gets_the_same_message_id_again(
    post: Post, settings: Settings, waiting: list[Approval]
) -> None:
    batch = due(post)
    with mail_server(die_after_data()) as server:
        there = post.through(mailing(settings, server.port))
        assert [send(there, batch), send(there, batch)] == [2, 0]
        first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert statuses(post) == ["SENT", "SENT"]


def test_a_server_that_hangs_leaves_all_waiting(
    post: Post, settings: Settings, waiting: list[Approval]
) -> None:
    batch = due(post)
    with slow_server() as port:
        assert send(post.through(mailing(settings, port, timeout_seconds=1)), batch) == 2
    assert statuses(post) == ["WAITING", "WAITING"]
    assert send(post, batch) == 0


def test_what_was_one_digest_is_sent_again_as_one(
    post: Post, app: Flask, catcher: Catcher, waiting: list[Approval]
) -> None:
    batch = due(post)
    assert give_up(post.outbox.engine, batch) == 2
    with app.app_context():
        assert send_again(batch.message_ids[0]) == 2
    (again,) = gather(post.outbox.engine)
    assert sorted(again.message_ids) == sorted(batch.message_ids)
    assert send(post, again) == 0
    assert [mail["Subject"] for mail in catcher.mails] == ["Summary: 2 requests need your approval"]
