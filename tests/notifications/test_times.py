"""Nobody knows when a mail is read: its times are absolute, on the reader's clock."""

import re

from portal.domain.request.state import Approval
from tests.mailing import Catcher
from tests.notifications.post import Post
from tests.web import People

RELATIVE = re.compile(
    r"\b(today|tomorrow|yesterday|ago|just now|in \d+ (min|minutes?|h|hours?|days?))\b",
    re.IGNORECASE,
)
ABSOLUTE = re.compile(r"\b\d{1,2} [A-Z][a-z]{2}( \d{4})?, \d{2}:\d{2}\b")


def test_a_mail_says_days_and_hours(
    post: Post, catcher: Catcher, asked: Approval, people: People
) -> None:
    post.do("UPDATE portal.tasks SET due_at = now() + interval '50 minutes'")
    post.do("UPDATE portal.requests SET due_at = now() + interval '20 hours'")
    post.send()
    (mail,) = catcher.mails
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        words = re.sub(r"<[^>]+>", " ", str(part.get_content()))
        assert not RELATIVE.search(words), RELATIVE.search(words)
        assert len(ABSOLUTE.findall(words)) >= 2
        assert "Times are in" in words
