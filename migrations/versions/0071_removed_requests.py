"""Whole requests are removed after their retention: for how long types keep them, and the owner's
functions that remove a request and drop a month of the record, each with the act that says so.

Both look themselves whether the request is closed, due and not on hold, and whether an anchor has
the act. Nothing is ever deleted from the record but whole months.
"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

# The acts that say so, as far as an anchor has them: `act` by id, or those of a month.
SAID = """
    portal.audit_acts a JOIN portal.audit_leaves l ON l.subject_id = a.id AND l.seq = 0
        AND l.number < (SELECT pg_catalog.max(n.size) FROM portal.audit_anchors n)
"""
REMOVE_REQUEST = f"""
CREATE FUNCTION portal.remove_request(request uuid, act uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    kept record;
    due timestamptz;
    gone integer;
BEGIN
    IF NOT EXISTS (SELECT FROM {SAID} WHERE a.id = act AND a.kind = 'records_dropped'
        AND a.data -> 'requests' @> pg_catalog.jsonb_build_array(
            pg_catalog.jsonb_build_object('request', request))) THEN
        RAISE EXCEPTION 'A request is removed only once an anchor has the act that says so.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('portal.legal_holds'));
    SELECT r.type_code, r.closed_at, t.requests_days INTO kept FROM portal.requests r
        LEFT JOIN portal.request_types t ON t.code = r.type_code
        WHERE r.id = request FOR UPDATE OF r;
    IF FOUND THEN
        due := kept.closed_at + greatest(pg_catalog.make_interval(days => kept.requests_days),
            interval '1 hour');
        IF kept.requests_days IS NULL THEN
            due := NULL;
        END IF;
    ELSE
        SELECT max(e.at) + (SELECT pg_catalog.make_interval(days => max(t.requests_days))
            FROM portal.request_types t) INTO due
            FROM portal.audit_events e WHERE e.request_id = request;
    END IF;
    IF due IS NULL OR due > pg_catalog.now() THEN
        RAISE EXCEPTION 'The retention of this request has not ended.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM portal.legal_holds h
        WHERE h.lifted_at IS NULL AND (h.until IS NULL OR h.until > pg_catalog.now()) AND (
            (h.scope = 'request' AND h.subject = request::text)
            OR (h.scope = 'type' AND h.subject = kept.type_code)
            OR (h.scope = 'person' AND h.subject IN (SELECT p.user_id::text
                FROM portal.participants p WHERE p.request_id = request)))) THEN
        RAISE EXCEPTION 'A legal hold keeps this request.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM portal.audit_texts x
            WHERE x.request_id = request AND x.text IS NOT NULL)
        OR EXISTS (SELECT FROM portal.attachments f
            WHERE f.request_id = request AND f.removed_at IS NULL)
        OR EXISTS (SELECT FROM portal.commands c WHERE c.request_id = request
            AND c.applied_at IS NULL AND c.parked_at IS NULL) THEN
        RAISE EXCEPTION 'Texts, files or commands of this request are still there.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_catalog.set_config('portal.erasing', 'person', true);
    UPDATE portal.link_refusals SET ip = NULL, user_agent = NULL WHERE request_id = request;
    PERFORM pg_catalog.set_config('portal.erasing', '', true);
    DELETE FROM portal.links WHERE request_id = request;
    DELETE FROM portal.webhook_deliveries d USING portal.webhook_endpoints p
        WHERE d.endpoint_id = p.id AND d.request_id = request;
    DELETE FROM portal.notifications n USING portal.users u
        WHERE n.user_id = u.id AND n.request_id = request;
    DELETE FROM portal.decision_facts WHERE request_id = request;
    DELETE FROM portal.request_facts WHERE request_id = request;
    DELETE FROM portal.facts_due WHERE request_id = request;
    DELETE FROM portal.first_looks WHERE request_id = request;
    DELETE FROM portal.comments WHERE request_id = request;
    DELETE FROM portal.participants WHERE request_id = request;
    DELETE FROM portal.tasks WHERE request_id = request;
    DELETE FROM portal.attachments WHERE request_id = request;
    DELETE FROM portal.commands WHERE request_id = request;
    DELETE FROM portal.api_calls WHERE request_id = request;
    DELETE FROM portal.workflow_history WHERE request_id = request::text;
    DELETE FROM portal.request_states WHERE request_id = request;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM portal.requests WHERE id = request;
    RETURN FOUND OR gone > 0;
