"""The words of older requests, a part at a time, and indexes built beside the work: nobody waits.

Broken off in the middle it can be run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import context, op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PART = 5_000
FIRST = "00000000-0000-0000-0000-000000000000"
FILL = """
WITH part AS (
    SELECT id FROM portal.requests WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT :most
), done AS (
    UPDATE portal.requests r SET title = r.title FROM part WHERE r.id = part.id
)
SELECT max(id::text) FROM part
"""
INDEXES = {
    "ix_requests_near": "requests USING gin"
    " (portal.plain(portal.request_text(title, requester_name, fields)) gin_trgm_ops)",
    "ix_comments_words": "comments USING gin (to_tsvector('portal.words'::regconfig, text))",
    "ix_comments_near": "comments USING gin (portal.plain(text) gin_trgm_ops)",
}


def upgrade() -> None:
    if context.is_offline_mode():
        op.execute("UPDATE portal.requests SET title = title")
        for name, rest in INDEXES.items():
            op.execute(f"CREATE INDEX {name} ON portal.{rest}")
        return
    with _each_by_itself():
        _fill()
        for name, rest in INDEXES.items():
            op.execute(f"DROP INDEX IF EXISTS portal.{name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON portal.{rest}")


@contextmanager
def _each_by_itself() -> Iterator[None]:
    """Every statement is its own transaction. (Alembic's own way wants a pooled connection.)"""
    driver = op.get_bind().connection.dbapi_connection
    driver.commit()
    driver.autocommit = True
    try:
        yield
    finally:
        driver.autocommit = False


def _fill() -> None:
    after = FIRST
    while after is not None:
        values = {"after": after, "most": PART}
        after = op.get_bind().execute(sa.text(FILL), values).scalar_one()


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX portal.{name}")
