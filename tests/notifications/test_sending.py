"""From a notification to a mail: once for each person and thing, and only while it is true."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from portal.domain.request import commands
from portal.domain.request.state import Approval
from portal.models import MailText
from portal.models.columns import new_id
from portal.notifications.outbox import Outbox
from portal.notifications.sending import give_up
from tests.in_process import NUMBER, InProcess
from tests.mailing import Catcher, is_german, mail_server, mailing, refuse, speak_german
from tests.notifications.post import Post
from tests.web import People


def command(kind: type[commands.Command], state: Approval, who: str, **values: object) -> object:
    """Somebody's command about the request."""
    given = {"command_id": new_id(), "request_id": state.request_id, "actor_id": who}
    if issubclass(kind, commands.TaskCommand):
        given["task_id"] = state.open_tasks[0].id
    return kind(**{**given, "at": datetime.now(UTC), **values})  # type: ignore[arg-type]


def test_who_is_asked_gets_one_mail_with_what_it_takes_to_decide(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    post.do("UPDATE portal.requests SET due_at = '2041-12-04 17:00+00', priority = 'HIGH'")
    assert post.send() == 0
    assert post.outbox.next_batch() is None
    (mail,) = catcher.mails
    assert catcher.recipients == [["ben@example.org"]]
    assert mail["To"] == "Ben Example <ben@example.org>"
    assert mail["Subject"] == f"Needs your approval: A chair ({NUMBER})"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        words = body.get_content()
        for fact in ("Ana Example", "A chair", "€120.00", "The old one broke.", "Review request",
                     "line manager", "Decision needed by", "Wed 4 Dec 2041", "High"):  # fmt: skip
            assert fact in words, (kind, fact)
    assert post.rows()[0].status == "SENT"


def test_mails_about_a_request_are_one_thread(
    post: Post, catcher: Catcher, process: InProcess, asked: Approval, people: People
) -> None:
    post.send()
    process.give(command(commands.Approve, asked, people.ben))  # type: ignore[arg-type]
    process.pass_time(asked.request_id, minutes=1)
    post.send()
    first, second = catcher.mails
    assert second["Subject"] == f"Approved: A chair ({NUMBER})"
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert first["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE portal.tasks SET status = 'DECIDED'", "not theirs"),
        ("UPDATE portal.tasks SET assignee_id = requester_id", "not theirs"),
        ("UPDATE portal.requests SET status = 'ON_HOLD'", "does not wait"),
        ("UPDATE portal.users SET is_active = false", "not active"),
        ("DELETE FROM portal.participants", "may not see"),
        ("UPDATE portal.users SET email = NULL", "no e-mail address"),
        ("UPDATE portal.users SET email = 'ben@x.example, eve@x.example'", "no e-mail address"),
    ],
)
def test_what_is_not_true_any_more_is_not_sent(
    post: Post, catcher: Catcher, asked: Approval, change: str, reason: str
) -> None:
    batch = post.next_batch()
    where = " WHERE email LIKE 'ben%'" if "users" in change else ""
    post.do(change + where)
    assert post.send(batch) == 0
    (row,) = post.rows()
    assert row.status == "DROPPED"
    assert reason in row.last_error
    assert catcher.mails == []


def test_a_batch_sent_twice_is_sent_once(post: Post, catcher: Catcher, asked: Approval) -> None:
    batch = post.next_batch()
    assert [post.send(batch), post.send(batch)] == [0, 0]
    assert len(catcher.mails) == 1


