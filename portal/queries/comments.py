"""What was said about a request."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from portal.extensions import db
from portal.models import Comment, User

COMMENTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class CommentEntry:
    """A comment. `about` says what it came with: a decision, a return, or "comment"."""

    seq: int
    author_id: str | None
    name: str
    about: str
    text: str
    at: datetime


def comments_of(request_id: str) -> tuple[CommentEntry, ...]:
    """What was said, oldest first; only the last `COMMENTS_SHOWN`, the history has all."""
    rows = db.session.execute(_comments(), {"request": request_id}).all()
    return tuple(CommentEntry(*row) for row in reversed(rows))


@cache
def _comments() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Comment.seq, Comment.author_id, User.name, Comment.about, Comment.text,
            Comment.created_at,
        )
        .outerjoin(User, User.id == Comment.author_id)
        .where(Comment.request_id == bindparam("request"))
        .order_by(Comment.seq.desc())
        .limit(COMMENTS_SHOWN)
    )  # fmt: skip
