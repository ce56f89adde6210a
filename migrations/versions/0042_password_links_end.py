"""A password link ends with the address, roles, state or password it was made for, or its maker's
roles, in the transaction that changes them."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

REVOKE = """
CREATE FUNCTION portal.revoke_password_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal.password_links SET revoked_at = clock_timestamp()
    WHERE user_id = NEW.id AND used_at IS NULL AND revoked_at IS NULL;
    IF NOT NEW.is_active OR NEW.roles <> OLD.roles THEN
        UPDATE portal.password_links SET revoked_at = clock_timestamp()
        WHERE created_by = NEW.id AND used_at IS NULL AND revoked_at IS NULL;
    END IF;
    RETURN NULL;
END $$
"""
ON_PERSON = """
CREATE TRIGGER revoke_password_links
AFTER UPDATE OF email, roles, is_active, password_hash ON portal.users
FOR EACH ROW WHEN (
    (OLD.email, OLD.roles, OLD.is_active, OLD.password_hash)
    IS DISTINCT FROM (NEW.email, NEW.roles, NEW.is_active, NEW.password_hash)
)
EXECUTE FUNCTION portal.revoke_password_links()
"""


def upgrade() -> None:
    op.execute(REVOKE)
    op.execute(ON_PERSON)


def downgrade() -> None:
    op.execute("DROP TRIGGER revoke_password_links ON portal.users")
    op.execute("DROP FUNCTION portal.revoke_password_links()")
