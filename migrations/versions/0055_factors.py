"""Second factors, passkeys, accounts at providers, and the history of signing in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal.sign_ins
FOR EACH STATEMENT EXECUTE FUNCTION portal.append_only()
"""


def _id(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Uuid(as_uuid=False), **more)


def _text(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(), **{"nullable": False, **more})


def _time(name: str, **more: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **more)


def _now(name: str) -> sa.Column:
    return _time(name, server_default=sa.text("now()"), nullable=False)


def _person(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_user_id_users"
    return sa.ForeignKeyConstraint(["user_id"], ["portal.users.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        _id("id", nullable=False),
        _id("user_id", nullable=False),
        _text("how"),
        _text("went"),
        _text("second", nullable=True),
        _id("session_id"),
        _text("detail", server_default=""),
        _text("ip", nullable=True),
        _text("user_agent", nullable=True),
        _now("at"),
        _person("sign_ins"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        schema="portal",
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id", "id"], schema="portal")
    op.execute(APPEND_ONLY)
    op.create_table(
        "passkeys",
        _id("id", nullable=False),
        _id("user_id", nullable=False),
        sa.Column("credential_id", postgresql.BYTEA(), nullable=False),
        sa.Column("public_key", postgresql.BYTEA(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), server_default="0", nullable=False),
        _text("name"),
        sa.Column("is_synced", sa.Boolean(), server_default="false", nullable=False),
        _now("created_at"),
        _time("last_used_at"),
        _time("removed_at"),
        _person("passkeys"),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        schema="portal",
    )
    op.create_index(
        "ix_passkeys_user_id",
        "passkeys",
        ["user_id"],
        schema="portal",
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "authenticator_apps",
        _id("user_id", nullable=False),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        _now("created_at"),
        _time("confirmed_at"),
        _person("authenticator_apps"),
        sa.PrimaryKeyConstraint("user_id", name="pk_authenticator_apps"),
        schema="portal",
    )
    op.create_table(
        "recovery_codes",
        _id("id", nullable=False),
        _id("user_id", nullable=False),
        _text("code_hash"),
        _time("used_at"),
        _person("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_id_code_hash"),
        schema="portal",
    )
    op.create_table(
        "challenges",
        _id("id", nullable=False),
        _text("kind"),
        _id("user_id"),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        _now("created_at"),
        _time("expires_at", nullable=False),
        _person("challenges"),
        sa.PrimaryKeyConstraint("id", name="pk_challenges"),
        schema="portal",
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"], schema="portal")
    op.create_table(
        "provider_accounts",
        _id("id", nullable=False),
        _id("user_id", nullable=False),
        _text("issuer"),
        _text("subject"),
        _text("email", server_default=""),
        _now("linked_at"),
        _time("last_used_at"),
        _person("provider_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_provider_accounts"),
        sa.UniqueConstraint("issuer", "subject", name="uq_provider_accounts_issuer_subject"),
        schema="portal",
    )
    op.create_index(
        "ix_provider_accounts_user_id", "provider_accounts", ["user_id"], schema="portal"
    )
    # Those who are signed in while this runs proved who they are by then.
    op.add_column("sessions", _now("confirmed_at"), schema="portal")
    op.add_column(
        "sessions",
        sa.Column("is_strong", sa.Boolean(), server_default="false", nullable=False),
        schema="portal",
    )


def downgrade() -> None:
    op.drop_column("sessions", "is_strong", schema="portal")
    op.drop_column("sessions", "confirmed_at", schema="portal")
    for table in (
        "provider_accounts",
        "challenges",
        "recovery_codes",
        "authenticator_apps",
        "passkeys",
        "sign_ins",
    ):
        op.drop_table(table, schema="portal")
