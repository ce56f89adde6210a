"""What a legal hold is on is erased by nobody, whoever asks for it: the function that erases looks
itself, and takes turns with whoever places a hold."""

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

NOT_SAID = """
    IF NOT EXISTS (SELECT FROM portal.audit_acts a WHERE a.id = act AND a.kind = 'text_erased'
        AND a.data -> 'texts' @> pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
            'request', request, 'seq', event, 'name', field))) THEN
        RAISE EXCEPTION 'A recorded text is erased only with the act that says so.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
"""
ERASE = """
    UPDATE portal.audit_texts SET text = NULL, salt = '', erased_at = pg_catalog.now()
    WHERE request_id = request AND seq = event AND name = field AND text IS NOT NULL;
    GET DIAGNOSTICS found = ROW_COUNT;
    RETURN found = 1;
"""
# The lock is held to the end of the transaction; what follows it sees each hold that was placed
# before.
NOT_HELD = """
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('portal.legal_holds'));
    IF EXISTS (SELECT FROM portal.legal_holds h
        WHERE h.lifted_at IS NULL AND (h.until IS NULL OR h.until > pg_catalog.now()) AND (
            (h.scope = 'request' AND h.subject = request::text)
            OR (h.scope = 'type' AND h.subject
                = (SELECT r.type_code FROM portal.requests r WHERE r.id = request))
            OR (h.scope = 'person' AND h.subject IN (SELECT p.user_id::text
                FROM portal.participants p WHERE p.request_id = request)))) THEN
        RAISE EXCEPTION 'A legal hold keeps this text.' USING ERRCODE = 'insufficient_privilege';
    END IF;
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION portal.erase_text(request uuid, event integer, field text, act uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    found integer;
BEGIN{}END $$
"""
# Whoever places or lifts a hold, by the portal or not, waits for what is being erased.
IN_TURN = """
CREATE FUNCTION portal.hold_in_turn() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('portal.legal_holds'));
    RETURN NULL;
END $$;
CREATE TRIGGER hold_in_turn BEFORE INSERT OR UPDATE OR DELETE ON portal.legal_holds
    FOR EACH STATEMENT EXECUTE FUNCTION portal.hold_in_turn()
"""


def upgrade() -> None:
    op.execute(FUNCTION.format(NOT_SAID + NOT_HELD + ERASE))
    op.execute(IN_TURN)


def downgrade() -> None:
    op.execute("DROP TRIGGER hold_in_turn ON portal.legal_holds")
    op.execute("DROP FUNCTION portal.hold_in_turn()")
    op.execute(FUNCTION.format(NOT_SAID + ERASE))
