"""The record: events in partitions by month, and the free text beside them, append-only.

Triggers run for whole statements, so that a change of no rows is refused as well. PostgreSQL does
not hand such triggers down to partitions: `portal.ensure_audit_partitions` gives each its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


APPEND_ONLY = """
CREATE FUNCTION portal.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = TG_OP || ' on ' || TG_TABLE_NAME || ' is refused: the record is append-only.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON portal.audit_texts
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only();
CREATE FUNCTION portal.only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.text IS NULL AND OLD.text IS NOT NULL AND NEW.erased_at IS NOT NULL
        AND (NEW.request_id, NEW.seq, NEW.name, NEW.salt)
            = (OLD.request_id, OLD.seq, OLD.name, OLD.salt) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A recorded text can be erased, with the time, and not changed.'
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER only_erase BEFORE UPDATE ON portal.audit_texts
    FOR EACH ROW EXECUTE FUNCTION portal.only_erase();
"""

# A partition is made beside the table and then attached: that waits for no reader and no writer
# of the other months. A month whose events already lie in the default partition stays there.
PARTITIONS = """
CREATE FUNCTION portal.ensure_audit_partitions(first date, last date) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', first)::date;
    name text;
    low timestamptz;
    high timestamptz;
    made integer := 0;
    taken boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('portal.ensure_audit_partitions'));
    WHILE month <= last LOOP
        name := 'audit_events_' || to_char(month, 'YYYY_MM');
        low := month::timestamp AT TIME ZONE 'UTC';
        high := (month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
        month := (month + interval '1 month')::date;
        CONTINUE WHEN to_regclass('portal.' || name) IS NOT NULL;
        SELECT EXISTS (SELECT FROM portal.audit_events_default
            WHERE at >= low AND at < high) INTO taken;
        CONTINUE WHEN taken;
        EXECUTE 'CREATE TABLE portal.' || name || ' (LIKE portal.audit_events
            INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)';
        EXECUTE 'ALTER TABLE portal.audit_events ATTACH PARTITION portal.' || name
            || ' FOR VALUES FROM (' || quote_literal(low) || ') TO (' || quote_literal(high) || ')';
        EXECUTE 'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.'
            || name || ' FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()';
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
CREATE TABLE portal.audit_events_default PARTITION OF portal.audit_events DEFAULT;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.audit_events_default
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only();
SELECT portal.ensure_audit_partitions(
    (now() - interval '24 months')::date, (now() + interval '12 months')::date);
"""


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("command_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "seq", "at", name="pk_audit_events"),
        schema="portal",
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "ix_audit_events_at", "audit_events", ["at"], schema="portal", postgresql_using="brin"
    )
    op.create_table(
        "audit_texts",
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "seq", "name", name="pk_audit_texts"),
        schema="portal",
    )
    op.execute(APPEND_ONLY)
    op.execute(PARTITIONS)


def downgrade() -> None:
    op.drop_table("audit_texts", schema="portal")
    op.drop_table("audit_events", schema="portal")
    op.execute("DROP FUNCTION portal.ensure_audit_partitions(date, date)")
    op.execute("DROP FUNCTION portal.only_erase()")
    op.execute("DROP FUNCTION portal.append_only()")
