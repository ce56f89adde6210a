"""The links that a mail carries."""

import hashlib
import re

from sqlalchemy import text

from portal.domain.request.state import Approval
from tests.mailing import Catcher
from tests.notifications.post import Post

LINK = re.compile(r"(Review request|Approve|Reject): (http://localhost/a/([A-Za-z0-9_-]{43}))\n")


def links(catcher: Catcher) -> dict[str, str]:
    """Token by the words before it, of the last mail's text."""
    words = catcher.mails[-1].get_body(("plain",)).get_content().replace("\r\n", "\n")
    return {name: token for name, _, token in LINK.findall(words)}


def test_three_links_of_which_the_database_knows_the_hash(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    post.send()
    tokens = links(catcher)
    assert list(tokens) == ["Review request", "Approve", "Reject"]
    with post.outbox.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM portal.links ORDER BY decision")).all()
        whole = " ".join(str(row) for row in rows)
    assert {row.token_hash: row.decision for row in rows} == {
        hashlib.sha256(token.encode()).hexdigest(): decision
        for token, decision in zip(tokens.values(), [None, "approve", "reject"], strict=True)
    }
    assert not any(token in whole for token in tokens.values())
    assert {row.task_id for row in rows} == {rows[0].task_id}
    html = catcher.mails[-1].get_body(("html",)).get_content()
    assert all(f"/a/{token}" in html for token in tokens.values())


def test_a_second_mail_about_a_task_has_links_of_its_own(
    post: Post, catcher: Catcher, asked: Approval
) -> None:
    post.send()
    first = links(catcher)
    post.do(
        "INSERT INTO portal.notifications (id, user_id, request_id, seq, kind, number, text,"
        " task_id, created_at) SELECT gen_random_uuid(), user_id, request_id, 90, 'reminder',"
        " number, text, task_id, now() FROM portal.notifications"
    )
    post.send()
    assert not set(first.values()) & set(links(catcher).values())
    with post.outbox.engine.connect() as connection:
        alive = text("SELECT count(*) FROM portal.links WHERE revoked_at IS NULL")
        assert connection.execute(alive).scalar_one() == 6
