"""Numbers without their dash and amounts are words of a request; indexes for names that are searched
without their marks, and for decisions that wait. A part at a time, beside the work: nobody waits.

Broken off in the middle it can be run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import context, op

revision = "0036"
down_revision = "0035"
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
# The currencies without and with three digits after the point (ISO 4217): the whole units count.
WORDS_OF_REQUESTS = """
CREATE OR REPLACE FUNCTION portal.requests_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := to_tsvector('portal.words'::regconfig,
        NEW.number || ' ' || replace(NEW.number, '-', ' ') || ' '
        {more}|| portal.request_text(NEW.title, NEW.requester_name, NEW.fields)
        || coalesce(' ' || (SELECT name FROM portal.users WHERE id = NEW.on_behalf_of), ''));
    RETURN NEW;
END
$$
"""
MORE = """|| replace(NEW.number, '-', '') || ' '
        || coalesce(div(NEW.amount, CASE
            WHEN NEW.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG',
                'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
            WHEN NEW.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000
            ELSE 100 END)::text || ' ', '')
        """
TRIGGER = """
CREATE OR REPLACE TRIGGER requests_search
BEFORE INSERT OR UPDATE OF number, title, requester_name, fields{more} ON portal.requests
FOR EACH ROW EXECUTE FUNCTION portal.requests_search()
"""
INDEXES = {
    "ix_commands_waiting_tasks": "commands (actor_id, task_id)"
    " WHERE applied_at IS NULL AND parked_at IS NULL AND task_id IS NOT NULL",
    "ix_users_name": "users USING gin (portal.plain(name) gin_trgm_ops)",
}


def upgrade() -> None:
    op.execute(WORDS_OF_REQUESTS.format(more=MORE))
    op.execute(TRIGGER.format(more=", amount, currency"))
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
    op.execute(TRIGGER.format(more=""))
    op.execute(WORDS_OF_REQUESTS.format(more=""))
