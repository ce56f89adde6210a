"""Personal data of people who left are erased: who was, how the organisation sets it, and what of
the record gives up what it says about them.

What is only added to stays so: a row may give up what is personal in it, all of it at once, and
only within the function that looks for the act that says so, and for legal holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

# Of each table, what its rows say once they gave up what was personal.
GIVEN_UP = {
    "audit_acts": '{"data": {}, "address": null, "salt": ""}',
    "people_changes": '{"data": {}, "note": ""}',
    "sign_ins": '{"ip": null, "user_agent": null, "detail": ""}',
    "link_refusals": '{"ip": null, "user_agent": null}',
}
ONLY_ERASE = """
CREATE FUNCTION portal.only_erase_row() RETURNS trigger LANGUAGE plpgsql
SET search_path = '' AS $$
BEGIN
    IF pg_catalog.current_setting('portal.erasing', true) = 'person'
        AND pg_catalog.to_jsonb(NEW) = pg_catalog.to_jsonb(OLD) || TG_ARGV[0]::jsonb THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = 'UPDATE on ' || TG_TABLE_NAME || ' is refused: the record is append-only.';
END $$
"""
TRIGGERS = """
DROP TRIGGER append_only ON portal.{0};
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON portal.{0}
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only();
CREATE TRIGGER only_erase BEFORE UPDATE ON portal.{0}
    FOR EACH ROW EXECUTE FUNCTION portal.only_erase_row('{1}')
"""
AS_BEFORE = """
DROP TRIGGER only_erase ON portal.{0};
DROP TRIGGER append_only ON portal.{0};
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.{0}
    FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()
"""
# The kinds are those of `portal.domain.proof.acts`.
ERASE_PERSON = """
CREATE FUNCTION portal.erase_person(person uuid, act uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    label text;
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('portal.legal_holds'));
    SELECT u.name INTO label FROM portal.users u
        WHERE u.id = person AND NOT u.is_active AND u.erased_at IS NOT NULL;
    IF label IS NULL OR NOT EXISTS (SELECT FROM portal.audit_acts a
        WHERE a.id = act AND a.kind = 'person_erased' AND a.subject = person::text) THEN
        RAISE EXCEPTION 'Personal data are erased only of who left, with the act that says so.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM portal.legal_holds h
        WHERE h.lifted_at IS NULL AND (h.until IS NULL OR h.until > pg_catalog.now())
            AND ((h.scope = 'person' AND h.subject = person::text)
                OR EXISTS (SELECT FROM portal.participants p
                    JOIN portal.requests r ON r.id = p.request_id
                    WHERE p.user_id = person
                        AND ((h.scope = 'request' AND h.subject = r.id::text)
                            OR (h.scope = 'type' AND h.subject = r.type_code)
                            OR (h.scope = 'person' AND h.subject IN (SELECT o.user_id::text
                                FROM portal.participants o WHERE o.request_id = r.id)))))) THEN
        RAISE EXCEPTION 'A legal hold keeps this person.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_catalog.set_config('portal.erasing', 'person', true);
    UPDATE portal.audit_acts SET data = '{}', address = NULL, salt = ''
        WHERE salt <> '' AND id <> act AND (
            (subject = person::text AND kind IN ('person_changed', 'held'))
            OR (actor = person::text
                AND kind IN ('signed_in', 'sign_in_failed', 'signed_out', 'refused', 'limited')));
    UPDATE portal.people_changes SET data = '{}', note = '' WHERE person_id = person;
    UPDATE portal.sign_ins SET ip = NULL, user_agent = NULL, detail = '' WHERE user_id = person;
    UPDATE portal.link_refusals SET ip = NULL, user_agent = NULL WHERE user_id = person;
    PERFORM pg_catalog.set_config('portal.erasing', '', true);
    UPDATE portal.user_history SET name = label, email = NULL, employee_no = NULL, job_title = NULL
        WHERE id = person;
    UPDATE portal.delegation_history SET reason = '' WHERE delegator_id = person;
END $$
"""


def upgrade() -> None:
    _columns()
    op.execute(ONLY_ERASE)
    for table, values in GIVEN_UP.items():
        op.execute(TRIGGERS.format(table, values))
    op.execute(ERASE_PERSON)


def _columns() -> None:
    op.add_column("users", sa.Column("erased_at", sa.DateTime(timezone=True)), schema="portal")
    op.add_column("users", sa.Column("former_no", sa.Integer()), schema="portal")
    op.create_check_constraint(
        "erased", "users", "(erased_at IS NULL) = (former_no IS NULL)"
        " AND (erased_at IS NULL OR NOT is_active)", schema="portal",
    )  # fmt: skip
    op.create_index(
        "uq_users_former_no", "users", ["former_no"], unique=True, schema="portal",
        postgresql_where=sa.text("former_no IS NOT NULL"),
    )  # fmt: skip
    op.add_column("organisation", sa.Column("former_days", sa.Integer()), schema="portal")
    op.create_check_constraint("former_days", "organisation", "former_days > 0", schema="portal")


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.erase_person(uuid, uuid)")
    for table in GIVEN_UP:
        op.execute(AS_BEFORE.format(table))
    op.execute("DROP FUNCTION portal.only_erase_row()")
    op.drop_constraint(op.f("ck_organisation_former_days"), "organisation", schema="portal")
    op.drop_column("organisation", "former_days", schema="portal")
    op.drop_index("uq_users_former_no", "users", schema="portal")
    op.drop_constraint(op.f("ck_users_erased"), "users", schema="portal")
    for name in ("former_no", "erased_at"):
        op.drop_column("users", name, schema="portal")