END $$
"""
# A partition leaves the record and is dropped in one transaction: for that moment nobody reads or
# writes the record, and who waits for longer than five seconds for it tries again later.
DROP_MONTH = f"""
CREATE FUNCTION portal.drop_audit_month(month date)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    name text := 'audit_events_' || pg_catalog.to_char(month, 'YYYY_MM');
    ends timestamptz := (month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    left_over bigint;
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(
        pg_catalog.hashtext('portal.ensure_audit_partitions'));
    IF pg_catalog.to_regclass('portal.' || name) IS NULL THEN
        RETURN false;
    END IF;
    IF pg_catalog.date_part('day', month) <> 1 OR ends + interval '1 hour' > pg_catalog.now() THEN
        RAISE EXCEPTION 'The month is not over.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE $q$
        WITH said AS (
            SELECT (q ->> 'request')::uuid AS request, (s ->> 0)::integer AS first,
                (s ->> 1)::integer AS last
            FROM {SAID}, pg_catalog.jsonb_array_elements(a.data -> 'requests') q,
                pg_catalog.jsonb_array_elements(q -> 'events') s
            WHERE a.kind = 'records_dropped' AND a.data ->> 'month' = $1
        )
        SELECT count(*) FROM portal.$q$ || name || $q$ e WHERE NOT EXISTS (SELECT FROM said
                WHERE said.request = e.request_id AND e.seq BETWEEN said.first AND said.last)
            OR EXISTS (SELECT FROM portal.requests r WHERE r.id = e.request_id)
            OR EXISTS (SELECT FROM portal.request_states s WHERE s.request_id = e.request_id)
            OR NOT EXISTS (SELECT FROM portal.audit_leaves l WHERE l.subject_id = e.request_id
                AND l.seq = e.seq AND l.hash = e.hash
                AND l.number < (SELECT pg_catalog.max(n.size) FROM portal.audit_anchors n))
    $q$ INTO left_over USING pg_catalog.to_char(month, 'YYYY-MM');
    IF left_over > 0 OR NOT EXISTS (SELECT FROM {SAID}
        WHERE a.kind = 'records_dropped'
            AND a.data ->> 'month' = pg_catalog.to_char(month, 'YYYY-MM')) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = 'The month holds ' || left_over || ' events that are not to be dropped.';
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '5s', true);
    EXECUTE 'ALTER TABLE portal.audit_events DETACH PARTITION portal.' || name;
    EXECUTE 'DROP TABLE portal.' || name;
    RETURN true;
END $$
"""
# A month that was dropped is not made again: what comes of it later stays in the default partition.
PARTITIONS = """
CREATE OR REPLACE FUNCTION portal.ensure_audit_partitions(first date, last date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
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
        CONTINUE WHEN to_regclass('portal.' || name) IS NOT NULL;{}
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
END $$
"""
NOT_DROPPED = """
        CONTINUE WHEN EXISTS (SELECT FROM portal.audit_acts a WHERE a.kind = 'records_dropped'
            AND a.data ->> 'month' = replace(right(name, 7), '_', '-'));"""


def upgrade() -> None:
    op.add_column("request_types", sa.Column("requests_days", sa.Integer()), schema="portal")
    op.create_check_constraint(
        "requests_days", "request_types", "requests_days > 0", schema="portal"
    )
    # What was refused of a link stays in the record, without from where, once the link is gone.
    op.drop_constraint(
        op.f("fk_link_refusals_link_id_links"), "link_refusals", schema="portal",
        type_="foreignkey",
    )  # fmt: skip
    # Looked up for each request that is not there any more.
    op.execute(
        "CREATE INDEX ix_audit_acts_removed ON portal.audit_acts USING gin "
        "((data -> 'requests')) WHERE kind = 'records_dropped'"
    )
    op.execute(REMOVE_REQUEST)
    op.execute(DROP_MONTH)
    op.execute(PARTITIONS.format(NOT_DROPPED))


def downgrade() -> None:
    op.execute(PARTITIONS.format(""))
    op.execute("DROP FUNCTION portal.drop_audit_month(date)")
    op.execute("DROP FUNCTION portal.remove_request(uuid, uuid)")
    op.execute("DROP INDEX portal.ix_audit_acts_removed")
    op.execute("""
        ALTER TABLE portal.link_refusals ADD CONSTRAINT fk_link_refusals_link_id_links
        FOREIGN KEY (link_id) REFERENCES portal.links (id) NOT VALID
    """)
    op.drop_constraint(op.f("ck_request_types_requests_days"), "request_types", schema="portal")
    op.drop_column("request_types", "requests_days", schema="portal")