def test_a_batch_that_lost_its_messages_sends_nothing(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    late = post.next_batch()
    post.do("UPDATE portal.messages SET due_at = now()")
    assert post.next_batch().message_ids == late.message_ids
    assert post.send(late) == 0
    assert catcher.mails == []


def test_of_two_reminders_that_waited_the_later_is_sent(
    post: Post, catcher: Catcher, process: InProcess, asked: Approval, people: People
) -> None:
    for hours in (0, 5):
        at = datetime.now(UTC).replace(microsecond=hours)
        process.give(command(commands.Remind, asked, people.ana), at)  # type: ignore[arg-type]
        post.do("UPDATE portal.requests SET updated_at = now()")
    post.do(
        "INSERT INTO portal.notifications (id, user_id, request_id, seq, kind, number, text,"
        " task_id, created_at) SELECT gen_random_uuid(), user_id, request_id, seq + 100, kind,"
        " number, text, task_id, now() FROM portal.notifications WHERE kind = 'reminder'"
    )
    post.send()
    statuses = {(row.kind, row.status) for row in post.rows()}
    assert ("reminder", "DROPPED") in statuses
    assert [mail["Subject"].split(":")[0] for mail in catcher.mails].count("Reminder") == 1


def test_without_a_mail_server_nothing_waits(post: Post, catcher: Catcher, asked: Approval) -> None:
    assert Outbox(post.outbox.engine).next_batch() is None
    assert post.outbox.next_batch() is None
    assert post.rows() == []


def test_what_is_refused_is_told_and_tried_again(post: Post, settings, asked: Approval) -> None:
    with mail_server(refuse("451 Later, please", times=1)) as server:
        there = post.through(mailing(settings, server.port))
        batch = there.next_batch()
        assert there.send(batch) == 1
        assert post.rows()[0].last_error == "The mail server said 451: Later, please"
        assert there.send(batch) == 0
    (row,) = post.rows()
    assert (row.status, row.attempts, row.last_error) == ("SENT", 2, None)


def test_what_was_given_up_is_failed_with_its_reason(post: Post, asked: Approval) -> None:
    batch = post.next_batch()
    assert give_up(post.outbox.engine, batch) == 1
    assert give_up(post.outbox.engine, batch) == 0
    (row,) = post.rows()
    assert (row.status, row.last_error) == ("FAILED", "It was never tried.")
    assert post.send(batch) == 0


def test_a_message_that_cannot_be_written_stops_no_other(
    post: Post, catcher: Catcher, process: InProcess, asked: Approval, people: People
) -> None:
    process.give(command(commands.Comment, asked, people.dan, comment="Why?"))  # type: ignore[arg-type]
    batch = post.next_batch()
    post.do("UPDATE portal.messages SET batch_id = NULL WHERE id <> :id", id=batch.message_ids[0])
    post.do("UPDATE portal.requests SET currency = 'X', amount = 1")
    words = post.sending.words.overlay()
    words.filters = {**words.filters, "money_words": lambda *_: 1 / 0}
    broken = Post(post.outbox, replace(post.sending, words=words))
    assert broken.send(batch) == 0
    assert catcher.mails == []
    failed = [row for row in post.rows() if row.status == "FAILED"]
    assert len(failed) == 1
    assert "could not be written" in failed[0].last_error


def test_no_title_or_name_becomes_a_header_or_a_recipient(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    evil = "Chair\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>{{7*7}}"
    post.do("UPDATE portal.requests SET title = :evil", evil=evil)
    post.do("UPDATE portal.users SET name = :evil WHERE email LIKE 'ben%'", evil=evil + ", x@y.z")
    post.send()
    (mail,) = catcher.mails
    assert catcher.recipients == [["ben@example.org"]]
    assert mail["Bcc"] is None
    assert [each.addr_spec for each in mail["To"].addresses] == ["ben@example.org"]
    html = mail.get_body(("html",)).get_content()
    assert "<script>alert" not in html
    assert "{{7*7}}" in html


def test_our_own_words_are_sent_and_unusable_ones_never_stop_a_mail(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    row = "(1, 'St Gloria', 'Ask Eve.')"
    post.do(f"INSERT INTO portal.organisation (id, name, mail_footer) VALUES {row}")
    own = "VALUES ('asked', 'en', 'Please: {title} ({number})', 'Dear {name}, {sentence}')"
    post.do(f"INSERT INTO portal.mail_texts (code, locale, subject, body) {own}")
    post.send()
    post.do("UPDATE portal.mail_texts SET body = '{gone}'")
    post.do("UPDATE portal.messages SET status = 'WAITING', due_at = now(), batch_id = NULL")
    assert post.send() == 0
    first, second = catcher.mails
    assert first["Subject"] == f"Please: A chair ({NUMBER})"
    for kind in ("plain", "html"):
        body = first.get_body((kind,))
        assert body is not None
        assert all(
            word in body.get_content() for word in ("Dear Ben Example,", "St Gloria", "Ask Eve.")
        )
    assert second["Subject"] == f"Needs your approval: A chair ({NUMBER})"
    with post.outbox.engine.connect() as connection:
        assert connection.scalar(select(MailText.problem)) == "{gone}"


def test_a_mail_says_the_texts_of_a_version_in_its_readers_language(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    said = {"Line manager": {"de": "Vorgesetzte"}, "Reason": {"de": "Begründung"},
            "line manager": {"de": "Vorgesetzter"}}  # fmt: skip
    post.do("UPDATE portal.policy_versions SET translations = CAST(:said AS jsonb)",
            said=json.dumps(said))  # fmt: skip
    speak_german(post.do)
    post.send()
    assert is_german(catcher.mails[0])
    for kind in ("plain", "html"):
        body = catcher.mails[0].get_body((kind,))
        assert body is not None
        words = body.get_content()
        assert "Vorgesetzte" in words
        assert "Begründung" in words
        assert "line manager" not in words.lower()
        assert "Vorgesetzter" in words  # the rule's, in why one is asked
        assert "Amount" not in words  # the form's own, in the product's words
