"""The log of the record: what waits to be sealed, leaves, checkpoints, anchors, acts, checks.

Triggers queue each event and act in the transaction that records it, whoever writes. A text is
erased with its salt, and only by the function that writes the act of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

QUEUE = """
CREATE FUNCTION portal.queue_events() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO portal.audit_queue (subject_id, seq, hash)
    SELECT request_id, seq, hash FROM recorded ORDER BY request_id, seq;
    RETURN NULL;
END $$;
CREATE FUNCTION portal.queue_acts() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO portal.audit_queue (subject_id, seq, hash) SELECT id, 0, hash FROM recorded;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_events AFTER INSERT ON portal.audit_events
    REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION portal.queue_events();
CREATE TRIGGER queue_acts AFTER INSERT ON portal.audit_acts
    REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION portal.queue_acts();
"""
KEPT = ("audit_acts", "audit_leaves", "audit_checkpoints", "audit_anchors", "audit_verifications")
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.{}
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()
"""
# What the application cannot do by its own rights, it does by these, which check for themselves.
DEFINED = """
ALTER FUNCTION portal.ensure_audit_partitions(date, date) SECURITY DEFINER;
ALTER FUNCTION portal.ensure_audit_partitions(date, date) SET search_path = '';
CREATE FUNCTION portal.erase_text(request uuid, event integer, field text, act uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    found integer;
BEGIN
    IF NOT EXISTS (SELECT FROM portal.audit_acts a WHERE a.id = act AND a.kind = 'text_erased'
        AND a.data -> 'texts' @> pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
            'request', request, 'seq', event, 'name', field))) THEN
        RAISE EXCEPTION 'A recorded text is erased only with the act that says so.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE portal.audit_texts SET text = NULL, salt = '', erased_at = pg_catalog.now()
    WHERE request_id = request AND seq = event AND name = field AND text IS NOT NULL;
    GET DIAGNOSTICS found = ROW_COUNT;
    RETURN found = 1;
END $$;
"""
ONLY_ERASE = """
CREATE OR REPLACE FUNCTION portal.only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.text IS NULL AND OLD.text IS NOT NULL AND NEW.erased_at IS NOT NULL
        AND NEW.salt = {salt}
        AND (NEW.request_id, NEW.seq, NEW.name) = (OLD.request_id, OLD.seq, OLD.name) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A recorded text can be erased, with its salt and the time, and not changed.'
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
UNDEFINED = """
ALTER FUNCTION portal.ensure_audit_partitions(date, date) SECURITY INVOKER;
ALTER FUNCTION portal.ensure_audit_partitions(date, date) RESET search_path;
DROP FUNCTION portal.erase_text(uuid, integer, text, uuid);
DROP TRIGGER queue_events ON portal.audit_events;
DROP TRIGGER queue_acts ON portal.audit_acts;
DROP FUNCTION portal.queue_events();
DROP FUNCTION portal.queue_acts();
"""


def upgrade() -> None:
    _what_is_told()
    _what_is_sealed()
    op.execute(QUEUE)
    for name in KEPT:
        op.execute(APPEND_ONLY.format(name))
    op.execute(DEFINED)
    op.execute(ONLY_ERASE.format(salt="''"))


def _what_is_told() -> None:
    op.create_table(
        "audit_acts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_acts"),
        schema="portal",
    )
    op.create_index("ix_audit_acts_kind_id", "audit_acts", ["kind", "id"], schema="portal")
    op.create_index("ix_audit_acts_actor_id", "audit_acts", ["actor", "id"], schema="portal")
    op.create_table(
        "audit_queue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column(
            "queued_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_queue"),
        schema="portal",
    )


def _what_is_sealed() -> None:
    op.create_table(
        "audit_leaves",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_leaves"),
        sa.UniqueConstraint("subject_id", "seq", name="uq_audit_leaves_subject_id_seq"),
        schema="portal",
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "size", "signed_at", name="pk_audit_checkpoints"),
        schema="portal",
    )
    op.create_table(
        "audit_anchors",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("anchored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_anchors"),
        schema="portal",
    )
    op.create_index("ix_audit_anchors_kind_id", "audit_anchors", ["kind", "id"], schema="portal")
    op.create_table(
        "audit_verifications",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_verifications"),
        schema="portal",
    )


def downgrade() -> None:
    op.execute(UNDEFINED)
    op.execute(ONLY_ERASE.format(salt="OLD.salt"))
    for name in (*KEPT, "audit_queue"):
        op.drop_table(name, schema="portal")
